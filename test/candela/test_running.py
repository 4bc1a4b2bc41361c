"""A conversation in one block: what the server receives, how often and in which order, and what is raised."""

from __future__ import annotations

import gc
import json
import math
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import pytest

import portal_sandbox
from candela.calls import DEV, EVENT, METADATA, START, Calling, calling
from finbourne_candela import (
    ApiConnectionError,
    ApiException,
    ApiResponseError,
    ApiStreamError,
    ApiTimeoutError,
    ApiTypeError,
    ApiValueError,
    AppsApi,
    Attempt,
    BadRequestException,
    CircuitsApi,
    ConfigurationOptions,
    ConflictException,
    DevSessionStartRequest,
    DirectivesApi,
    Event,
    Hooks,
    ModelsApi,
    Nodes,
    NoOpDTO,
    NotFoundException,
    ObjectId,
    RunningSession,
    ServiceException,
    SessionsApi,
    SessionStartRequest,
    SubmitPrompt,
    SyncApiClientFactory,
    UserSlotsApi,
)
from finbourne_candela.extensions import ArgsConfigurationLoader
from support.clients import closes, interrupt, late
from support.scripted import STEP, Answer, Connection, Received, Script, chunk, reply
from test_imports import fresh

E = TypeVar("E", bound=BaseException)

REQUEST = SessionStartRequest.from_dict(START)
HAS_ONE, HAS_NONE, DONE, READY = reply(True), reply(False), reply(b"", 204), reply(3)
STARTED, ANSWER = reply(METADATA), reply(EVENT)
FAILED, BUSY = reply({"detail": "broken"}, 500), reply({"detail": "busy"}, 409)

ASK_HAS, ASSIGN, STATE = "GET /slot/user_has_slot", "PUT /slot?slot_type=local", "GET /slot/state"
START_IT, STOP, DISPOSE = "POST /session", "GET /session/stop", "DELETE /slot"
TAKE_SLOT = [ASK_HAS, ASSIGN, STATE]
AGENT, PIPELINE = "POST /session/agent_submit", "POST /session/pipeline_submit"


def sent(server: Script) -> list[str]:
    return [f"{request.method} {request.target}" for request in server.requests]


def running(c: Calling, **options: Any) -> AbstractContextManager[RunningSession]:
    return c.api.running_session(REQUEST, **options)


def not_entered(c: Calling, kind: type[E], match: str | None = None, **options: Any) -> E:
    """What a block raises before it begins."""
    with pytest.raises(kind, match=match) as caught, running(c, **options):
        pytest.fail("the block was entered")
    return caught.value


def ended(c: Calling, kind: type[E], block: Callable[[RunningSession], object] = repr) -> E:
    """What is raised in a block, or at its end."""
    with pytest.raises(kind) as caught, running(c) as session:
        block(session)
    return caught.value


def divides_by_zero(session: RunningSession) -> None:
    raise ZeroDivisionError


def interrupts(connection: Connection, request: Received) -> bool:
    """Ctrl-C while the client waits for a response, which never comes."""
    interrupt()
    connection.sock.recv(1)
    return False


# ── a whole conversation ──


def test_who_has_no_slot_gets_one_for_the_block() -> None:
    answers = (HAS_NONE, DONE, READY, STARTED, ANSWER, reply({"sum": 3}), DONE, DONE)
    with calling(*answers) as c, running(c) as session:
        assert session.ask("Hi") == Event.from_dict(EVENT)
        assert session.submit("Add") == {"sum": 3}
        assert len(c.server.requests) == 6

    assert sent(c.server) == [*TAKE_SLOT, START_IT, AGENT, PIPELINE, STOP, DISPOSE]
    bodies = [json.loads(request.body) for request in c.server.requests if request.body]
    to = {"session_id": "s1", "scope": "default"}
    assert bodies == [START, {"prompt": "Hi", **to}, {"prompt": "Add", **to}]


def test_who_has_a_slot_keeps_it() -> None:
    with calling(HAS_ONE, READY, STARTED, DONE) as c, running(c):
        pass

    assert sent(c.server) == [ASK_HAS, STATE, START_IT, STOP]


