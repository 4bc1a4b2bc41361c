"""A session as text: the answer, the answer as data, and the conversation in Markdown and as a page."""

from __future__ import annotations

import json
import pickle
from datetime import date
from enum import Enum
from html.parser import HTMLParser
from pathlib import Path
from typing import Any, Literal, Optional

import pydantic
import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.tree import SyntaxTreeNode

from portal_client import ApiTypeError, ApiValueError, Session
from portal_client.views.text import visible
from support.hostile import FORGED, HOSTILE, Shown
from support.scripted import SESSION
from test_imports import fresh

USER, AGENT = "user", "assistant"


def said(*messages: tuple[str, str], **changes: Any) -> Session:
    """A session in which this was said: roles and texts."""
    agent = {"id": "a1", "name": "Echo", "icon": "e"}
    listed = [
        {"role": role, "text": text, "agent": agent if role == AGENT else None} for role, text in messages
    ]
    return Session.model_validate({**SESSION, "messages": listed, **changes})


def answered(text: str) -> Session:
    return said((USER, "Well?"), (AGENT, text))


# ── the answer ──


@pytest.mark.parametrize(
    ("messages", "answer"),
    [
        ([], None),
        ([(USER, "a")], None),
        ([(USER, "a"), (AGENT, "b")], "b"),
        ([(USER, "a"), (AGENT, "b"), (AGENT, "c")], "c"),
        ([(USER, "a"), (AGENT, "b"), (USER, "c")], None),
        ([(USER, "a"), (AGENT, "b"), (USER, "c"), (AGENT, "d")], "d"),
        ([(USER, "a"), (AGENT, "b"), ("tool", "c")], "b"),
        ([(USER, "a"), ("tool", "b")], None),
        ([(AGENT, "welcome")], "welcome"),
        ([(USER, "a"), (AGENT, "")], ""),
    ],
)
def test_the_answer_is_what_the_agent_said_last_after_the_last_prompt(
    messages: list[tuple[str, str]], answer: Optional[str]
) -> None:
    assert said(*messages).answer == answer


@pytest.mark.parametrize("name", ["answer", "parse", "to_markdown", "to_html", "_repr_html_"])
def test_a_field_of_that_name_from_the_service_is_kept_and_written_back(name: str) -> None:
    one = Session.model_validate({**SESSION, name: {"new": 1}})

    assert one.answer == "Hi"
    assert "Hi" in one.to_markdown()
    assert one.additional_properties == {name: {"new": 1}}
    assert one.to_dict()[name] == {"new": 1}
    assert Session.from_json(one.to_json()) == pickle.loads(pickle.dumps(one)) == one


def test_the_answer_is_not_assigned() -> None:
    one = answered("x")
    with pytest.raises(AttributeError, match="answer"):
        one.answer = "y"  # type: ignore[misc]

    assert one.answer == "x"


def test_a_session_loads_none_of_it_before_it_is_used() -> None:
    code = "import sys\nfrom portal_client.models.session import Session\nanswer = sorted(sys.modules)"
    loaded = fresh(code)

    assert not [
        name for name in loaded if name.startswith(("portal_client.transcript", "portal_client.views."))
    ]
    assert "xml.etree" not in loaded


# ── the answer as data ──


class Row(pydantic.BaseModel):
    region: str
    sold: int


class Report(pydantic.BaseModel):
    rows: list[Row]


class Mood(Enum):
    GOOD = "good"
    BAD = "bad"


GOOD = '{"rows": [{"region": "north", "sold": 3}]}'
ONE = Report(rows=[Row(region="north", sold=3)])


@pytest.mark.parametrize(
    "text",
    [
        GOOD,
        f"\n {GOOD}\n",
        f"```json\n{GOOD}\n```",
        f"Here it is:\n\n```\n{GOOD}\n```\nAnything else?",
        f"~~~~ JSON\n{GOOD}\n~~~~",
        f"1. It is\n   ```json\n   {GOOD}\n   ```",
        f"> ```json\n> {GOOD}",
        f"```python\nprint(1)\n```\n\n```json\n{GOOD}\n```",
        f"````\n{GOOD}\n```` \nand once more\n```\n{GOOD}\n```",
        f"Not closed\r\n```json\r\n{GOOD}",
        f"```json\n{json.dumps(json.loads(GOOD), indent=2)}\n```",
    ],
)
def test_an_answer_is_read_as_a_model(text: str) -> None:
    text = text.replace("> {", "{") if text.startswith("> ") else text

    assert answered(text).parse(Report) == ONE


