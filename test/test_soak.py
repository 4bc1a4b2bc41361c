"""The soak test for a short time, and that its balance notices what must not be."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from bench.load import ACKNOWLEDGED, REFUSED, UNKNOWN, Ledger
from bench.soak import balance

ROOT = Path(__file__).parents[1]
OUTCOMES = {"prompt 1": ACKNOWLEDGED, "prompt 2": REFUSED, "prompt 3": UNKNOWN, "candela 1": ACKNOWLEDGED}


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="what a process holds is read from /proc")
def test_twenty_seconds_end_balanced() -> None:
    run = subprocess.run(
        [sys.executable, "-W", "error", "bench/soak.py", "--seconds", "20", "--seed", "20"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=180,
    )

    assert (run.returncode, run.stderr) == (0, ""), run.stdout
    rows = [line.rsplit(maxsplit=2) for line in run.stdout.splitlines()]
    table = {" ".join(row[:-2]) or row[0]: row for row in rows if row}
    assert run.stdout.endswith("The balance holds.\n")
    assert int(table["acknowledged"][1].replace(",", "")) > 20
    assert int(table["acknowledged"][2].replace(",", "")) > 5
    assert {"events", "files", "streams", "unknown"} <= {*table}


@pytest.mark.parametrize(
    ("found", "wrong", "holds"),
    [
        ({"prompt 1": 1}, [], True),
        ({"prompt 1": 1, "prompt 3": 1}, [], True),
        ({}, [], False),
        ({"prompt 1": 2}, [], False),
        ({"prompt 1": 1, "prompt 3": 2}, [], False),
        ({"prompt 1": 1, "prompt 2": 1}, [], False),
        ({"prompt 1": 1, "prompt 9": 1}, [], False),
        ({"prompt 1": 1}, ["an answer that is not the prompt's"], False),
    ],
)
def test_what_makes_a_balance(found: dict[str, int], wrong: list[str], holds: bool) -> None:
    rows, held = balance(Ledger(OUTCOMES, wrong=wrong), Counter(found))

    assert held is holds
    assert ("prompts", 3, 1) in rows
    assert ("lost", 1 - min(found.get("prompt 1", 0), 1), None) in rows
    assert ("doubled", sum(times > 1 for times in found.values()), None) in rows
