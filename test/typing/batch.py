"""Batch: adding, running, and what there is to know of an item."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from pathlib import Path
from typing import Optional, assert_type

from portal_client import Batch, JournalBusy, Session, SessionsApi
from portal_client.batch import Added, Candidate, Counts, Evidence, Inputs, ItemArguments, Result, State


def adds(api: SessionsApi, folder: Path) -> None:
    with Batch("b.sqlite3", api) as batch:
        assert_type(batch, Batch)
        assert_type(batch.add("a1", "Hello", [folder / "a.txt", ("b.txt", b"b")], key="k"), Added)
        assert_type(batch.add("a1", "Hello").new, bool)
        items: list[ItemArguments] = [{"agent_id": "a1", "text_prompt": "Hello", "files": folder / "a.txt"}]
        assert_type(batch.add_many(items), int)
        # As it is written in place, from a generator.
        batch.add_many(
            {"agent_id": "a1", "text_prompt": f"Review {path.name}", "files": [path]}
            for path in folder.glob("*.pdf")
        )


def runs(batch: Batch) -> None:
    assert_type(batch.run(), Counts)
    batch.run(workers=16, per_minute=120, progress=True, attempts=3, settle=10, send_timeout=60, timeout=900)
    batch.run(progress=lambda counts: print(counts.done, counts.total), outage=60.0)
    with ThreadPoolExecutor() as executor:
        batch.run(executor=executor)
    try:
        batch.run()
    except JournalBusy as busy:
        assert_type(busy.pid, int)
    assert_type(batch.retry("k"), int)
    batch.assign("k", "s1")


def reads() -> None:
    batch = Batch(Path("b.sqlite3"))
    assert_type(batch.counts, Counts)
    assert_type(batch.results(), Iterator[Result])
    assert_type(batch.get("k"), Optional[Result])
    assert_type(batch.to_jsonl("b.jsonl"), int)
    for result in batch.in_doubt():
        assert_type(result.state, State)
        assert_type(result.inputs, Inputs)
        assert_type(result.session, Optional[Session])
        assert_type(result.answer, Optional[str])
        assert_type(result.ended_at, Optional[datetime])
        assert_type(result.evidence, Optional[Evidence])
        if result.evidence is not None:
            assert_type(result.evidence.candidates, tuple[Candidate, ...])
    for result in batch.failures():
        assert_type(result.error, Optional[str])