@pytest.mark.parametrize(
    ("kind", "text", "value"),
    [
        (int, "42", 42),
        (int, " 42\n", 42),
        (int, "The number:\n```\n42\n```", 42),
        (bool, "true", True),
        (date, "2026-11-25", date(2026, 11, 25)),
        (Literal["yes", "no"], "yes", "yes"),
        (Literal["yes", "no"], '"yes"', "yes"),
        (Mood, "good\n", Mood.GOOD),
        (str, "Plain words", "Plain words"),
        (list[Row], '[{"region": "north", "sold": 3}]', ONE.rows),
        (dict[str, int], '{"a": 1}', {"a": 1}),
        (Optional[int], "null", None),
        (Any, '{"a": [1, null]}', {"a": [1, None]}),
    ],
)
def test_an_answer_is_read_as_any_type(kind: Any, text: str, value: object) -> None:
    assert answered(text).parse(kind) == value


def test_an_answer_that_does_not_fit_names_the_path_and_the_text() -> None:
    text = 'So:\n```json\n{"rows": [{"region": "north", "sold": 3}, {"region": "west", "sold": "many"}]}\n```'
    with pytest.raises(ApiValueError) as caught:
        answered(text).parse(Report)

    first, *rest = str(caught.value).split("\n")
    assert first.startswith(
        "the answer of session s1 is no Report: rows.1.sold: Input should be a valid integer"
    )
    assert "\n".join(rest) == f"The answer: {text}"
    assert caught.value.path_to_item == ["rows", 1, "sold"]
    assert isinstance(caught.value.__cause__, pydantic.ValidationError)
    assert str(pickle.loads(pickle.dumps(caught.value))) == str(caught.value)


@pytest.mark.parametrize(
    ("kind", "text", "why"),
    [
        (Report, "I cannot say.", "the text: Invalid JSON"),
        (Report, "", "the text: Invalid JSON"),
        (Report, '{"rows": [}', "the text: Invalid JSON"),
        (Report, "5", "the text: Input should be an object"),
        (Report, "```\nx\n```", "the text: Invalid JSON"),
        (Report, '```\nx\n```\n```json\n{"rows": 1}\n```', "rows: Input should be a valid array"),
        (Literal["yes", "no"], "maybe", "the text: Input should be 'yes' or 'no'"),
        (int, "many", "the text: Input should be a valid integer"),
        (int, "```\n1\n```\n```\n2\n```", "2 of its code blocks are, and they differ"),
        (list[int], "[" * 500, "the text: Nested too deeply"),
    ],
)
def test_what_is_wrong_with_an_answer_is_said(kind: Any, text: str, why: str) -> None:
    with pytest.raises(ApiValueError) as caught:
        answered(text).parse(kind)

    assert f": {why}" in str(caught.value)


def test_many_code_blocks_are_compared_once_each() -> None:
    compared = 0

    class Counted(pydantic.RootModel[int]):
        def __eq__(self, other: object) -> bool:
            nonlocal compared
            compared += 1
            return super().__eq__(other)

    with pytest.raises(ApiValueError, match="500 of its code blocks are, and they differ"):
        answered("".join(f"```\n{at}\n```\n" for at in range(500))).parse(Counted)

    assert compared <= 500


def test_a_long_answer_is_cut_in_the_error_and_control_characters_are_escaped() -> None:
    with pytest.raises(ApiValueError) as caught:
        answered("\x1b[31m" + "x" * 10_000).parse(int)

    assert len(str(caught.value)) < 1000
    assert "\\x1b[31m" in str(caught.value)
    assert str(caught.value).endswith("x…")


@pytest.mark.parametrize(("status", "messages"), [("Running", [(USER, "a")]), ("Error", [])])
def test_without_an_answer_there_is_nothing_to_read(status: str, messages: Any) -> None:
    with pytest.raises(ApiValueError, match=f"^session s1 has no answer to read: its status is {status}$"):
        said(*messages, status=status).parse(int)


@pytest.mark.parametrize("wrong", [5, object(), "NoSuchType"])
def test_what_is_no_type(wrong: Any) -> None:
    with pytest.raises(ApiTypeError, match="is not a type that pydantic can read"):
        answered("5").parse(wrong)


# ── plain data ──


