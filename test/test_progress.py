"""Progress: what a user sees in a terminal, in a notebook and in a job, and what it costs nobody."""

from __future__ import annotations

import io
import logging
import os
import re
import subprocess
import sys
import time
from contextlib import redirect_stderr
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from portal_client import ApiValueError
from portal_client.progress import Amount, Lines, progress_of

ROOT = Path(__file__).parents[1]


@dataclass(frozen=True)
class Step:
    """How far something is."""

    done: float = 0
    total: float | None = 10
    title: str = "Baking"
    note: str = ""
    unit: str = "it"

    @property
    def amount(self) -> Amount:
        return Amount(self.title, self.done, self.total, self.unit, self.note)

    def __str__(self) -> str:
        return f"{self.title} {self.done:g} {self.note}".rstrip()


class Terminal(io.StringIO):
    """Standard error as a terminal, of which the lines are kept that were drawn over."""

    def isatty(self) -> bool:
        return True

    def __enter__(self) -> Terminal:
        self._redirected = redirect_stderr(self)
        self._redirected.__enter__()
        return self

    def __exit__(self, *failure: Any) -> None:
        self._redirected.__exit__(*failure)

    @property
    def drawn(self) -> list[str]:
        """What was to be seen, one after the other."""
        return [line.strip() for line in re.split(r"[\r\n]", self.getvalue()) if line.strip()]

    @property
    def left(self) -> str:
        """What is to be seen at the end, in the last line."""
        return self.getvalue().rpartition("\r")[2].strip()


@pytest.fixture
def terminal() -> Terminal:
    """A terminal, once it is entered; pytest puts a standard error of its own in place before a test."""
    return Terminal()


@pytest.fixture
def lines(caplog: pytest.LogCaptureFixture) -> list[str]:
    """The lines of the log, as they come."""
    found: list[str] = []
    caplog.set_level(logging.INFO, "portal_client")
    emit = caplog.handler.emit
    caplog.handler.emit = lambda record: (emit(record), found.append(record.getMessage()))[0]  # type: ignore[method-assign]
    return found


# ── the argument ──


@pytest.mark.parametrize("progress", [None, 0, 1, "True", []])
def test_another_argument_is_refused(progress: Any) -> None:
    kind = type(progress).__name__
    with pytest.raises(ApiValueError, match=f"^progress must be True, False or a callable, not {kind}$"):
        progress_of(progress)


def test_false_shows_nothing(terminal: Terminal, lines: list[str], capfd: pytest.CaptureFixture[str]) -> None:
    with terminal:
        progress = progress_of(False)
        progress.show(Step())
        progress.close()

    assert (terminal.getvalue(), lines, capfd.readouterr()) == ("", [], ("", ""))


def test_a_callable_is_given_each_value(lines: list[str], terminal: Terminal) -> None:
    with terminal:
        seen: list[Step] = []
        progress = progress_of(seen.append)
        for step in (Step(1), Step(1), Step(2)):
            progress.show(step)
        progress.close()

    assert seen == [Step(1), Step(1), Step(2)]
    assert (terminal.getvalue(), lines) == ("", [])


def test_print_is_such_a_callable(capsys: pytest.CaptureFixture[str]) -> None:
    progress_of(print).show(Step(3))

    assert capsys.readouterr().out == "Baking 3\n"