def test_the_request_chooses_the_operation() -> None:
    request = DevSessionStartRequest.from_dict(DEV)
    with calling(HAS_ONE, READY, STARTED, DONE) as c, c.api.running_session(request) as session:
        assert session.id == "s1"

    assert sent(c.server) == [ASK_HAS, STATE, "POST /session/dev", STOP]
    assert json.loads(c.server.requests[2].body)["circuit"] == DEV["circuit"]


def test_the_slot_may_be_of_another_type() -> None:
    with calling(HAS_NONE, DONE, READY, STARTED, DONE, DONE) as c, running(c, slot_type="a b"):
        pass

    assert sent(c.server)[1] == "PUT /slot?slot_type=a%20b"


def test_the_session_has_the_name_that_its_start_has_returned() -> None:
    with calling(HAS_ONE, READY, STARTED, DONE) as c, running(c) as session:
        assert (session.scope, session.id, session.version) == ("default", "s1", "1.0.0")
        assert session.obj_id == ObjectId(scope="default", identifier="s1", version="1.0.0")
        assert repr(session) == "<RunningSession default/s1:1.0.0 running>"
    assert repr(session) == "<RunningSession default/s1:1.0.0 ended>"

    unversioned = {**METADATA, "obj_id": {"scope": "mine", "identifier": "s\n2"}}
    with calling(HAS_ONE, READY, reply(unversioned), ANSWER, DONE) as c, running(c) as session:
        session.ask("Hi")
        assert (session.version, repr(session)) == (None, r"<RunningSession mine/s\n2 running>")

    assert json.loads(c.server.requests[3].body) == {"prompt": "Hi", "session_id": "s\n2", "scope": "mine"}


def test_the_options_of_a_prompt_are_those_of_its_operation(tmp_path: Path) -> None:
    headers = {"X-Trace": "1"}
    opts = ConfigurationOptions(total_timeout_ms=30_000)
    with calling(HAS_ONE, READY, STARTED, ANSWER, ANSWER, ANSWER, DONE) as c, running(c) as session:
        session.ask("Hi", _headers=headers, opts=opts, _request_timeout=5)
        session.submit("Hi", _headers=headers, opts=opts)
        with session.stream("Hi", _headers=headers, idle_timeout=9, tee=tmp_path / "log") as events:
            assert list(events) == [Event.from_dict(EVENT)]
        with pytest.raises(ValueError, match="idle_timeout"):
            session.ask("Hi", idle_timeout=9)  # type: ignore[call-arg]
        with pytest.raises(ValueError, match="prompt"):
            session.ask(5)  # type: ignore[arg-type]
        with pytest.raises(ApiTimeoutError):
            session.submit("Hi", _request_timeout=1e-9)

    assert [request.headers["X-Trace"] for request in c.server.requests] == [None] * 3 + ["1"] * 3 + [None]
    assert (tmp_path / "log").read_bytes().count(b"\n") == 1


# ── wrong arguments ──


@pytest.mark.parametrize("request_", [None, "echo", START, SubmitPrompt(prompt="p", session_id="i")])
def test_a_request_of_another_type_is_refused_before_anything_is_sent(request_: Any) -> None:
    wanted = f"a SessionStartRequest or a DevSessionStartRequest, not {type(request_).__name__}"
    with calling(READY) as c, pytest.raises(ApiTypeError, match=f"^request must be {wanted}$"):
        c.api.running_session(request_)

    assert c.server.requests == []


@pytest.mark.parametrize(
    ("options", "wanted"),
    [
        ({"slot_type": ""}, "slot_type must be the name of a type, not ''"),
        ({"slot_type": 5}, "slot_type must be the name of a type, not 5"),
        ({"timeout": 0}, "timeout must be greater than 0"),
        ({"timeout": "5"}, "timeout is a number of seconds, not str"),
        ({"timeout": True}, "timeout is a number of seconds, not bool"),
    ],
)
def test_an_argument_that_cannot_be_used_is_refused_before_anything_is_sent(
    options: dict[str, Any], wanted: str
) -> None:
    with calling(READY) as c, pytest.raises(ApiValueError, match=wanted):
        running(c, **options)

    assert c.server.requests == []


