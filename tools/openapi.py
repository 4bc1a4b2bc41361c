"""An OpenAPI document as the tools and the tests read it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NoReturn, cast

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
