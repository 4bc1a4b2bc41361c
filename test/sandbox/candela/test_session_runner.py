"""Prompts: the responses in each form, and the effects of a stop, a failure and an impatient user."""

import json
import sqlite3
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from time import monotonic
from typing import Any

import pytest
import urllib3

from portal_sandbox import database
from portal_sandbox.agents import Message
from portal_sandbox.candela import stream
from portal_sandbox.candela.sessions import Sessions
from portal_sandbox.errors import NoThread
from portal_sandbox.runner import UNFORESEEN

from ..conftest import LIMIT, Held, Steps, no_thread_to_answer_in
from .conftest import NDJSON, Candela, Start, running, said, submitted

Conversation = Sequence[Message]


def _fails(conversation: Conversation, files: object) -> str:
    raise ValueError("no")


def _transcript(conversation: Conversation, files: object) -> list[list[str]]:
    assert files == []
    return [[message.role, message.text] for message in conversation]


def _held_prompt(
    threads: ThreadPoolExecutor, candela: Candela, held: Held
) -> tuple[dict[str, Any], Future[urllib3.BaseHTTPResponse]]:
    """Send a prompt to a new session of the held agent: the name of the session, and the response to come."""
    name = candela.start("held")
    response = threads.submit(candela.pipeline, name)
    assert held.asked.wait(LIMIT)
    return name, response


def _lines(
    candela: Candela, name: dict[str, Any]
) -> tuple[urllib3.BaseHTTPResponse, Iterator[tuple[str, str]]]:
    """Send a prompt: the response, and its events one by one as they arrive."""
    response = candela.call(
        "POST",
        "/session/agent_submit",
        json=submitted(name, "hello"),
        headers={**candela.http.headers, "Accept": NDJSON},
        preload_content=False,
    )

    def lines() -> Iterator[tuple[str, str]]:
        rest = b""
        while data := response.read1():
            *whole, rest = (rest + data).split(b"\n")
            yield from map(said, whole)
        assert rest == b""

    return response, lines()


# ── forms of a response ──


def test_a_text_is_said_and_is_the_result(candela: Candela) -> None:
    name = candela.start()

    assert candela.events(name, "héllo\n") == [("chat", "héllo\n"), ("result", "héllo\n")]
    response = candela.agent(name, "héllo\n")
    assert (response.status, response.headers["Content-Type"]) == (200, "application/json")
    assert response.json() == {"event_type": "result", "content": "héllo\n"}
    pipeline = candela.pipeline(name, "héllo\n")
    assert (pipeline.status, pipeline.headers["Content-Type"]) == (200, "application/json")
    assert pipeline.json() == "héllo\n"


@pytest.mark.parametrize("data", [{"a": [1, 2.5, None, True, "é"]}, [], 0, None, False])
def test_data_goes_out_as_it_is(start: Start, data: object) -> None:
    candela = start(agents={"data": lambda conversation, files: data})
    name = candela.start("data")

    assert candela.pipeline(name).json() == data
    ((kind, content),) = candela.events(name)
    assert (kind, json.loads(content)) == ("result", data)


@pytest.mark.parametrize(
    ("accept", "streamed"),
    [
        (NDJSON, True),
        ("application/json, Application/X-NDJSON", True),
        ("application/json, application/x-ndjson;q=0.5", True),
        ("application/x-ndjson; q=0", False),
        ("application/x-ndjson;q=0.0, application/json", False),
        ("application/json", False),
        ("*/*", False),
        ("", False),
    ],
)
def test_events_come_where_they_are_accepted(candela: Candela, accept: str, streamed: bool) -> None:
    response = candela.agent(candela.start(), Accept=accept)

    assert response.headers["Content-Type"] == (NDJSON if streamed else "application/json")
    assert len(response.data.splitlines()) == (2 if streamed else 1)


def test_a_session_keeps_its_conversation(start: Start) -> None:
    candela = start(agents={"transcript": _transcript, "fails": _fails})
    first = candela.start("transcript")
    one = [["user", "one"]]
    answered = [*one, ["assistant", json.dumps(one)]]

    assert candela.pipeline(first, "one").json() == one
    assert candela.pipeline(first, "two").json() == [*answered, ["user", "two"]]
    candela.stop()
    other = candela.start("transcript")
    assert candela.pipeline(other, "new").json() == [["user", "new"]]
    candela.stop()
    continued = candela.start("transcript", parent_session=first)
    assert candela.pipeline(continued, "three").json()[:3] == [*answered, ["user", "two"]]
    candela.stop()
    candela.delete(first)
    assert len(candela.pipeline(candela.start("transcript", parent_session=continued), "four").json()) == 7


# ── events as they happen ──