def test_to_dict_in_the_mode_json_is_what_json_holds() -> None:
    one = Session.model_validate({**SESSION, "future": {"at": [1, None]}, "status": "Thinking"})

    plain = one.to_dict(mode="json")

    assert plain == json.loads(one.to_json()) == json.loads(json.dumps(plain))
    assert type(plain["status"]) is str
    assert plain["created_at"] == "2026-01-02T03:04:05Z"
    assert Session.from_dict(plain) == one


@pytest.mark.parametrize("mode", ["JSON", "", None, 5])
def test_a_mode_that_there_is_not(mode: Any) -> None:
    with pytest.raises(ApiValueError, match=r'^mode must be "python" or "json", not '):
        Session.model_validate(SESSION).to_dict(mode=mode)


def test_what_json_cannot_hold_is_named() -> None:
    with pytest.raises(ApiValueError, match=r"^future: a: nan is not a number"):
        Session.model_validate({**SESSION, "future": {"a": float("nan")}}).to_dict(mode="json")


# ── in Markdown ──


def test_a_session_in_markdown() -> None:
    one = said(
        (USER, "Which one?"), (AGENT, "The **north**:\n\n- 1\n\n# Sure"), (AGENT, "<b>x</b>"), ("tool", "")
    )

    assert one.to_markdown() == (
        "# Session `s1`\n\n"
        "- Agent: `a1`\n- User: `u1`\n- Status: Ready\n"
        "- Started: 2026-01-02 03:04:05+00:00\n- Changed: 2026-01-02 03:04:06+00:00\n\n"
        "## 1. User\n\n> Which one?\n\n"
        "## 2. Assistant: Echo\n\n> The **north**:\n>\n> - 1\n>\n> # Sure\n\n"
        "## 3. Assistant: Echo\n\n```text\n<b>x</b>\n```\n\n"
        "## 4. Tool\n\n>\n"
    )


def outline(text: str) -> list[tuple[str, str]]:
    """The parts of a document as CommonMark has them, at its top level: kinds and texts."""
    nodes = SyntaxTreeNode(MarkdownIt("commonmark").parse(text)).children
    lines = text.split("\n")
    return [(node.type, "\n".join(lines[slice(*(node.map or (0, 0)))])) for node in nodes]


@pytest.mark.fault("Injection", "In a transcript nothing that is said looks like the message of another")
@pytest.mark.parametrize("text", FORGED)
def test_nothing_that_is_said_looks_like_something_else(text: str) -> None:
    parts = outline(said((USER, "a"), (AGENT, text), (USER, "b")).to_markdown())

    kinds = [kind for kind, _ in parts]
    assert kinds[:2] == ["heading", "bullet_list"]
    assert kinds[2::2] == ["heading"] * 3
    assert {*kinds[3::2]} <= {"blockquote", "fence"}
    assert [shown for _, shown in parts[2::2]] == ["## 1. User", "## 2. Assistant: Echo", "## 3. User"]


@pytest.mark.fault("Injection", "What an agent says is text wherever it is shown: it runs and loads nothing")
@pytest.mark.parametrize("text", FORGED)
def test_rendered_with_all_html_nothing_runs_or_loads(text: str) -> None:
    class Tags(HTMLParser):
        def handle_starttag(self, tag: str, attrs: list[tuple[str, Optional[str]]]) -> None:
            assert tag not in ("script", "img", "iframe"), attrs
            assert all(name != "href" or f"{value}".startswith("http") for name, value in attrs), attrs

    renderer = MarkdownIt("commonmark", {"html": True})
    renderer.validateLink = lambda url: True  # type: ignore[method-assign]
    Tags().feed(renderer.render(answered(text).to_markdown()))


@pytest.mark.fault("Injection", "What an agent says is text wherever it is shown: it runs and loads nothing")
@pytest.mark.parametrize(
    "text",
    [
        "$$\\href{javascript:alert(1)}{x}$$",
        "$\\url{javascript:x}$ and \\(\\style{background:url(//203.0.113.1)}{x}\\)",
        "$\\require{html}$ $\\includegraphics{http://203.0.113.1/x.png}$ $\\htmlData{x=1}{y}$",
        "$\\mmlToken{mi}[href='javascript:alert(1)']{x}$",
        "```{python}\nimport os\n```",
        "~~~ {include} /etc/passwd\n~~~",
    ],
)
def test_formulas_with_links_and_code_that_a_reader_runs_are_code_blocks(text: str) -> None:
    written = answered(text).to_markdown()

    assert [kind for kind, _ in outline(written)][-1] == "fence"
    assert f"text\n{text}\n" in written


