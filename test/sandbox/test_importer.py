"""The importer: the agents by their ids, and the errors of invalid names."""

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from portal_sandbox.errors import SandboxError
from portal_sandbox.importer import import_agents

AGENTS = """\
import functools

TABLE = {}


def answer(conversation, files):
    return "a"


class Desk:
    def answer(self, conversation, files):
        return "from the desk"

    def __call__(self, conversation, files):
        return "the desk itself"


desk = Desk()
partial = functools.partial(lambda greeting, conversation, files: greeting, "hello")
either = lambda conversation, files=(), *, loud=False: "either"


class Later:
    async def __call__(self, conversation, files):
        return ""


later = Later()


async def slow(conversation, files):
    return ""


async def slow_words(conversation, files):
    yield ""


def words(conversation, files):
    yield ""


def one(conversation):
    return ""


def three(conversation, files, model):
    return ""


def by_name(*, conversation, files):
    return ""
"""


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The current directory, with agents.py and files that cannot be imported."""
    loaded = set(sys.modules)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", sys.path[:])
    (tmp_path / "agents.py").write_text(AGENTS)
    yield tmp_path
    for name in set(sys.modules) - loaded:
        del sys.modules[name]


@pytest.mark.parametrize(
    ("spec", "agent_id", "text"),
    [
        ("agents:answer", "answer", "a"),
        ("other=agents:answer", "other", "a"),
        ("a=b=agents:answer", "a=b", "a"),
        ("Risk report/2=agents:answer", "Risk report/2", "a"),
        ("agents:desk.answer", "answer", "from the desk"),
        ("agents:desk", "desk", "the desk itself"),
        ("agents:partial", "partial", "hello"),
        ("agents:either", "either", "either"),
        ("package.inner:answer", "answer", "inner"),
    ],
)
def test_an_agent_is_imported(spec: str, agent_id: str, text: str, folder: Path) -> None:
    (folder / "package").mkdir()
    (folder / "package" / "inner.py").write_text("def answer(conversation, files): return 'inner'")

    agents = import_agents([spec])

    assert {name: agent([], []) for name, agent in agents.items()} == {agent_id: text}


def test_the_current_directory_comes_first_and_once(folder: Path) -> None:
    import_agents(["agents:answer"])
    import_agents(["agents:answer"])

    assert sys.path[0] == os.getcwd()
    assert sys.path.count(os.getcwd()) == 1


def test_several_in_the_order_given() -> None:
    assert list(import_agents(["b=agents:answer", "agents:desk", "a=agents:answer"])) == ["b", "desk", "a"]
    assert import_agents([]) == {}


WRITTEN = "it is not in the form [ID=]MODULE:FUNCTION, such as agents:summary"
CALLED = "it cannot be called with (conversation, files): "
NAMED = ": an id is printable text without spaces around it"


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ("agents", WRITTEN),
        ("agents:", WRITTEN),
        (":answer", WRITTEN),
        ("", WRITTEN),
        (".agents:answer", WRITTEN),
        ("agents:answer()", WRITTEN),
        ("agents:desk..answer", WRITTEN),
        ("agents.py:answer", "MODULE is written as in an import, not as a file"),
        ("./agents:answer", "MODULE is written as in an import, not as a file"),
        ("=agents:answer", "it cannot have the id ''" + NAMED),
        (" =agents:answer", "it cannot have the id ' '" + NAMED),
        ("a\n=agents:answer", "it cannot have the id 'a\\n'" + NAMED),
        ("a\u202e=agents:answer", "it cannot have the id 'a\\u202e'" + NAMED),
        ("nothing:answer", "there is no module nothing in {cwd} or on Python's path"),
        ("agents.inner:answer", "there is no module agents.inner in {cwd} or on Python's path"),
        ("agents:anwser", "agents has no attribute anwser; did you mean answer?"),
        ("agents:xyzzy", "agents has no attribute xyzzy"),
        ("agents:desk.anser", "desk has no attribute anser; did you mean answer?"),
        ("agents:TABLE", "it is a value of type dict, not a function"),
        ("agents:Desk", "it is a class, not a function"),
        ("agents:one", CALLED + "too many positional arguments"),
        ("agents:three", CALLED + "missing a required argument: 'model'"),
        ("agents:by_name", CALLED + "too many positional arguments"),
        ("agents:slow", "it is an async function; an agent is a plain one, which may call asyncio.run"),
        ("agents:slow_words", "it is an async function; an agent is a plain one, which may call asyncio.run"),
        ("agents:later", "it is an async function; an agent is a plain one, which may call asyncio.run"),
    ],
)
def test_a_name_that_is_no_good(spec: str, message: str) -> None:
    with pytest.raises(SandboxError) as raised:
        import_agents([spec])

    assert str(raised.value) == f"--agent {spec}: {message.format(cwd=os.getcwd())}"


def test_an_id_is_given_once() -> None:
    with pytest.raises(SandboxError, match=r"^--agent agents:answer: the id answer is given twice; "):
        import_agents(["answer=agents:desk", "agents:answer"])


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("import json\n\njson.loads('{')", "broken.py, line 3: JSONDecodeError: Expecting property name"),
        ("\nimport no_such_library", "broken.py, line 2: ModuleNotFoundError: No module named 'no_such_lib"),
        ("from agents import nothing", "broken.py, line 1: ImportError: cannot import name 'nothing'"),
        ("x = 1\ny = = 2", "broken.py, line 2: SyntaxError: invalid syntax"),
        ("def f(:\n", "broken.py, line 1: SyntaxError: "),
        ("raise ValueError", "broken.py, line 1: ValueError"),
        ("raise ValueError('one\\ntwo')", "broken.py, line 1: ValueError: one"),
        ("import sys\nsys.exit('usage: broken')", "broken.py, line 2: SystemExit: usage: broken"),
        ("raise ValueError('\\x1b[2J\\u202e')", r"broken.py, line 1: ValueError: \x1b[2J\u202e"),
        (
            "class Odd(Exception):\n    def __str__(self): return 5\nraise Odd",
            "broken.py, line 3: Odd",
        ),
        ("import helper", f"helper{os.sep}__init__.py, line 2: ZeroDivisionError: division by zero"),
    ],
)
def test_a_module_that_cannot_be_imported(source: str, message: str, folder: Path) -> None:
    (folder / "broken.py").write_text(source)
    (folder / "helper").mkdir()
    (folder / "helper" / "__init__.py").write_text("\n1 / 0")

    with pytest.raises(SandboxError) as raised:
        import_agents(["broken:answer"])

    line = str(raised.value)
    assert line.startswith(f"--agent broken:answer: the import failed in {message}")
    assert "\n" not in line


def test_a_library_in_the_current_directory_is_not_named(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "venv").mkdir()
    (folder / "venv" / "library.py").write_text("\n\n1 / 0")
    (folder / "broken.py").write_text("import library")
    monkeypatch.syspath_prepend(folder / "venv")
    monkeypatch.setattr(sys, "prefix", str(folder / "venv"))

    with pytest.raises(SandboxError, match=r"failed in broken\.py, line 1: ZeroDivisionError"):
        import_agents(["broken:answer"])


def test_where_an_import_fails_outside_of_the_current_directory(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "broken.py").write_text("1 / 0")
    (folder / "elsewhere").mkdir()
    monkeypatch.syspath_prepend(folder)
    monkeypatch.chdir(folder / "elsewhere")

    with pytest.raises(SandboxError, match="ZeroDivisionError") as raised:
        import_agents(["broken:answer"])

    assert f"{folder / 'broken.py'}, line 1" in str(raised.value)
