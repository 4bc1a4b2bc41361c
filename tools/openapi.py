"""An OpenAPI document as the tools and the tests read it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple, NoReturn, cast

#: The mark of what a contract promises beyond the one that the package is written for.
EXTENSION = "x-extension"

_METHODS = ("get", "put", "post", "delete", "patch", "head", "options", "trace")


class IncompleteError(LookupError):
    """A document lacks something; the message has its place and the missing key."""


class Entry(dict[str, Any]):
    """An object of a document. A key that it lacks raises IncompleteError."""

    def __init__(self, entries: Mapping[str, Any], place: str) -> None:
        super().__init__(entries)
        self._place = place

    def __missing__(self, key: str) -> NoReturn:
        raise IncompleteError(f"{self._place or 'the document'}: {key!r} is missing")


def placed(value: Any, *place: Any) -> Any:
    """Return a document, or a part of one at this place, whose objects are entries."""
    if isinstance(value, Mapping):
        entries = cast("Mapping[str, Any]", value).items()
        return Entry({key: placed(each, *place, key) for key, each in entries}, " > ".join(map(str, place)))
    if isinstance(value, list):
        items = cast("list[Any]", value)
        return [placed(each, *place, number) for number, each in enumerate(items)]
    return value


def operations(
    contract: Mapping[str, Any],
) -> Iterator[tuple[str, str, Mapping[str, Any], Mapping[str, Any]]]:
    """Yield the method, the path, the item with what all its methods share, and the operation itself."""
    for path, item in contract["paths"].items():
        for method in _METHODS:
            if method in item:
                yield method.upper(), path, item, item[method]


class Argument(NamedTuple):
    """An argument of an operation; `place` is "path", "query", "form", "file" or "body"."""

    name: str
    place: str
    required: bool
    schema: Mapping[str, Any]
    description: str


def arguments(item: Mapping[str, Any], operation: Mapping[str, Any]) -> Iterator[Argument]:
    """Yield the arguments of an operation in the order of the document: parameters, then the body."""
    for p in [*item.get("parameters", ()), *operation.get("parameters", ())]:
        yield Argument(p["name"], p["in"], p.get("required", False), p["schema"], p.get("description", ""))
    body = operation.get("requestBody", {})
    needed = body.get("required", False)
    for content_type, content in body.get("content", {}).items():
        schema = content["schema"]
        if "json" in content_type:  # the originals call a body after its model
            name = snake(target(schema)) if "$ref" in schema else "body"
            yield Argument(name, "body", needed, schema, body.get("description", ""))
            continue
        for name, field in schema["properties"].items():
            place = "file" if '"binary"' in str(field).replace("'", '"') else "form"
            required = needed and name in schema.get("required", ())
            yield Argument(name, place, required, field, field.get("description", ""))


def target(schema: Mapping[str, Any]) -> str:
    """Return the name of the schema that a reference leads to."""
    return str(schema["$ref"].rsplit("/", 1)[1])


def reachable(contract: Mapping[str, Any], part: Any) -> set[str]:
    """Return the names of the schemas that a part of a contract refers to, also by way of others."""
    schemas = contract["components"]["schemas"]
    names, found = set[str](), _references(part)
    while found:
        names |= found
        found = set[str]().union(*(_references(schemas[name]) for name in found)) - names
    return names


def _references(part: Any) -> set[str]:
    if isinstance(part, Mapping):
        entries = cast("Mapping[str, Any]", part)
        own = {target(entries)} if isinstance(entries.get("$ref"), str) else set[str]()
        return own.union(*map(_references, entries.values()))
    items = cast("list[Any]", part)
    return set[str]().union(*map(_references, items)) if isinstance(part, list) else set()


def snake(name: str) -> str:
    """Return a name of a class in the form of a module's: HTTPError as http_error."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", name).lower()