def test_a_request_that_cannot_be_sent_stops_nothing() -> None:
    more: Any = {**START, "more": "half of a character: \ud800"}
    with calling(HAS_NONE, DONE, READY, DONE) as c:
        block = c.api.running_session(SessionStartRequest(**more))
        with pytest.raises(ApiValueError, match=r"more: .* surrogate"), block:
            pytest.fail("the block was entered")

    assert sent(c.server) == [*TAKE_SLOT, DISPOSE]


# ── the slot ──


def test_a_slot_that_is_starting_is_waited_for() -> None:
    states = [reply(state) for state in (0, 1, 1, 2, 2, 8, 99)]
    with calling(HAS_NONE, DONE, *states, READY, STARTED, DONE, DONE) as c, running(c):
        pass

    assert sent(c.server) == [ASK_HAS, ASSIGN, *[STATE] * 8, START_IT, STOP, DISPOSE]
    assert len(c.clock.slept) == 7
    assert all(0.1 <= pause <= 0.1 * 1.5**n + 1e-9 for n, pause in enumerate(c.clock.slept))


def test_a_failure_that_may_pass_does_not_end_the_wait() -> None:
    passing: list[Answer] = [reply({}, 503, Retry_After="7"), reply({}, 500), closes]
    with calling(HAS_ONE, *passing, READY, STARTED, DONE, retries=False) as c, running(c):
        pass

    assert sent(c.server) == [ASK_HAS, *[STATE] * 4, START_IT, STOP]
    assert c.clock.slept[0] >= 7