def test_each_event_goes_out_at_once(start: Start) -> None:
    steps = Steps("one ", {"event_type": "info", "content": "thinking", "own": 1}, "two")
    candela = start(agents={"steps": steps})
    name = candela.start("steps")
    steps.taken[0].set()

    response, lines = _lines(candela, name)
    assert response.headers["Transfer-Encoding"] == "chunked"
    assert next(lines) == ("chat", "one ")
    assert candela.state(name) == "answering"
    steps.taken[1].set()
    assert next(lines) == ("info", "thinking")
    steps.taken[2].set()
    assert list(lines) == [("chat", "two"), ("result", "one two")]
    assert candela.state(name) == "running"
    assert steps.closed.is_set()


def test_an_event_keeps_what_it_has_besides(start: Start) -> None:
    event = {"event_type": "wait", "content": "é", "own": {"a": [1]}}
    candela = start(agents={"own": lambda conversation, files: iter([event])})
    response = candela.agent(candela.start("own"), Accept=NDJSON)

    assert [json.loads(line) for line in response.data.splitlines()] == [
        event,
        {"event_type": "result", "content": ""},
    ]


def test_latency_comes_before_an_answer_and_pace_after_each_event(start: Start) -> None:
    candela = start(latency=0.2, pace=0.2, agents={"three": lambda conversation, files: iter("abc")})
    name = candela.start("three")
    began = monotonic()

    assert candela.events(name)[-1] == ("result", "abc")
    assert monotonic() - began >= 0.8


def test_an_agent_waits_for_a_reader_that_is_slower(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stream, "AHEAD", 2)
    told: list[int] = []

    def many(conversation: Conversation, files: object) -> Iterator[object]:
        for number in range(100):
            told.append(number)
            yield str(number) + "x" * 200_000  # in all more than the sockets hold
        yield {"event_type": "result", "content": "end"}

    candela = start(agents={"many": many})
    _, lines = _lines(candela, candela.start("many"))

    assert next(lines)[1].startswith("0x")
    assert len(told) < 100
    *rest, last = lines
    assert [content.partition("x")[0] for _, content in rest] == [str(number) for number in range(1, 100)]
    assert last == ("result", "end")


def test_an_agent_goes_on_when_nobody_listens_any_more(start: Start) -> None:
    texts = [str(number) for number in range(1000)]
    steps = Steps("first", *texts)
    candela = start(agents={"steps": steps, "transcript": _transcript})
    name = candela.start("steps")
    steps.taken[0].set()
    response, lines = _lines(candela, name)
    next(lines)
    response.close()
    for taken in steps.taken:
        taken.set()

    assert steps.closed.wait(LIMIT)
    _until(lambda: candela.state(name) == "running")
    candela.stop()
    continued = candela.start("transcript", parent_session=name)
    assert candela.pipeline(continued).json()[1] == ["assistant", "first" + "".join(texts)]


def _until(holds: Any) -> None:
    end = monotonic() + LIMIT
    while not holds():
        assert monotonic() < end


# ── one at a time ──


def test_a_prompt_to_a_session_that_is_answering_is_409(start: Start, held: Held) -> None:
    candela = start()
    with ThreadPoolExecutor() as threads:
        name, first = _held_prompt(threads, candela, held)
        refused = [candela.pipeline(name), candela.agent(name), candela.agent(name, Accept=NDJSON)]
        held.released.set()
        answered = first.result(LIMIT)

    for response in refused:
        assert response.status == 409
        assert response.json() == {"detail": "The agent is still answering the last prompt"}
    assert answered.json() == "at last"
    assert candela.pipeline(name).status == 200


@pytest.mark.parametrize("path", ["/session/pipeline_submit", "/session/agent_submit"])
def test_only_the_running_session_takes_prompts(candela: Candela, path: str) -> None:
    stopped = candela.start()
    candela.stop()
    candela.start()
    unknown = candela.post(path, {"prompt": "", "session_id": "unknown"})
    not_running = candela.post(path, submitted(stopped, ""))

    assert (unknown.status, unknown.json()) == (404, {"detail": "Session not found"})
    assert (not_running.status, not_running.json()) == (409, {"detail": "Session is not running"})


def test_the_scope_is_default_unless_it_is_given(candela: Candela) -> None:
    name = candela.start(scope="other")
    body = {"prompt": "hello", "session_id": name["identifier"]}

    assert candela.post("/session/pipeline_submit", body).status == 404
    assert candela.post("/session/pipeline_submit", {**body, "scope": "other"}).status == 200


# ── failure ──


def test_an_agent_that_fails_before_its_first_event_is_500(start: Start) -> None:
    candela = start(agents={"fails": _fails})
    name = candela.start("fails")

    for response in (candela.pipeline(name), candela.agent(name), candela.agent(name, Accept=NDJSON)):
        assert (response.status, response.json()) == (500, {"detail": "The agent failed: ValueError: no"})
    assert candela.state(name) == "running; The agent failed: ValueError: no"


