"""The operations on sessions, each through HTTP."""

from datetime import UTC, datetime, timedelta
from itertools import chain

import pytest

from ..conftest import Caller, Start

CONTENT = bytes(range(256)) * 5


def test_create_session_answers_the_whole_session(caller: Caller) -> None:
    session = caller.create("hello")

    assert session["status"] == "Ready"
    assert session["user_id"] == "sandbox-user"
    assert session["routine_id"] is None
    assert session["thread_id"] != session["id"]
    assert len(session["id"]) == 32
    assert session["messages"] == [
        {"text": "hello", "role": "user", "agent": None},
        {
            "text": "hello",
            "role": "assistant",
            "agent": {"id": "echo", "name": "Echo", "icon": "robot"},
        },
    ]
    for name in ("created_at", "updated_at"):
        assert datetime.fromisoformat(session[name].replace("Z", "+00:00")).utcoffset() == timedelta(0)


def test_echo_names_the_files(caller: Caller) -> None:
    files = [("a b.bin", CONTENT, "application/x-thing"), ("ü.txt", b"1", "text/plain")]

    session = caller.create("see", files=files)

    assert session["messages"][1]["text"].splitlines() == [
        "see",
        "a b.bin (1,280 bytes, application/x-thing)",
        "ü.txt (1 byte, text/plain)",
    ]


def test_a_prompt_may_be_larger_than_a_megabyte(caller: Caller) -> None:
    text = "long " * 500_000

    assert caller.create(text)["messages"][0]["text"] == text


def test_get_session_answers_what_create_answered(caller: Caller) -> None:
    session = caller.create()

    assert caller.get(f"/sessions/{session['id']}") == session


def test_update_session_adds_a_prompt_and_its_answer(caller: Caller) -> None:
    session = caller.create("one")

    updated = caller.update(session["id"], "two").json()

    assert [message["text"] for message in updated["messages"]] == ["one", "one", "two", "two"]
    assert updated["created_at"] == session["created_at"]
    assert updated["updated_at"] > session["updated_at"]
    assert caller.get(f"/sessions/{session['id']}") == updated


def test_async_operations_answer_the_id(caller: Caller) -> None:
    session_id = caller.create_async("one")
    caller.get(f"/sessions/{session_id}/subscribe")

    response = caller.send("PUT", f"/sessions/{session_id}/async", "two")

    assert response.json() == {"session_id": session_id}
    session = caller.get(f"/sessions/{session_id}/subscribe")
    assert [message["text"] for message in session["messages"]] == ["one", "one", "two", "two"]


def test_replay_takes_the_first_messages(caller: Caller) -> None:
    source = caller.update(caller.create("one")["id"], "two").json()

    copy = caller.replay(source["id"], 2).json()

    assert copy["messages"] == source["messages"][:3]
    assert (copy["agent_id"], copy["status"]) == ("echo", "Ready")
    assert copy["id"] != source["id"]
    assert copy["thread_id"] != source["thread_id"]
    assert caller.get(f"/sessions/{copy['id']}") == copy
    assert caller.get(f"/sessions/{source['id']}") == source


@pytest.mark.parametrize("index", [-1, 2, 10**30])
def test_replay_out_of_range_is_a_validation_error(caller: Caller, index: int) -> None:
    response = caller.replay(caller.create()["id"], index)

    assert response.status == 422
    assert response.json() == {
        "detail": [
            {
                "loc": ["query", "last_message_index"],
                "msg": "Input should be from 0 to 1",
                "type": "out_of_range",
            }
        ]
    }


def test_get_sessions_lists_one_agent_newest_first(start: Start) -> None:
    with start(agents={"other": lambda conversation, files: "hm"}) as caller:
        first, second = caller.create("first"), caller.create("second")
        caller.create("elsewhere", agent="other")
        first = caller.update(first["id"]).json()

        assert caller.get("/sessions", agent_id="echo") == {"sessions": [first, second]}
        assert caller.get("/sessions", agent_id="nobody") == {"sessions": []}


def test_grouped_sessions_follow_the_clock(start: Start) -> None:
    now = datetime(2026, 11, 22, 0, 30, tzinfo=UTC)
    times = [timedelta(days=days) for days in (400, 30, 8, 7, 2, 1)] + [timedelta(0)] * 2
    clock = [now]
    with start(now=lambda: clock[0]) as caller:
        sessions = []
        for age in times:
            clock[0] = now - age
            sessions.append(caller.create(str(age)))
        clock[0] = now

        groups = caller.get("/sessions/grouped")["time_to_sessions"]

    for session in chain(*groups.values()):
        assert session.pop("agent") == caller.get("/agents/echo")
        assert session.pop("name") == session["messages"][0]["text"]
    months, month, week, days, two, yesterday, earlier, latest = sessions
    assert list(groups.items()) == [
        ("Today", [latest, earlier]),
        ("Yesterday", [yesterday]),
        ("Previous 7 days", [two, days]),
        ("November 2026", [week]),
        ("October 2026", [month]),
        ("October 2025", [months]),
    ]


