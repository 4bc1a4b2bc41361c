"""Ids and pauses: apart from the program's own numbers, and other ones in a forked child."""

from __future__ import annotations

import os
import random
import subprocess
import sys

import pytest

from portal_client.randomness import jitter, new_id

FORK = r"""
import os

from portal_client.randomness import jitter, new_id

jitter(0, 1)
child = os.fork()
os.write(1, f"{new_id()} {jitter(0, 1)}\n".encode())
if child:
    assert os.waitpid(child, 0)[1] == 0
os._exit(0)
"""


def test_ids_are_32_hexadecimal_digits_and_differ() -> None:
    ids = {new_id() for _ in range(1000)}

    assert len(ids) == 1000
    assert {len(id) for id in ids} == {32}
    assert set("".join(ids)) == set("0123456789abcdef")


def test_pauses_lie_between_their_limits_and_differ() -> None:
    pauses = {jitter(0.5, 2.0) for _ in range(1000)}

    assert 0.5 <= min(pauses) < 0.6
    assert 1.9 < max(pauses) <= 2.0
    assert jitter(3.0, 3.0) == 3.0


def test_the_random_numbers_of_the_program_stay_as_it_has_seeded_them() -> None:
    random.seed(7)
    before = random.getstate()
    first = new_id(), jitter(0, 1)
    assert random.getstate() == before

    random.seed(7)
    assert (new_id(), jitter(0, 1)) != first


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")
def test_a_forked_child_draws_other_numbers_than_its_parent() -> None:
    ran = subprocess.run(
        [sys.executable, "-W", "error", "-c", FORK], capture_output=True, text=True, timeout=60, check=True
    )

    (mine, pause), (other, another) = (line.split() for line in ran.stdout.splitlines())
    assert mine != other
    assert pause != another
