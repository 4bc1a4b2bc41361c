"""The root of all commands."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Iterator, Sequence
from functools import partial
from importlib import import_module
from typing import Annotated, Any, Union, cast

import typer
from typer.main import get_command

from portal_client import __version__
from portal_client.cli.conversations import commands
from portal_client.cli.doctor import doctor
from portal_client.cli.exits import Exit
from portal_client.cli.lazy import Commands, Group, Maker, foreign, group, leaf
from portal_client.cli.mcp import mcp
from portal_client.cli.operations import groups
from portal_client.cli.output import naming_output, open_streams, silence
from portal_client.cli.portal import connect
from portal_client.cli.sandbox import sandbox
from portal_client.cli.services import SERVICES
from portal_client.cli.shell import FAULT
from portal_client.text import printable

_TOOLS, _OPERATIONS = "Tools", "Operations"

#: The groups besides those of operations; each is a module.
_GROUPS = ("batch", "config")


def _commands() -> Iterator[tuple[str, Maker]]:
    yield from commands("Conversations")
    for name in _GROUPS:
        yield name, partial(_group, name, f"portal_client.cli.{name}", _TOOLS)
    yield "doctor", partial(leaf, "doctor", doctor, connect, _TOOLS)
    yield "mcp", partial(leaf, "mcp", mcp, connect, _TOOLS)
    yield "sandbox", partial(foreign, "sandbox", sandbox, _TOOLS)
    yield from groups("portal_client.api", connect, _OPERATIONS)
    for name, module in SERVICES.items():
        yield name, partial(_group, name, module, _OPERATIONS)


def _group(name: str, module: str, panel: str) -> Group:
    """Return the group that a module describes: by its docstring and its `commands`."""
    found = import_module(module)
    return group(name, (found.__doc__ or "").partition("\n")[0], Commands(found.commands), panel)


def _version(asked: bool) -> None:
    if asked:
        print(f"portal-client {__version__}")
        raise typer.Exit


def _root(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Talk to agents, from a shell.

    Exit codes: 0 done; 1 the agent failed; 2 usage, nothing was sent; 3 the service refused it; 4 the service
    could not be reached, or failed; 5 in doubt, it may have been done; 124 the wait is over; 130 Ctrl-C.
    """


def tree() -> Group:
    """Return the root of all commands."""
    app = typer.Typer(cls=Group, name="portal", rich_markup_mode="markdown", no_args_is_help=True)
    app.callback()(_root)
    root = get_command(app)
    assert isinstance(root, Group)
    root.commands = cast(Any, Commands(_commands))
    return root


def run(arguments: Sequence[str]) -> int:
    """Run the command that the arguments name, and return its exit code."""
    open_streams()
    try:
        with warnings.catch_warnings(), naming_output():
            warnings.showwarning = _show_warning
            code = _code(arguments)
            sys.stdout.flush()
    except BrokenPipeError:
        return Exit.PIPE_CLOSED
    except OSError as error:
        print(f"portal: {error.filename}: {error.strerror}", file=sys.stderr)
        return Exit.USAGE
    except Exception as error:
        if "--debug" in arguments:
            raise
        print(f"portal: {printable(f'{type(error).__name__}: {error}')}\n  {FAULT}", file=sys.stderr)
        return Exit.FAULT
    if code == Exit.PIPE_CLOSED:
        silence()
    return code if isinstance(code, int) else Exit.USAGE


def _code(arguments: Sequence[str]) -> Union[str, int, None]:
    try:
        tree().main(list(arguments), prog_name="portal")
    except SystemExit as end:
        # typer and rich have met it themselves, in a help for example.
        return Exit.PIPE_CLOSED if isinstance(end.__context__, BrokenPipeError) else end.code
    return Exit.DONE


def _show_warning(message: Union[Warning, str], *_: object, **__: object) -> None:
    print(f"portal: {message}", file=sys.stderr)
