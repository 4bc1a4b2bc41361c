"""Branches of a session: what is sent, how often, and what is told when one of them fails."""

from __future__ import annotations

import io
import pickle
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from pydantic import ValidationError

from portal_client import (
    ApiConnectionError,
    ApiException,
    ApiResponseError,
    ApiTypeError,
    ApiValueError,
    Branches,
    ConflictException,
    NotFoundException,
    ServiceException,
    Session,
    SessionFailed,
    SessionProgress,
    SessionsApi,
    WaitTimeout,
    to_records,
)
from support.clients import Clock, client_of, failing, interrupt
from support.scripted import SESSION, Connection, Received, content, playing, reply

Fault = Callable[[Connection, Received], Any]


@dataclass
class Service:
    """A service with a session `s1` of six messages; what it does instead to the nth request of a kind."""

    kinds: Counter[str] = field(default_factory=Counter)
    asked: list[str] = field(default_factory=list)
    requests: list[Received] = field(default_factory=list)
    sessions: dict[str, dict[str, Any]] = field(default_factory=dict)
    faults: dict[str, Fault] = field(default_factory=dict)
    #: The statuses of a session, one for each read after its prompt.
    statuses: dict[str, list[str]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        said = [{"text": f"m{at}", "role": ("user", "assistant")[at % 2], "agent": None} for at in range(6)]
        self.sessions["s1"] = {**SESSION, "messages": said}

    def __call__(self, connection: Connection, request: Received) -> Any:
        url = urlsplit(request.target)
        kind = {"POST": "replay", "PUT": "prompt", "GET": "read"}[request.method]
        self.requests.append(request)
        self.asked.append(f"{request.method} {request.target}")
        if fault := self.faults.get(f"{kind} {self.kinds[kind]}"):
            self.kinds[kind] += 1
            return fault(connection, request)
        self.kinds[kind] += 1
        session_id = url.path.split("/")[2]
        if kind == "replay":
            query = parse_qs(url.query)
            source = self.sessions[query["session_id"][0]]
            session_id = f"b{query['last_message_index'][0]}"
            taken = source["messages"][: int(query["last_message_index"][0]) + 1]
            self.sessions[session_id] = {**source, "id": session_id, "messages": taken, "status": "Ready"}
        elif kind == "prompt":
            self.prompt(session_id, request)
            return connection.send(reply({"session_id": session_id}))
        session = self.sessions[session_id]
        statuses = self.statuses.get(session_id, []) if kind == "read" else []
        return connection.send(reply(session | ({"status": statuses.pop(0)} if statuses else {})))

    def prompt(self, session_id: str, request: Received) -> None:
        if "urlencoded" in str(request.headers["Content-Type"]):
            (text,) = parse_qs(request.body.decode())["text_prompt"]
        else:
            text = content(request.parts[0]).decode()
        more = [{"text": text, "role": "user"}, {"text": f"Answer in {session_id}", "role": "assistant"}]
        session = self.sessions[session_id]
        session["messages"] = [*session["messages"], *more]


@dataclass
class Calling:
    api: SessionsApi
    service: Service
    clock: Clock

    def branches(self, at: Any = (1, 3), text_prompt: Any = "Why?", **more: Any) -> Branches:
        return self.api.branches("s1", at, text_prompt, **{"progress": False, **more})


@contextmanager
def calling(**faults: Fault) -> Iterator[Calling]:
    service, clock = Service(), Clock()
    service.faults = {name.replace("_", " "): fault for name, fault in faults.items()}
    with playing(service) as server, client_of(server.host, clock, retries=False) as client:
        yield Calling(SessionsApi(client), service, clock)


def refused(status: int) -> Fault:
    return lambda connection, request: connection.send(reply({"detail": "no"}, status=status))


def resets(connection: Connection, request: Received) -> bool:
    return connection.reset()


READ = "GET /sessions/s1"


def replay(at: int) -> str:
    return f"POST /sessions/replay?session_id=s1&last_message_index={at}"


def prompt(at: int) -> str:
    return f"PUT /sessions/b{at}/async"


def notes(error: BaseException) -> list[str]:
    return "\n".join(getattr(error, "__notes__", [])).splitlines()


# ── what is sent, and what comes back ──


def test_each_point_is_replayed_and_asked_once() -> None:
    with calling() as c:
        branches = c.branches([0, 2, 5], files=[("a.txt", b"one"), io.BytesIO(b"two")])

    started = [line for at in (0, 2, 5) for line in (replay(at), prompt(at))]
    assert c.service.asked == [READ, *started, *(f"GET /sessions/b{at}" for at in (0, 2, 5))]
    bodies = [[content(part) for part in r.parts] for r in c.service.requests if r.method == "PUT"]
    assert bodies == [[b"Why?", b"one", b"two"]] * 3
    assert branches.at == [0, 2, 5]
    assert [session.answer for session in branches] == ["Answer in b0", "Answer in b2", "Answer in b5"]
    assert [[m.text for m in session.messages[:-2]] for session in branches] == [
        ["m0"],
        ["m0", "m1", "m2"],
        ["m0", "m1", "m2", "m3", "m4", "m5"],
    ]
    assert len(c.service.sessions["s1"]["messages"]) == 6


def test_the_branches_are_a_list() -> None:
    with calling() as c:
        branches = c.branches(at for at in (3, 1))

    first, last = branches
    assert (len(branches), first.id, last.id) == (2, "b3", "b1")
    assert (branches[0], branches[-1], branches[:1]) == (first, last, [first])
    assert last in branches
    assert [*reversed(branches)] == [last, first]
    assert Branches.from_json(branches.to_json()) == branches == pickle.loads(pickle.dumps(branches))
    assert repr(branches).startswith("Branches(session_id='s1', text_prompt='Why?', at=[3, 1], sessions=[Ses")


def test_the_branches_are_a_table() -> None:
    with calling() as c:
        records = to_records(c.branches())

    assert [(each["at"], each["id"], each["answer"]) for each in records] == [
        (1, "b1", "Answer in b1"),
        (3, "b3", "Answer in b3"),
    ]
    assert list(records[0])[:2] == ["at", "id"]


def test_all_are_started_before_one_is_waited_for() -> None:
    with calling() as c:
        c.service.statuses = {"b1": ["Running", "Running", "Ready"], "b3": ["Running", "Ready"]}
        assert {session.status for session in c.branches()} == {"Ready"}

    assert (
        c.service.asked
        == [READ, replay(1), prompt(1), replay(3), prompt(3), *(["GET /sessions/b1"] * 3)]
        + ["GET /sessions/b3"] * 2
    )


def test_a_state_without_the_prompt_is_not_the_result() -> None:
    stale = {
        **SESSION,
        "id": "b1",
        "messages": [{"text": "m0", "role": "user"}, {"text": "m1", "role": "assistant"}],
    }
    with calling(read_1=lambda connection, request: connection.send(reply(stale))) as c:
        assert c.branches([1])[0].answer == "Answer in b1"

    assert c.service.asked[-2:] == ["GET /sessions/b1"] * 2


def test_the_options_are_those_of_each_request() -> None:
    with calling() as c:
        c.branches([1], _headers={"X-Team": "research"}, _content_type="application/x-www-form-urlencoded")

    assert {request.headers["X-Team"] for request in c.service.requests} == {"research"}
    assert [request.headers["Content-Type"] for request in c.service.requests] == [
        None,
        None,
        "application/x-www-form-urlencoded",
        None,
    ]


def test_progress_tells_of_each_branch() -> None:
    told: list[SessionProgress] = []
    with calling() as c:
        c.branches(progress=told.append)

    assert [each.session_id for each in told if each.phase == "done"] == ["b1", "b3"]
    assert {each.phase for each in told} == {"sending", "waiting", "done"}
    waiting = [(each.session_id, each.status) for each in told if each.phase == "waiting"]
    assert waiting == [("b1", None), ("b3", None)]


# ── points are looked at before anything is sent ──


@pytest.mark.parametrize(
    ("at", "kind", "message"),
    [
        ([], ApiValueError, "at must name one message at least"),
        (3, ApiTypeError, r"at must be the indexes of messages, such as \[1, 3\], not 3"),
        (None, ApiTypeError, "not None"),
        ("13", ApiTypeError, "not '13'"),
        ([1, "3"], ApiTypeError, r"not \[1, '3'\]"),
        ([True], ApiTypeError, r"not \[True\]"),
        ([1.0], ApiTypeError, r"not \[1.0\]"),
        ([1, -1], ApiValueError, r"at\[1\] must not be negative: -1"),
        ([1, 3, 1], ApiValueError, r"at\[2\] is there twice: 1"),
    ],
)
def test_points_that_none_can_be_are_refused_unsent(at: Any, kind: type[Exception], message: str) -> None:
    with calling() as c, pytest.raises(kind, match=message):
        c.branches(at)

    assert c.service.asked == []


@pytest.mark.parametrize(
    "arguments", [{"text_prompt": 5}, {"timeout": -1}, {"progress": 5}, {"files": "no such"}]
)
def test_other_arguments_are_looked_at_first_too(arguments: dict[str, Any]) -> None:
    with calling() as c, pytest.raises((ValidationError, ApiValueError, OSError)) as caught:
        c.branches(**arguments)

    assert c.service.asked == []
    assert not notes(caught.value)


@pytest.mark.fault("Sent once", "Branches are started and asked once; the error of one names them all")
@pytest.mark.parametrize(
    ("change", "at", "message"),
    [
        ({}, [1, 6], r"at\[1\] is 6, and session s1 has messages 0 to 5"),
        ({"messages": []}, [0], r"at\[0\] is 0, and session s1 has no messages"),
        ({"status": "Running"}, [1, 5], r"at\[1\] is 5, and the agent of session s1 is still at it"),
    ],
)
def test_points_that_the_session_does_not_have_start_nothing(
    change: dict[str, Any], at: list[int], message: str
) -> None:
    with calling() as c:
        c.service.sessions["s1"] |= change
        with pytest.raises(ApiValueError, match=message):
            c.branches(at)

    assert c.service.asked == [READ]


def test_a_session_that_goes_on_may_be_branched_before_that() -> None:
    with calling() as c:
        c.service.sessions["s1"]["status"] = "Running"
        assert len(c.branches([3])) == 1


# ── one of them fails ──


@pytest.mark.fault("Sent once", "Branches are started and asked once; the error of one names them all")
@pytest.mark.parametrize(
    ("fault", "told"),
    [
        ("replay 1", "  at 3: {}"),
        ("prompt 1", '  at 3: session "b3"{}'),
    ],
)
@pytest.mark.parametrize("how", ["refused", "reset"])
def test_the_error_names_the_branches_that_were_started(fault: str, told: str, how: str) -> None:
    with calling() as c:
        c.service.faults[fault] = refused(409) if how == "refused" else resets
        error = failing(lambda: c.branches([1, 3, 5]))

    assert isinstance(error, ConflictException if how == "refused" else ApiConnectionError)
    outcome = {
        ("replay 1", "refused"): "not started",
        ("replay 1", "reset"): "perhaps a session without the prompt",
        ("prompt 1", "refused"): " without the prompt",
        ("prompt 1", "reset"): ', the prompt may have arrived; api.get_session("b3") tells',
    }
    assert notes(error) == [
        "The branches so far:",
        '  at 1: session "b1", the prompt was sent; to wait for it: api.wait_for_session("b1")',
        told.format(outcome[fault, how]),
        "  at 5: not started",
    ]
    assert [session.id for session in error.branches] == (["b1"] if fault == "replay 1" else ["b1", "b3"])
    assert (error.request_sent, error.safe_to_repeat) == (True, False)
    assert max(Counter(c.service.asked).values()) == 1
    assert prompt(1) in c.service.asked


def test_the_first_one_that_is_refused_has_no_effect() -> None:
    with calling(replay_0=refused(409)) as c:
        error = failing(c.branches)

    assert notes(error) == ["The branches so far:", "  at 1: not started", "  at 3: not started"]
    assert (error.safe_to_repeat, len(error.branches)) == (True, 0)
    assert c.service.asked == [READ, replay(1)]


def test_a_session_that_cannot_be_read_starts_nothing() -> None:
    with calling(read_0=refused(404)) as c:
        error = failing(c.branches)

    assert isinstance(error, NotFoundException)
    assert (notes(error), error.branches, error.safe_to_repeat) == ([], None, True)
    assert c.service.asked == [READ]


@pytest.mark.fault("Sent once", "Branches are started and asked once; the error of one names them all")
def test_an_agent_that_fails_does_not_end_the_wait_for_the_others() -> None:
    with calling() as c:
        c.service.statuses = {"b1": ["Error"], "b3": ["Running", "Ready"]}
        error = failing(c.branches)

    assert isinstance(error, SessionFailed)
    assert (error.session_id, error.session.id) == ("b1", "b1")
    assert notes(error) == [
        "The branches so far:",
        '  at 1: session "b1": Error',
        '  at 3: session "b3": Ready',
    ]
    assert [session.status for session in error.branches] == ["Error", "Ready"]
    assert error.branches[1].answer == "Answer in b3"
    assert pickle.loads(pickle.dumps(error)).branches == error.branches


@pytest.mark.fault("Sent once", "Branches are started and asked once; the error of one names them all")
def test_the_time_that_is_over_loses_none() -> None:
    with calling() as c:
        c.service.statuses = {"b3": ["Running"] * 99}
        error = failing(lambda: c.branches(timeout=10))

    assert isinstance(error, WaitTimeout)
    assert error.session_id == "b3"
    assert notes(error)[1:] == [
        '  at 1: session "b1": Ready',
        '  at 3: session "b3", the prompt was sent; to wait for it: api.wait_for_session("b3")',
    ]
    assert [len(session.messages) for session in error.branches] == [4, 4]


def test_a_read_that_fails_for_good_loses_none() -> None:
    with calling(read_1=refused(503), read_2=refused(403)) as c:
        error = failing(c.branches)

    assert error.status == 403
    assert [session.id for session in error.branches] == ["b1", "b3"]
    assert Counter(c.service.asked)[prompt(1)] == Counter(c.service.asked)[prompt(3)] == 1


@pytest.mark.parametrize("id", ["", ".."])
def test_an_id_that_no_session_can_have_is_no_url(id: str) -> None:
    body = {**SESSION, "id": id}
    with calling(replay_0=lambda connection, request: connection.send(reply(body))) as c:
        error = failing(c.branches)

    assert isinstance(error, ApiResponseError)
    assert error.reason is not None
    assert error.reason.startswith("create_session_from_replay: ")
    assert c.service.asked == [READ, replay(1)]


@pytest.mark.fault("Sent once", "Branches are started and asked once; the error of one names them all")
def test_a_file_that_is_gone_in_between_loses_none(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text("one")

    def gone(connection: Connection, request: Received) -> None:
        path.unlink()
        connection.send(reply({**SESSION, "id": "b3"}))

    with calling(replay_1=gone) as c, pytest.raises(FileNotFoundError) as caught:
        c.branches(files=path)

    assert notes(caught.value)[1:] == [
        '  at 1: session "b1", the prompt was sent; to wait for it: api.wait_for_session("b1")',
        '  at 3: session "b3" without the prompt',
    ]


def test_ctrl_c_names_the_branches(capsys: pytest.CaptureFixture[str]) -> None:
    def interrupts(connection: Connection, request: Received) -> Any:
        interrupt()
        return threading.Event().wait(0.5)

    with calling(prompt_1=interrupts) as c, pytest.raises(KeyboardInterrupt):
        c.branches()

    assert capsys.readouterr().err.splitlines() == [
        "Interrupted. The branches so far:",
        '  at 1: session "b1", the prompt was sent; to wait for it: api.wait_for_session("b1")',
        '  at 3: session "b3", the prompt may have arrived; api.get_session("b3") tells',
    ]


def test_the_error_in_a_notebook_names_them_too() -> None:
    with calling(replay_1=refused(503)) as c:
        error = failing(c.branches)

    assert isinstance(error, ServiceException)
    assert "at 3: not started" not in error._repr_html_()  # 503: it may have had an effect
    assert "at 3: perhaps a session without the prompt" in error._repr_html_()
    assert ApiException(404, "x").branches is None


def test_a_wrong_list_of_sessions_is_no_list_of_branches() -> None:
    with pytest.raises(ValidationError):
        Branches(session_id="s1", text_prompt="Why?", at=[1], sessions=["no session"])  # type: ignore[list-item]
    made = Branches(session_id="s1", text_prompt="Why?", at=[1], sessions=[Session.model_validate(SESSION)])
    assert made.to_dict(mode="json")["sessions"][0]["id"] == "s1"
