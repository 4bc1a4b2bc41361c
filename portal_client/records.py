"""Models as rows of plain values: records for any program, and a table of pandas."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timezone
from enum import Enum
from functools import lru_cache
from importlib import import_module
from types import NoneType, UnionType
from typing import Annotated, Any, NamedTuple, Optional, Protocol, Union, cast, get_args, get_origin

from pydantic import BaseModel, RootModel

from portal_client.api_response import ApiResponse
from portal_client.exceptions import ApiTypeError
from portal_client.models.session import Session
from portal_client.text import name_of


class Tabular(Protocol):
    """A value that is a table, such as a Batch: the names of its columns, and its rows."""

    def _rows(self) -> tuple[Iterable[str], Iterable[Any]]: ...


class Row(NamedTuple):
    """A row, and the columns that stand before its own."""

    before: Mapping[str, Any]
    item: Any


def to_records(values: Union[Iterable[Any], Tabular]) -> list[dict[str, Any]]:
    """Return a flat dict of plain values for each model, all with the same keys in the same order.

    Takes models of either service or your own, in a list or any other iterable, such as a stream of events,
    which is read to its end; also a Batch (the items that are done), Branches, a response that holds a list,
    an ApiResponse, sessions by groups, a table of a report, and plain dicts. A single model is one row.

    The fields of a model within a model are columns with a dot, such as `agent.name`, as
    `pandas.json_normalize` names them. A time keeps its zone, and a member of an enumeration is its text. A
    list of texts or numbers is one text with commas, any other list its length. A session has its `answer`,
    too. What a model lacks is None.

    Raises ApiTypeError for what is no model; and what reading the stream raises, whose events are lost then.
    """
    count, columns = _table(values)
    return [{name: column[at] for name, column in columns.items()} for at in range(count)]


def to_pandas(values: Union[Iterable[Any], Tabular]) -> Any:
    """Return models as a pandas.DataFrame: a row for each, with the columns of `to_records`.

    Times with one distance from UTC are a column of times with that zone; where distances differ, each value
    keeps its own.

    Raises ImportError, which names the extra, where pandas is not installed, before anything is read; and
    what `to_records` raises.
    """
    try:
        pandas = import_module("pandas")
    except ImportError as error:
        wanted = 'to_pandas needs pandas: pip install "portal-client[pandas]"'
        raise ImportError(wanted, name=error.name) from error
    count, columns = _table(values)
    index = pandas.RangeIndex(count)
    return pandas.DataFrame(
        {name: pandas.Series(column, index) for name, column in columns.items()}, index=index
    )


def names_of(kind: type[BaseModel]) -> list[str]:
    """Return the columns that each model of a kind has."""
    return [name for name, _ in _fields(kind, None)]


def _table(values: Any) -> tuple[int, dict[str, list[Any]]]:
    """Return the number of rows, and the columns by their names."""
    names, rows = _named_rows(values)
    columns: dict[str, list[Any]] = {name: [] for name in names}
    count = 0
    for row in rows:
        for name, value in _cells_of_row(row, count):
            column = columns.setdefault(name, [])
            column += [None] * (count - len(column))
            if len(column) == count:  # else there is a field of that name already
                column.append(value)
        count += 1
    for column in columns.values():
        column += [None] * (count - len(column))
    return count, columns


# ── what the rows are ──


def _named_rows(values: Any) -> tuple[Iterable[str], Iterable[Any]]:
    """Return the columns that are known without a row, and the rows."""
    rows = getattr(cast(Any, type(values)), "_rows", None)
    if rows is not None:
        return cast("tuple[Iterable[str], Iterable[Any]]", rows(values))
    if isinstance(values, ApiResponse):
        return _named_rows(cast("ApiResponse[Any]", values).data)
    if isinstance(values, RootModel):
        return _named_rows(cast("RootModel[Any]", values).root)
    if isinstance(values, BaseModel):
        return _rows_of_model(values)
    if isinstance(values, Mapping):
        groups = cast("Mapping[str, Any]", values)
        is_grouped = all(isinstance(group, list) for group in groups.values())
        return (("group",), _grouped(groups)) if is_grouped else ((), [groups])
    if isinstance(values, (str, bytes)) or not isinstance(values, Iterable):
        raise ApiTypeError(f"values must be models, not {type(values).__name__}")
    return (), cast("Iterable[Any]", values)


def _rows_of_model(model: BaseModel) -> tuple[Iterable[str], Iterable[Any]]:
    kind = type(model)
    if len(kind.model_fields) == 1:
        ((name, field),) = kind.model_fields.items()
        value, listed = getattr(model, name), _model_in(field.annotation, list)
        if listed is not None:
            return names_of(listed), value or ()
        if _has(field.annotation, dict):
            return _named_rows(value or {})
    return (), (model,)


def _grouped(groups: Mapping[str, Sequence[Any]]) -> Iterator[Row]:
    for name, group in groups.items():
        for item in group:
            known = isinstance(item, (BaseModel, Mapping))
            yield Row({"group": name}, item if known else {"value": item})


# ── what a row holds ──


def _cells_of_row(row: Any, at: int) -> Iterator[tuple[str, Any]]:
    if isinstance(row, Row):
        yield from row.before.items()
        row = row.item
    if isinstance(row, RootModel):
        row = cast("RootModel[Any]", row).root
    if isinstance(row, BaseModel):
        yield from _fields(type(row), row)
    elif isinstance(row, Mapping):
        for name, value in cast("Mapping[Any, Any]", row).items():
            yield from _cells(f"{name}", value)
    elif record := getattr(cast(Any, type(row)), "_record", None):
        yield from record(row).items()
    else:
        raise ApiTypeError(f"values[{at}] must be a model or a dict, not {type(row).__name__}")


def _fields(
    kind: type[BaseModel], model: Optional[BaseModel], prefix: str = "", around: tuple[type, ...] = ()
) -> Iterator[tuple[str, Any]]:
    """Yield the cells of a model; those of None are the columns of its kind, all empty."""
    around = (*around, kind)
    for name, held, lists_models in _plan(kind):
        value = None if model is None else getattr(model, name)
        if value is None and held is not None and held not in around:
            yield from _fields(held, None, f"{prefix}{name}.", around)
        elif lists_models and value is not None:
            yield f"{prefix}{name}", len(value)
        else:
            yield from _cells(f"{prefix}{name}", value)
    if issubclass(kind, Session):
        yield f"{prefix}answer", None if model is None else cast(Session, model).answer
    for name, value in ((model and model.model_extra) or {}).items():
        yield from _cells(f"{prefix}{name}", value)


def _cells(name: str, value: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(value, RootModel):
        yield from _cells(name, cast("RootModel[Any]", value).root)
    elif isinstance(value, BaseModel):
        yield from _fields(type(value), value, f"{name}.")
    elif isinstance(value, Mapping) and value:
        for key, item in cast("Mapping[Any, Any]", value).items():
            yield from _cells(f"{name}.{key}", item)
    else:
        yield name, _plain(value)


def _plain(value: Any) -> Any:
    if isinstance(value, Enum):
        return name_of(value)
    if isinstance(value, datetime) and value.tzinfo is not None:
        # A zone of pydantic's is one of Python's own then, which pandas knows to be the same in all rows.
        offset = value.tzinfo.utcoffset(None)
        return value if offset is None else value.replace(tzinfo=timezone(offset))
    if isinstance(value, (list, tuple)):
        items = cast("Sequence[Any]", value)
        plain = all(isinstance(item, (str, int, float, datetime)) for item in items)
        return ", ".join(f"{_plain(item)}" for item in items) if plain else len(items)
    if isinstance(value, Mapping):  # an empty one
        return None
    return value


# ── what the annotations of a kind say ──


@lru_cache(256)
def _plan(kind: type[BaseModel]) -> tuple[tuple[str, Optional[type[BaseModel]], bool], ...]:
    """Return each field of a kind, with the model that it holds, and whether it is a list of models."""
    return tuple(
        (name, _model_in(field.annotation), _model_in(field.annotation, list) is not None)
        for name, field in kind.model_fields.items()
    )


def _model_in(annotation: Any, within: Optional[type] = None) -> Optional[type[BaseModel]]:
    """Return the one kind of model that an annotation names besides None: as it is, or in a list."""
    found = {_model_of(each, within) for each in _alternatives(annotation)}
    return found.pop() if len(found) == 1 else None


def _model_of(annotation: Any, within: Optional[type]) -> Optional[type[BaseModel]]:
    if within is not None:
        return _model_in(get_args(annotation)[0]) if get_origin(annotation) is within else None
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return None if issubclass(annotation, RootModel) else annotation
    return None


def _has(annotation: Any, kind: type) -> bool:
    return any(get_origin(each) is kind for each in _alternatives(annotation))


def _alternatives(annotation: Any) -> Iterator[Any]:
    if get_origin(annotation) is Annotated:
        yield from _alternatives(get_args(annotation)[0])
    elif get_origin(annotation) in (Union, UnionType):
        for each in get_args(annotation):
            yield from _alternatives(each)
    elif annotation is not NoneType:
        yield annotation
