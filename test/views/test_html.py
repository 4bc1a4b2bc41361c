"""What a notebook shows: the right things, in little space, and the text of others as text alone."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator
from typing import Any

import pytest
from bs4 import BeautifulSoup

from finbourne_candela.models import CircuitDTO
from portal_client import (
    AgentsResponse,
    ApiException,
    ApiResponse,
    Branches,
    GetSessionsResponse,
    GroupedSessionsResponse,
    Message,
    MessageRole,
    Report,
    Session,
    SessionStatus,
)
from portal_client.text import printable
from portal_client.views.text import label, visible
from support.hostile import HOSTILE, Shown
from support.samples import agent, samples, session, viewed
from support.scripted import SESSION

#: Without halves of surrogate pairs: pydantic-core does not write them.
TEXTS = [text for text in HOSTILE if text.isascii() or text.encode("utf-8", "replace").decode() == text]
KINDS = [*viewed("x")]


@pytest.fixture
def new_york(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("TZ", "America/New_York")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


def soup(value: Any) -> BeautifulSoup:
    return BeautifulSoup(value._repr_html_(), "html.parser")


def texts(found: Any) -> list[str]:
    return [each.get_text() for each in found]


# ── hostile text ──


@pytest.mark.fault("Injection", "What an agent says is text wherever it is shown: it runs and loads nothing")
@pytest.mark.parametrize("kind", KINDS)
def test_the_text_of_others_is_text_alone(kind: str) -> None:
    plain = Shown(viewed("a plain text")[kind]._repr_html_())
    for text in TEXTS:
        shown = Shown(viewed(text)[kind]._repr_html_())

        assert shown.form <= plain.form | {("bdi",), ("bdi", "class", "title"), ("div",), ("p", "class")} | {
            ("pre", "class", "dir")
        }, text
        forms = (label(text), visible(text), printable(text), visible(json.dumps(text, ensure_ascii=False)))
        assert any(form in shown.text for form in forms), text


@pytest.mark.fault("Injection", "What an agent says is text wherever it is shown: it runs and loads nothing")
@pytest.mark.parametrize("kind", KINDS)
def test_a_view_has_nothing_that_runs_or_loads(kind: str) -> None:
    html = viewed("\\(x\\) $$x$$ javascript:x")[kind]._repr_html_()
    shown = Shown(html)

    allowed = {
        "div",
        "style",
        "section",
        "header",
        "p",
        "strong",
        "span",
        "dl",
        "dt",
        "dd",
        "time",
        "ol",
        "li",
    }
    allowed |= {"bdi", "pre", "table", "caption", "thead", "tbody", "tr", "th", "td"}
    allowed |= {"svg", "path", "polygon", "rect", "text", "g", "title"}
    assert {tag for tag, _ in shown.tags} <= allowed
    names = {name for _, attributes in shown.tags for name in attributes}
    assert not [name for name in names if name.startswith("on") or name in ("style", "href", "src", "id")]
    assert not re.search(r"url\(|@import|expression\(|xlink", html)


@pytest.mark.fault("Injection", "What an agent says is text wherever it is shown: it runs and loads nothing")
@pytest.mark.parametrize("kind", KINDS)
def test_no_formula_is_made_of_what_is_said(kind: str) -> None:
    view = soup(viewed("\\(x\\) $$x$$")[kind]).section

    # MathJax leaves alone what has one of these classes, in its versions 2, 3 and 4.
    assert view is not None
    assert {"tex2jax_ignore", "mathjax_ignore"} <= {*view["class"]}
    assert view.find_all(class_=re.compile("process")) == []
    outside = soup(viewed("\\(x\\) $$x$$")[kind])
    outside.section.extract()  # type: ignore[union-attr]
    assert "\\(" not in outside.get_text()


def test_the_style_is_of_views_alone() -> None:
    css = soup(samples("x")["session"]).style.get_text()  # type: ignore[union-attr]

    rules = re.findall(r"^ *([^@{}\n]+) \{", css, re.MULTILINE)
    assert len(rules) > 20
    assert all(part.strip().startswith(".portal-view") for rule in rules for part in rule.split(","))


# ── size ──


def long_session(count: int, text: str) -> Session:
    messages = [Message(text=text, role=MessageRole.USER)] * (count - 1)
    return Session.model_validate({**SESSION, "messages": [*messages, {"text": f"{text}.", "role": "user"}]})


@pytest.mark.parametrize("text", ["Hello", "&" * 1_000, "\u202e" * 30_000, "😀" * 30_000])
def test_a_session_of_10_000_messages_is_shortened_with_a_word(text: str) -> None:
    one = long_session(10_000, text)

    html = one._repr_html_()

    assert len(html.encode()) < 2_000_000
    shown = html.count("<li")
    assert 5 < shown <= 100
    assert '"auto"></pre>' not in html
    assert len(text) > 20_000 or f"{text}.".replace("&", "&amp;") in html  # the last one
    assert f"… {10_000 - shown:,} earlier messages not shown; session.to_html(path) has all" in html
    assert html.count("more characters") == (shown if len(text) > 20_000 else 0)


def test_a_hundred_messages_are_shown_whole() -> None:
    html = long_session(100, "x" * 1_500)._repr_html_()

    assert html.count("<li") == 100
    assert 'class="note"' not in html


def test_a_huge_message_leaves_room_for_those_before_it() -> None:
    one = Session.model_validate(SESSION)
    one.messages[-1].text = "x" * 5_000_000

    html = one._repr_html_()

    assert html.count("<li") == len(one.messages)
    assert "… 4,980,000 more characters" in html
    assert "earlier message" not in html


#: The characters with Unicode's property Bidi_Control.
@pytest.mark.parametrize(
    "character", "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
)
def test_what_turns_the_direction_is_shown_as_an_escape(character: str) -> None:
    text = f"a{character}b"

    html = Session.model_validate(session(text))._repr_html_()

    assert character not in html
    assert f"a\\u{ord(character):04x}b" in html


def wide_table(text: str) -> dict[str, Any]:
    values = [{"key": f"{at}{text}", "text": text, "link": text} for at in range(30)]
    return {"title": text, "columns": [text] * 30, "rows": [{"values": values}] * 1_000}


@pytest.mark.parametrize(
    "value",
    [
        GetSessionsResponse(sessions=[long_session(3, "&" * 50_000)] * 10_000),
        GroupedSessionsResponse(time_to_sessions={f"{at}": [{f"{at}": "&" * 500}] for at in range(10_000)}),
        AgentsResponse.model_validate({"agents": [agent("&" * 500)] * 10_000}),
        Session.model_validate({**session("&" * 50_000), "messages": []}),
        AgentsResponse.model_validate({"agents": [], **{f"&{at}": "&" * 30_000 for at in range(100)}}),
        AgentsResponse.model_validate(
            {
                "agents": [],
                **{f"{at}": {"g": [dict.fromkeys(map(str, range(20)), "&" * 100)] * 99} for at in range(99)},
            }
        ),
        ApiResponse[Any](status_code=200, data=["&" * 100] * 100_000, raw_data=b""),
        Report.model_validate({"text": "&" * 50_000, "tables": [wide_table("&" * 500)] * 10}),
        ApiException(500, "&" * 10_000, body="&" * 1_000_000),
        CircuitDTO.model_validate(
            {
                "first": "n0",
                "nodes": {
                    f"n{at}": {
                        "type": "&" * 500,
                        "case_objs": {f"{to}" + "&" * 500: {"node_id": f"n{to}"} for to in range(50)},
                    }
                    for at in range(1_000)
                },
            }
        ),
    ],
    ids=lambda value: type(value).__name__,
)
def test_no_view_is_large(value: Any) -> None:
    html = value._repr_html_()

    assert len(html.encode()) < 2_000_000
    assert "…" in html


# ── what is shown ──


@pytest.mark.usefixtures("new_york")
def test_a_session_shows_its_conversation() -> None:
    page = soup(Session.model_validate(SESSION))

    assert page.strong.get_text() == "Session s1"  # type: ignore[union-attr]
    assert texts(page.find_all(class_="status")) == ["Ready"]
    assert dict(zip(texts(page.find_all("dt")), texts(page.find_all("dd")), strict=True)) == {
        "agent": "a1",
        "user": "u1",
        "started": "2026-01-01 22:04:05-05:00",
        "changed": "2026-01-01 22:04:06-05:00",
        "messages": "2",
    }
    assert [each["datetime"] for each in page.find_all("time")] == [
        "2026-01-02T03:04:05+00:00",
        "2026-01-02T03:04:06+00:00",
    ]
    assert [each["class"] for each in page.find_all("li")] == [["user"], ["assistant"]]
    assert texts(page.find_all(class_="author")) == ["User", "Assistant · Echo e"]
    assert texts(page.find_all(class_="icon")) == ["e"]
    assert texts(page.find_all("pre")) == ["Hello", "Hi"]


def test_a_role_of_a_newer_service_is_shown() -> None:
    page = soup(Session.model_validate({**SESSION, "messages": [{"text": "x", "role": "toolUse"}]}))

    assert [each["class"] for each in page.find_all("li")] == [["other"]]
    assert texts(page.find_all(class_="author")) == ["ToolUse"]


@pytest.mark.parametrize(
    ("status", "kinds"),
    [("Ready", ["good"]), ("Running", ["busy"]), ("Error", ["bad"]), ("Thinking", []), ("user", [])],
)
def test_a_status_is_a_word_and_a_colour(status: str, kinds: list[str]) -> None:
    chip = soup(Session.model_validate({**SESSION, "status": status})).find(class_="status")

    assert chip is not None
    assert (chip.get_text(), chip["class"]) == (status, ["status", *kinds])


def table(value: Any) -> list[list[str]]:
    return [texts(row.find_all(["th", "td"])) for row in soup(value).find_all("tr")]


@pytest.mark.usefixtures("new_york")
def test_sessions_are_a_table() -> None:
    value = GetSessionsResponse.model_validate(
        {"sessions": [SESSION, {**SESSION, "id": "s2", "messages": []}]}
    )

    assert table(value) == [
        ["id", "agent", "status", "updated at", "messages", "last message"],
        ["s1", "Echo", "Ready", "2026-01-01 22:04:06-05:00", "2", "Hi"],
        ["s2", "a1", "Ready", "2026-01-01 22:04:06-05:00", "0", ""],
    ]


@pytest.mark.usefixtures("new_york")
def test_grouped_sessions_are_a_table_with_their_groups() -> None:
    summary = {
        "id": "s3",
        "agent": agent("x") | {"name": "Ada"},
        "updated_at": "2026-01-02T03:04:06Z",
        "name": "N",
    }
    groups = {"Today": [SESSION, summary], "Earlier": [{"odd": [1, 2]}], "Never": []}

    assert table(GroupedSessionsResponse.model_validate({"time_to_sessions": groups})) == [
        ["group", "id", "agent", "status", "updated at", "messages", "last message", "name", "odd"],
        ["Today", "s1", "Echo", "Ready", "2026-01-01 22:04:06-05:00", "2", "Hi", "", ""],
        ["", "s3", "Ada", "", "2026-01-01 22:04:06-05:00", "", "", "N", ""],
        ["Earlier", "", "", "", "", "", "", "", "1, 2"],
    ]


def test_agents_and_routines_are_tables_without_empty_columns() -> None:
    one = agent("") | {"id": "a1", "name": "Ada", "icon": "star", "visibility_requirements": []}
    assert table(AgentsResponse.model_validate({"agents": [one]})) == [
        ["id", "name", "icon"],
        ["a1", "Ada", "star"],
    ]

    (titles, cells) = table(samples("r")["routines"])
    found = dict(zip(titles, cells, strict=True))
    assert (found["name"], found["sessions"], found["trend"]) == ("r", "1", "r · good")


REPORT = {
    "text": "Sales rose.\nAll of them.",
    "tables": [
        {
            "title": "By region",
            "columns": ["region", "sold_in", "note"],
            "rows": [
                {"values": [{"key": "region", "text": "north"}, {"key": "sold_in", "text": "2025"}]},
                {"values": [{"key": "region", "text": "south", "link": "https://example.com"}]},
                {"values": [{"key": "more", "text": "x"}]},
            ],
        },
        {"title": "Empty", "columns": ["a", "b"], "rows": []},
    ],
}


def test_a_report_shows_its_text_and_its_tables() -> None:
    report = Report.model_validate(REPORT)
    page = soup(report)

    assert texts(page.find_all("pre")) == ["Sales rose.\nAll of them."]
    assert texts(page.find_all("caption")) == ["By region", "Empty"]
    assert table(report) == [
        ["region", "sold_in", "note", "more"],
        ["north", "2025", "", ""],
        ["south (https://example.com)", "", "", ""],
        ["", "", "", "x"],
        ["a", "b"],
    ]
    assert page.get_text().count("north") == 1
    assert report.tables
    assert table(report.tables[0]) == table(report)[:4]


def test_a_report_counts_what_it_does_not_show() -> None:
    wide = {"title": "t", "columns": [f"c{at}" for at in range(20)], "rows": [{"values": []}] * 500}
    page = soup(Report.model_validate({"tables": [wide] * 7}))

    assert (texts(page.find_all("dt")), texts(page.find_all("dd"))) == (["…"], ["2 more tables"])
    assert texts(page.find_all("th"))[12] == "… 8 more columns"
    assert texts(page.find_all(class_="note")) == ["… 450 more rows"] * 5


def branched(*sessions: tuple[int, list[str]]) -> Branches:
    """Branches of which each has taken over messages up to one, and has these texts."""
    return Branches(
        session_id="s1",
        text_prompt="Why?",
        at=[at for at, _ in sessions],
        sessions=[
            Session.model_validate(
                {
                    **SESSION,
                    "id": f"b{at}",
                    "messages": [
                        {"text": text, "role": ("user", "assistant")[n % 2]} for n, text in enumerate(said)
                    ],
                }
            )
            for at, said in sessions
        ],
    )


def columns_of(value: Branches) -> list[list[list[str]]]:
    """The rows of the table of branches, each with the texts of its cells."""
    page = soup(value)
    return [[texts(cell.find_all("pre")) for cell in row.find_all("td")] for row in page.find_all("tr")[1:]]


def test_branches_are_beside_each_other_where_they_differ() -> None:
    value = branched(
        (1, ["m0", "m1", "Why?", "so"]),
        (3, ["m0", "m1", "m2", "m3", "Why?", "thus"]),
        (0, ["m0", "Why?", "hence"]),
    )
    value.sessions[1].status = SessionStatus("Error")
    page = soup(value)

    assert page.strong.get_text() == "Branches of session s1"  # type: ignore[union-attr]
    assert texts(page.find_all("th")) == [
        "at 1 Readysession b1messages 4",
        "at 3 Errorsession b3messages 6",
        "at 0 Readysession b0messages 3",
    ]
    assert texts(page.find_all("pre"))[0] == "m0"  # what they have in common is there once
    assert columns_of(value) == [
        [["m1"], ["m1", "m2", "m3"], []],
        [["Why?", "so"], ["Why?", "thus"], ["Why?", "hence"]],
    ]
    assert [row["class"] for row in page.find_all("tr")[1:]] == [["taken"], ["own"]]


def test_what_is_not_alike_is_not_common() -> None:
    value = branched((1, ["m0", "m1", "Why?"]), (2, ["m0", "other", "m2", "Why?"]))

    assert columns_of(value) == [[["m1"], ["other", "m2"]], [["Why?"], ["Why?"]]]


def test_one_branch_and_none_are_shown() -> None:
    assert columns_of(branched((1, ["m0", "m1", "Why?", "so"]))) == [[["Why?", "so"]]]
    assert texts(soup(branched((1, ["m0", "m1", "Why?"]))).find_all("pre")) == ["m0", "m1", "Why?"]
    assert soup(branched()).find_all("table") == []


@pytest.mark.parametrize("text", ["Hello", "\u202e" * 30_000, "&" * 9_000])
@pytest.mark.parametrize("count", [2, 20])
def test_many_branches_of_a_long_session_are_shortened_with_a_word(text: str, count: int) -> None:
    one = long_session(10_000, text)
    value = Branches(
        session_id="s1", text_prompt=text, at=[9_000 + n for n in range(count)], sessions=[one] * count
    )

    html = value._repr_html_()

    assert len(html.encode()) < 2_000_000
    assert "earlier messages not shown" in html
    assert ("… 12 more branches" in html) is (count == 20)
    assert html.count("<th") == min(count, 8) + 1  # and a thead


def test_columns_and_fields_that_are_not_shown_are_counted() -> None:
    wide = {f"column{at}": at for at in range(20)}
    groups = GroupedSessionsResponse.model_validate({"time_to_sessions": {"Today": [wide]}})
    titles, cells = table(groups)
    assert (titles[-1], len(cells)) == ("… 9 more columns", 12)

    many = AgentsResponse.model_validate({"agents": [], **wide, **{f"field{at}": at for at in range(20)}})
    facts = soup(many).find_all("dd")
    assert (len(facts), facts[-1].get_text()) == (31, "10 more fields")


def test_data_that_json_cannot_hold_is_shown_as_python_has_it() -> None:
    endless: list[Any] = []
    endless.append(endless)
    deep: Any = "core"
    for _ in range(5_000):
        deep = [deep]

    for data, begins in ((endless, "[[["), (deep, "[[["), ({("a",): 1}, "{('a',): 1}")):
        html = ApiResponse[Any](status_code=200, data=data, raw_data=b"")._repr_html_()
        assert texts(BeautifulSoup(html, "html.parser").find_all("pre"))[0].startswith(begins)
        assert len(html) < 100_000


def test_a_list_without_items_is_no_table() -> None:
    page = soup(GetSessionsResponse(sessions=[]))

    assert (page.get_text().rpartition("}")[2].strip(), page.table) == ("GetSessionsResponse", None)


def test_the_metadata_of_an_object_are_facts() -> None:
    page = soup(samples("x")["metadata"])

    assert (
        dict(zip(texts(page.find_all("dt")), texts(page.find_all("dd")), strict=True)).items()
        >= {
            "obj id": "x · x · x",
            "domain": "x",
            "created by": "x",
        }.items()
    )


def test_a_response_shows_status_and_data_once() -> None:
    one = Session.model_validate({**SESSION, "messages": [{"text": "a sentinel", "role": "user"}]})
    response = ApiResponse[Session](
        status_code=201, data=one, raw_data=one.to_json().encode(), request_id="r1", headers={"X-Key": "v"}
    )

    page = soup(response)

    assert page.strong.get_text() == "201 Created"  # type: ignore[union-attr]
    assert page.get_text().count("a sentinel") == 1
    assert repr(response).count("a sentinel") == 1
    assert "request id r1" in page.get_text()
    assert "X-Key" not in page.get_text()  # headers may hold what is not to be passed on with a notebook


@pytest.mark.parametrize(
    ("data", "shown"),
    [
        (None, "null"),
        (True, "true"),
        ("a\nb", "a\nb"),
        ({"a": ["é"]}, '{\n  "a": [\n    "é"\n  ]\n}'),
        (..., '"Ellipsis"'),
    ],
)
def test_plain_data_of_a_response(data: Any, shown: str) -> None:
    page = soup(ApiResponse[Any](status_code=599, data=data, raw_data=b""))

    assert page.strong.get_text() == "599"  # type: ignore[union-attr]
    assert texts(page.find_all("pre")) == [shown]


def test_an_error_shows_its_reason_first() -> None:
    error = ApiException(404, "there is no session s1", body='{"detail": "none"}', request_id="r1")
    error.add_note("a note")

    page = soup(error)

    assert page.section.get_text().startswith("there is no session s1 ApiException 404")  # type: ignore[union-attr]
    assert "a note" in page.get_text()
    assert "Request id: r1" in page.get_text()


def test_an_error_shows_no_credentials() -> None:
    error = ApiException(500, "tok-123456789", body="token tok-123456789", secrets=["tok-123456789"])

    assert "tok-123456789" not in error._repr_html_()
    assert "***" in error._repr_html_()


def test_a_circuit_shows_its_graph() -> None:
    circuit = CircuitDTO.model_validate(
        {"first": "a", "nodes": {"a": {"type": "new", "node_id": "a", "child_id": "b"}}}
    )
    drawn = soup(circuit).svg

    assert drawn is not None
    assert texts(drawn.find_all("text")) == ["a", "new", "b", "missing"]
    assert drawn["role"] == "img"
    assert drawn["aria-label"] == "a (new) leads to b; b (missing)"
    assert len(drawn.find_all("path")) == 1


def test_a_long_text_and_unknown_fields_of_a_model_are_shown() -> None:
    value = AgentsResponse.model_validate({"agents": [], "notes": "line\n" * 3, "count": 5, "sure": True})
    page = soup(value)

    assert texts(page.find_all("pre")) == ["line\n" * 3]
    assert texts(page.find_all(class_="caption")) == ["notes"]
    assert dict(zip(texts(page.find_all("dt")), texts(page.find_all("dd")), strict=True)) == {
        "count": "5",
        "sure": "yes",
    }
