"""The running sandbox against the contract, by schemathesis: requests good, odd and bad.

Nothing is random, not even the ids, so that each run sends the same. The short run is part of `make test`,
the long one of `make check`.
"""

import itertools
import json
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

import pytest
from fastapi import FastAPI

import portal_sandbox
from portal_sandbox import server, store
from portal_sandbox.portal import business

from .conftest import Caller
from .fuzzing import Counting, Counts, schemathesis
from .openapi import contract
from .portal.test_business import create_business
from .portal.test_routines import create_routine

CONTRACT = contract("portal.openapi.json")
OPERATIONS = {operation["operationId"] for item in CONTRACT["paths"].values() for operation in item.values()}

#: All checks, and what is known here but not to be found in the contract.
SETTINGS = """
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
[dictionaries.routines]
values = {routines}
[dictionaries.businesses]
values = {businesses}
[dictionaries.users]
values = ["ann", "bob"]

[parameters]
"path.session_id" = {{ dictionary = "sessions", probability = 0.7 }}
"query.session_id" = {{ dictionary = "sessions", probability = 0.7 }}
"query.last_message_index" = {{ dictionary = "indexes", probability = 0.7 }}
"query.agent_id" = {{ dictionary = "agents", probability = 0.7 }}
"path.agent_id" = {{ dictionary = "agents", probability = 0.7 }}
"body.agent_id" = {{ dictionary = "agents", probability = 0.7 }}
"path.routine_id" = {{ dictionary = "routines", probability = 0.7 }}
"path.business_id" = {{ dictionary = "businesses", probability = 0.7 }}
"body.id" = {{ dictionary = "businesses", probability = 0.7 }}
"body.user_id" = {{ dictionary = "users", probability = 0.7 }}

# No schema says how many messages a session has, who calls, and that no two ids are the same.
[[operations]]
include-operation-id = ["create_session_from_replay", "update_business", "update_playground_agents"]
checks.positive_data_acceptance.expected-statuses = ["2xx", 403, 404, 422]
"""


@pytest.fixture
def counts(monkeypatch: pytest.MonkeyPatch) -> Counts:
    """The number of responses of the sandboxes of this test, by operation and status."""
    counts: Counts = defaultdict(Counter)
    create_app = server.create_app

    def counted(**options: object) -> FastAPI:
        app = create_app(**options)  # type: ignore[arg-type]
        app.add_middleware(Counting, counts=counts)
        return app

    monkeypatch.setattr(server, "create_app", counted)
    return counts


@pytest.fixture
def known(counts: object, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[tuple[Caller, str]]:
    """A caller of a sandbox whose ids are counted, and the settings that know what it has."""
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
        routines = [create_routine(each)["id"] for each in (caller, other)]
        businesses = ["business", create_business(other)["id"]]
        monkeypatch.setattr(business, "new_id", lambda: "business")  # known before it is created
        values = {"sessions": sessions, "routines": routines, "businesses": businesses}
        yield caller, SETTINGS.format(**{name: json.dumps(ids) for name, ids in values.items()})


@pytest.mark.parametrize(
    ("phases", "examples"),
    [
        pytest.param("coverage,fuzzing", 8, id="short"),
        pytest.param("coverage,fuzzing,stateful", 100, id="long", marks=pytest.mark.slow),
    ],
)
def test_the_sandbox_keeps_the_contract(
    known: tuple[Caller, str],
    counts: Counts,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    phases: str,
    examples: int,
) -> None:
    caller, settings = known
    counts.clear()
    status, report = schemathesis(CONTRACT, caller.host, "secret", tmp_path, settings, phases, examples)

    assert status == 0, report
    assert "No issues found" in report
    assert {name for name, statuses in counts.items() if statuses[200]} == OPERATIONS, counts
    logged = {each.getMessage()[:18] for each in caplog.records if each.name == "portal_sandbox"}
    assert logged == {"Agent fails failed"}
