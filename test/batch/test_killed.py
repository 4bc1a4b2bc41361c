"""A process that runs a batch is killed, again and again: nothing is doubled, and nothing is lost."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

import portal_sandbox
from portal_client import ApiClient, Configuration, SessionsApi
from portal_client.batch import Batch

ROOT = Path(__file__).parents[2]
ITEMS, KILLS = 300, 20

RUN = """
import sys
from portal_client import ApiClient, Configuration, EnvToken, SessionsApi
from portal_client.batch import Batch

api = SessionsApi(ApiClient(Configuration(sys.argv[1], access_token=EnvToken("BEARER_TOKEN"))))
with Batch(sys.argv[2], api) as batch:
    print("running", flush=True)
    batch.run(workers=8, settle=1)
"""


@pytest.mark.slow
@pytest.mark.parametrize("seed", [1, 2])
def test_a_batch_that_is_killed_and_resumed_starts_each_session_once(tmp_path: Path, seed: int) -> None:
    chance = random.Random(seed)
    agents = {"slow": slow(chance)}
    journal = tmp_path / "batch.sqlite3"
    with portal_sandbox.running(chaos="lost:3%,latency:200ms:30%", chaos_seed=seed, agents=agents) as box:
        client = ApiClient(Configuration(box.host, access_token=box.token, retries=9))
        environment = {**os.environ, "PYTHONPATH": str(ROOT), "BEARER_TOKEN": box.token}
        command = [sys.executable, "-W", "error", "-c", RUN, box.host, str(journal)]
        with Batch(journal, SessionsApi(client)) as batch:
            # Some ask the same with other files, so that their sessions look alike.
            batch.add_many(
                {"agent_id": "slow", "text_prompt": f"Prompt {number // 2}", "files": [f"{number}".encode()]}
                for number in range(ITEMS)
            )
            killed = 0
            while killed < KILLS and batch.counts.done < ITEMS:
                run = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE)
                assert run.stdout is not None
                assert run.stdout.readline() == b"running\n"
                try:
                    run.wait(chance.uniform(0.05, 1.2))
                except subprocess.TimeoutExpired:
                    run.send_signal(signal.SIGKILL)
                    killed += 1
                run.wait()
                run.stdout.close()
            done = subprocess.run(command, env=environment, capture_output=True, check=False, timeout=120)
            assert (done.returncode, done.stderr) == (0, b"")
            counts = batch.counts
            results = list(batch.results())
            listed = [*batch.failures(), *batch.in_doubt()]
        with client:
            stored = Counter(session.id for session in SessionsApi(client).get_sessions("slow").sessions)

    assert killed == KILLS
    assert counts.done + len(listed) == ITEMS
    assert {result.session_id for result in results} <= stored.keys()
    assert len({result.session_id for result in results}) == counts.done
    unclaimed = stored.keys() - {result.session_id for result in results}
    candidates = {
        each.session_id for result in listed if result.evidence for each in result.evidence.candidates
    }
    assert unclaimed <= candidates
    assert [(result.inputs, result.answer) for result in results if not answers(result)] == []
    assert len(listed) <= ITEMS * 0.02


def slow(chance: random.Random):  # type: ignore[no-untyped-def]
    def agent(conversation, files):  # type: ignore[no-untyped-def]
        return f"{conversation[-1].text} {files[0].read().decode()}"

    return agent


def answers(result):  # type: ignore[no-untyped-def]
    """Whether the session of an item holds the answer to its own file."""
    number = int(result.answer.split()[-1])
    return result.inputs.text_prompt == f"Prompt {number // 2}" and len(result.inputs.files) == 1
