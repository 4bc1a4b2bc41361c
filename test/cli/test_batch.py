"""Batches in a shell."""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from cli.commands import TOKEN
from cli.conftest import Ended

pytest.importorskip("ijson")
Portal = Callable[..., Ended]


def agent(conversation: Any, files: Any) -> str:
    if conversation[-1].text == "fail":
        raise ValueError("on purpose")
    return f"{conversation[-1].text}!" + "".join(file.read().decode() for file in files)


@pytest.fixture(scope="module")
def host() -> Iterator[str]:
    server = pytest.importorskip("portal_sandbox.server", reason="the sandbox is not installed")
    with server.running(agents={"a1": agent}, tokens={TOKEN: "me"}) as box:
        yield box.host


@pytest.fixture
def journal(tmp_path: Path) -> str:
    return str(tmp_path / "journal.sqlite3")


def test_a_batch_from_a_file(portal: Portal, host: str, journal: str, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("file", "utf-8")
    items = tmp_path / "items.jsonl"
    lines = [{"text_prompt": "One"}, {"text_prompt": "Two", "files": [str(tmp_path / "a.txt")], "key": "two"}]
    items.write_text("\n\n".join(map(json.dumps, lines)) + "\n", "utf-8")

    added = portal("batch", "add", journal, str(items), "--agent-id", "a1", host=host)
    again = portal("batch", "add", journal, str(items), "--agent-id", "a1", "--json", host=host)
    run = portal("batch", "run", journal, "--json", host=host)
    results = portal("batch", "results", journal, "--json")

    assert (added.code, added.out) == (0, "added\t2\nitems\t2\n")
    assert json.loads(again.out) == {"added": 0, "items": 2}
    assert (run.code, json.loads(run.out)["done"]) == (0, 2)
    first, second = map(json.loads, results.out.splitlines())
    assert (first["answer"], second["answer"], second["key"]) == ("One!", "Two!file", "two")
    assert first["session"]["messages"][-1]["text"] == "One!"
    assert portal("batch", "results", journal).out.splitlines()[0] == "key\tagent_id\tsession_id\tanswer"


def test_an_item_that_fails(portal: Portal, host: str, journal: str) -> None:
    portal("batch", "add", journal, "--agent-id", "a1", "--prompt", "fail", "--key", "k", host=host)

    run = portal("batch", "run", journal, host=host)
    failed = portal("batch", "results", journal, "--failed")
    retried = portal("batch", "retry", journal, "k", "--json", host=host)

    assert run.code == 1
    assert failed.out.splitlines()[0] == "key\tagent_id\tsession_id\terror"
    assert failed.out.splitlines()[1].startswith("k\ta1\t")
    assert json.loads(retried.out) == {"pending again": 1}
    assert portal("batch", "status", journal, "--json").out.splitlines()[1] == '  "pending": 1,'


def test_counts_that_are_in_doubt_end_in_five() -> None:
    from portal_client.batch.result import Counts
    from portal_client.cli.batch import code_of

    assert [code_of(Counts(done=1)), code_of(Counts(failed=1)), code_of(Counts(failed=1, in_doubt=1))] == [
        0,
        1,
        5,
    ]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('{"agent": "a1"}', "line 1: an item has no agent; did you mean agent_id?"),
        ('\n{"agent_id": "a1"}', "line 2: text_prompt is missing"),
        ("[1]", "line 1: an item is an object"),
        ("\n{", "line 2, column 2: not valid JSON"),
        ("\n\udcff", "line 2: this is not UTF-8"),
        ('{"agent_id": "a1", "text_prompt": 3}', "line 1: text_prompt must be a text"),
        ('{"agent_id": "a1", "text_prompt": "x", "key": 3}', "line 1: key must be a text"),
        (
            '{"agent_id": "a1", "text_prompt": "x", "files": ["a", 3]}',
            "line 1: files must be a list of paths",
        ),
    ],
)
def test_a_line_that_is_no_item_is_named(
    text: str, said: str, portal: Portal, journal: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(text.encode("utf-8", "surrogateescape"))))
    ended = portal("batch", "add", journal, "-")

    assert (ended.code, ended.out) == (2, "")
    assert ended.err.startswith(f"portal: standard input, {said}")


def test_items_or_one_prompt(portal: Portal, journal: str) -> None:
    assert "give ITEMS, or a single item" in portal("batch", "add", journal).err
    assert portal("batch", "add", journal, "items", "--prompt", "x").code == 2
    assert portal("batch", "add", journal, "--prompt", "x").err == "portal: --agent-id is missing\n"
    assert not Path(journal).exists()


@pytest.mark.parametrize("name", ["run", "status", "results", "retry", "assign"])
def test_a_journal_that_is_not_there_is_not_made(name: str, portal: Portal, journal: str) -> None:
    more = ["key", "s1"] if name == "assign" else []

    ended = portal("batch", name, journal, *more)

    assert (ended.code, ended.out) == (2, "")
    assert ended.err == f"portal: there is no journal {journal}; `portal batch add` makes one\n"
    assert not Path(journal).exists()


@pytest.mark.parametrize("name", ["add", "run", "status"])
def test_a_file_that_cannot_be_opened_is_named(name: str, portal: Portal, tmp_path: Path) -> None:
    more = ["--agent-id", "a1", "--prompt", "x"] if name == "add" else []

    ended = portal("batch", name, str(tmp_path), *more)

    assert (ended.code, ended.out) == (2, "")
    assert ended.err.startswith(f"portal: {tmp_path}: unable to open database file\n")


def test_one_kind_of_results_is_chosen(portal: Portal, journal: str) -> None:
    ended = portal("batch", "results", journal, "--failed", "--in-doubt")

    assert (ended.code, ended.err) == (2, "portal: --failed or --in-doubt, not both\n")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["run", "--timeout", "0"], "--timeout must be greater than 0, not 0.0; no limit is inf\n"),
        (["run", "--per-minute", "nan"], "--per-minute must be greater than 0, not nan; no limit is inf\n"),
        (["run", "--workers", "0"], "--workers must be a whole number of at least 1, not 0\n"),
        (["run", "--workers", "101"], "--workers: 101 of them have only 100 connections; raise the setting "),
        (["retry", "k1"], "KEY: there is no item 'k1'\n"),
        (["assign", "k1", "s1"], "KEY: there is no item 'k1'\n"),
        (["add", "--agent-id", "a1", "--prompt", "x", "--key", ""], "--key must be a text that is not empty"),
        (["add", "-"], "key must be a text that is not empty, not ''\n  item 1;"),
    ],
)
def test_an_error_names_arguments_and_values_as_a_shell_has_them(
    words: list[str], said: str, portal: Portal, journal: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    portal("batch", "add", journal, "--agent-id", "a1", "--prompt", "Go")
    line = json.dumps({"agent_id": "a1", "text_prompt": "Go", "key": ""})
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(line.encode())))

    ended = portal("batch", words[0], journal, *words[1:])

    assert (ended.code, ended.out) == (2, "")
    assert ended.err.startswith(f"portal: {said}")
