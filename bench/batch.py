"""What a batch costs besides its calls: adding items, handing them out, and keeping what became of them."""

from __future__ import annotations

import os
import shutil
import sqlite3
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from bench.contestants import AGENT, TOKEN
from bench.harness import FLOOR, OURS, Entry, Row, Within, Work
from bench.server import SESSION

ITEMS, WORKERS = 3000, 16


def arguments() -> Iterator[Any]:
    """Yield the items."""
    return ({"agent_id": AGENT, "text_prompt": f"Review the report {number}"} for number in range(ITEMS))


class _Batches:
    """A batch whose calls take no time: its API returns at once what a server would say."""

    def __init__(self, host: str) -> None:
        from portal_client import (
            ApiClient,
            ApiResponse,
            AsyncSessionResponse,
            Batch,
            Configuration,
            Session,
            SessionsApi,
        )

        session = Session.from_dict(SESSION)
        body = session.to_json().encode()
        read = ApiResponse[Session].model_construct(status_code=200, data=session, raw_data=body)

        def start(self: Any, agent_id: str, text_prompt: str, *args: Any, **options: Any) -> Any:
            started = AsyncSessionResponse.model_construct(session_id=f"s {text_prompt}")
            return ApiResponse[Any].model_construct(status_code=200, data=started, headers={})

        def get(self: Any, session_id: str, **options: Any) -> Any:
            return read

        forms: dict[str, Any] = {
            "create_async_session_with_http_info": start,
            "get_session_with_http_info": get,
        }
        instant: Any = type("Instant", (SessionsApi,), forms)
        self.api = instant(ApiClient(Configuration(host, access_token=TOKEN)))
        self._batch = Batch
        self._folder = tempfile.mkdtemp()
        self._added = os.path.join(self._folder, "added")
        with Batch(self._added, self.api) as batch:
            batch.add_many(arguments())

    def add(self) -> None:
        """Add all items to a new journal."""
        with self._batch(self._path(), self.api) as batch:
            batch.add_many(arguments())

    def run(self) -> None:
        """Run all items."""
        with self._batch(shutil.copy(self._added, self._path()), self.api) as batch:
            assert batch.run(workers=WORKERS).done == ITEMS

    def _path(self) -> str:
        path = os.path.join(self._folder, "batch")
        for end in ("", "-wal", "-shm"):
            if os.path.exists(path + end):
                os.unlink(path + end)
        return path

    def close(self) -> None:
        """Remove the journals."""
        shutil.rmtree(self._folder)


class _Plain(_Batches):
    """Two tasks for each item on a pool, and a row in SQLite: nothing is kept of what became of it."""

    def add(self) -> None:
        with sqlite3.connect(self._path()) as db:
            db.execute("CREATE TABLE items (agent_id, text_prompt)")
            db.executemany("INSERT INTO items VALUES (:agent_id, :text_prompt)", arguments())
        db.close()

    def run(self) -> None:
        with ThreadPoolExecutor(WORKERS) as pool:
            started = pool.map(self._start, arguments())
            list(pool.map(self._read, started))

    def _start(self, item: Any) -> str:
        response: Any = self.api.create_async_session_with_http_info(**item)
        return str(response.data.session_id)

    def _read(self, session_id: str) -> str:
        response: Any = self.api.get_session_with_http_info(session_id)
        return str(response.raw_data.decode())


def _adds(one: _Batches) -> Work:
    return one.add


def _runs(one: _Batches) -> Work:
    return one.run


ROWS = [
    Row(
        "batch_run",
        "a batch whose calls take no time",
        {
            OURS: Entry(_Batches, _runs, 1, ITEMS),
            FLOOR: Entry(_Plain, _runs, 1, ITEMS),
        },
        [Within(150e-6)],
        rounds=9,
        per="item",
        note=f"{ITEMS:,} items, {WORKERS} workers. The floor keeps nothing.",
    ),
    Row(
        "batch_add",
        "items added to a batch",
        {
            OURS: Entry(_Batches, _adds, 1, ITEMS),
            FLOOR: Entry(_Plain, _adds, 1, ITEMS),
        },
        [Within(150e-6)],
        rounds=9,
        per="item",
        note="The floor is a row in SQLite, unchecked.",
    ),
]
