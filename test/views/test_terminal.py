"""What rich shows in a terminal: the same as a notebook, and no code or markup of others."""

from __future__ import annotations

import io
import re
from typing import Any

import pytest

from portal_client import Branches, GetSessionsResponse, Session
from support.hostile import HOSTILE
from support.samples import samples, viewed
from support.scripted import SESSION

console = pytest.importorskip("rich.console", reason="rich is not installed")

#: The codes of rich's own styles; no other character of a terminal's control.
STYLES = re.compile(r"\x1b\[[\d;]*m")


def shown(value: Any, width: int = 100, *, color: bool = False) -> str:
    out = io.StringIO()
    to = console.Console(
        file=out, width=width, force_terminal=color, color_system="standard" if color else None, _environ={}
    )
    to.print(value)
    return out.getvalue()


@pytest.mark.fault("Injection", "What an agent says is text wherever it is shown: it runs and loads nothing")
@pytest.mark.parametrize("kind", [*viewed("x")])
def test_no_code_and_no_markup_of_others_is_obeyed(kind: str) -> None:
    texts = [
        *(text for text in HOSTILE if not text.replace("\n", "").isprintable()),
        "\x1b[31mred\x1b[2J",
        "\x9b31m",
        "\x1b]8;;http://203.0.113.1\x07x",
        "\b\b\b",
        "\r|over",
    ]
    for text in texts:
        if kind == "circuit" or text.encode("utf-8", "replace").decode() == text:
            text = text.replace("\ud83d", "")
            plain = STYLES.sub("", shown(viewed(text)[kind], color=True))
            assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e]", plain), text
    marked = shown(viewed("[bold red]x[/bold red] [link=http://203.0.113.1]y[/link] :smile:")[kind], 300)
    assert "[bold red]x[/bold red]" in marked
    assert "203.0.113.1]y[/link] :smile:" in marked or "…" in marked


@pytest.mark.parametrize("place", ["id", "agent_id", "user_id", "text", "name", "icon"])
def test_markup_is_shown_wherever_it_stands(place: str) -> None:
    marked = "[bold]x[/bold]"
    named = {"id": "a1", "name": "Echo", "icon": "e"}
    message = {"text": "Hi", "role": "assistant", "agent": named | {place: marked}}
    one = {**SESSION, "messages": [message | {place: marked}], place: marked}

    assert marked in shown(Session.model_validate(one))


def test_a_session_shows_its_conversation() -> None:
    lines = shown(Session.model_validate(SESSION), 70).splitlines()

    assert lines[0] == "Session s1  Ready"
    assert next(line for line in lines if "Hello" in line).startswith(" " * 40)  # the user on the right
    assert next(line for line in lines if "Hi" in line).startswith("│ Hi")
    assert any("Assistant · Echo · e" in line for line in lines)
    assert all(len(line) <= 70 for line in lines)


def test_messages_that_are_not_shown_are_counted() -> None:
    messages = [{"text": f"m{at}", "role": "user"} for at in range(150)]
    text = shown(Session.model_validate({**SESSION, "messages": messages}))

    assert "… 50 earlier messages not shown" in text
    assert "m149" in text
    assert "m49 " not in text


@pytest.mark.parametrize("width", [60, 80, 200])
def test_an_id_stays_on_one_line_to_be_copied(width: int) -> None:
    one = {**SESSION, "id": "5f3c2d1e-0000-4000-8000-000000000000"}

    assert one["id"] in shown(GetSessionsResponse.model_validate({"sessions": [one] * 60}), width)
    assert "… 10 more rows" in shown(GetSessionsResponse.model_validate({"sessions": [one] * 60}), width)


def test_branches_are_side_by_side() -> None:
    said = [{"text": text, "role": "user"} for text in ("m0", "Why?", "so")]
    more = [said[0], {"text": "m1", "role": "user"}, *said[1:]]
    one, other = {**SESSION, "messages": said}, {**SESSION, "id": "s2", "messages": more}
    made = {"session_id": "s0", "text_prompt": "Why?", "at": [0, 1], "sessions": [one, other]}
    lines = shown(Branches.model_validate(made), 100).splitlines()

    assert lines[0] == "Branches of session s0"
    assert sum("m0" in line for line in lines) == 1
    assert any(re.search("at 0  Ready.*at 1  Ready", line) for line in lines)
    assert any(re.search("session s1.*session s2", line) for line in lines)
    assert any(line.count("Why?") == 2 for line in lines)
    assert sum("m1" in line for line in lines) == 1


def test_the_ids_of_branches_are_whole_in_little_space() -> None:
    ids = [f"{at}f3c2d1e-0000-4000-8000-00000000000{at}" for at in range(3)]
    sessions = [{**SESSION, "id": each} for each in ids]
    made = {"session_id": "s0", "text_prompt": "Why?", "at": [0, 1, 2], "sessions": sessions}
    rows = [line.strip("┃").split("┃") for line in shown(Branches.model_validate(made), 60).splitlines()]
    cells = zip(*(row for row in rows if len(row) == 3), strict=True)
    heads = ["".join(part.strip() for part in column) for column in cells]

    assert [each in head for each, head in zip(ids, heads, strict=True)] == [True] * 3


def test_a_circuit_is_a_table_of_its_nodes() -> None:
    text = shown(samples("n")["circuit"])

    assert re.search(r"│ n +│ new kind +│ n3", text)
    assert re.search(r"│ s +│ switch +│ n: n2", text)


def test_an_error_shows_its_reason_first() -> None:
    assert shown(samples("no such session")["error"]).startswith("no such session  ApiException 404\n")