def test_an_agent_that_fails_later_ends_the_stream_with_an_event(start: Start) -> None:
    def fails_once(conversation: Conversation, files: object) -> Iterator[str]:
        yield "well"
        if len(conversation) == 1:
            raise ValueError("no")

    candela = start(agents={"fails": fails_once})
    name = candela.start("fails")

    assert candela.events(name) == [("chat", "well"), ("sys", "The agent failed: ValueError: no")]
    assert candela.state(name) == "running; The agent failed: ValueError: no"
    assert candela.events(name) == [("chat", "well"), ("result", "well")]
    assert candela.state(name) == "running"


def test_a_document_has_no_half_answer(start: Start) -> None:
    steps = Steps("well", ValueError("no"))
    for taken in steps.taken:
        taken.set()
    candela = start(agents={"steps": steps})

    assert candela.agent(candela.start("steps")).status == 500


@pytest.mark.parametrize(
    "error",
    [SystemExit(1), KeyboardInterrupt(), GeneratorExit(), RecursionError("deep"), ValueError("\ud800")],
)
def test_whatever_an_agent_raises_the_session_goes_on(start: Start, error: BaseException) -> None:
    errors = [error]

    def raises(conversation: Conversation, files: object) -> str:
        if errors:
            raise errors.pop()
        return "fine"

    candela = start(agents={"raises": raises})
    name = candela.start("raises")

    assert candela.pipeline(name).status == 500
    assert candela.pipeline(name).json() == "fine"


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        ({1, 2}, "TypeError: Object of type set is not JSON serializable"),
        (float("nan"), "ValueError: "),
        ("\ud800", "UnicodeEncodeError: "),
        ({"a": "\ud800"}, "UnicodeEncodeError: "),
        (iter([1]), "ValueError: an agent yields text and events, not 1"),
        (iter(["\ud800"]), "ValueError: an agent yields text and events"),
        (iter([{"event_type": "other", "content": ""}]), "ValueError: an agent yields text and events"),
        (
            iter([{"event_type": "info", "content": "", "x": object()}]),
            "ValueError: an agent yields text and",
        ),
    ],
)
def test_what_cannot_be_sent_is_a_failure(start: Start, answer: object, reason: str) -> None:
    candela = start(agents={"odd": lambda conversation, files: answer})
    name = candela.start("odd")
    response = candela.agent(name, Accept=NDJSON)

    assert response.status == 500
    assert response.json()["detail"].startswith(f"The agent failed: {reason}")


class Odd(Exception):
    """An exception whose text raises."""

    def __str__(self) -> str:
        raise SystemExit(3)


def _odd(conversation: Conversation, files: object) -> Iterator[str]:
    if len(conversation) == 3:
        yield "so far"
    if len(conversation) < 5:
        raise Odd
    yield "fine"


def test_an_error_that_cannot_be_written_is_a_failure(start: Start) -> None:
    candela = start(agents={"odd": _odd})
    name = candela.start("odd")

    first = candela.agent(name, Accept=NDJSON)
    assert (first.status, first.json()) == (500, {"detail": UNFORESEEN})
    assert candela.state(name) == f"running; {UNFORESEEN}"
    assert candela.events(name) == [("chat", "so far"), ("sys", UNFORESEEN)]
    assert candela.pipeline(name).json() == "fine"


def test_without_a_thread_a_prompt_is_refused_and_the_next_is_taken(start: Start) -> None:
    candela = start()
    name = candela.start()
    with no_thread_to_answer_in():
        refused = candela.pipeline(name)

    assert (refused.status, refused.headers["Retry-After"]) == (503, "1")
    assert refused.json() == {"detail": NoThread.detail}
    assert candela.state(name) == f"running; {NoThread.detail}"
    assert candela.pipeline(name).json() == "hello"


def test_what_can_never_be_stored_is_a_failure(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    made = database._connected

    def limited(connection: Any, entry: Any) -> None:
        made(connection, entry)
        connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, 100_000)

    monkeypatch.setattr(database, "_connected", limited)
    answers = iter(["x" * 100_001, "short"])
    candela = start(agents={"long": lambda conversation, files: {"text": next(answers)}})
    name = candela.start("long")

    long = candela.pipeline(name)

    reason = "The agent's answer cannot be stored: string or blob too big"
    assert (long.status, long.json()) == (500, {"detail": reason})
    assert candela.pipeline(name).json() == {"text": "short"}