def test_a_reading_without_a_response_is_given_up_and_repeated(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("finbourne_candela.slot._READ_SECONDS", 0.1)
    with calling(HAS_ONE, late(READY), READY, STARTED, DONE) as c, running(c):
        pass

    assert sent(c.server) == [ASK_HAS, STATE, STATE, START_IT, STOP]


@pytest.mark.parametrize(
    ("state", "name"), [(4, "STOPPING"), (5, "HOST_DISPOSED"), (6, "ERRORED"), (7, "HOST_GONE")]
)
def test_a_slot_that_will_not_be_ready_ends_the_wait(state: int, name: str) -> None:
    wanted = f"^no session can start on the slot: its state is {name}\n$"
    with calling(HAS_NONE, DONE, reply(1), reply(state), DONE) as c:
        not_entered(c, ApiException, wanted)
    assert sent(c.server) == [ASK_HAS, ASSIGN, STATE, STATE, DISPOSE]

    with calling(HAS_ONE, reply(state)) as c:
        not_entered(c, ApiException, wanted)
    assert sent(c.server) == [ASK_HAS, STATE]


@pytest.mark.parametrize(("state", "name"), [(1, "NODE_STARTING"), (8, "HOST_IDLE"), (99, "99")])
def test_a_slot_that_is_not_ready_in_time(state: int, name: str) -> None:
    def disposed(connection: Connection, request: Received) -> None:
        connection.send(DONE if request.method == "DELETE" else reply(state))

    wanted = f"^the slot was not ready within 60 s: its state is {name}\n$"
    with calling(HAS_NONE, DONE, reply({}, 503), disposed, retries=False) as c:
        error = not_entered(c, ApiTimeoutError, wanted, timeout=60)

    assert error.__cause__ is None
    assert sum(c.clock.slept) <= 60
    assert max(c.clock.slept) <= 5
    states = len(c.clock.slept)
    assert sent(c.server) == [ASK_HAS, ASSIGN, *[STATE] * states, DISPOSE]
    assert 60 / 5 < states < 100


def test_what_kept_the_state_unknown_is_told() -> None:
    wanted = "^the slot was not ready within 60 s: its state is unknown\n$"
    with calling(HAS_ONE, reply({"detail": "not now"}, 503), retries=False) as c:
        error = not_entered(c, ApiTimeoutError, wanted, timeout=60)

    assert isinstance(error.__cause__, ServiceException)
    assert set(sent(c.server)[1:]) == {STATE}


def test_the_time_bounds_each_call_before_the_block() -> None:
    with calling(late(HAS_ONE)) as c:
        asking = not_entered(c, ApiTimeoutError, timeout=0.1)
    assert sent(c.server) == [ASK_HAS]

    with calling(HAS_NONE, late(DONE), DONE) as c:
        assigning = not_entered(c, ApiTimeoutError, timeout=0.3)
    assert sent(c.server) == [ASK_HAS, ASSIGN, DISPOSE]

    with calling(HAS_ONE, READY, late(STARTED), DONE) as c:
        starting = not_entered(c, ApiTimeoutError, timeout=0.3)
    assert sent(c.server) == [ASK_HAS, STATE, START_IT, STOP]

    cut_off = [error.call and error.call.operation for error in (asking, assigning, starting)]
    assert cut_off == ["user_has_slot", "assign_slot", "start_session"]


def test_a_time_that_is_over_before_the_start() -> None:
    class TakesAMinute(Hooks):
        def on_response(self, attempt: Attempt) -> None:
            if attempt.operation == "get_slot_state":
                c.clock.slept.append(60)

    with calling(HAS_NONE, DONE, READY, DONE, hooks=[TakesAMinute()]) as c:
        not_entered(c, ApiTimeoutError, "no session could start within 60 s", timeout=60)

    assert sent(c.server) == [*TAKE_SLOT, DISPOSE]


def test_the_limits_of_the_client_hold_meanwhile() -> None:
    with calling(late(HAS_ONE), timeout=0.1) as c:
        not_entered(c, ApiTimeoutError)

    assert sent(c.server) == [ASK_HAS]


def test_there_may_be_no_limit() -> None:
    with calling(HAS_ONE, READY, STARTED, DONE, timeout=math.inf) as c, running(c, timeout=math.inf):
        pass

    assert sent(c.server) == [ASK_HAS, STATE, START_IT, STOP]


# ── what fails before the block ──


def test_where_no_slot_is_free_nothing_is_disposed_of() -> None:
    with calling(HAS_NONE, reply({"detail": "No free slot"}, 400)) as c:
        not_entered(c, BadRequestException, "No free slot")

    assert sent(c.server) == [ASK_HAS, ASSIGN]


@pytest.mark.parametrize(
    ("answer", "kind"), [(closes, ApiConnectionError), (FAILED, ServiceException)], ids=["lost", "500"]
)
def test_a_slot_that_may_have_been_assigned_is_disposed_of(answer: Answer, kind: type[ApiException]) -> None:
    with calling(HAS_NONE, answer, reply({"detail": "You have no slot"}, 400)) as c:
        error = not_entered(c, kind)

    (note,) = error.__notes__
    assert note.startswith("dispose_slot failed, too: BadRequestException: (400)\nReason: ")
    assert "You have no slot" in note
    assert sent(c.server) == [ASK_HAS, ASSIGN, DISPOSE]


@pytest.mark.fault(
    "Life cycle",
    "A conversation that fails before its block gives back what it has, and stops no other session",
)
def test_another_session_that_runs_is_not_stopped() -> None:
    with calling(HAS_ONE, READY, BUSY) as c:
        not_entered(c, ConflictException)

    assert sent(c.server) == [ASK_HAS, STATE, START_IT]


@pytest.mark.fault(
    "Life cycle",
    "A conversation that fails before its block gives back what it has, and stops no other session",
)
def test_a_refused_start_gives_the_slot_back() -> None:
    with calling(HAS_NONE, DONE, READY, reply({}, 404), DONE) as c:
        error = not_entered(c, NotFoundException)

    assert not hasattr(error, "__notes__")
    assert sent(c.server) == [*TAKE_SLOT, START_IT, DISPOSE]


@pytest.mark.fault(
    "Life cycle",
    "A conversation that fails before its block gives back what it has, and stops no other session",
)
@pytest.mark.parametrize(
    ("answer", "kind"),
    [(closes, ApiConnectionError), (FAILED, ServiceException), (reply({"obj_id": 1}), ApiResponseError)],
    ids=["lost", "500", "unreadable"],
)
def test_a_session_that_may_have_started_is_stopped(answer: Answer, kind: type[ApiException]) -> None:
    with calling(HAS_NONE, DONE, READY, answer, DONE, DONE) as c:
        not_entered(c, kind)

    assert sent(c.server) == [*TAKE_SLOT, START_IT, STOP, DISPOSE]


@pytest.mark.fault(
    "Life cycle",
    "A conversation that fails before its block gives back what it has, and stops no other session",
)
@pytest.mark.parametrize(
    ("answers", "before"),
    [
        ([interrupts], [ASK_HAS]),
        ([HAS_NONE, interrupts, DONE], [ASK_HAS, ASSIGN, DISPOSE]),
        ([HAS_NONE, DONE, interrupts, DONE], [*TAKE_SLOT, DISPOSE]),
        ([HAS_NONE, DONE, READY, interrupts, DONE, DONE], [*TAKE_SLOT, START_IT, STOP, DISPOSE]),
        ([HAS_ONE, interrupts], [ASK_HAS, STATE]),
        ([HAS_ONE, READY, interrupts, DONE], [ASK_HAS, STATE, START_IT, STOP]),
    ],
    ids=[
        "at first",
        "assigning",
        "waiting",
        "starting",
        "waiting for an own slot",
        "starting on an own slot",
    ],
)
def test_ctrl_c_before_the_block_gives_back_what_was_made(answers: list[Answer], before: list[str]) -> None:
    with calling(*answers) as c:
        not_entered(c, KeyboardInterrupt)

    assert sent(c.server) == before


def test_ctrl_c_in_a_pause_of_the_wait() -> None:
    def pause(seconds: float) -> None:
        raise KeyboardInterrupt

    with calling(HAS_NONE, DONE, reply(0), DONE) as c:
        c.client.rest_client.sleep = pause
        not_entered(c, KeyboardInterrupt)

    assert sent(c.server) == [*TAKE_SLOT, DISPOSE]


# ── the end of the block ──


@pytest.mark.fault(
    "Sent once", "Whatever ends a conversation's block, its session is stopped and its slot disposed of once"
)
@pytest.mark.parametrize("kind", [ZeroDivisionError, KeyboardInterrupt, SystemExit, StopIteration])
def test_whatever_ends_the_block_stops_the_session(kind: type[BaseException]) -> None:
    def fails(session: RunningSession) -> None:
        raise kind("mine")

    with calling(HAS_NONE, DONE, READY, STARTED, DONE, DONE) as c:
        error = ended(c, kind, fails)

    assert (str(error), hasattr(error, "__notes__")) == ("mine", False)
    assert sent(c.server) == [*TAKE_SLOT, START_IT, STOP, DISPOSE]


@pytest.mark.fault(
    "Sent once", "Whatever ends a conversation's block, its session is stopped and its slot disposed of once"
)
def test_ctrl_c_in_the_middle_of_an_answer_stops_the_session() -> None:
    with calling(HAS_NONE, DONE, READY, STARTED, interrupts, DONE, DONE) as c:
        ended(c, KeyboardInterrupt, lambda session: session.ask("Hi"))

    assert sent(c.server) == [*TAKE_SLOT, START_IT, AGENT, STOP, DISPOSE]


@pytest.mark.fault(
    "Sent once", "Whatever ends a conversation's block, its session is stopped and its slot disposed of once"
)
def test_ctrl_c_while_the_session_is_stopped_still_gives_the_slot_back() -> None:
    with calling(HAS_NONE, DONE, READY, STARTED, interrupts, DONE) as c:
        ended(c, KeyboardInterrupt)

    assert sent(c.server) == [*TAKE_SLOT, START_IT, STOP, DISPOSE]


@pytest.mark.fault(
    "Sent once", "Whatever ends a conversation's block, its session is stopped and its slot disposed of once"
)
def test_errors_on_the_way_out_are_notes_of_the_first_one() -> None:
    with calling(HAS_NONE, DONE, READY, STARTED, FAILED, closes) as c:
        error = ended(c, ZeroDivisionError, divides_by_zero)

    stop, dispose = error.__notes__
    assert stop.startswith("stop_session failed, too: ServiceException: (500)")
    assert "broken" in stop
    assert dispose.startswith("dispose_slot failed, too: ApiConnectionError: ")
    assert sent(c.server) == [*TAKE_SLOT, START_IT, STOP, DISPOSE]


@pytest.mark.parametrize(
    ("answers", "kind"),
    [([FAILED, DONE], ServiceException), ([DONE, closes], ApiConnectionError)],
    ids=["stop", "dispose"],
)
def test_an_error_on_the_way_out_is_raised_where_it_is_the_only_one(
    answers: list[Answer], kind: type[ApiException]
) -> None:
    with calling(HAS_NONE, DONE, READY, STARTED, *answers) as c:
        error = ended(c, kind)

    assert not hasattr(error, "__notes__")
    assert sent(c.server) == [*TAKE_SLOT, START_IT, STOP, DISPOSE]


@pytest.mark.fault(
    "Sent once", "Whatever ends a conversation's block, its session is stopped and its slot disposed of once"
)
def test_of_two_errors_on_the_way_out_the_first_is_raised() -> None:
    with calling(HAS_NONE, DONE, READY, STARTED, closes, FAILED) as c:
        error = ended(c, ApiConnectionError)

    (note,) = error.__notes__
    assert note.startswith("dispose_slot failed, too: ServiceException: (500)")
    assert sent(c.server) == [*TAKE_SLOT, START_IT, STOP, DISPOSE]


def test_streams_are_closed_before_the_session_is_stopped() -> None:
    left = threading.Semaphore(0)
    gone: list[bool] = []

    def says_one_thing(connection: Connection, request: Received) -> bool:
        head = b"HTTP/1.1 200 OK\r\nContent-Type: application/x-ndjson\r\nTransfer-Encoding: chunked\r\n\r\n"
        connection.send(head + chunk(json.dumps(EVENT).encode() + b"\n"))
        connection.sock.settimeout(STEP)
        if connection.sock.recv(1) == b"":
            left.release()
        return False

    def stops(connection: Connection, request: Received) -> None:
        gone.extend(left.acquire(timeout=STEP) for _ in range(2))
        connection.send(DONE)

    with calling(HAS_ONE, READY, STARTED, says_one_thing, says_one_thing, stops) as c:
        with running(c) as session:
            first, second = session.stream("Hi"), session.stream("Ho")
            assert next(first) == Event.from_dict(EVENT)
        assert (first.closed, second.closed) == (True, True)
        with pytest.raises(ApiStreamError, match="is closed"):
            next(first)

    assert gone == [True, True]
    assert sent(c.server) == [ASK_HAS, STATE, START_IT, AGENT, AGENT, STOP]


def test_a_stream_that_cannot_be_closed_hides_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    tried: list[Any] = []

    def converse(session: RunningSession) -> None:
        for stream in (session.stream("Hi"), session.stream("Ho")):
            monkeypatch.setattr(stream, "close", partial(fails, stream))
        raise ZeroDivisionError

    def fails(stream: Any) -> None:
        tried.append(stream)
        raise OSError("disk full")

    with calling(HAS_ONE, READY, STARTED, ANSWER, ANSWER, DONE) as c:
        error = ended(c, ZeroDivisionError, converse)
        monkeypatch.undo()

    assert len(tried) == 2
    assert error.__notes__ == ["close failed, too: OSError: disk full"]
    assert sent(c.server)[-1] == STOP


def test_streams_that_are_forgotten_are_not_kept() -> None:
    with calling(HAS_ONE, READY, STARTED, ANSWER, ANSWER, DONE) as c, running(c) as session:
        session.stream("Hi").until_done()
        kept = session.stream("Ho")
        gc.collect()
        assert list(session._streams) == [kept]


def test_after_the_block_nothing_is_sent() -> None:
    with calling(HAS_ONE, READY, STARTED, DONE) as c:
        with running(c) as session:
            pass
        for call in (session.ask, session.stream, session.submit):
            with pytest.raises(ApiValueError, match="s1 takes no prompts any more: its block has ended"):
                call("Hi")
        assert session.id == "s1"

    assert sent(c.server) == [ASK_HAS, STATE, START_IT, STOP]


# ── on the sandbox ──


@contextmanager
def sandbox(**options: Any) -> Iterator[tuple[SyncApiClientFactory, SessionsApi, UserSlotsApi]]:
    with portal_sandbox.running(**options) as box:
        given = ArgsConfigurationLoader(api_url=box.candela_url, access_token=box.token)
        with SyncApiClientFactory([given]) as factory:
            yield factory, factory.build(SessionsApi), factory.build(UserSlotsApi)


def start_of(agent: str, **more: Any) -> SessionStartRequest:
    name = ObjectId(scope="default", identifier=agent)
    return SessionStartRequest(app=name, model_cfg=name, **more)


def store(factory: SyncApiClientFactory) -> None:
    """Store all that a strict service wants to know of an agent before it starts it."""
    name: Any = {"scope": "default", "identifier": "echo"}
    node = {"type": "no-op", "node_id": "a", "child_id": None, "label": "A"}
    circuit: Any = {**name, "data": {"first": "a", "nodes": {"a": node}}}
    directive: Any = {**name, "data": {"identity": "an analyst"}}
    app: Any = {**name, "data": {"type": "agent", "circuit": name, "directive": name}}
    factory.build(CircuitsApi).add_circuit(circuit)
    factory.build(DirectivesApi).add_directive(directive)
    factory.build(AppsApi).add_app(app)
    factory.build(ModelsApi).add_model("url", **name, quantisation="q", description="d")


def test_a_conversation_with_a_strict_service() -> None:
    with sandbox(strict=True, slot_start=0.2) as (factory, api, slots):
        store(factory)
        with pytest.raises(BadRequestException, match="assign one first"):
            api.start_session(start_of("echo"))
        with api.running_session(start_of("echo")) as session:
            assert slots.get_slot_metadata().slot_type == "local"
            assert session.ask("Hello").content == "Hello"
            with session.stream("Once more") as events:
                assert [event.content for event in events][-1] == "Once more"
            with pytest.raises(ConflictException):
                session.submit("Hello")  # the app is an agent
            assert api.get_session(session.scope, session.id, session.version).host_id
        assert not slots.user_has_slot()
        assert api.session_exists(session.scope, session.id, session.version)

        with api.running_session(start_of("echo", parent_session=session.obj_id)) as following:
            assert following.version != session.version
            parent = api.get_session(following.scope, following.id, following.version).parent_session
            assert parent == session.obj_id


def test_a_conversation_with_a_pipeline_in_a_slot_of_ones_own() -> None:
    dev = DevSessionStartRequest.from_dict({**DEV, "model_id": {"scope": "default", "identifier": "echo"}})
    dev.circuit.nodes = {"a": Nodes(NoOpDTO(node_id="a", child_id=None, label="A"))}
    with sandbox() as (_, api, slots):
        slots.assign_slot("gpu")
        for request in (dev, start_of("echo")):
            with api.running_session(request) as session:
                assert session.submit("Hello") == "Hello"
        assert slots.get_slot_metadata().slot_type == "gpu"


def test_a_session_that_runs_already_goes_on() -> None:
    with sandbox() as (_, api, _), api.running_session(start_of("echo")) as session:
        with pytest.raises(ConflictException), api.running_session(start_of("echo")):
            pytest.fail("the block was entered")
        assert session.ask("Still there?").content == "Still there?"


def test_ctrl_c_frees_the_slot_while_the_agent_works() -> None:
    released = threading.Event()

    def works(conversation: Any, files: Any) -> str:
        interrupt()
        assert released.wait(STEP)
        return "too late"

    with sandbox(agents={"works": works}) as (_, api, slots):
        with pytest.raises(KeyboardInterrupt), api.running_session(start_of("works")) as session:
            session.ask("Hello")
        released.set()
        assert not slots.user_has_slot()
        with api.running_session(start_of("works")) as following:
            assert following.id != session.id


# ── where it is ──


def test_it_is_a_method_and_no_operation() -> None:
    assert "running_session" in dir(SessionsApi)
    assert not hasattr(SessionsApi.running_session, "operation")
    assert not hasattr(SessionsApi, "running_session_with_http_info")


def test_a_script_without_it_does_not_load_what_it_needs() -> None:
    loaded = fresh("from finbourne_candela import SessionsApi; answer = sorted(sys.modules)")

    below = {name.removeprefix("finbourne_candela.") for name in loaded}
    assert {"running", "api.sessions_api"} <= below
    assert not {"slot", "api.user_slots_api", "models.slot_state", "models.slot_data"} & below
