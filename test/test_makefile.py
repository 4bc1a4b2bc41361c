"""`make` sets up a virtual environment: one that is half made is not taken for done."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path
from shlex import quote

import pytest

ROOT = Path(__file__).parents[1]

pytestmark = pytest.mark.skipif(shutil.which("make") is None, reason="make is not installed")


class Home:
    """A folder with the Makefile alone, and interpreters that log what they are asked for."""

    def __init__(self, path: Path) -> None:
        self.path = path
        shutil.copy(ROOT / "Makefile", path)

    def interpreter(
        self, name: str, made: str = f'exec {quote(sys.executable)} "$@"', then: str = ""
    ) -> Path:
        """Make a Python whose `-m venv` puts a script into `bin/python`, and ends with `then`."""
        python = self.path / name
        python.write_text(
            f'#!/bin/sh\necho {name} "$@" >> {self.path}/log\nmkdir -p "$3/bin"\ntouch "$3/pyvenv.cfg"\n'
            f'cat > "$3/bin/python" <<\'end\'\n#!/bin/sh\n{made}\nend\nchmod +x "$3/bin/python"\n{then}\n'
        )
        python.chmod(0o755)
        return python

    def make(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        command = ["make", "--no-print-directory", *(arguments or [".venv/bin/python"])]
        return subprocess.run(command, cwd=self.path, capture_output=True, text=True, check=False)

    def made_by(self) -> list[str]:
        """The interpreters that were asked for an environment, in order."""
        log = self.path / "log"
        return [line.split()[0] for line in log.read_text().splitlines()] if log.exists() else []


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    for name in ("PYTHON", "VENV", "MAKEFLAGS", "MAKELEVEL"):
        monkeypatch.delenv(name, raising=False)
    return Home(tmp_path)


DONE = ".venv/bin/python"


def test_an_environment_is_made_once(home: Home) -> None:
    python = f"PYTHON={home.interpreter('python-a')}"

    assert [home.make(python, DONE).returncode for _ in range(2)] == [0, 0]
    assert home.made_by() == ["python-a"]


def test_an_environment_that_failed_is_made_anew(home: Home) -> None:
    broken = home.interpreter("python-a", then="echo ensurepip is not available >&2; exit 1")
    failed = home.make(f"PYTHON={broken}", DONE)
    home.interpreter("python-a")

    assert failed.returncode != 0
    assert "ensurepip is not available" in failed.stderr
    assert home.make(f"PYTHON={broken}", DONE).returncode == 0
    assert home.made_by() == ["python-a", "python-a"]


def test_an_environment_whose_making_was_killed_is_made_anew(home: Home) -> None:
    (home.path / ".venv/bin").mkdir(parents=True)
    (home.path / DONE).symlink_to(sys.executable)

    assert home.make(f"PYTHON={home.interpreter('python-a')}", DONE).returncode == 0
    assert home.made_by() == ["python-a"]


def test_another_python_makes_it_anew(home: Home) -> None:
    first, second = home.interpreter("python-a"), home.interpreter("python-b")
    for python in (first, second, second):
        home.make(f"PYTHON={python}", DONE)
        (home.path / ".venv/demo.done").touch()

    assert home.made_by() == ["python-a", "python-b"]
    assert (home.path / ".venv/made-with").read_text().strip() == str(second)


def test_what_was_installed_is_installed_again_with_another_python(home: Home) -> None:
    home.make(f"PYTHON={home.interpreter('python-a')}", DONE)
    (home.path / ".venv/demo.done").touch()
    home.make(f"PYTHON={home.interpreter('python-b')}", DONE)

    assert not (home.path / ".venv/demo.done").exists()


def test_without_a_word_the_environment_keeps_its_python(home: Home) -> None:
    home.make(f"PYTHON={home.interpreter('python-a')}", DONE)

    assert home.make(DONE).returncode == 0
    assert home.made_by() == ["python-a"]


def test_a_python_that_is_too_old_is_told_in_one_line(home: Home) -> None:
    old = home.interpreter("python-a", made="exit 1")
    told = home.make(f"PYTHON={old}", DONE)

    assert told.returncode != 0
    assert told.stderr.splitlines()[0] == (
        f"Python 3.11 or newer is needed, and {old} is older: say for example make PYTHON=python3.13"
    )
    assert len(told.stderr.splitlines()) == 2  # the other is make's own
    assert told.stdout == ""
    assert not (home.path / ".venv").exists()


def test_a_folder_that_is_no_environment_is_left_alone(home: Home) -> None:
    kept = home.path / "mine" / "bin" / "thesis.txt"
    kept.parent.mkdir(parents=True)
    kept.write_text("years of work")
    told = home.make(f"PYTHON={home.interpreter('python-a')}", "VENV=mine", "mine/bin/python")

    assert told.returncode != 0
    assert "mine is there and no virtual environment: say VENV=another" in told.stderr
    assert kept.read_text() == "years of work"
    assert home.made_by() == []


# ── the hooks of git, and the audit ──


def test_each_hook_calls_the_makefile_or_looks_itself() -> None:
    yaml = pytest.importorskip("yaml")
    config = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text("utf-8"))
    hooks = {hook["id"]: hook for repo in config["repos"] for hook in repo["hooks"]}
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))

    assert {repo["repo"] for repo in config["repos"]} == {
        "local"
    }  # its versions are those of test-requirements.txt
    made = {hook["entry"] for hook in hooks.values() if hook["language"] == "system"}
    assert made == {"make lint", "make pages", "make types"}
    assert {entry.removeprefix("make ") for entry in made} <= targets
    assert {hook["language"] for hook in hooks.values()} == {"system", "pygrep"}


@pytest.mark.parametrize(
    ("table", "log", "status"),
    [
        ("", "No known vulnerabilities found", 0),
        ("urllib3 2.7.0 PYSEC-1", "Found 1 known vulnerability in 1 package", 1),
        ("", "ConnectionError: HTTPSConnectionPool(host='index.test', port=443): Max retries exceeded", 1),
    ],
    ids=["clean", "vulnerable", "unreachable"],
)
def test_an_audit_ends_with_one_line_and_its_status(home: Home, table: str, log: str, status: int) -> None:
    python = home.interpreter("python-a", made='test "$3" != freeze || echo urllib3==2.7.0')
    (home.path / "pyproject.toml").touch()
    (home.path / "test-requirements.txt").touch()
    home.make(f"PYTHON={python}", ".venv/test.done")
    tool = home.path / ".venv/bin/pip-audit"
    tool.write_text(
        f'#!/bin/sh\necho "$@" > asked\necho "{table}"\n'
        f'echo Traceback, a warning >&2\necho "{log}" >&2\nexit {status}\n'
    )
    tool.chmod(0o755)
    told = home.make("audit")

    assert (told.returncode != 0) == (status != 0)
    assert told.stdout.strip() == table
    assert told.stderr.splitlines()[0] == log
    assert "Traceback" not in told.stderr
    assert "--strict" in (home.path / "asked").read_text()  # what could not be looked up is an error
    assert (home.path / ".venv/audited.txt").read_text() == "urllib3==2.7.0\n"
