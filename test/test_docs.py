"""The Python blocks of our own documents run as they are printed, and their links lead somewhere."""

from __future__ import annotations

import io
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest
import urllib3

from portal_client import ApiException, ServiceException, SessionsApi
from support.clients import FAULTS, calling
from support.markdown import Block, Page
from support.scripted import reply

ROOT = Path(__file__).parents[1]
SEEDS = ROOT.parent / "shared" / "seeds"
PAGES = {
    path.relative_to(ROOT).as_posix(): Page(path)
    for path in [*sorted(ROOT.glob("*.md")), *sorted((ROOT / "docs").rglob("*.md"))]
}
#: The page of tasks, and the README.
HOMES = ("README.md", "docs/guides/tasks.md")
#: The README's first script, and the blocks that go on from that one alone.
FIRST = PAGES["README.md"].blocks()[0]
TASKS = [(name, block) for name in HOMES for block in PAGES[name].blocks() if block != FIRST]
#: Pages that a reader follows from the top: each block goes on from those above it.
STORIES = {name: page for name, page in PAGES.items() if "guides/" in name and name not in HOMES}
EXAMPLES = [
    (name, block)
    for name, page in PAGES.items()
    if name not in STORIES and name not in HOMES
    for block in page.blocks()
]


def _run(page: str, block: Block, names: dict[str, object]) -> None:
    code = "\n" * (block.line - 1) + block.code  # so that a traceback names the line of the page
    exec(compile(code, page, "exec", dont_inherit=True), names)