def test_other_formulas_stay_formulas() -> None:
    text = "$$\\frac{a}{b}$$ and \\(\\text{x}\\) in ```x```"

    assert f"> {text}\n" in answered(text).to_markdown()


@given(st.text(st.sampled_from("`~>#-=*[]()!<:&|\\ \n\tab1.")))
def test_whatever_is_said_stays_in_its_place(text: str) -> None:
    parts = outline(answered(text).to_markdown())

    assert [kind for kind, _ in parts] in (
        ["heading", "bullet_list", "heading", "blockquote", "heading", kind]
        for kind in ("blockquote", "fence")
    )
    shown = parts[-1][1].rstrip("\n")
    if parts[-1][0] == "fence":
        assert shown.split("\n", 1)[1].rpartition("\n")[0] == visible(text).rstrip("\n") or text.endswith(
            "\n"
        )
    else:
        lines = [line.removeprefix(">").removeprefix(" ") for line in shown.split("\n")]
        assert "\n".join(lines).rstrip("\n") == text.rstrip("\n")


@pytest.mark.parametrize(
    "name", ["**x**", "`", "a\n## 9. User", "<b>", "x ##", "[x](y)", "x" * 500, "\u202eresU"]
)
def test_names_stay_in_their_headings(name: str) -> None:
    agent = {"id": name, "name": name, "icon": name}
    messages = [{"role": name or "x", "text": "hello", "agent": agent}]
    text = Session.model_validate(
        {**SESSION, "id": name, "agent_id": name, "messages": messages}
    ).to_markdown()

    assert [kind for kind, _ in outline(text)] == ["heading", "bullet_list", "heading", "blockquote"]
    assert "<b>" not in MarkdownIt("commonmark").render(text)
    assert "<strong>" not in MarkdownIt("commonmark").render(text)
    assert max(map(len, text.split("\n"))) < 500


# ── as a page ──


@pytest.mark.fault("Injection", "What an agent says is text wherever it is shown: it runs and loads nothing")
@pytest.mark.parametrize("text", HOSTILE)
def test_a_page_holds_what_was_said_as_text(text: str) -> None:
    agent = {"id": text, "name": text, "icon": text}
    word = text.replace("\ud83d", "")  # which pydantic takes for no member of an enumeration
    messages = [{"role": role, "text": text, "agent": agent} for role in (USER, AGENT, word)]
    fields = {"id": text, "agent_id": text, "user_id": text, "status": word, "messages": messages}
    shown, plain = (Shown(one.to_html()) for one in (Session.model_validate(SESSION | fields), answered("x")))

    known = {tag for tag, _ in plain.tags} | {"bdi"}
    assert {tag for tag, _ in shown.tags} == known
    assert {name for _, attributes in shown.tags for name in attributes} == {
        name for _, attributes in plain.tags for name in attributes
    }
    newline = "\n" if text.startswith(("\n", "\r")) else ""  # which HTML takes away
    assert shown.texts == [newline + visible(text)] * 3


@pytest.mark.fault("Injection", "What an agent says is text wherever it is shown: it runs and loads nothing")
def test_a_page_is_one_file_that_runs_and_loads_nothing(tmp_path: Path) -> None:
    one, path = answered("Héllo\n"), tmp_path / "page.html"

    assert one.to_html(path) is None  # type: ignore[func-returns-value]

    written = path.read_bytes()
    assert written == one.to_html().encode()
    assert written.startswith(b"<!DOCTYPE html>\n<html")
    assert b"\r" not in written
    tags = Shown(written.decode()).tags
    assert not {"script", "link", "img", "a", "iframe", "base", "form"} & {tag for tag, _ in tags}
    assert not [
        name for _, attributes in tags for name in attributes if name.startswith("on") or name == "style"
    ]
    policy = next(a["content"] for tag, a in tags if a.get("http-equiv") == "Content-Security-Policy")
    assert policy is not None
    assert policy.startswith("default-src 'none'; style-src 'sha256-")
    assert "unsafe" not in policy
    assert "url(" not in written.decode()
    assert "@import" not in written.decode()


def test_a_page_has_all_that_was_said() -> None:
    one = said(*[(USER if at % 2 else AGENT, f"message {at}") for at in range(1_000)])

    assert Shown(one.to_html()).texts == [f"message {at}" for at in range(1_000)]


def test_a_file_that_cannot_be_written(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        answered("x").to_html(tmp_path / "none" / "page.html")
