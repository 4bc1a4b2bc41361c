"""The running sandbox against the contract, by what schemathesis makes of it: requests good, odd and bad.

Nothing is random, not even the ids, so that each run sends the same. The short run is part of `make test`,
the long one of `make check`.
"""

import itertools
import json
import subprocess
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

import pytest
from fastapi import FastAPI
from starlette.types import ASGIApp, Message, Receive, Scope, Send

import portal_sandbox
from portal_sandbox import server, store

from .conftest import Caller
from .fuzzing import COMMAND, needs_schemathesis

pytestmark = needs_schemathesis

CONTRACT = Path(__file__).parents[2] / "contracts" / "portal.openapi.json"
OPERATIONS = {
    operation["operationId"]
    for item in json.loads(CONTRACT.read_text("utf-8"))["paths"].values()
    for operation in item.values()
}

#: All checks, and what is known here but not to be found in the contract.
SETTINGS = """
[checks]
enabled = true

# Where a link has filled in what was wrong, this check still takes the request for a wrong one:
# https://github.com/schemathesis/schemathesis/issues/2983
[phases.stateful.checks]
negative_data_rejection.enabled = false

[dictionaries.sessions]
values = {sessions}
[dictionaries.agents]
values = ["echo", "fails"]
[dictionaries.indexes]
values = [0, 1, 2]

[parameters]
"path.session_id" = {{ dictionary = "sessions", probability = 0.7 }}
"query.session_id" = {{ dictionary = "sessions", probability = 0.7 }}
"query.last_message_index" = {{ dictionary = "indexes", probability = 0.7 }}
"query.agent_id" = {{ dictionary = "agents", probability = 0.7 }}
"body.agent_id" = {{ dictionary = "agents", probability = 0.7 }}

# How many messages a session has is in no schema: an integer beyond them is valid there, and refused.
[[operations]]
include-operation-id = "create_session_from_replay"
checks.positive_data_acceptance.expected-statuses = ["2xx", 403, 404, 422]
"""


class Counting:
    """Counts the statuses of each operation."""

    def __init__(self, app: ASGIApp, counts: dict[str, Counter[int]]) -> None:
        self._app = app
        self._counts = counts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def counting_send(message: Message) -> None:
            if message["type"] == "http.response.start":
                route = scope.get("route")
                self._counts[getattr(route, "name", "none")][message["status"]] += 1
            await send(message)

        await self._app(scope, receive, counting_send)


@pytest.fixture
def counts(monkeypatch: pytest.MonkeyPatch) -> dict[str, Counter[int]]:
    """What the sandboxes of this test answer: how often each status, by operation."""
    counts: dict[str, Counter[int]] = defaultdict(Counter)
    create_app = server.create_app

    def counted(**options: object) -> FastAPI:
        app = create_app(**options)  # type: ignore[arg-type]
        app.add_middleware(Counting, counts=counts)
        return app

    monkeypatch.setattr(server, "create_app", counted)
    return counts


@pytest.fixture
def caller(counts: object, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Caller]:
    """A caller of a sandbox whose ids are counted."""
    numbers = itertools.count(1)
    monkeypatch.setattr(store, "uuid4", lambda: UUID(int=next(numbers)))

    def fails(conversation: object, files: object) -> str:
        raise ValueError("as it should")

    with (
        portal_sandbox.running(
            db=tmp_path / "box.sqlite", tokens={"secret": "ann", "other": "bob"}, agents={"fails": fails}
        ) as box,
        Caller(box.host, "secret") as caller,
        Caller(box.host, "other") as other,
    ):
        sessions = [caller.create()["id"], caller.create(agent="fails")["id"], other.create()["id"]]
        (tmp_path / "settings.toml").write_text(SETTINGS.format(sessions=json.dumps(sessions)))
        yield caller


def _run(caller: Caller, folder: Path, phases: str, examples: int) -> tuple[int, str]:
    """The exit status of schemathesis, and what it has to say."""
    options = {
        "--url": caller.host,
        "--header": "Authorization: Bearer secret",
        "--phases": phases,
        "--max-examples": str(examples),
        "--suppress-health-check": "all",
        "--warnings": "off",
    }
    command = [str(COMMAND), "--config-file", "settings.toml"]
    command += ["run", str(CONTRACT), "--generation-deterministic", *itertools.chain(*options.items())]
    run = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    return run.returncode, run.stdout + run.stderr


@pytest.mark.parametrize(
    ("phases", "examples"),
    [
        pytest.param("coverage,fuzzing", 8, id="short"),
        pytest.param("coverage,fuzzing,stateful", 100, id="long", marks=pytest.mark.slow),
    ],
)
def test_the_sandbox_keeps_the_contract(
    caller: Caller,
    counts: dict[str, Counter[int]],
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    phases: str,
    examples: int,
) -> None:
    counts.clear()

    status, report = _run(caller, tmp_path, phases, examples)

    assert status == 0, report
    assert "No issues found" in report
    assert {name for name, statuses in counts.items() if statuses[200]} == OPERATIONS, counts
    logged = {each.getMessage()[:18] for each in caplog.records if each.name == "portal_sandbox"}
    assert logged == {"Agent fails failed"}
