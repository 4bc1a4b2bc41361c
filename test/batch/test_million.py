"""A million items take the memory of a thousand."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

import portal_client
from support.scripted import SESSION

ROOT = Path(portal_client.__file__).parents[1]

#: Each step prints how many items it was about, and the memory that it has taken besides, in kB.
BEGIN = """
import json, resource, sys
from portal_client import ApiClient, Batch, Configuration, SessionsApi
from portal_client.models import AsyncSessionResponse, Session
from portal_client.api_response import ApiResponse

path, items, session = sys.argv[1], int(sys.argv[2]), sys.argv[3]

def step(work):
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(json.dumps([work(), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before]))

def arguments(begin, end):
    return ({"agent_id": "a1", "text_prompt": f"Prompt {number}"} for number in range(begin, end))
"""

ADD_AND_LIST = """
def listed():
    return sum(result.session.id == "s1" for result in batch.results())

with Batch(path, SessionsApi(ApiClient(Configuration("http://localhost")))) as batch:
    batch.add_many(arguments(0, 2000))
    step(lambda: batch.add_many(arguments(0, items)))
    with batch._journal._open() as connection:
        connection.execute("UPDATE items SET state = 'done', session = ?", (session,))
    step(listed)
    step(lambda: batch.counts.done)
"""

RUN = """
class Instant(SessionsApi):
    def create_async_session_with_http_info(self, agent_id, text_prompt, *args, **options):
        data = AsyncSessionResponse(session_id=f"s {text_prompt}")
        return ApiResponse[AsyncSessionResponse](status_code=200, headers={}, data=data, raw_data=b"")

    def get_session_with_http_info(self, session_id, **options):
        data = Session.from_json(session)
        return ApiResponse[Session](status_code=200, data=data, raw_data=session.encode())

from portal_client.batch import runner
runner.server_date = lambda api: None

with Batch(path, Instant(ApiClient(Configuration("http://localhost")))) as batch:
    for begin, end in ((0, 2000), (2000, items)):
        batch.add_many(arguments(begin, end))
        step(lambda: batch.run(workers=64).done)
"""


def steps(code: str, path: Path, items: int) -> list[tuple[int, int]]:
    command = [sys.executable, "-c", BEGIN + code, str(path), str(items), json.dumps(SESSION)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    run = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=900, check=False)
    assert (run.returncode, run.stderr) == (0, "")
    return [(count, grown) for count, grown in map(json.loads, run.stdout.splitlines())]


pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform != "linux", reason="there, what a process holds is given in kB"),
]


def test_a_million_items_are_added_and_listed_in_flat_memory(tmp_path: Path) -> None:
    added, listed, counted = steps(ADD_AND_LIST, tmp_path / "b.sqlite3", 1_000_000)

    assert [added[0], listed[0], counted[0]] == [998_000, 1_000_000, 1_000_000]
    assert max(added[1], listed[1], counted[1]) < 20_000


def test_a_run_takes_as_much_memory_for_many_items(tmp_path: Path) -> None:
    first, rest = steps(RUN, tmp_path / "b.sqlite3", 20_000)

    assert (first[0], rest[0]) == (2000, 20_000)
    assert rest[1] < 5_000