def test_an_answer_is_what_it_was_when_it_was_given(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    given: dict[str, object] = {"a": 1}
    finish = Sessions.finish

    def change_and_finish(*arguments: Any, **more: Any) -> bool:
        given["a"] = {1, 2}  # which JSON cannot hold
        return finish(*arguments, **more)

    monkeypatch.setattr(Sessions, "finish", change_and_finish)
    candela = start(agents={"data": lambda conversation, files: given})

    assert candela.pipeline(candela.start("data")).json() == {"a": 1}


def test_the_failure_of_an_agent_is_logged(start: Start, caplog: pytest.LogCaptureFixture) -> None:
    candela = start(agents={"bad": _fails})
    name = candela.start("bad")

    candela.pipeline(name)

    assert f"Agent bad failed in session {name['identifier']}" in caplog.messages
    assert "  ValueError: no" in caplog.text.splitlines()


# ── stopping ──


def test_a_stop_lets_go_whoever_waits(start: Start, held: Held) -> None:
    candela = start()
    with ThreadPoolExecutor() as threads:
        name, waiting = _held_prompt(threads, candela, held)
        candela.stop()
        response = waiting.result(LIMIT)

    detail = "The session was stopped before the agent answered"
    assert (response.status, response.json()) == (409, {"detail": detail})
    assert candela.state(name) == f"stopped; {detail}"


def test_a_stop_ends_a_stream_with_an_event(start: Start) -> None:
    steps = Steps("well", "never")
    steps.taken[0].set()
    candela = start(agents={"steps": steps})
    name = candela.start("steps")
    _, lines = _lines(candela, name)
    assert next(lines) == ("chat", "well")
    candela.stop()

    assert list(lines) == [("sys", "The session was stopped before the agent answered")]
    assert candela.state(name).startswith("stopped; ")
    steps.taken[1].set()
    assert steps.closed.wait(LIMIT)


def test_an_answer_that_comes_too_late_goes_nowhere(start: Start, held: Held) -> None:
    candela = start()
    with ThreadPoolExecutor() as threads:
        name, waiting = _held_prompt(threads, candela, held)
        candela.stop()
        candela.delete(name)
        assert waiting.result(LIMIT).status == 409
        held.asked.clear()
        following = candela.start("held")
        asking = threads.submit(candela.events, following)
        assert held.asked.wait(LIMIT)
        held.released.set()
        events = asking.result(LIMIT)

    assert events == [("chat", "at last"), ("result", "at last")]
    assert candela.state(following) == "running"


def test_a_session_is_stopped_by_another_server_too(start: Start, tmp_path: Path) -> None:
    one, two = Held(), Held()
    options = {"db": tmp_path / "box.sqlite", "tokens": {"one": "ann"}}
    here, there = (start(**options, agents={"held": held}) for held in (one, two))
    with ThreadPoolExecutor() as threads:
        name = here.start("held")
        late = threads.submit(here.pipeline, name, "early")
        assert one.asked.wait(LIMIT)
        there.stop()
        assert there.delete(name).status == 200
        following = there.start("held")  # which may well get the keys of the one that is gone
        asking = threads.submit(there.pipeline, following, "late")
        assert two.asked.wait(LIMIT)
        one.released.set()
        response = late.result(LIMIT)
        assert there.state(following) == "answering"
        two.released.set()
        answered = asking.result(LIMIT)

    assert (response.status, response.json()["detail"]) == (
        409,
        "The session was stopped before the agent answered",
    )
    assert answered.json() == "at last"


def test_a_server_that_stops_answers_whoever_waits(tmp_path: Path, held: Held) -> None:
    options = {"db": tmp_path / "box.sqlite", "tokens": {"one": "ann"}, "agents": {"held": held}}
    with ThreadPoolExecutor() as threads:
        with running(**options) as candela:
            name, waiting = _held_prompt(threads, candela, held)
            began = monotonic()
        took = monotonic() - began
        response = waiting.result(LIMIT)
    held.released.set()

    detail = "The server stopped before the agent answered"
    assert (response.status, response.json()) == (503, {"detail": detail})
    assert took < 5
    with running(**options) as candela:
        assert candela.state(name) == f"running; {detail}"
        assert candela.pipeline(name).json() == "at last"


def test_what_a_dead_server_was_answering_is_given_up(tmp_path: Path) -> None:
    options = {"db": tmp_path / "box.sqlite", "tokens": {"one": "ann"}}
    with running(**options) as candela:
        name = candela.start()
    with sqlite3.connect(options["db"]) as db:
        db.execute("UPDATE candela_sessions SET server = 'dead'")
        db.execute("INSERT INTO candela_messages (session_key, role, text) VALUES (1, 'user', 'lost')")
    db.close()

    with running(**options, agents={"echo": _transcript}) as candela:
        detail = "The server stopped before the agent answered"
        assert candela.state(name) == f"running; {detail}"
        assert candela.pipeline(name).json() == [["user", "lost"], ["assistant", detail], ["user", "hello"]]
