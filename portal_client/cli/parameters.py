"""The arguments of an operation as those of its command."""

from __future__ import annotations

import inspect
import json
from collections.abc import Callable
from enum import Enum
from typing import (
    Annotated,
    Any,
    Literal,
    NamedTuple,
    Optional,
    Union,
    cast,
    get_args,
    get_origin,
    get_type_hints,
)

import typer

from portal_client.cli.documents import files, read_document, read_text
from portal_client.cli.failures import spelt
from portal_client.description import argument_texts, first_sentence
from portal_client.exceptions import ApiValueError
from portal_client.operation import Operation, Parameter
from portal_client.options import StreamOptions

_SIMPLE = (bool, int, float, str)
_METAVARS = {str: "TEXT", int: "NUMBER", float: "NUMBER"}


class Argument(NamedTuple):
    """An argument of a command: how it is declared, and how its value becomes that of the operation."""

    declared: inspect.Parameter
    value: Callable[[Any], Any]


def arguments_of(operation: Operation, api: type) -> dict[str, Argument]:
    """Return the arguments of an operation's command by the names of those of the operation.

    What stands in the path and the body are arguments by position, the rest are options. A body is a JSON or
    YAML file, a file of a form a path; `-` is standard input for both, and for a text of a form.
    """
    texts = argument_texts(api)
    return {p.name: _argument(p, texts.get(p.name, "")) for p in operation.parameters}


def stream_options() -> dict[str, Argument]:
    """Return the options that a command has besides where its response can be a stream."""
    hints = get_type_hints(StreamOptions, include_extras=True)
    return {
        name: _option(name, hints[name], spelt(text), required=False)
        for name, text in argument_texts(StreamOptions).items()
    }


def _argument(parameter: Parameter, text: str) -> Argument:
    name, place = parameter.name, parameter.place
    if place == "path":
        return _positional(name, name.upper(), text, _as_given)
    if place == "body":
        return _positional(name, "FILE", f"{text} A JSON or YAML file; - is standard input.", read_document)
    if place == "file":
        flag = f"--{name.removesuffix('s')}".replace("_", "-")
        help_ = f"{first_sentence(text)} A path, or - for standard input; the option can be repeated."
        declared = _declared(name, list[str], typer.Option(flag, metavar="PATH", help=help_), False)
        return Argument(declared, files)
    found = _option(name, parameter.type, text, parameter.required)
    if place == "form" and _bare(parameter.type) is str:
        return found._replace(value=read_text)
    return found


def _positional(name: str, metavar: str, text: str, value: Callable[[Any], Any]) -> Argument:
    return Argument(_declared(name, str, typer.Argument(metavar=metavar, help=text), True), value)


def _option(name: str, hint: Any, text: str, required: bool) -> Argument:
    kind, value = _kind(name, _bare(hint))
    flag = f"--{name.replace('_', '-')}"
    if kind is bool:
        flag += f"/--no-{name.replace('_', '-')}"
    metavar = "JSON" if value else _METAVARS.get(kind)
    option = typer.Option(flag, help=text, metavar=metavar, show_default=False)
    return Argument(_declared(name, kind, option, required), value or _as_given)


def _as_given(value: Any) -> Any:
    return value


def _declared(name: str, kind: Any, info: Any, required: bool) -> inspect.Parameter:
    return inspect.Parameter(
        name,
        inspect.Parameter.KEYWORD_ONLY,
        default=inspect.Parameter.empty if required else None,
        annotation=Annotated[kind if required else Optional[kind], info],
    )


def _kind(name: str, bare: Any) -> tuple[Any, Optional[Callable[[str], Any]]]:
    """Return the type that the command line reads, and how a value of another type is read from its text."""
    if bare in _SIMPLE or get_origin(bare) is Literal or (isinstance(bare, type) and issubclass(bare, Enum)):
        return bare, None
    if get_origin(bare) is list and (item := _bare(get_args(bare)[0])) in _SIMPLE:
        return cast(Any, list)[item], None

    def read(text: str) -> Any:
        try:
            return json.loads(text)
        except ValueError as error:
            raise ApiValueError(f"--{name.replace('_', '-')}: not valid JSON: {error}") from None

    return str, read


def _bare(hint: Any) -> Any:
    """Return a type without its marks and without None; of several types the first simple one, if any."""
    while get_origin(hint) is Annotated:
        hint = get_args(hint)[0]
    if get_origin(hint) is not Union:
        return hint
    kinds = [_bare(each) for each in get_args(hint) if each is not type(None)]
    return next((kind for kind in kinds if kind in _SIMPLE), kinds[0])
