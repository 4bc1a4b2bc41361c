"""The notebooks in examples/: each runs from top to bottom, and its cells show what their text says."""

from __future__ import annotations

import base64
import json
import os
import re
import shutil
from pathlib import Path
from typing import Any

import pytest
from bs4 import BeautifulSoup

ROOT = Path(__file__).parents[1]
NOTEBOOKS = sorted(path.stem for path in (ROOT / "examples").glob("*.ipynb"))

#: Seconds for a cell, the start of the kernel included.
CELL = 60


class Cells:
    """The cells of a notebook that was run, found by a part of their code, and what they show."""

    def __init__(self, cells: list[Any], updates: list[str]) -> None:
        self._cells = [cell for cell in cells if cell.cell_type == "code"]
        #: The HTML of each view that grew, as it was drawn in turn.
        self.updates = updates

    def outputs(self, code: str) -> list[Any]:
        (cell,) = [cell for cell in self._cells if code in cell.source]
        outputs: list[Any] = cell.outputs
        return outputs

    def data(self, code: str, kind: str) -> str:
        (shown,) = [output["data"][kind] for output in self.outputs(code) if kind in output.get("data", {})]
        return str(shown)

    def text(self, code: str) -> str:
        return self.data(code, "text/plain")

    def page(self, code: str) -> BeautifulSoup:
        return BeautifulSoup(self.data(code, "text/html"), "html.parser")

    def table(self, code: str) -> list[list[str]]:
        rows = self.page(code).find_all("tr")
        return [[cell.get_text(" ") for cell in row.find_all(["th", "td"])] for row in rows]

    def said(self, code: str) -> list[str]:
        return [each.get_text() for each in self.page(code).find_all("pre")]


def run(name: str, folder: Path) -> Cells:
    """Run a notebook in a kernel of its own, in a folder with the files that the examples have."""
    missing = "is not installed: the notebooks are not run"
    nbformat = pytest.importorskip("nbformat", reason=f"nbformat {missing}")
    client = pytest.importorskip("nbclient", reason=f"nbclient {missing}")
    for module in ("ipykernel", "matplotlib", "pandas", "ijson", "portal_sandbox.server"):
        pytest.importorskip(module, reason=f"{module} {missing}")
    shutil.copy(ROOT / "examples" / "quarter.csv", folder)
    notebook = nbformat.read(ROOT / "examples" / f"{name}.ipynb", as_version=4)
    updates: list[str] = []

    class Client(client.NotebookClient):  # type: ignore[misc,name-defined]
        def process_message(self, message: Any, *cell: Any) -> Any:
            if message["msg_type"] == "update_display_data":
                updates.append(message["content"]["data"]["text/html"])
            return super().process_message(message, *cell)

    path = os.pathsep.join(filter(None, (str(ROOT), os.environ.get("PYTHONPATH"))))
    environment = {**os.environ, "PYTHONPATH": path, "IPYTHONDIR": str(folder / "ipython")}
    Client(notebook, timeout=CELL, resources={"metadata": {"path": str(folder)}}).execute(env=environment)
    return Cells(notebook.cells, updates)


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_a_notebook_is_kept_without_what_it_has_shown(name: str) -> None:
    notebook = json.loads((ROOT / "examples" / f"{name}.ipynb").read_text("utf-8"))
    code = [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]

    assert code
    assert [cell["outputs"] for cell in code] == [[]] * len(code)
    assert {cell["execution_count"] for cell in code} == {None}
    assert set(notebook["metadata"]) == {"kernelspec", "language_info"}


def test_each_notebook_is_run() -> None:
    tests = {name.removeprefix("test_runs_") for name in globals() if name.startswith("test_runs_")}

    assert tests == set(NOTEBOOKS)


@pytest.mark.slow
def test_runs_first_steps(tmp_path: Path) -> None:
    cells = run("first_steps", tmp_path)

    assert ["analyst", "Analyst", "asst_analyst"] in [row[:3] for row in cells.table("get_agents()")]
    asked = cells.said('api.run_session("analyst", "Which region sold most?", files=')
    assert asked == [
        "Which region sold most?",
        'Here it is:\n```json\n{"region": "east", "revenue": 22480}\n```',
    ]
    assert cells.text("session.parse(Best)") == "Best(region='east', revenue=22480)"
    assert cells.said("continue_session")[2:] == ["Why?", "Its revenue is the largest of the table."]
    assert "## 4. Assistant: Analyst\n" in cells.outputs("to_markdown")[0]["text"]
    titles, *rows = cells.table("api.get_sessions(")
    assert titles == ["id", "agent", "status", "updated at", "messages", "last message"]
    assert [row[4:] for row in rows] == [
        ["2", "Attach a table, please."],
        ["4", "Its revenue is the largest of the table."],
    ]
    assert "{'status': 'Ready', 'messages': 2, 'answer': 'Attach a table, please.'}" in cells.text(
        "to_records"
    )
    (error,) = cells.outputs("no-such-session")
    assert error["traceback"][0].startswith("NotFoundException: ")
    assert error["traceback"][1].endswith('api.get_session("no-such-session")')
    assert not [line for line in error["traceback"] if "rest.py" in line]