@pytest.fixture
def reader(
    localhost: None,
    demo_box: Any,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Somebody who may sign in, in an empty folder, and pipes in a question."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "stdin", io.StringIO("Which region grew?"))
    for name, value in demo_box.secrets["api"].items():  # candelaUrl is FBN_CANDELA_URL
        monkeypatch.setenv("FBN_" + re.sub(r"(?=[A-Z])", "_", name).upper(), value)


@pytest.mark.parametrize(
    ("page", "block"), EXAMPLES, ids=[f"{page}:{block.line}" for page, block in EXAMPLES]
)
@pytest.mark.usefixtures("reader")
def test_example_runs(page: str, block: Block) -> None:
    _run(page, block, {"__name__": "__main__"})


#: Stories that start a process and need an extra: its package, by page.
PROCESSES = {"docs/guides/mcp.md": "mcp"}


#: Stories that show the client beside others: their packages, by page.
BESIDE = {"docs/guides/telemetry.md": ("opentelemetry.sdk", "structlog", "prometheus_client")}


@pytest.mark.parametrize(
    "page",
    [pytest.param(page, marks=pytest.mark.slow) if page in PROCESSES else page for page in STORIES],
)
@pytest.mark.usefixtures("reader")
def test_story_runs_from_top_to_bottom(page: str, settings_folder: Path) -> None:
    if page in PROCESSES:
        pytest.importorskip(PROCESSES[page], reason=f"the extra [{PROCESSES[page]}] is not installed")
    for package in BESIDE.get(page, ()):
        pytest.importorskip(package, reason=f"{package} is not installed")
    for block in STORIES[page].blocks("toml"):
        (settings_folder / "config.toml").touch(0o600)
        (settings_folder / "config.toml").write_text(block.code, "utf-8")
    names: dict[str, object] = {"__name__": "__main__"}
    for block in STORIES[page].blocks():
        _run(page, block, names)


# ── the README, on a sandbox as its first steps start it: no demo data ──


@pytest.fixture(scope="module")
def plain_box() -> Iterator[Any]:
    server = pytest.importorskip("portal_sandbox.server", reason="the sandbox is not installed")
    with server.running() as box:
        yield box


@pytest.fixture
def pasted(plain_box: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """The variables that the sandbox prints to be pasted, in an empty folder."""
    account = {name: value for name, value in plain_box.secrets["api"].items() if name != "candelaUrl"}
    variables = {"PORTAL_HOST": plain_box.host, "BEARER_TOKEN": plain_box.token}
    variables["FBN_CANDELA_URL"] = plain_box.candela_url
    variables |= {"FBN_" + re.sub(r"(?=[A-Z])", "_", name).upper(): text for name, text in account.items()}
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "stdin", io.StringIO("Which region grew?"))
    return variables


@pytest.mark.parametrize(("page", "block"), TASKS, ids=[f"{page}:{block.line}" for page, block in TASKS])
@pytest.mark.usefixtures("pasted")
def test_each_task_goes_on_from_the_first_script_alone(page: str, block: Block) -> None:
    names: dict[str, object] = {"__name__": "__main__"}
    _run("README.md", FIRST, names)
    client = names["client"]
    _run(page, block, names)
    client.close()  # type: ignore[attr-defined]


@pytest.mark.usefixtures("pasted")
def test_the_block_for_candela_needs_no_first_script() -> None:
    (block,) = (block for _, block in TASKS if block.heading == "Candela")
    _run("README.md", block, {"__name__": "__main__"})


def test_the_recipe_for_a_pipe_is_a_program(pasted: dict[str, str], tmp_path: Path) -> None:
    recipe = next(block.code for _, block in TASKS if "sys.stdin" in block.code)
    script = tmp_path / "ask.py"
    script.write_text(FIRST.code.partition("session =")[0] + recipe, "utf-8")
    environment = {**os.environ, **pasted, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, str(script)]
    run = subprocess.run(
        command, input="a diff", capture_output=True, text=True, env=environment, check=False
    )

    assert (run.returncode, run.stdout, run.stderr) == (0, "a diff\n", "")


def test_each_terminal_activates_the_environment() -> None:
    consoles = [b.code for b in PAGES["README.md"].blocks("console") if b.heading == FIRST.heading]

    assert len(consoles) == 2
    assert all(code.startswith("$ . .venv/bin/activate\n") for code in consoles)


@pytest.fixture(scope="module")
def refused() -> urllib3.Retry:
    """The policy of the tasks that repeats refusals only."""
    code = next(block.code for _, block in TASKS if "Retry(" in block.code)
    names: dict[str, Any] = {}
    exec("\n".join(line for line in code.splitlines() if "Retry" in line), names)
    policy: urllib3.Retry = names["refused"]
    return policy.new(backoff_factor=0)  # the test need not wait


@pytest.mark.parametrize("fault", FAULTS)
def test_the_retry_of_the_tasks_repeats_refusals_only(refused: urllib3.Retry, fault: str) -> None:
    with calling(FAULTS[fault], reply()) as c:
        api = SessionsApi(c.client.with_options(retries=refused))
        with suppress(ApiException):
            api.create_session("a1", "Hello", [b"a file"], _request_timeout=(1, 0.2))

    assert len(c.server.requests) == (2 if fault.startswith("503") else 1)


def test_the_retry_of_the_tasks_gives_up_after_six_refusals(refused: urllib3.Retry) -> None:
    with calling(*[reply({}, status=503)] * 9) as c, pytest.raises(ServiceException) as raised:
        SessionsApi(c.client.with_options(retries=refused)).create_session("a1", "Hello")

    assert raised.value.status == 503
    assert len(c.server.requests) == 7


def test_each_task_takes_five_lines() -> None:
    tasks = [(page, block) for page, block in TASKS if block.heading != "Candela"]
    lines = {
        f"{page}:{block.line}": [
            line for line in block.code.splitlines() if line and not line.startswith(("from ", "import "))
        ]
        for page, block in tasks
    }

    assert len(tasks) >= 20
    assert {line: code for line, code in lines.items() if len(code) > 5} == {}


def test_the_readme_is_read_in_ten_minutes() -> None:
    assert len(PAGES["README.md"].text.splitlines()) <= 250


def test_what_the_comparison_claims_is_explained_and_shown() -> None:
    rows = [row for row in PAGES["docs/comparison.md"].text.splitlines() if "| [yes](" in row]
    shown = [re.search(r"\[(test_\w+)\]\(\.\./(test/[\w/]+\.py)\)", row) for row in rows]
    lacking = [row for row, found in zip(rows, shown, strict=True) if found is None]
    there = {found[2]: (ROOT / found[2]).read_text("utf-8") for found in shown if found}

    assert len(rows) >= 45
    assert lacking == []
    assert [found[1] for found in shown if found and f"def {found[1]}(" not in there[found[2]]] == []


@pytest.mark.parametrize("name", PAGES)
def test_links_lead_somewhere(name: str) -> None:
    page = PAGES[name]
    broken = []
    for link in page.links:
        target, _, anchor = unquote(link).partition("#")
        if "://" in target:
            continue
        path = (page.path.parent / target).resolve() if target else page.path.resolve()
        if not path.exists() or (anchor and anchor not in PAGES[path.relative_to(ROOT).as_posix()].anchors):
            broken.append(link)

    assert broken == []


@pytest.mark.skipif(not SEEDS.exists(), reason="the documents that users hold are not beside this repository")
@pytest.mark.parametrize(
    ("seed", "ours", "home"),
    [
        ("portal_client.SessionsApi.md", "docs/SessionsApi.md", "README.md"),
        ("portal_client.SessionsApi.md", "docs/SessionsApi.md", "docs/reference.md"),
        (
            "finbourne_candela.SessionsApi.md",
            "docs/finbourne_candela/SessionsApi.md",
            "docs/finbourne_candela/README.md",
        ),
    ],
)
def test_links_to_the_original_documents_still_lead_somewhere(seed: str, ours: str, home: str) -> None:
    original = Page(SEEDS / seed)
    readme = {link.partition("#")[2] for link in original.links if link.startswith("../README.md#")}

    assert original.anchors - PAGES[ours].anchors == set()
    assert readme - PAGES[home].anchors == set()
