"""Results as lines of JSON, and as a table."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from importlib import import_module
from tempfile import NamedTemporaryFile
from typing import Any, Union

from portal_client.batch.result import Result


def to_jsonl(results: Iterable[Result], path: Union[str, os.PathLike[str]]) -> int:
    """Write results to a file, one on each line; return how many.

    The file is replaced when all are written.
    """
    path = os.path.abspath(path)
    count = 0
    with NamedTemporaryFile(
        "w", encoding="utf-8", dir=os.path.dirname(path), prefix=os.path.basename(path), delete=False
    ) as file:
        try:
            for result in results:
                file.write(_line(result))
                count += 1
            file.flush()
            os.fsync(file.fileno())
        except BaseException:
            file.close()
            os.unlink(file.name)
            raise
    os.replace(file.name, path)
    return count


def _line(result: Result) -> str:
    inputs = result.inputs
    described = {
        "key": result.key,
        "agent_id": inputs.agent_id,
        "text_prompt": inputs.text_prompt,
        "files": [file.name for file in inputs.files],
        "session_id": result.session_id,
        "attempts": result.attempts,
        "added_at": _text(result.added_at),
        "attempted_at": _text(result.attempted_at),
        "ended_at": _text(result.ended_at),
    }
    # The session is JSON already, though perhaps on many lines.
    session = (result.session_json or "null").replace("\r", " ").replace("\n", " ")
    return f'{json.dumps(described, ensure_ascii=False)[:-1]}, "session": {session}}}\n'


def _text(time: Any) -> Any:
    return None if time is None else time.isoformat()


def to_pandas(results: Iterable[Result]) -> Any:
    """Return results as a pandas.DataFrame: a row for each, in columns of plain values.

    Raises ImportError, which names the extra, where pandas is not installed.
    """
    try:
        pandas = import_module("pandas")
    except ImportError as error:
        wanted = 'to_pandas needs pandas: pip install "portal-client[pandas]"'
        raise ImportError(wanted, name=error.name) from error
    columns: dict[str, list[Any]] = {name: [] for name in _COLUMNS}
    for result in results:
        for name, value in zip(_COLUMNS, _values(result), strict=True):
            columns[name].append(value)
    return pandas.DataFrame({name: pandas.Series(values) for name, values in columns.items()})


_COLUMNS = (
    "key", "agent_id", "text_prompt", "files", "session_id", "status", "answer", "messages", "created_at",
    "updated_at", "attempts", "added_at", "attempted_at", "ended_at",
)  # fmt: skip


def _values(result: Result) -> tuple[Any, ...]:
    inputs, session = result.inputs, result.session
    assert session is not None
    return (
        result.key,
        inputs.agent_id,
        inputs.text_prompt,
        ", ".join(file.name for file in inputs.files),
        result.session_id,
        session.status.value,
        result.answer,
        len(session.messages),
        session.created_at,
        session.updated_at,
        result.attempts,
        result.added_at,
        result.attempted_at,
        result.ended_at,
    )
