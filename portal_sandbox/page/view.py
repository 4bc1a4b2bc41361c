"""A view: a kind of things on the page, its newest entries, and one of them in full."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal, Protocol, TypeAlias

from sqlalchemy import ColumnElement, Select, func, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from portal_sandbox.page import texts
from portal_sandbox.page.texts import Text

Tone: TypeAlias = Literal["good", "busy", "bad", "quiet"]

#: The maximum number of messages of a session, of items of a trace, and of values to filter by.
MAX_MESSAGES = 100
MAX_VALUES = 200


@dataclass(frozen=True)
class Wanted:
    """What a page shows of a view: by which values, such as {"agent": "echo"}, and how many entries."""

    filters: Mapping[str, str]
    limit: int


@dataclass(frozen=True)
class Entry:
    """A line of a list; `revision` differs after each change of what `Detail` has.

    `group` is the heading above it, where that is not the period of its time; an entry that is `moving` may
    change by the clock alone.
    """

    id: str
    revision: str
    title: Text
    badge: str
    tone: Tone
    user: Text
    time: datetime
    preview: Text = field(default_factory=list[Any])
    facts: Sequence[str] = ()
    group: str | None = None
    moving: bool = False


@dataclass(frozen=True)
class Listing:
    """The newest entries that were wanted, the number of all such, and the values to filter by."""

    entries: Sequence[Entry]
    total: int
    values: Mapping[str, Sequence[tuple[str, str]]]


@dataclass(frozen=True)
class Attachment:
    """A file that can be downloaded."""

    name: Text
    about: Text
    path: str


@dataclass(frozen=True)
class Said:
    """A message; `more` is the number of characters left out, which are in the whole text at `path`."""

    key: int
    role: str
    author: Text
    text: Text
    more: int
    path: str
    files: Sequence[Attachment] = ()
    failed: bool = False


@dataclass(frozen=True)
class Block:
    """A longer text with its label; `more` is the number of characters left out, which are at `path`."""

    label: str
    text: Text
    more: int
    path: str | None


@dataclass(frozen=True)
class Detail:
    """An entry in full: fields with a text or a time, longer texts, and what was said.

    `earlier` is the number of messages before the first one here.
    """

    entry: Entry
    fields: Sequence[tuple[str, Text | datetime]]
    blocks: Sequence[Block] = ()
    said: Sequence[Said] | None = None
    earlier: int = 0
    note: str = ""


class View(Protocol):
    """A kind of things on the page."""

    @property
    def noun(self) -> str:
        """The word for one of them."""
        ...

    def count(self, db: Session) -> int:
        """Return the number of all."""
        ...

    def listing(self, db: Session, wanted: Wanted) -> Listing:
        """Return the newest of those that are wanted."""
        ...

    def detail(self, db: Session, entry_id: str, after: int) -> Detail | None:
        """Return one in full, of its messages those from the key `after` on; None where there is none."""
        ...

    def text(self, db: Session, key: int) -> str | None:
        """Return the whole text of a message, or of the content of an entry; None where there is none."""
        ...


def matching(wanted: Wanted, **columns: Any) -> list[ColumnElement[bool]]:
    """Return the conditions for what is wanted, by the columns of a view; it ignores other filters."""
    return [column == wanted.filters[name] for name, column in columns.items() if name in wanted.filters]


def total(
    db: Session, key: InstrumentedAttribute[int], conditions: Iterable[ColumnElement[bool]] = ()
) -> int:
    """Return the number of rows."""
    return db.scalar(select(func.count(key)).where(*conditions)) or 0


def values(db: Session, column: Any, *conditions: ColumnElement[bool]) -> list[tuple[str, str]]:
    """Return the values of a column, each with its text, in their order."""
    query = (
        select(column).where(column.is_not(None), *conditions).distinct().order_by(column).limit(MAX_VALUES)
    )
    return labelled(db.scalars(query))


def block(label: str, text: str, path: str | None = None) -> Block:
    """Return a longer text with its label, cut where it is long."""
    return Block(label, *texts.shortened(text), path)


def number(entry_id: str) -> int:
    """Return the key in the id of an entry; for any other id one that no row has."""
    return int(entry_id) if entry_id.isascii() and entry_id.isdigit() and len(entry_id) < 19 else -1


def labelled(given: Iterable[str]) -> list[tuple[str, str]]:
    """Return values, each with the text to show for it."""
    return [(value, texts.plain(value)) for value in given]


@dataclass(frozen=True)
class Counts:
    """How many messages a session has, and how it begins; `last` is the key of its last message."""

    messages: int = 0
    last: int = 0
    begin: str = ""


def counts(db: Session, owner: Any, key: Any, text: Any, owners: Collection[int]) -> Callable[[int], Counts]:
    """Return a function from the key of a session to its counts, by the columns of messages."""
    query = (
        select(owner, func.count(key), func.max(key), func.min(key)).where(owner.in_(owners)).group_by(owner)
    )
    found = {row[0]: row[1:] for row in db.execute(query)}
    firsts = select(key, func.substr(text, 1, 1_000)).where(
        key.in_([first for _, _, first in found.values()])
    )
    begins = {row[0]: row[1] for row in db.execute(firsts)}
    counted = {each: Counts(many, last, begins[first]) for each, (many, last, first) in found.items()}
    return lambda each: counted.get(each, Counts())


def newest(db: Session, query: Select[Any], key: Any, after: int) -> tuple[Sequence[Any], int]:
    """Return the last rows from the key `after` on, in order, and the number of those before the first."""
    rows = db.scalars(query.where(key >= after).order_by(key.desc()).limit(MAX_MESSAGES)).all()[::-1]
    if not rows:
        return rows, 0
    before = query.with_only_columns(func.count(key)).where(key < rows[0].key).order_by(None)
    return rows, db.scalar(before) or 0
