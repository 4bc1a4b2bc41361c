"""The operations of a service as commands: a group for each tag, read when it is entered."""

from __future__ import annotations

import ast
import inspect
import pkgutil
from collections.abc import Callable, Iterator
from functools import partial
from importlib import import_module
from typing import TYPE_CHECKING, Annotated, Any, Optional

import typer

from portal_client.cli.lazy import Commands, Group, Maker, group, leaf
from portal_client.cli.naming import command_names, group_name
from portal_client.cli.shell import Connect, Shell

if TYPE_CHECKING:
    from portal_client.endpoint import Api
    from portal_client.operation import Operation

_STREAM = typer.Option("--stream", help="Print each event as it comes.")


def groups(package: str, connect: Connect, panel: Optional[str] = None) -> Iterator[tuple[str, Maker]]:
    """Yield the name of each tag of a service, and what makes its group; no tag is imported for that."""
    for module in pkgutil.iter_modules(import_module(package).__path__):
        yield group_name(module.name), partial(_group, package, module.name, connect, panel)


def _group(package: str, module: str, connect: Connect, panel: Optional[str]) -> Group:
    name = group_name(module)
    commands = Commands(lambda: _commands(name, api_class(f"{package}.{module}"), connect))
    return group(name, _summary(package, module), commands, panel)


def _summary(package: str, module: str) -> str:
    """Return the first line of a module's docstring, read from its source: to import it takes longer."""
    try:
        source = pkgutil.get_data(package, f"{module}.py")
    except OSError:
        source = None
    if source is None:  # there is only compiled code
        text = import_module(f"{package}.{module}").__doc__
    else:
        text = ast.get_docstring(ast.parse(source))
    return (text or "").partition("\n")[0]


def api_class(module: str) -> type[Api]:
    """Return the class of operations that a module defines."""
    from portal_client.endpoint import Api

    classes = (each for each in vars(import_module(module)).values() if isinstance(each, type))
    return next(each for each in classes if issubclass(each, Api) and each.__module__ == module)


def operations_of(api: type[Api]) -> dict[str, Operation]:
    """Return the operations of a class by their names; forms that return a stream are left out."""
    found = {name: getattr(form, "operation", None) for name, form in vars(api).items()}
    return {name: op for name, op in found.items() if op and op.name == name and op.stream_of is None}


def _commands(name: str, api: type[Api], connect: Connect) -> Iterator[tuple[str, Maker]]:
    operations = operations_of(api)
    for operation, called in command_names(name, operations).items():
        yield called, partial(_command, called, api, operations[operation], connect)


def _command(name: str, api: type[Api], operation: Operation, connect: Connect) -> Any:
    return leaf(name, caller(api, operation), connect)


def caller(api: type[Api], operation: Operation) -> Callable[..., None]:
    """Return a function that calls an operation and prints its data, with the signature of its command.

    Where the response can be a stream, `stream` chooses that form.
    """
    from portal_client.cli.documents import shown
    from portal_client.cli.parameters import arguments_of, stream_options
    from portal_client.exceptions import ApiValueError

    own = arguments_of(operation, api)
    streamed = f"{operation.name}_stream"
    for_stream = stream_options() if hasattr(api, streamed) else {}
    arguments = {**own, **for_stream}
    bodies = [parameter.name for parameter in operation.parameters if parameter.place == "body"]

    def call(shell: Shell, /, *, stream: bool = False, **given: Any) -> None:
        shell.names |= {name: shown(given[name]) for name in bodies}
        if not stream and (beside := [name for name in for_stream if given[name] is not None]):
            raise ApiValueError(f"{beside[0]} is for --stream alone")
        values = {name: arguments[name].value(value) for name, value in given.items() if value is not None}
        if shell.timeout is not None:
            values["_request_timeout"] = shell.timeout
        with shell.open(api) as operations:
            if not stream:
                data = getattr(operations, operation.name)(**values)
                shell.done = not operation.idempotent
                shell.output.data(data)
                return
            with getattr(operations, streamed)(**values) as events:
                shell.done = not operation.idempotent
                for event in events:
                    shell.output.event(event)

    shell, flag, _ = inspect.signature(call).parameters.values()
    declared = [shell, *(argument.declared for argument in own.values())]
    if for_stream:
        flag = flag.replace(annotation=Annotated[bool, _STREAM])
        declared += [flag, *(argument.declared for argument in for_stream.values())]
    named: Any = call
    named.__signature__ = inspect.Signature(declared)
    named.__name__, named.__doc__ = operation.name, inspect.cleandoc(operation.stub.__doc__ or "")
    return call