@pytest.mark.parametrize("event", ["show", "close"])
def test_what_is_shown_ends_no_call(
    event: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(*_: object) -> None:
        raise OSError("the terminal is gone")

    monkeypatch.setattr(Lines, event, fail)
    progress = progress_of(True)
    progress.show(Step())
    progress.close()

    assert {(record.name, record.levelno) for record in caplog.records} == {("portal_client", logging.ERROR)}
    assert "the terminal is gone" in caplog.text


def test_an_interrupt_ends_it() -> None:
    def press(value: Step) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        progress_of(press).show(Step())


# ── a job ──


class Clock:
    def __init__(self) -> None:
        self.at = 0.0

    def now(self) -> float:
        return self.at


def test_a_job_logs_the_first_value_the_last_one_and_few_in_between(lines: list[str]) -> None:
    clock = Clock()
    progress = progress_of(True, clock.now)
    for second in range(150):
        clock.at = second
        progress.show(Step(second))
    progress.close()

    assert lines == ["Baking 0", "Baking 60", "Baking 120", "Baking 149"]


def test_a_job_logs_what_is_new_earlier(lines: list[str]) -> None:
    clock = Clock()
    progress = progress_of(True, clock.now)
    for second in range(30):
        clock.at = second
        progress.show(Step(second, note="burnt" if second > 2 else ""))
    progress.show(Step(title="Cooling"))
    progress.close()
    progress.close()

    assert lines == ["Baking 0", "Baking 10 burnt", "Cooling 0"]


def test_a_job_says_nothing_by_itself(capfd: pytest.CaptureFixture[str]) -> None:
    code = (
        "from portal_client.progress import progress_of, Amount\n"
        "from types import SimpleNamespace\n"
        "progress = progress_of(True)\n"
        "progress.show(SimpleNamespace(amount=Amount('Baking', 1, 2)))\n"
        "progress.close()\n"
    )
    subprocess.run([sys.executable, "-c", code], env={**os.environ, "PYTHONPATH": str(ROOT)}, check=True)

    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("stderr", [None, io.StringIO(), "closed"])
def test_without_a_terminal_there_are_lines(
    stderr: Any, monkeypatch: pytest.MonkeyPatch, lines: list[str]
) -> None:
    if stderr == "closed":
        stderr = io.StringIO()
        stderr.close()
    monkeypatch.setattr(sys, "stderr", stderr)
    progress_of(True).show(Step())

    assert lines == ["Baking 0"]


def test_without_tqdm_there_are_lines(
    terminal: Terminal, monkeypatch: pytest.MonkeyPatch, lines: list[str]
) -> None:
    with terminal:
        monkeypatch.setitem(sys.modules, "tqdm", None)
        progress = progress_of(True)
        progress.show(Step())
        progress.close()

    assert lines == ["Baking 0"]
    assert terminal.getvalue() == ""


# ── a terminal ──


@pytest.fixture
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Bars come at once and are drawn each time."""
    make = pytest.importorskip("tqdm.auto", reason="tqdm is not installed").tqdm
    monkeypatch.setattr("portal_client.progress._DELAY_SECONDS", 1e-9)
    monkeypatch.setattr("tqdm.auto.tqdm", partial(make, mininterval=0, miniters=0, ncols=70))


@pytest.mark.usefixtures("at_once")
def test_a_terminal_shows_a_bar_and_keeps_nothing(terminal: Terminal, lines: list[str]) -> None:
    with terminal:
        progress = progress_of(True)
        for done in (0, 5_000_000, 10_000_000):
            progress.show(Step(done, total=10_000_000, unit="B"))
        drawn = terminal.drawn
        progress.close()

    assert re.match(r"Baking:   0%\| +\| 0\.00/10\.0M ", drawn[0])
    assert any(re.match(r"Baking:  50%\|[█#]+", line) for line in drawn)
    assert any(re.match(r"Baking: 100%\|[█#]+\| 10\.0M/10\.0M ", line) for line in drawn)
    assert terminal.left == ""
    assert lines == []


@pytest.mark.usefixtures("at_once")
def test_a_bar_without_an_end_is_a_line_with_the_time(terminal: Terminal) -> None:
    with terminal:
        progress = progress_of(True)
        progress.show(Step(total=None, title="Session s1", note="started"))
        progress.show(Step(total=None, title="Session s1", note="Running, 2 messages"))
        drawn = terminal.drawn
        progress.close()

    assert drawn[-1] == "Session s1: Running, 2 messages [00:00]"
    assert terminal.left == ""


@pytest.mark.usefixtures("at_once")
def test_each_title_has_a_bar_of_its_own(terminal: Terminal) -> None:
    with terminal:
        progress = progress_of(True)
        progress.show(Step(10))
        progress.show(Step(total=None, title="Cooling", note="still hot"))
        between = terminal.drawn[-1]
        progress.close()

    assert between.startswith("Cooling: still hot")
    assert terminal.left == ""


@pytest.mark.usefixtures("at_once")
def test_a_repetition_starts_anew(terminal: Terminal) -> None:
    with terminal:
        bar = progress_of(True)
        for done in (0, 5, 10, 0, 5):
            bar.show(Step(done, note="retried" if done == 5 else ""))
        last = terminal.drawn[-1]
        bar.close()

    assert last.startswith("Baking:  50%|")
    assert "| 5/10 [" in last
    assert ", retried]" in last


def test_what_is_done_soon_has_no_bar(terminal: Terminal) -> None:
    with terminal:
        pytest.importorskip("tqdm", reason="tqdm is not installed")
        progress = progress_of(True)
        for done in (1, 5, 10):
            progress.show(Step(done))
            time.sleep(0.11)  # tqdm draws ten times a second
        progress.close()

    assert terminal.getvalue().strip() == ""


def test_what_is_slow_has_a_bar_after_half_a_second(terminal: Terminal) -> None:
    with terminal:
        pytest.importorskip("tqdm", reason="tqdm is not installed")
        progress = progress_of(True)
        progress.show(Step(1))
        time.sleep(0.6)
        progress.show(Step(2))
        drawn = terminal.drawn
        progress.close()

    assert drawn[-1].startswith("Baking:  20%|")


# ── a notebook ──


def test_a_notebook_has_a_bar_though_its_standard_error_is_no_terminal(
    monkeypatch: pytest.MonkeyPatch, lines: list[str]
) -> None:
    pytest.importorskip("tqdm", reason="tqdm is not installed")
    monkeypatch.setattr(sys, "stderr", io.StringIO())
    notebook: Any = ModuleType("IPython")
    notebook.get_ipython = lambda: SimpleNamespace(config={"IPKernelApp": {}})
    monkeypatch.setitem(sys.modules, "IPython", notebook)
    progress = progress_of(True)
    progress.show(Step(total=None))
    progress.close()
    assert lines == []

    notebook.get_ipython = lambda: None  # IPython is imported, and nothing more
    progress_of(True).show(Step())
    assert lines == ["Baking 0"]
