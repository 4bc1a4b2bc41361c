"""A process that runs a batch is killed, again and again: nothing is doubled, and nothing is lost."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path

import pytest

import portal_client
from portal_client import ApiClient, Configuration, SessionsApi
from portal_client.batch import Batch, Result

portal_sandbox = pytest.importorskip("portal_sandbox", reason="the sandbox is not installed")
pytest.importorskip("portal_sandbox.server", reason="the sandbox is not installed")

ROOT = Path(portal_client.__file__).parents[1]
ITEMS, KILLS = 300, 20

RUN = """
import sys
from portal_client import ApiClient, Batch, Configuration, EnvToken, SessionsApi

api = SessionsApi(ApiClient(Configuration(sys.argv[1], access_token=EnvToken("BEARER_TOKEN"))))
with Batch(sys.argv[2], api) as batch:
    print("running", flush=True)
    batch.run(workers=8, settle=1)
"""


def answers(conversation: Sequence[portal_sandbox.Message], files: Sequence[portal_sandbox.File]) -> str:
    """The agent: its answer names the file."""
    return files[0].sha256


def belongs(result: Result) -> bool:
    """Whether the session of an item is that of its own prompt and file."""
    return (
        result.session is not None
        and result.session.messages[0].text == result.inputs.text_prompt
        and result.answer == result.inputs.files[0].sha256
    )


@pytest.mark.fault("Batches", "A batch that is killed 20 times starts each session once")
@pytest.mark.slow
@pytest.mark.parametrize("chaos", ["lost:3%", "lost:3%,reset:3%,503:3%,cut:1%"])
def test_a_batch_that_is_killed_and_resumed_starts_each_session_once(tmp_path: Path, chaos: str) -> None:
    chance, journal = random.Random(chaos), tmp_path / "batch.sqlite3"
    with portal_sandbox.running(
        chaos=f"{chaos},latency:200ms:30%", chaos_seed=1, agents={"slow": answers}, latency=0.05
    ) as box:
        client = ApiClient(Configuration(box.host, access_token=box.token, retries=9))
        environment = {**os.environ, "PYTHONPATH": str(ROOT), "BEARER_TOKEN": box.token}
        command = [sys.executable, "-W", "error", "-c", RUN, box.host, str(journal)]
        with client, Batch(journal, SessionsApi(client)) as batch:
            # Each prompt comes twice, with another file: the sessions look alike.
            batch.add_many(
                {"agent_id": "slow", "text_prompt": f"Prompt {number % 150}", "files": [f"{number}".encode()]}
                for number in range(ITEMS)
            )
            killed = 0
            while killed < KILLS and batch.counts.done < ITEMS:
                with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE) as run:
                    assert run.stdout is not None
                    assert run.stdout.readline() == b"running\n"
                    try:
                        run.wait(chance.uniform(0.05, 1.0))
                    except subprocess.TimeoutExpired:
                        run.send_signal(signal.SIGKILL)
                        killed += 1
            last = subprocess.run(command, env=environment, capture_output=True, check=False, timeout=300)
            assert (last.returncode, last.stderr) == (0, b"")
            counts, results = batch.counts, [*batch.results()]
            listed = [*batch.failures(), *batch.in_doubt()]
            stored = Counter(session.id for session in SessionsApi(client).get_sessions("slow").sessions)

    claimed = Counter(result.session_id for result in results)
    candidates = {
        each.session_id for result in listed if result.evidence for each in result.evidence.candidates
    }
    assert killed == KILLS
    assert counts.done + len(listed) == ITEMS
    assert claimed.total() == len(claimed) == counts.done
    assert [result for result in results if not belongs(result)] == []
    assert {*claimed} <= {*stored}
    assert {*stored} - {*claimed} <= candidates
    assert len(listed) <= ITEMS // 100
    assert sha256(b"7").hexdigest() in {result.answer for result in results}
