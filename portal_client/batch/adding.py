"""Adding items: arguments are checked, and files are read, before anything is written."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple, NotRequired, Optional, TypedDict, cast

from portal_client.batch.item import inputs_of
from portal_client.batch.journal import Journal, New
from portal_client.exceptions import ApiTypeError, ApiValueError
from portal_client.files import Files

#: Items that are added in one transaction, and the bytes of files that these may keep.
_CHUNK, _CHUNK_BYTES = 500, 16 * 1024 * 1024


class Added(NamedTuple):
    """What `Batch.add` has done: the key of the item, and whether it is new."""

    key: str
    new: bool


class ItemArguments(TypedDict):
    """The arguments of an item for `Batch.add_many`, those of `Batch.add`."""

    agent_id: str
    text_prompt: str
    files: NotRequired[Files]
    key: NotRequired[Optional[str]]


def new_item(agent_id: str, text_prompt: str, files: Files = None, *, key: Optional[str] = None) -> New:
    """Return an item to add, its arguments checked.

    Raises pydantic.ValidationError, ApiValueError and OSError, see Batch.add.
    """
    if key is not None and (not isinstance(cast(object, key), str) or not key):
        raise ApiValueError(f"key must be a str that is not empty, not {key!r}")
    return New(key, *inputs_of(agent_id, text_prompt, files))


def add_many(journal: Journal, items: Iterable[ItemArguments]) -> int:
    """Add items; return how many are new, see Batch.add_many."""
    new = number = added = 0
    try:
        for chunk in _chunks(items):
            with journal.adding() as add:
                for item in chunk:
                    new += add(item)
                    number += 1
            added = number
    except Exception as error:
        if isinstance(error, sqlite3.Error):  # the journal cannot be written: nothing of the chunk is in it
            error.add_note(f"{added:,} items have been added")
        else:
            error.add_note(f"item {number + 1}; those before it have been added")
        raise
    return new


def _chunks(items: Iterable[ItemArguments]) -> Iterator[list[New]]:
    """Yield items in chunks, the last one also where there is an error behind it."""
    chunk: list[New] = []
    size = 0
    try:
        for arguments in items:
            if not isinstance(cast(object, arguments), Mapping):
                raise ApiTypeError(f"an item is a mapping of arguments, not {type(arguments).__name__}")
            chunk.append(new_item(**arguments))
            size += sum(map(len, chunk[-1].contents.values()))
            if len(chunk) >= _CHUNK or size >= _CHUNK_BYTES:
                yield chunk
                chunk, size = [], 0
    except Exception:
        yield chunk
        raise
    yield chunk
