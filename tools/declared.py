"""A package as its pages describe it: operations and models, with their types and samples, as values.

Types come from the declarations, descriptions from their docstrings, status codes from the contract.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import Enum
from functools import cached_property
from importlib import import_module
from inspect import cleandoc
from pathlib import Path
from typing import Annotated, Any, NamedTuple, Union, cast, get_args, get_origin

import griffe
from pydantic import BaseModel, RootModel

from openapi import operations
from portal_client.description import argument_texts
from portal_client.exceptions import error_for
from portal_client.files import Files
from portal_client.operation import Operation, Parameter
from portal_client.streaming import EventStream
from portal_client.union import ByType


@dataclass(frozen=True)
class Package:
    """A package to document: its declarations, its contract, and where its pages are."""

    name: str
    contract: Mapping[str, Any]
    docs: Path
    readme: Path
    models: Mapping[str, type] = field(repr=False)

    @cached_property
    def apis(self) -> list[type]:
        """The classes of operations."""
        module = import_module(f"{self.name}.api")
        return [getattr(module, name) for name in module.__all__]

    @cached_property
    def operations(self) -> Mapping[str, Any]:
        """The operations of the contract by their names."""
        return {operation["operationId"]: operation for *_, operation in operations(self.contract)}

    @cached_property
    def server(self) -> str:
        """The host that the contract names."""
        return str(self.contract["servers"][0]["url"])

    @cached_property
    def schemes(self) -> Mapping[str, Any]:
        """The ways to authorize that the contract names."""
        schemes: Mapping[str, Any] = self.contract["components"].get("securitySchemes", {})
        return schemes


# ── operations ──


class Row(NamedTuple):
    """One line of a table of parameters, properties or values."""

    name: str
    type: str
    description: str
    notes: str


@dataclass(frozen=True)
class Section:
    """One operation as its page shows it."""

    operation: Operation
    summary: str
    parameters: Sequence[Row]
    returns: str
    returns_text: str
    statuses: Sequence[tuple[str, str]]
    options: Sequence[str]

    @property
    def call(self) -> str:
        """The call with its arguments by name, as the original documents print it."""
        shown = (p.name if p.required else f"{p.name}={p.name}" for p in self.operation.parameters)
        return f"{self.returns_text} {self.operation.name}({', '.join(shown)})".lstrip()


def sections(package: Package, api: type) -> list[Section]:
    """Return the operations of an API class, by name.

    Raises ValueError for an operation that the contract does not have, and for a parameter of which the
    docstring of the class says nothing.
    """
    return [
        _section(package, api, form)
        for name, form in sorted(vars(api).items())
        if (operation := getattr(form, "operation", None)) is not None and operation.name == name
    ]


def _section(package: Package, api: type, form: Any) -> Section:
    operation: Operation = form.operation
    returned = inspect.get_annotations(operation.stub, eval_str=True)["return"]
    promised = package.operations.get((operation.stream_of or operation).name)
    if promised is None:
        raise ValueError(f"{operation.name}: not in the contract")
    described = argument_texts(api)
    unsaid = [p.name for p in operation.parameters if p.name not in described]
    if unsaid:
        raise ValueError(f"{operation.name}: nothing is said of {unsaid[0]} in the docstring of its class")
    return Section(
        operation,
        cleandoc(operation.stub.__doc__ or "").partition("\n")[0],
        [_parameter(package, p, described[p.name]) for p in operation.parameters],
        "" if returned is type(None) else phrase(package, returned),
        "" if returned is type(None) else _phrase(returned),
        [_status(status, response) for status, response in promised["responses"].items()],
        [p.name for p in inspect.signature(form).parameters.values() if p.kind is p.KEYWORD_ONLY],
    )


def _parameter(package: Package, parameter: Parameter, description: str) -> Row:
    return Row(
        parameter.name,
        phrase(package, parameter.type),
        description,
        "" if parameter.required else "[optional]",
    )


def _status(status: str, response: Mapping[str, Any]) -> tuple[str, str]:
    """Return a status, with a star where the service's own contract does not have it, and its meaning."""
    description = str(response["description"]).rstrip(".")
    raised = "" if status[0] == "2" else f": {error_for(int(status)).__name__}"
    star = r" \*" if response.get("x-extension") else ""
    return f"**{status}**{star}", description + raised


# ── types ──


def phrase(package: Package, hint: Any) -> str:
    """Return a type as the documents print it, with a link where it holds a model."""
    text = _phrase(hint)
    model = next((name for name in re.findall(r"\w+", text) if name in package.models), None)
    return f"[**{text}**]({model}.md)" if model else f"**{text}**"


