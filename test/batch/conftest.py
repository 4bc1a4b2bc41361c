"""A service, and a batch that asks it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from portal_client import SessionsApi
from portal_client.batch import Batch, Counts, lock, pace
from support.portal import Portal, portal


@dataclass
class Running:
    """A batch, its service, and runs that wait for little."""

    batch: Batch
    portal: Portal
    api: SessionsApi
    path: Path

    def add(self, *prompts: str) -> None:
        self.batch.add_many({"agent_id": "a1", "text_prompt": prompt} for prompt in prompts)

    def run(self, **limits: Any) -> Counts:
        return self.batch.run(**{"settle": 0.05, "workers": 4, "outage": 0.5, **limits})

    def states(self) -> dict[str, str]:
        """The state of each prompt."""
        return {each.inputs.text_prompt: str(each.state) for each in self.batch._results("TRUE")}


@pytest.fixture
def running(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Running]:
    monkeypatch.setattr(pace, "_SHORTEST_PAUSE", 0.05)
    monkeypatch.setattr(lock, "_PATIENCE", 0.05)
    path = tmp_path / "batch.sqlite3"
    with portal() as (service, api), Batch(path, api) as batch:
        yield Running(batch, service, api, path)