@pytest.mark.slow
def test_runs_batch(tmp_path: Path) -> None:
    cells = run("batch", tmp_path)

    assert cells.text("batch.run(") == "Counts(pending=0, running=0, done=4, failed=1, in_doubt=0)"
    titles, *rows = cells.table("table = to_pandas(batch)")
    assert titles[1:] == ["text_prompt", "status", "answer", "attempts", "ended_at"]
    assert [(row[2], row[4], row[5][-6:]) for row in rows] == [("Ready", "1", "+00:00")] * 4
    ((_, prompt, state, error),) = cells.table("batch.failures()")[1:]
    assert (prompt, state) == ("Review this region: islands,120,0", "failed")
    assert "ZeroDivisi" in error
    assert cells.table("class Review")[1:] == [
        ["0", "north", "58.46", "grow"],
        ["1", "south", "48.33", "keep"],
        ["2", "east", "57.94", "grow"],
        ["3", "west", "54.74", "keep"],
    ]
    picture = base64.b64decode(cells.data("plot.bar", "image/png"))
    assert picture.startswith(b"\x89PNG")
    assert len(picture) > 2_000
    assert not [path.name for path in tmp_path.iterdir() if path.name.startswith("regions")]


@pytest.mark.slow
def test_runs_streaming(tmp_path: Path) -> None:
    cells = run("streaming", tmp_path)
    answer = "The north grew by seven percent, the south by two. "

    assert cells.said("display(events)") == ["reading the quarter", answer]
    grown = [
        [each.get_text() for each in BeautifulSoup(html, "html.parser").find_all("pre")]
        for html in cells.updates
    ]
    words = [said[1] for said in grown if len(said) == 2]
    assert all(answer.startswith(each) for each in words)
    assert len({*words}) >= 4, "the view did not grow word by word"
    assert words == sorted(words, key=len)
    assert "ended" in cells.updates[-1]
    assert cells.text("events.events, last").replace("\n", "") == (
        f"(12, Event(event_type='result', content='{answer}'))"
    )
    assert [row[1] for row in cells.table("table.tail(4)")[1:]] == ["chat", "chat", "chat", "result"]
    assert cells.text('"".join(') == repr(answer)
    (row,) = cells.table("api.list_sessions()")[1:]
    assert row[1:3] == ["sandbox", "sandbox-user"]
    drawn = [text.get_text() for text in cells.page("CircuitDTO(").find_all("text")]
    assert {"greet", "what is it about?", "look up sales", "look up returns", "say it"} <= {*drawn}
    assert not (tmp_path / "answer.ndjson").exists()


@pytest.mark.slow
def test_runs_branching(tmp_path: Path) -> None:
    cells = run("branching", tmp_path)

    assert len(cells.said("What about returns?")) == 6
    page = cells.page("api.branches(")
    heads = [re.sub("session.*", "", head.get_text()) for head in page.find_all("th")]
    assert heads == ["at 1 Ready", "at 3 Ready", "at 5 Ready"]
    own = page.find("tr", class_="own")
    assert own is not None
    advices = ["Visit the north.", "Visit the south.", "Visit the south, and relax."]
    assert [[each.get_text() for each in cell.find_all("pre")] for cell in own.find_all("td")] == [
        ["So what should we do?", f"{advice}\n\nI know {known} of 3 facts."]
        for known, advice in enumerate(advices, start=1)
    ]
    assert [each.get_text() for each in page.find_all("pre")][:2] == [
        "Which region sold most?",
        "The north sold most, 18,240.",
    ]
    assert (
        cells.text("[branch.answer")
        == "['Visit the north.', 'Visit the south.', 'Visit the south, and relax.']"
    )
    assert [(row[1], row[3]) for row in cells.table("to_pandas(branches)")[1:]] == [
        ("1", "4"),
        ("3", "6"),
        ("5", "8"),
    ]
    assert cells.text("len(api.get_session(") == "6"
