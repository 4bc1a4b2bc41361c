"""What is promised in writing has its test, and each guard that the mutations take out is where they say."""

from __future__ import annotations

import re

import pytest

import promises
from guards import MUTATIONS, Mutation, misplaced
from promises import ROOT, SECTIONS, Held, held, table

HELD = held()
TESTS = {
    f"{path.relative_to(ROOT).as_posix()}::{name}"
    for path in (ROOT / "test").rglob("test_*.py")
    for name in re.findall(r"^def (test_\w+)", path.read_text("utf-8"), re.MULTILINE)
}


def test_each_mark_is_read() -> None:
    marks = sum(
        len(re.findall(r"^@pytest\.mark\.fault\(", path.read_text("utf-8"), re.MULTILINE))
        for path in (ROOT / "test").rglob("test_*.py")
    )

    assert len(HELD) == marks > 180
    assert {each.section for each in HELD} == set(SECTIONS)


def test_a_promise_stands_in_one_section() -> None:
    sections = {(each.promise, each.section) for each in HELD}

    assert len(sections) == len({promise for promise, _ in sections})


def test_a_new_promise_makes_the_page_stale() -> None:
    more = Held("Files", "Nothing | is lost", "test/test_x.py::test_y")

    assert table([*HELD, more]) != table(HELD)
    assert "| Nothing \\| is lost | [test_x.py::test_y](../test/test_x.py) |" in table([more])
    with pytest.raises(ValueError, match="there is no section 'Elsewhere'"):
        table([more._replace(section="Elsewhere")])


def test_the_page_names_tests_that_are_there() -> None:
    named = re.findall(r"\[\w+\.py::(\w+)\]\(\.\./([\w/.]+)\)", promises.PAGE.read_text("utf-8"))

    assert len(named) == len(HELD)
    assert {f"{file}::{function}" for function, file in named} <= TESTS


def test_each_promise_of_the_security_page_names_its_tests() -> None:
    text = (ROOT / "SECURITY.md").read_text("utf-8").partition("each point tested")[2]
    points = [point for point in re.split(r"^- ", text, flags=re.MULTILINE)[1:] if point]
    named = [re.findall(r"\[(\w+)\]\((test/[\w/.]+)\)", point) for point in points]

    assert len(points) >= 7
    assert all(named)
    assert {f"{file}::{name}" for tests in named for name, file in tests} <= TESTS


@pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda mutation: mutation.name)
def test_a_mutation_has_its_place(mutation: Mutation) -> None:
    assert misplaced(mutation) == ""
    assert mutation.old != mutation.new
    marked = {each.test for each in HELD}
    assert {test for test in mutation.tests.split() if "::" in test} <= marked
    files = {test.partition("::")[0] for test in mutation.tests.split()}
    assert files <= {test.partition("::")[0] for test in marked}


def test_mutations_have_names_of_their_own() -> None:
    assert len({mutation.name for mutation in MUTATIONS}) == len(MUTATIONS) >= 25
