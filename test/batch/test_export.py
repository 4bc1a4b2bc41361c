"""Results as lines of JSON, and as a table."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from batch.conftest import Running
from portal_client import Batch, Session, to_pandas, to_records
from support.portal import Portal
from support.scripted import Connection, Received


@pytest.fixture
def done(running: Running) -> Running:
    running.portal.statuses["bad"] = ["Error"]
    running.add("one", "zwei ✓ \"'\n", "bad")
    running.batch.add("a1", "three", [("a.txt", b"abc"), b"x"], key="third")
    running.run()
    return running


def test_each_line_is_a_done_item(done: Running, tmp_path: Path) -> None:
    path = tmp_path / "out.jsonl"
    path.write_text("old")

    assert done.batch.to_jsonl(path) == 3
    lines = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
    assert [line["text_prompt"] for line in lines] == ["one", "zwei ✓ \"'\n", "three"]
    assert lines[2]["key"] == "third"
    assert lines[2]["files"] == ["a.txt", "file2"]
    results = [*done.batch.results()]
    assert [Session.from_dict(line["session"]) for line in lines] == [each.session for each in results]
    assert [line["ended_at"] for line in lines] == [
        f"{each.ended_at:%Y-%m-%dT%H:%M:%S.%f}+00:00" for each in results
    ]


def test_a_session_that_the_server_lays_out_on_lines_is_one_line(running: Running, tmp_path: Path) -> None:
    def laid_out(portal: Portal, connection: Connection, request: Received) -> None:
        body = "\ufeff" + json.dumps(portal.sessions["s0"], indent=2).replace("\n", "\r\n")
        portal.send(connection, body.encode())

    running.portal.reading = [laid_out]
    running.add("one\ntwo")
    running.run()
    running.batch.to_jsonl(tmp_path / "out.jsonl")
    (line,) = (tmp_path / "out.jsonl").read_text("utf-8").splitlines()

    assert json.loads(line)["session"]["messages"][0]["text"] == "one\ntwo"


def test_a_file_is_replaced_whole_or_not_at_all(done: Running, tmp_path: Path, monkeypatch: Any) -> None:
    from portal_client.batch import export

    path = tmp_path / "out.jsonl"
    path.write_text("old")
    monkeypatch.setattr(export.json, "dumps", lambda *_, **__: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        done.batch.to_jsonl(path)

    assert path.read_text() == "old"
    assert {file.name.partition("-")[0] for file in tmp_path.iterdir()} == {"batch.sqlite3", "out.jsonl"}


def test_a_table_has_plain_columns_and_keeps_zones(done: Running) -> None:
    pandas = pytest.importorskip("pandas", reason="pandas is not installed")
    for number, session in enumerate(done.portal.sessions.values()):
        session["created_at"] = f"2031-05-06T07:08:09+0{number}:00"
    table = done.batch.to_pandas()

    assert [*table["answer"]] == ["Answer to one", "Answer to zwei ✓ \"'\n", "Answer to three"]
    assert table["attempts"].sum() == 3
    assert isinstance(table["ended_at"].dtype, pandas.DatetimeTZDtype)
    assert [each.session.created_at for each in done.batch.results() if each.session] == [
        *table["created_at"]
    ]


def test_an_empty_table_has_the_same_columns(done: Running, tmp_path: Path) -> None:
    pytest.importorskip("pandas", reason="pandas is not installed")
    columns = [*done.batch.to_pandas()]
    with Batch(tmp_path / "empty.sqlite3", done.api) as empty:
        assert [*empty.to_pandas()] == columns


def test_records_and_tables_take_a_batch_and_any_of_its_results(done: Running, tmp_path: Path) -> None:
    records = to_records(done.batch)
    assert [record["answer"] for record in records] == [
        *map("Answer to {}".format, ("one", "zwei ✓ \"'\n", "three"))
    ]
    assert [record["files"] for record in records] == ["", "", "a.txt, file2"]
    assert records == to_records(done.batch.results())
    (failed,) = to_records(done.batch.failures())
    assert list(failed) == list(records[0])
    assert (failed["text_prompt"], failed["state"], failed["status"]) == ("bad", "failed", "Error")
    assert failed["error"]
    with Batch(tmp_path / "empty.sqlite3", done.api) as empty:
        assert to_records(empty) == []


def test_a_batch_and_its_table_are_made_in_one_way(done: Running) -> None:
    pytest.importorskip("pandas", reason="pandas is not installed")

    assert done.batch.to_pandas().equals(to_pandas(done.batch))
    assert [*done.batch.to_pandas()] == list(to_records(done.batch)[0])


def test_the_error_names_the_extra(running: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(ImportError, match=r'pip install "portal-client\[pandas\]"'):
        running.batch.to_pandas()