def _phrase(hint: Any) -> str:
    if hint == Files:
        return "Files"
    origin, arguments = get_origin(hint), get_args(hint)
    if origin is Annotated:
        return _phrase(arguments[0])
    if origin is Union:
        return " or ".join(_phrase(each) for each in arguments if each is not type(None))
    if origin is EventStream:
        return f"EventStream[{_phrase(arguments[0])}]"
    if origin is list:
        return f"List[{_phrase(arguments[0])}]"
    if origin is dict:
        return f"Dict[str, {_phrase(arguments[1])}]"
    return "object" if hint is Any else str(getattr(hint, "__name__", hint))


# ── models ──


@dataclass(frozen=True)
class Properties:
    """One model as its page shows it."""

    name: str
    module: str
    kind: str  # "model", "enum" or "wrapper"
    prose: str
    rows: Sequence[Row]
    example: Any
    used_by: Sequence[str] = ()

    @property
    def variable(self) -> str:
        """What the example calls an object of this model."""
        return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", self.name).lower()


def properties(package: Package, model: type) -> Properties:
    """Return what the page of a model shows."""
    shown = Properties(model.__name__, model.__module__, "model", cleandoc(model.__doc__ or ""), (), None)
    sample = _sample(package.contract, package.contract["components"]["schemas"][shown.name], shown.variable)
    if issubclass(model, Enum):
        names: dict[Enum, list[str]] = {}
        for name, member in model.__members__.items():  # also those that are another name of a member
            names.setdefault(member, []).append(name)
        values = [Row("`, `".join(names[each]), repr(each.value), "", "") for each in model]
        return replace(shown, kind="enum", rows=values, example=sample)
    if issubclass(model, RootModel):
        rows = [Row("", each, "", "") for each in _variants(package, cast("type[RootModel[Any]]", model))]
        return replace(shown, kind="wrapper", rows=rows, example=sample)
    assert issubclass(model, BaseModel)
    said = _below_fields(model)
    rows = [
        Row(
            field.alias or name,
            phrase(package, field.annotation),
            said[name],
            "" if field.is_required() else "[optional]",
        )
        for name, field in model.model_fields.items()
    ]
    return replace(shown, rows=rows, example=sample)


def _variants(package: Package, model: type[RootModel[Any]]) -> list[str]:
    """Return the types that a wrapper may hold."""
    root = model.model_fields["root"]
    held, marks = root.annotation, root.metadata
    if get_origin(held) is Annotated:  # pydantic before 2.12 leaves them together
        held, *marks = get_args(held)
    by_type = next((mark for mark in marks if isinstance(mark, ByType)), None)
    if by_type is not None:
        return [f"[**{name}**]({name}.md)" for name in by_type.names]
    return [phrase(package, each) for each in get_args(held)]


def _below_fields(model: type[BaseModel]) -> dict[str, str]:
    """Return the docstring below each field, by its name. Raises ValueError for a field without one."""
    file = Path(inspect.getfile(model))
    module = griffe.visit(model.__module__, filepath=file, code=file.read_text("utf-8"))
    members = module[model.__name__].members
    said = {name: getattr(members.get(name), "docstring", None) for name in model.model_fields}
    for name, docstring in said.items():
        if docstring is None:
            raise ValueError(f"{model.__module__}: nothing is said of {model.__name__}.{name}")
    return {name: " ".join(docstring.value.split()) for name, docstring in said.items() if docstring}


def _references(contract: Mapping[str, Any], schema: Mapping[str, Any]) -> int:
    """Return how many other schemas a schema names: a sample of one that names none is short."""
    if "$ref" in schema:
        schema = contract["components"]["schemas"][schema["$ref"].rsplit("/", 1)[1]]
    return str(schema).count("$ref")


def _sample(contract: Mapping[str, Any], schema: Mapping[str, Any], name: str) -> Any:
    """Return a value that a schema allows, made of the sample values of the original documents."""
    for key in ("example", "default"):
        if key in schema:
            return schema[key]
    if "$ref" in schema:
        target = schema["$ref"].rsplit("/", 1)[1]
        return _sample(contract, contract["components"]["schemas"][target], name)
    if variants := schema.get("anyOf") or schema.get("oneOf"):
        held = [each for each in variants if each.get("type") != "null"]
        return _sample(contract, min(held, key=lambda each: _references(contract, each)), name)
    if "enum" in schema:
        return schema["enum"][0]
    kind = schema.get("type")
    kind = kind if isinstance(kind, str) else next(iter(kind or ["object"]))
    if kind == "array":
        return [_sample(contract, schema["items"], name)]
    if kind == "object":
        return {key: _sample(contract, each, key) for key, each in schema.get("properties", {}).items()}
    if schema.get("format") == "date-time":
        return "2026-11-25T09:30:00Z"
    samples: dict[str, Any] = {"integer": 56, "number": 3.4, "boolean": True}
    return samples.get(kind, f"{name}_example")
