"""The command as its users see it: what it prints, and how it ends."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from shlex import quote

import pytest

from portal_client.migrate.command import main
from support.markdown import Page

ROOT = Path(__file__).resolve().parents[2]

ERROR = 'from portal_client import SessionsApi\nSessionsApi().get_session("..")\n'
CHANGE = "from portal_client import Configuration\nConfiguration('http://localhost').debug = True\n"
NOTE = "from portal_client import ApiClient\nwith ApiClient():\n    pass\n"
CLEAN = "import sys\nprint(sys.argv)\n"
A_LINE = (
    "error: session_id must not be '..': it would change the path "
    "[docs/migrating.md#it-works-where-the-original-failed]"
)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    for name, text in {"error": ERROR, "change": CHANGE, "note": NOTE, "clean": CLEAN}.items():
        (tmp_path / f"{name}.py").write_text(text, "utf-8")
    return tmp_path


@pytest.mark.parametrize(
    ("names", "code", "summary"),
    [
        (["clean.py"], 0, "0 errors and 0 changes in 1 file\n"),
        (["note.py"], 0, "0 errors and 0 changes in 1 file, and 1 note: --notes shows them\n"),
        (["change.py"], 1, "0 errors and 1 change in 1 file\n"),
        (["error.py", "clean.py"], 1, "1 error and 0 changes in 2 files\n"),
        (["."], 1, "1 error and 1 change in 4 files, and 1 note: --notes shows them\n"),
        (["error.py", "error.py"], 1, "1 error and 0 changes in 1 file\n"),
    ],
)
@pytest.mark.usefixtures("folder")
def test_it_ends_with_what_it_found(
    names: list[str], code: int, summary: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(names) == code
    assert capsys.readouterr().err == summary


@pytest.mark.usefixtures("folder")
def test_a_finding_is_a_line_with_its_place_and_page(capsys: pytest.CaptureFixture[str]) -> None:
    main(["error.py"])

    assert capsys.readouterr().out == f"error.py:2:27: {A_LINE}\n"


@pytest.mark.usefixtures("folder")
def test_notes_are_printed_when_asked_for(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--notes", "note.py"]) == 0

    out, err = capsys.readouterr()
    assert out.startswith("note.py:2:6: note: its connections are closed at the end of the block")
    assert err == "0 errors and 0 changes in 1 file, and 1 note\n"


@pytest.mark.usefixtures("folder")
def test_json_is_one_document(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--json", "error.py", "change.py", "note.py"]) == 1

    document = json.loads(capsys.readouterr().out)
    assert (document["files"], document["unread"]) == (3, [])
    first, second = document["findings"]
    assert first == {
        "file": "error.py",
        "cell": None,
        "line": 2,
        "column": 27,
        "severity": "error",
        "check": "id-that-calls-another-url",
        "message": "session_id must not be '..': it would change the path",
        "anchor": "docs/migrating.md#it-works-where-the-original-failed",
    }
    assert second["severity"] == "change"


@pytest.mark.usefixtures("folder")
def test_json_of_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--json", "clean.py"]) == 0
    assert json.loads(capsys.readouterr().out) == {"files": 1, "unread": [], "findings": []}


def test_what_cannot_be_read_is_named_and_the_rest_is_read(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "broken.py").write_text("x = 1\nx ==== 2\n", "utf-8")

    assert main(["no.py", "broken.py", "error.py"]) == 2
    out, err = capsys.readouterr()
    assert out == f"error.py:2:27: {A_LINE}\n"
    assert err == (
        "cannot read no.py: No such file or directory\n"
        "cannot read broken.py:2:5: invalid syntax\n"
        "1 error and 0 changes in 1 file\n"
    )
    assert main(["--json", "broken.py"]) == 2
    assert json.loads(capsys.readouterr().out)["unread"] == ["broken.py:2:5: invalid syntax"]


def test_without_arguments_it_says_how_it_is_used(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main([])

    assert ended.value.code == 2
    assert capsys.readouterr().err.startswith(
        "usage: python -m portal_client.migrate [-h] [--notes] [--json]"
    )


def test_an_unknown_option_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["--note-s", "ask.py"])

    assert ended.value.code == 2
    assert "unrecognized arguments: --note-s" in capsys.readouterr().err


def test_texts_of_a_script_are_printed_as_text(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "odd.py").write_text(
        "from portal_client import BusinessApi\n"
        "BusinessApi().create_business({'name\\x1b': 'Acme', 'description': 'Anvils'})\n",
        "utf-8",
    )
    main(["odd.py"])

    assert "has no field name\\x1b: it is sent all the same" in capsys.readouterr().out


@pytest.mark.parametrize("page", ["docs/migrating.md", "docs/finbourne_candela/migrating.md"])
def test_the_pages_show_what_it_prints(page: str, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (script,) = Page(ROOT / page).blocks("py")
    (shown,) = (b for b in Page(ROOT / page).blocks("console") if "portal_client.migrate" in b.code)
    (folder / "ask.py").write_text(script.code, "utf-8")

    assert main(["ask.py"]) == 1
    out, err = capsys.readouterr()
    assert shown.code == f"$ python -m portal_client.migrate ask.py\n{out}{err}"


# ── as a process ──


def run(folder: Path, *words: str, **options: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "portal_client.migrate", *words]
    return subprocess.run(  # type: ignore[call-overload, no-any-return]
        command,
        cwd=folder,
        env={"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=60,
        **options,
    )


def test_a_script_comes_from_standard_input(folder: Path) -> None:
    done = run(folder, "-", input=ERROR, check=False)

    assert (done.returncode, done.stdout) == (1, f"<stdin>:2:27: {A_LINE}\n")


def test_no_module_is_taken_from_the_folder_of_the_scripts(folder: Path) -> None:
    for name in ("pydantic", "urllib3", "json", "argparse", "ast", "typing"):
        (folder / f"{name}.py").write_text(f"open('ran', 'a').write({name!r})\n", "utf-8")
    done = run(folder, ".", check=False)

    assert "1 error and 1 change in 10 files" in done.stderr
    assert not (folder / "ran").exists()


def test_a_reader_that_goes_away_is_no_failure(folder: Path) -> None:
    (folder / "many.py").write_text(ERROR + 'SessionsApi().get_session("..")\n' * 1000, "utf-8")
    command = f"{quote(sys.executable)} -m portal_client.migrate many.py | head -1"
    done = subprocess.run(
        ["bash", "-c", command],
        cwd=folder,
        env={"PYTHONPATH": str(ROOT), "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert done.stdout == f"many.py:2:27: {A_LINE}\n"
    assert "Error" not in done.stderr


def test_the_packages_do_not_load_it() -> None:
    code = "import sys, finbourne_candela\nfrom portal_client import SessionsApi\nprint(*sys.modules)"
    loaded = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=60, check=True
    )

    assert "portal_client.endpoint" in loaded.stdout
    assert "migrate" not in loaded.stdout
