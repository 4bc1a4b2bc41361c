"""What a command works with: its output, a client, and an end in an exit code."""

from __future__ import annotations

import inspect
import logging
import sys
import traceback
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Annotated, Any, Optional, TypeVar

import typer

from portal_client.cli.exits import Exit, exit_code
from portal_client.cli.failures import called, described, quoted
from portal_client.cli.output import Output
from portal_client.cli.services import doctor_of

if TYPE_CHECKING:
    from portal_client.api_client import ApiClient
    from portal_client.endpoint import Api
    from portal_client.exceptions import ApiException

A = TypeVar("A", bound="Api")

#: Makes a client of a service; its keyword arguments are options of each command of the service.
Connect = Callable[..., "ApiClient"]

#: The heading of these in a help.
PANEL = "Options of every command"

#: What is said of a fault of the program.
FAULT = "This is a fault of portal-client; --debug shows where."


class Shell:
    """What a command is given: its output, a client of its service, and the limit for its time in seconds."""

    def __init__(
        self,
        connect: Callable[[], ApiClient],
        output: Output,
        timeout: Optional[float],
        options: Mapping[str, str],
        doctor: Sequence[str],
    ) -> None:
        self.output = output
        self.timeout = timeout
        #: The options of the service that were given, by name.
        self._options = options
        #: The command that examines the service.
        self.doctor: str = self.hint(*doctor)
        #: What helps, by the code that the command ends with.
        self.advice: dict[Exit, str] = {
            Exit.UNREACHABLE: f"`{self.doctor}` looks for the reason.",
            Exit.IN_DOUBT: "The service may have done it all the same: look before you repeat it.",
            Exit.FAULT: FAULT,
        }
        #: Whether the service has done what it would do once more for a repeated command.
        self.done = False
        #: What the user calls the parameters of the command, by their names.
        self.names: dict[str, str] = {}
        #: Makes a client of the service, which the caller closes.
        self.connect = connect
        self._api: Optional[type[Api]] = None

    def hint(self, *words: str) -> str:
        """Return a command about the same service, to be pasted into a shell."""
        options = (each for name, value in self._options.items() for each in (f"--{name}", value))
        return " ".join(["portal", *map(quoted, words), *map(quoted, options)])

    @contextmanager
    def open(self, api: type[A]) -> Generator[A]:
        """Return the operations of a class, on a client that is closed at the end."""
        self._api = api
        with self.connect() as client:
            yield api(client)

    def advice_on(self, error: BaseException, code: Exit) -> Optional[str]:
        """Return what helps against an error that ends in a code, if anything does."""
        from portal_client.exceptions import AuthenticationError, UnauthorizedException

        if code in (Exit.USAGE, Exit.REFUSED) and isinstance(
            error, (AuthenticationError, UnauthorizedException)
        ):
            return f"`{self.doctor}` looks at the token."
        return self.advice.get(code)

    def in_doubt(self, error: ApiException) -> bool:
        """Return whether a call that failed may have had an effect, or one before it has."""
        from portal_client.reasons import in_doubt

        return self.done or in_doubt(error, self._api)


def _common(
    *,
    as_json: Annotated[
        bool,
        typer.Option(
            "--json", help="Print JSON: one document, or a line for each event.", rich_help_panel=PANEL
        ),
    ] = False,
    debug: Annotated[
        bool,
        typer.Option(
            "--debug", help="Log each attempt, and show where an error is from.", rich_help_panel=PANEL
        ),
    ] = False,
) -> None:
    """Declare the options of every command."""


def _limited(
    *,
    timeout: Annotated[
        Optional[float],
        typer.Option(
            "--timeout", metavar="SECONDS", help="The limit for the whole command.", rich_help_panel=PANEL
        ),
    ] = None,
) -> None:
    """Declare the option of every command that talks to a service."""


def command(function: Callable[..., Optional[int]], connect: Optional[Connect] = None) -> Callable[..., None]:
    """Return a function as typer takes a command: with the common options, and with an exit code as its end.

    `function` takes a Shell and its own arguments, perhaps a `timeout` of its own, and may return the code.
    The options of `connect` are those of the command, too.
    """
    own, settings = _declared(function, 1), _declared(connect) if connect else []
    limits = _declared(_limited) if connect and "timeout" not in {p.name for p in own} else []
    declared = [*own, *settings, *limits, *_declared(_common)]
    doctor = doctor_of(connect.__module__ if connect else "")
    names = {parameter.name: called(parameter) for parameter in declared} | {"_request_timeout": "--timeout"}

    def run(**given: Any) -> None:
        of_service = {option.name: given.pop(option.name) for option in settings}
        output, debug = Output(given.pop("as_json")), given.pop("debug")
        timeout = given.pop("timeout") if limits else None

        def client() -> ApiClient:
            assert connect is not None
            made = connect(**of_service)
            if debug:
                made.configuration.debug = True
            return made

        if debug:
            logging.basicConfig(stream=sys.stderr, format="%(name)s: %(message)s")
        options = {name: value for name, value in of_service.items() if value is not None}
        shell = Shell(client, output, timeout, options, doctor)
        shell.names |= names
        code = _ended(shell, partial(function, **given), debug)
        if code:
            raise typer.Exit(code)

    named: Any = run
    named.__name__, named.__doc__ = function.__name__, function.__doc__
    named.__signature__ = inspect.Signature(declared)
    named.__annotations__ = {parameter.name: parameter.annotation for parameter in declared}
    return run


def _declared(function: Callable[..., object], first: int = 0) -> list[inspect.Parameter]:
    """Return the parameters of a function with their types evaluated; those before `first` are left out."""
    space = getattr(function, "__globals__", {})
    return [
        p.replace(annotation=eval(p.annotation, space)) if isinstance(p.annotation, str) else p
        for p in list(inspect.signature(function).parameters.values())[first:]
    ]


def _ended(shell: Shell, work: Callable[[Shell], Optional[int]], debug: bool) -> int:
    """Do the work of a command, and return its exit code; say on standard error what went wrong."""
    try:
        code = work(shell)
        sys.stdout.flush()
    except (Exception, KeyboardInterrupt) as error:
        failed = exit_code(error, shell.in_doubt)
        if failed is Exit.USAGE and shell.done:  # such as output that cannot be written
            failed = Exit.IN_DOUBT
        if failed is Exit.PIPE_CLOSED:
            return failed
        if debug:
            traceback.print_exc()
        shell.output.note(described(error, failed, shell.advice_on(error, failed), shell.names))
        return failed
    return code or Exit.DONE
