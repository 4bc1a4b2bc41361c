"""Arguments of commands: each kind of argument that a declaration can have, on a tag that is made up."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from importlib import invalidate_caches
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from cli.conftest import Ended
from support.scripted import playing, reply

Portal = Callable[..., Ended]

MODULE = '''
"""Notes: what one remembers of a conversation."""

from enum import Enum
from typing import Annotated, Any, Literal, Optional

from pydantic import StrictBool, StrictFloat, StrictInt, StrictStr
from typing_extensions import Unpack

from portal_client.endpoint import Api, RequestOptions, endpoint
from portal_client.files import Files


class Colour(Enum):
    RED = "red"
    BLUE = "blue"


class NotesApi(Api):
    """Keep notes.

    Args:
        note_id: Which note, as [brackets] and `code`
            on two lines.
        colour: How it looks.
        size: How large it is.
        count: How many.
        share: How much.
        pinned: Whether it stays on top.
        labels: What it is about.
        limits: Bounds.
        text_prompt: What is noted.
        pictures: What is shown.
    """

    @endpoint("GET", "/notes/{note_id}")
    def get_note(
        self,
        note_id: StrictStr,
        colour: Colour,
        size: Literal["small", "large"],
        count: Optional[StrictInt] = None,
        share: Optional[StrictFloat] = None,
        pinned: Optional[StrictBool] = None,
        labels: Optional[list[StrictStr]] = None,
        limits: Optional[dict[str, int]] = None,
        **options: Unpack[RequestOptions],
    ) -> Any:
        """Read a note."""
        ...

    @endpoint("POST", "/notes", consumes="multipart/form-data")
    def create_note(
        self, text_prompt: StrictStr, pictures: Files = None, **options: Unpack[RequestOptions]
    ) -> Any:
        """Write a note."""
        ...
'''


@pytest.fixture
def notes(portal: Portal, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Portal]:
    """The command with a service of one tag, which nothing else knows."""
    from portal_client.cli import root
    from portal_client.cli.operations import groups
    from portal_client.cli.portal import connect

    api = tmp_path / "made_up" / "api"
    api.mkdir(parents=True)
    (api.parent / "__init__.py").write_text("", "utf-8")
    (api / "__init__.py").write_text("", "utf-8")
    (api / "notes_api.py").write_text(MODULE.lstrip(), "utf-8")
    monkeypatch.syspath_prepend(str(tmp_path))
    invalidate_caches()
    monkeypatch.setattr(root, "groups", lambda package, *rest: groups("made_up.api", connect, *rest[1:]))
    yield portal
    for name in [name for name in sys.modules if name.startswith("made_up")]:
        monkeypatch.delitem(sys.modules, name)


def test_the_help_of_a_new_tag(notes: Portal) -> None:
    assert "Notes: what one remembers of a conversation." in notes("--help").out

    out = " ".join(notes("notes", "get", "--help").out.replace("│", "").split())
    for text in (
        "NOTE_ID",
        "Which note, as [brackets] and code on two lines.",
        "red|blue",
        "small|large",
        "--pinned",
        "--no-pinned",
        "Whether it stays on top.",
        "JSON Bounds.",
    ):
        assert text in out, out


def test_each_kind_of_argument(notes: Portal) -> None:
    with playing(reply({"a": 1})) as server:
        ended = notes(
            "notes", "get", "n/1", "--colour", "blue", "--size", "large", "--count", "-3", "--share", "0.5",
            "--no-pinned", "--labels", "x", "--labels", "y", "--limits", '{"low": 1}',
            host=server.host,
        )  # fmt: skip

    assert ended.code == 0, ended
    target = urlsplit(server.requests[0].target)
    assert target.path == "/notes/n%2F1"
    assert parse_qs(target.query) == {
        "colour": ["blue"],
        "size": ["large"],
        "count": ["-3"],
        "share": ["0.5"],
        "pinned": ["false"],
        "labels": ["x,y"],
        "limits": ['{"low": 1}'],
    }


def test_what_is_not_given_is_not_sent(notes: Portal) -> None:
    with playing(reply({"a": 1})) as server:
        notes("notes", "get", "n1", "--colour", "red", "--size", "small", host=server.host)

    assert server.requests[0].target == "/notes/n1?colour=red&size=small"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--colour", "green", "--size", "large"], "green"),
        (["--colour", "red", "--size", "huge"], "huge"),
        (["--colour", "red", "--size", "large", "--limits", "{"], "--limits: not valid JSON"),
        (["--colour", "red", "--size", "large", "--limits", '{"a": "b"}'], "--limits: a"),
    ],
)
def test_another_value_is_refused(words: list[str], said: str, notes: Portal) -> None:
    with playing(reply()) as server:
        ended = notes("notes", "get", "n1", *words, host=server.host)

    assert (ended.code, server.requests) == (2, [])
    assert said in ended.err


def test_files_of_a_form(notes: Portal, tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(b"png")
    with playing(reply({"a": 1})) as server:
        picture = str(tmp_path / "a.png")
        ended = notes(
            "notes",
            "create",
            "--text-prompt",
            "Hi",
            "--picture",
            picture,
            "--picture",
            picture,
            host=server.host,
        )
        missing = notes("notes", "create", "--text-prompt", "Hi", "--picture", "none.png", host=server.host)

    assert (ended.code, missing.code, missing.err) == (0, 2, "portal: none.png: No such file or directory\n")
    assert [part.get_filename() for part in server.requests[0].parts] == [None, "a.png", "a.png"]
    assert len(server.requests) == 1
