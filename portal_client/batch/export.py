"""Results as lines of JSON."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
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
