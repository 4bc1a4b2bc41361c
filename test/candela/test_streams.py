"""The events of an agent's answer as they come: what goes over the wire, what comes out, and what fails."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from threading import Event as Flag
from threading import Semaphore
from typing import Any

import pydantic
import pytest

import portal_sandbox
from candela.calls import PROMPT, calling
from finbourne_candela import (
    ApiConnectionError,
    ApiException,
    ApiResponseError,
    ApiStreamError,
    ApiStreamTimeout,
    ApiTimeoutError,
    ArgsConfigurationLoader,
    ConfigurationOptions,
    ConflictException,
    Event,
    EventStream,
    ObjectId,
    SessionsApi,
    SessionStartRequest,
    SubmitPrompt,
    SyncApiClientFactory,
)
from support.clients import TOKEN, closes
from support.scripted import STEP, Answer, Connection, Received, Steps, chunk, playing, reply

ASKED = SubmitPrompt(prompt="Hi", session_id="s1")
EVENTS = [
    Event(event_type=kind, content=text) for kind, text in (("chat", "A"), ("info", "ü"), ("result", "A"))
]
LINES = [event.to_json().encode() + b"\n" for event in EVENTS]
CHUNKED = b"Transfer-Encoding: chunked\r\n"
NDJSON = b"Content-Type: application/x-ndjson\r\n"
OPTS = ConfigurationOptions


def as_lines() -> Steps:
    return Steps(NDJSON + CHUNKED, map(chunk, LINES), b"0\r\n\r\n")


def as_server_sent_events() -> Steps:
    parts = (chunk(b"event: message\nid: 1\ndata: " + line + b"\n") for line in LINES)
    return Steps(b"Content-Type: text/event-stream\r\n" + CHUNKED, parts, b"0\r\n\r\n")


def speaks_once(connection: Connection, request: Received) -> bool:
    """One event, and then nothing until the reader has gone."""
    connection.send(b"HTTP/1.1 200 OK\r\n" + NDJSON + CHUNKED + b"\r\n" + chunk(LINES[0]))
    connection.sock.settimeout(STEP)
    connection.sock.recv(1)
    return False


# ── both sides ──


@pytest.mark.parametrize("steps", [as_lines, as_server_sent_events])
def test_each_event_comes_before_the_next_one_is_sent(steps: Any) -> None:
    answer = steps()
    seen: list[Event] = []
    with calling(answer) as c, c.api.submit_prompt_to_agent_stream(ASKED, idle_timeout=STEP) as events:
        assert events.response.status == 200
        for event in events:
            seen.append(event)
            answer.arrived.release()

    assert seen == EVENTS
    (request,) = c.server.requests
    assert (request.method, request.target) == ("POST", "/session/agent_submit")
    assert json.loads(request.body) == {**PROMPT, "scope": "default"}
    assert request.headers["Accept"].split(", ")[0] == "application/x-ndjson"
    assert request.headers["Accept-Encoding"] == "identity"
    assert request.headers["Content-Type"] == "application/json"
    assert request.headers["Authorization"] == f"Bearer {TOKEN}"
    assert request.headers["X-LUSID-SDK-Language"] == "Python"


def test_a_service_that_sends_one_document() -> None:
    with calling(reply(EVENTS[2].to_dict())) as c:
        assert c.api.submit_prompt_to_agent_stream(ASKED).until_done() == EVENTS[2]


def test_a_dict_is_taken_for_a_prompt_and_the_options_go_along() -> None:
    with calling(reply(b"".join(LINES), Content_Type="application/x-ndjson")) as c:
        headers = {"X-Trace": "1", "Accept": "application/json"}
        prompt: Any = {**PROMPT, "unknown": [1]}
        with c.api.submit_prompt_to_agent_stream(submit_prompt=prompt, _headers=headers) as events:
            assert list(events) == EVENTS

    (request,) = c.server.requests
    assert json.loads(request.body) == {**PROMPT, "scope": "default", "unknown": [1]}
    assert (request.headers["X-Trace"], request.headers["Accept"]) == ("1", "application/json")


def test_what_comes_is_recorded_and_replays(tmp_path: Path) -> None:
    log = tmp_path / "log.ndjson"
    with calling(reply(b"".join(LINES), Content_Type="application/x-ndjson")) as c:
        with c.api.submit_prompt_to_agent_stream(ASKED, tee=log) as events:
            assert next(events) == EVENTS[0]
        with c.api.submit_prompt_to_agent_stream(ASKED, tee=str(log)) as events:
            assert events.until_done() == EVENTS[2]

    assert log.read_bytes() == b"".join(LINES)
    assert list(EventStream.replay(log, Event)) == EVENTS
    assert len(c.server.requests) == 2


def test_unknown_fields_and_types_are_kept() -> None:
    line = b'{"event_type": "newer", "content": "", "at": 1}\n'
    with calling(reply(line, Content_Type="application/x-ndjson")) as c:
        event = c.api.submit_prompt_to_agent_stream(ASKED).until_done()

    assert (event.event_type, event.additional_properties) == ("newer", {"at": 1})


# ── limits ──


@pytest.mark.parametrize("limit", [{"opts": OPTS(total_timeout_ms=100)}, {"_request_timeout": 0.1}])
def test_the_time_of_a_call_bounds_the_way_to_the_headers(limit: Any) -> None:
    with calling(lambda connection, request: connection.sock.recv(1)) as c:
        with pytest.raises(ApiTimeoutError, match=r"0\.1 s for the call are over"):
            c.api.submit_prompt_to_agent_stream(ASKED, **limit)
        assert len(c.server.requests) == 1


@pytest.mark.parametrize("limit", [{"opts": OPTS(total_timeout_ms=9000)}, {"_request_timeout": 9}])
def test_and_no_further(limit: Any) -> None:
    answer = as_lines()
    with calling(answer) as c, c.api.submit_prompt_to_agent_stream(ASKED, **limit) as events:
        next(events)
        c.clock.sleep(60)  # long after the call's own time
        answer.arrived.release()

        assert next(events) == EVENTS[1]


@pytest.mark.parametrize(
    "limit",
    [
        {"idle_timeout": 0.1},
        {"opts": OPTS(read_timeout_ms=100)},
        {"opts": OPTS(read_timeout_ms=60_000), "idle_timeout": 0.1},
        {"opts": OPTS(total_timeout_ms=1000)},
    ],
)
def test_silence_is_bounded(limit: Any) -> None:
    with calling(speaks_once) as c, c.api.submit_prompt_to_agent_stream(ASKED, **limit) as events:
        with pytest.raises(ApiStreamTimeout) as caught:
            events.until_done()

        assert (caught.value.events, caught.value.request_sent) == (1, True)
        assert "submit_prompt_to_agent_stream, POST" in str(caught.value)
        assert len(c.server.requests) == 1


# ── what is refused before anything is sent ──


@pytest.mark.parametrize(
    ("options", "named"),
    [
        ({"idle_timeout": 0}, "idle_timeout"),
        ({"idle_timeout": "5"}, "idle_timeout"),
        ({"tee": 7}, "tee"),
        ({"opts": 5}, "opts"),
        ({"idle_timeuot": 5}, "did you mean idle_timeout"),
        ({"submit_prompt": {"prompt": "p"}}, r"submit_prompt\.session_id"),
        # These change what a call answers; there is one thing that a stream answers.
        ({"async_req": True}, "async_req"),
        ({"_preload_content": False}, "_preload_content"),
        ({"_return_http_data_only": True}, "_return_http_data_only"),
    ],
)
def test_wrong_arguments(options: dict[str, Any], named: str) -> None:
    with calling(reply()) as c, pytest.raises(pydantic.ValidationError, match=named):
        c.api.submit_prompt_to_agent_stream(**{"submit_prompt": ASKED, **options})

    assert c.server.requests == []


def test_the_other_forms_know_no_options_of_a_stream() -> None:
    with calling(reply()) as c, pytest.raises(pydantic.ValidationError, match="idle_timeout"):
        c.api.submit_prompt_to_agent(ASKED, idle_timeout=1)  # type: ignore[call-arg]

    assert c.server.requests == []


# ── what fails ──


def test_a_refusal_is_raised_before_there_is_a_stream() -> None:
    with calling(reply({"detail": "still answering"}, 409)) as c:
        with pytest.raises(ConflictException) as caught:
            c.api.submit_prompt_to_agent_stream(ASKED)

        assert caught.value.data == {"detail": "still answering"}
        assert len(c.server.requests) == 1


@pytest.mark.parametrize("answer", [closes, reply({}, status=503)])
def test_a_prompt_is_sent_once(answer: Answer) -> None:
    with calling(answer) as c:
        with pytest.raises(ApiException) as caught:
            c.api.submit_prompt_to_agent_stream(ASKED)

        assert len(c.server.requests) == 1
        assert isinstance(caught.value, ApiConnectionError) is (answer is closes)


def test_a_refusal_by_429_is_tried_again_as_often_as_the_options_say() -> None:
    with calling(reply({}, status=429, Retry_After="7"), as_lines()) as c, pytest.raises(ApiException):
        c.api.submit_prompt_to_agent_stream(ASKED, opts=OPTS(rate_limit_retries=0))
    assert len(c.server.requests) == 1
    with calling(reply({}, status=429, Retry_After="7"), as_lines()) as c:
        with c.api.submit_prompt_to_agent_stream(ASKED) as events:
            assert next(events) == EVENTS[0]
        assert (c.clock.slept, len(c.server.requests)) == ([7], 2)


def test_a_cut_stream_says_how_many_events_came_and_asks_no_second_time() -> None:
    def cuts(connection: Connection, request: Received) -> bool:
        connection.send(
            b"HTTP/1.1 200 OK\r\n" + NDJSON + CHUNKED + b"\r\n" + chunk(LINES[0]) + chunk(LINES[1])
        )
        return False

    seen: list[Event] = []
    with calling(cuts) as c, c.api.submit_prompt_to_agent_stream(ASKED) as events:
        with pytest.raises(ApiStreamError, match="was cut") as caught:
            seen.extend(events)

        assert (seen, caught.value.events) == (EVENTS[:2], 2)
        assert len(c.server.requests) == 1


def test_a_bad_line_is_told_and_the_next_one_is_read() -> None:
    body = LINES[0] + b'{"event_type": 5}\n' + LINES[2]
    with (
        calling(reply(body, Content_Type="application/x-ndjson")) as c,
        c.api.submit_prompt_to_agent_stream(ASKED) as events,
    ):
        with pytest.raises(ApiResponseError, match=r"line 2 .*event_type") as caught:
            list(events)
        assert (caught.value.line, caught.value.line_number) == (b'{"event_type": 5}', 2)
        assert list(events) == [EVENTS[2]]


# ── a stream left open ──


def test_it_is_closed_with_the_client() -> None:
    answer = as_lines()
    with calling(answer) as c:
        events = c.api.submit_prompt_to_agent_stream(ASKED, idle_timeout=STEP)
        next(events)
        c.client.close()

        assert answer.left.wait(STEP)
        with pytest.raises(ApiStreamError, match="is closed"):
            next(events)


def test_it_is_closed_with_the_factory() -> None:
    answer = as_lines()
    with playing(answer) as server:
        settings = ArgsConfigurationLoader(api_url=server.host, access_token=TOKEN)
        with SyncApiClientFactory([settings]) as factory:
            events = factory.build(SessionsApi).submit_prompt_to_agent_stream(ASKED, idle_timeout=STEP)
            assert next(events) == EVENTS[0]

        assert answer.left.wait(STEP)
        with pytest.raises(ApiStreamError, match="is closed"):
            next(events)


# ── the sandbox ──


class Agent:
    """Says a word each time it is told to, and counts the words and the prompts."""

    def __init__(self, words: int) -> None:
        self.words = words
        self.prompts = self.said = 0
        self.told = Semaphore(0)
        self.closed = Flag()

    def __call__(self, conversation: object, files: object) -> Iterator[str]:
        self.prompts += 1
        try:
            for number in range(self.words):
                assert self.told.acquire(timeout=STEP)
                self.said += 1
                yield f"{number} "
        finally:
            self.closed.set()


@pytest.fixture
def agent() -> Agent:
    return Agent(3)


@contextmanager
def asking(agent: Agent, pace: float) -> Iterator[tuple[SessionsApi, SubmitPrompt]]:
    """The operations of a sandbox with this agent, and a prompt to a session with it."""
    with ExitStack() as stack:
        box = stack.enter_context(portal_sandbox.running(agents={"agent": agent}, pace=pace))
        settings = ArgsConfigurationLoader(api_url=box.candela_url, access_token=box.token)
        api = stack.enter_context(SyncApiClientFactory([settings])).build(SessionsApi)
        name = ObjectId(scope="default", identifier="agent")
        started = api.start_session(SessionStartRequest(app=name, model_cfg=name)).obj_id
        yield api, SubmitPrompt(prompt="Hi", session_id=started.identifier, scope=started.scope)


def test_events_come_from_the_sandbox_one_after_the_other(agent: Agent) -> None:
    seen: list[tuple[str, str, int]] = []
    with asking(agent, pace=0.01) as (api, prompt):
        agent.told.release()
        with api.submit_prompt_to_agent_stream(prompt, idle_timeout=STEP) as events:
            for event in events:
                seen.append((event.event_type, event.content, agent.said))
                agent.told.release()
            assert events.response.headers["Content-Type"] == "application/x-ndjson"
        agent.told.release(3)
        assert api.submit_prompt_to_agent(prompt).content == "0 1 2 "

    assert seen == [("chat", "0 ", 1), ("chat", "1 ", 2), ("chat", "2 ", 3), ("result", "0 1 2 ", 3)]
    assert agent.prompts == 2


def test_an_event_comes_while_its_agent_keeps_its_pace(agent: Agent) -> None:
    agent.told.release(3)
    with asking(agent, pace=3600) as (api, prompt):
        with api.submit_prompt_to_agent_stream(prompt, idle_timeout=STEP) as events:
            assert next(events).content == "0 "
            assert agent.said == 1
        # The reader has gone, but the prompt was taken: the agent is still at work.
        with pytest.raises(ConflictException):
            api.submit_prompt_to_agent_stream(prompt)
        assert not agent.closed.is_set()

    assert agent.closed.wait(STEP)
    assert (agent.prompts, agent.said) == (1, 1)


def test_stopping_the_session_ends_its_stream(agent: Agent) -> None:
    agent.told.release()
    with asking(agent, pace=0.01) as (api, prompt):
        with api.submit_prompt_to_agent_stream(prompt, idle_timeout=STEP) as events:
            assert next(events).content == "0 "
            api.stop_session()
            assert [event.event_type for event in events] == ["sys"]
        agent.told.release(2)

    assert events.events == 2
