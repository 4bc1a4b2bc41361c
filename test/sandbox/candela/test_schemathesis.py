"""The running sandbox against the contract, by schemathesis: requests good, odd and bad.

The short run is part of `make test`, the long one of `make check`.
"""

import copy
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi import FastAPI

from portal_sandbox.candela import app

from ..fuzzing import Counting, Counts, schemathesis
from ..openapi import Json, contract
from .conftest import Candela, running
from .test_objects import CIRCUIT, add

CONTRACT = contract("candela.openapi.json")
OPERATIONS = {operation["operationId"] for item in CONTRACT["paths"].values() for operation in item.values()}

#: What is known here and not to be found in the contract, so that it is often tried.
SETTINGS = """
[dictionaries.scopes]
values = ["scope_example"]
[dictionaries.identifiers]
values = ["identifier_example"]
[dictionaries.versions]
values = ["version_example"]
[dictionaries.traces]
values = ["trace_id_example"]
[dictionaries.slots]
values = ["slot_id_example"]
[dictionaries.tools]
values = ["name_example"]

[parameters]
"query.trace_id" = { dictionary = "traces", probability = 0.7 }
"query.slot_id" = { dictionary = "slots", probability = 0.7 }
"query.name" = { dictionary = "tools", probability = 0.7 }
"query.scope" = { dictionary = "scopes", probability = 0.7 }
"query.identifier" = { dictionary = "identifiers", probability = 0.7 }
"query.version" = { dictionary = "versions", probability = 0.7 }
"body.scope" = { dictionary = "scopes", probability = 0.7 }
"body.session_id" = { dictionary = "identifiers", probability = 0.7 }

# No schema says that a text is Python, or the name of a node, and how many slots a sandbox has.
[[operations]]
include-operation-id = ["add_tool_module", "add_circuit", "set_max_slots", "set_free_slots_target"]
checks.positive_data_acceptance.expected-statuses = ["2xx", 422]
"""


def _told_apart() -> Json:
    """Return the contract with a `type` in each object of a union, which its `oneOf` implies."""
    document = copy.deepcopy(CONTRACT)
    schemas = document["components"]["schemas"]
    for union in ("Nodes", "Spec", "Obj", "Obj1", "Fields", "Keys"):
        for variant in schemas[union]["oneOf"]:
            schema = schemas[variant["$ref"].rsplit("/", 1)[1]]
            kind = schema["properties"]["type"]
            kind["enum"] = [kind["default"]]
            schema["required"] = sorted({*schema.get("required", ()), "type"})
    return document


@pytest.fixture
def counts(monkeypatch: pytest.MonkeyPatch) -> Counts:
    """The number of responses of the sandboxes of this test, by operation and status."""
    counts: Counts = defaultdict(Counter)
    candela_app = app.candela_app

    def counted() -> FastAPI:
        mounted = candela_app()
        mounted.add_middleware(Counting, counts=counts)
        return mounted

    monkeypatch.setattr(app, "candela_app", counted)
    return counts


@pytest.fixture
def demo(counts: Counts, tmp_path: Path) -> Iterator[Candela]:
    with running(db=tmp_path / "box.sqlite", demo_data=True, tokens={"secret": "ann"}) as candela:
        assert add(candela, "circuits", data=CIRCUIT).status == 200  # no generator guesses one that fits
        yield candela


@pytest.mark.parametrize(
    ("phases", "examples"),
    [
        pytest.param("fuzzing", 5, id="short"),
        pytest.param("coverage,fuzzing", 50, id="long", marks=pytest.mark.slow),
    ],
)
def test_the_sandbox_keeps_the_contract(
    demo: Candela, counts: Counts, tmp_path: Path, phases: str, examples: int
) -> None:
    status, report = schemathesis(_told_apart(), demo.host, "secret", tmp_path, SETTINGS, phases, examples)

    assert status == 0, report
    assert "No issues found" in report
    assert counts.keys() >= OPERATIONS
    if phases == "fuzzing":  # most of what the other phase sends is wrong on purpose
        reached = {name for name, statuses in counts.items() if statuses.keys() & {200, 204}}
        assert reached == OPERATIONS, counts