def test_groups_at_the_turn_of_a_year_and_from_the_future(start: Start) -> None:
    ages = {"tomorrow": -2, "just now": 0, "last year": 1, "week": 7, "december": 8, "november": 32}
    clock = [now := datetime(2027, 1, 1, 0, 0, 1, tzinfo=UTC)]
    with start(now=lambda: clock[0]) as caller:
        for text, days in ages.items():
            clock[0] = now - timedelta(days=days)
            caller.create(text)
        clock[0] = now

        groups = caller.get("/sessions/grouped")["time_to_sessions"]

    assert [(name, [each["messages"][0]["text"] for each in group]) for name, group in groups.items()] == [
        ("Today", ["tomorrow", "just now"]),
        ("Yesterday", ["last year"]),
        ("Previous 7 days", ["week"]),
        ("December 2026", ["december"]),
        ("November 2026", ["november"]),
    ]


def test_no_sessions_are_no_groups(start: Start) -> None:
    assert start().get("/sessions/grouped") == {"time_to_sessions": {}}


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/sessions/nothing"),
        ("GET", "/sessions/nothing/subscribe"),
        ("PUT", "/sessions/nothing"),
        ("PUT", "/sessions/nothing/async"),
        ("POST", "/sessions/replay?session_id=nothing&last_message_index=0"),
    ],
)
def test_no_such_session(caller: Caller, method: str, path: str) -> None:
    response = caller.send(method, path, "hello") if method == "PUT" else caller.call(method, path)

    assert (response.status, response.json()) == (404, {"detail": "Session not found"})


@pytest.mark.parametrize("path", ["/sessions", "/sessions/async"])
def test_no_such_agent(caller: Caller, path: str) -> None:
    response = caller.send("POST", path, "hello", agent="nobody")

    assert (response.status, response.json()) == (
        404,
        {"detail": "Agent not found: nobody (agents: echo)"},
    )


def test_no_such_agent_names_those_that_there_are(start: Start) -> None:
    def named(count: int) -> str:
        caller = start(agents={f"a{number}": lambda *_: "" for number in range(count)})
        text: str = caller.send("POST", "/sessions", "hello", agent="nope").json()["detail"]
        return text

    assert named(2) == "Agent not found: nope (agents: echo, a0, a1)"
    assert named(50) == "Agent not found: nope (agents: echo, a0, a1, a2, a3, a4, a5, a6, a7, a8, …)"


ODD = ["a\0b", "\u2028\r\n\ufeff", "\U0001f980", "' OR 1=1 --", "\x1b[31m"]


@pytest.mark.parametrize("text", ODD)
def test_odd_texts_and_names_come_back_as_they_were(caller: Caller, text: str) -> None:
    name = text.replace("\r\n", "")  # which a form cannot say in a name

    session = caller.create(text, files=[(name, b"12", "text/plain")])

    assert [message["text"] for message in session["messages"]] == [
        text,
        f"{text}\n{name} (2 bytes, text/plain)",
    ]
    assert caller.get(f"/sessions/{session['id']}") == session


@pytest.mark.parametrize(
    "session_id", ["%00", "%FF", "%ED%A0%80", "x" * 10_000, "'%20OR%20''='", "%F0%9F%A6%80"]
)
@pytest.mark.parametrize("path", ["/sessions/{}", "/sessions/{}/subscribe", "/sessions/%2e%2e/{}"])
def test_odd_ids_are_not_found(caller: Caller, session_id: str, path: str) -> None:
    with caller.send_raw(
        f"GET {path.format(session_id)}", f"Authorization: {caller.http.headers['Authorization']}\r\n"
    ) as connection:
        status = connection.makefile("rb").readline()

    assert status == b"HTTP/1.1 404 Not Found\r\n"


@pytest.mark.parametrize(
    ("field", "part"),
    [
        ("text_prompt", 'name="text_prompt"\r\n\r\n\\ud800'),
        ("files", 'name="text_prompt"\r\n\r\nx\r\n--b\r\n'
                  'Content-Disposition: form-data; name="files"; filename="\\ud800"\r\n\r\nx'),
    ],
)  # fmt: skip
def test_half_a_character_is_a_validation_error(caller: Caller, field: str, part: str) -> None:
    disposition = "--b\r\nContent-Disposition: form-data; "
    body = f'{disposition}name="agent_id"\r\n\r\necho\r\n{disposition}{part}\r\n--b--\r\n'
    headers = {
        **caller.http.headers,
        "Content-Type": "multipart/form-data; boundary=b; charset=unicode_escape",
    }

    response = caller.call("POST", "/sessions", body=body.encode(), headers=headers)

    assert response.status == 422
    (refused,) = response.json()["detail"]
    assert (refused["loc"], refused["type"]) == (["body", field], "string_unicode")
