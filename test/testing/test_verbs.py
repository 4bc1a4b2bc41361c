"""Scripts: what an agent or an operation does from call to call, and what is said of steps not used."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

import portal_testing
from finbourne_candela import Event, SubmitPrompt
from finbourne_candela import SessionsApi as CandelaSessionsApi
from portal_client import (
    ApiConnectionError,
    ApiException,
    BadRequestException,
    ConflictException,
    ServiceException,
    SessionFailed,
    SessionsApi,
    TooManyRequestsException,
    UnauthorizedException,
    WaitTimeout,
)
from portal_testing import UnusedScript
from portal_testing.server import CandelaServer, PortalServer

from .test_server import START
from .test_server import candela as candela
from .test_server import portal as portal

pytestmark = pytest.mark.filterwarnings("ignore:The 'alias' attribute")


def ask(server: PortalServer, text: str = "Hello", agent: str = "a1", **options: Any) -> Any:
    """The answer of an agent, or the status of the error."""
    try:
        return server.api(SessionsApi).create_session(agent, text, **options).messages[-1].text
    except ApiException as error:
        return error.status


# ── the order ──


def test_one_step_after_the_other_and_the_last_one_for_ever(portal: PortalServer) -> None:
    portal.agent("a1").replies("ok").then_fails(503).then_replies("again")

    assert [ask(portal) for _ in range(5)] == ["ok", 503, "again", "again", "again"]


def test_a_number_of_times(portal: PortalServer) -> None:
    portal.agent("a1").replies("ok", times=2).then_fails(500, times=2)

    assert [ask(portal, "echoed") for _ in range(6)] == ["ok", "ok", 500, 500, "echoed", "echoed"]


def test_a_certain_call(portal: PortalServer) -> None:
    portal.agent("a1").on_call(3).fails(503).on_call(1).replies("first").replies("ok")

    assert [ask(portal) for _ in range(4)] == ["first", "ok", 503, "ok"]


def test_steps_may_be_added_as_the_test_goes_on(portal: PortalServer) -> None:
    agent = portal.agent("a1").replies("one")
    assert [ask(portal), ask(portal)] == ["one", "one"]
    agent.replies("two")

    assert [ask(portal), ask(portal)] == ["two", "two"]


def test_agents_have_scripts_of_their_own(portal: PortalServer) -> None:
    portal.agent("a1").replies("one")
    portal.agent("a2").fails(502)
    portal.agent("echo").replies("not an echo")

    assert [ask(portal, agent=agent) for agent in ("a1", "a2", "echo", "a1")] == [
        "one", 502, "not an echo", "one",
    ]  # fmt: skip


def test_an_agent_without_a_script_echoes(portal: PortalServer) -> None:
    portal.agent("a1")

    assert ask(portal, "Hello", files=[("a.txt", b"12")]) == "Hello\na.txt (2 bytes, text/plain)"


# ── what an agent does ──


def test_a_refusal_carries_out_nothing(portal: PortalServer) -> None:
    portal.agent("a1").fails(429, "Slow down", retry_after=7)
    api = portal.api(SessionsApi)
    with pytest.raises(TooManyRequestsException, match="Slow down") as refused:
        api.create_session("a1", "Hello")
    assert (refused.value.retry_after, refused.value.safe_to_repeat) == (7, True)

    assert api.get_sessions("a1").sessions == []
    # A 429 with Retry-After is repeated, twice by default.
    assert [call.status for call in portal.calls] == [429, 429, 429, 200]


def test_a_long_pause_is_sent_to_the_second(portal: PortalServer) -> None:
    portal.agent("a1").fails(429, retry_after=1_036_801)
    with pytest.raises(TooManyRequestsException) as refused:
        portal.api(SessionsApi).create_session("a1", "Hello")

    assert dict(refused.value.headers or {})["retry-after"] == "1036801"


def test_a_reply_that_is_lost(portal: PortalServer) -> None:
    portal.agent("a1").loses_the_reply().then_loses_the_reply("done").then_replies("ok")
    api = portal.api(SessionsApi)
    for _ in range(2):
        with pytest.raises(ApiConnectionError) as lost:
            api.create_session("a1", "Hello")
        assert (lost.value.request_sent, lost.value.safe_to_repeat) == (True, False)

    assert [(call.status, call.lost) for call in portal.calls] == [(None, True), (None, True)]
    assert str(portal.calls[0]) == "create_session: reply lost"
    texts = [session.messages[-1].text for session in api.get_sessions("a1").sessions]
    assert sorted(texts) == ["Hello", "done"]  # the prompts were taken
    assert ask(portal) == "ok"


def test_the_reply_to_an_asynchronous_prompt_is_lost(portal: PortalServer) -> None:
    portal.agent("a1").loses_the_reply()
    api = portal.api(SessionsApi)
    with pytest.raises(ApiConnectionError) as lost:
        api.run_session("a1", "Hello")

    assert lost.value.request_sent
    assert [str(call) for call in portal.calls] == ["create_async_session: reply lost"]
    (session,) = api.get_sessions("a1").sessions
    assert session.messages[0].text == "Hello"


def test_pieces_of_an_answer(portal: PortalServer) -> None:
    portal.agent("a1").streams(["The ", "north ", "grew."], pace=2)
    before = portal.clock.monotonic()
    session = portal.api(SessionsApi).run_session("a1", "Which?")

    assert session.messages[-1].text == "The north grew."
    assert portal.clock.monotonic() - before >= 6


def test_followers_see_the_pieces_as_they_come(portal: PortalServer) -> None:
    portal.agent("a1").streams(["The ", "north ", "grew."], pace=2)
    api = portal.api(SessionsApi)
    started = api.create_async_session("a1", "Which?")
    with api.subscribe_to_session_stream(started.session_id) as states:
        texts = [state.messages[-1].text for state in states]

    assert texts[-1] == "The north grew."
    assert all(text in ("Which?", "The ", "The north ", "The north grew.") for text in texts)


def test_an_agent_that_fails(portal: PortalServer) -> None:
    portal.agent("a1").raises("no figures for this quarter")
    with pytest.raises(SessionFailed, match="no figures for this quarter"):
        portal.api(SessionsApi).run_session("a1", "Which?")

    assert portal.calls[0].status == 200


def test_a_function_of_ones_own(portal: PortalServer) -> None:
    portal.agent("a1").runs(lambda conversation, files: f"{len(conversation)}, {len(files)}")
    api = portal.api(SessionsApi)
    session = api.create_session("a1", "Hello", files=[b"1", b"2"])
    again = api.update_session(session.id, "And?")

    assert [session.messages[-1].text, again.messages[-1].text] == ["1, 2", "3, 0"]


def test_an_agent_that_is_at_work_until_the_end(portal: PortalServer) -> None:
    portal.agent("a1").never_replies()
    api = portal.api(SessionsApi)
    with pytest.raises(WaitTimeout, match="last seen Running") as over:
        api.run_session("a1", "Hello", timeout=60)
    with pytest.raises(ConflictException):
        api.update_session(over.value.session_id or "", "And?")


# ── what uses no step ──


def test_a_prompt_that_is_refused_for_its_own_reasons_uses_no_step(portal: PortalServer) -> None:
    portal.agent("a1").never_replies().then_replies("ok")
    api = portal.api(SessionsApi)
    started = api.create_async_session("a1", "Hello")
    with pytest.raises(ConflictException):
        api.update_session(started.session_id, "And?")  # the agent is at work
    with pytest.raises(UnauthorizedException):
        api.create_session("a1", "Hello", _request_auth={"in": "header", "key": "X", "value": "y"})

    assert ask(portal) == "ok"
    assert portal.agent("a1").script.calls == 2


def test_reading_the_agents_uses_no_step(portal: PortalServer) -> None:
    from portal_client import AgentsApi, DashboardApi

    portal.agent("a1").replies("ok")
    assert [agent.id for agent in portal.api(AgentsApi).get_agents().agents] == ["echo", "a1"]
    assert portal.api(AgentsApi).get_agent("a1").id == "a1"
    portal.api(DashboardApi).get_dashboard()
    portal.api(SessionsApi).get_grouped_sessions()

    assert portal.agent("a1").script.calls == 0
    assert ask(portal) == "ok"


# ── operations ──


def test_an_operation_that_fails_and_recovers(portal: PortalServer) -> None:
    portal.operation("get_session").fails(503, times=2)
    api = portal.api(SessionsApi)
    session = api.create_session("echo", "Hello")

    assert api.get_session(session.id).id == session.id  # repeated by the client
    assert [str(call) for call in portal.calls] == [
        "create_session: 200",
        "get_session: 503",
        "get_session: 503",
        "get_session: 200",
    ]


def test_an_operation_whose_reply_is_lost(portal: PortalServer) -> None:
    portal.operation("create_session").on_call(2).loses_the_reply()

    assert [ask(portal, agent="echo") for _ in range(3)] == ["Hello", 0, "Hello"]
    assert [call.lost for call in portal.calls] == [False, True, False]


def test_a_failing_upload_is_read_to_its_end(portal: PortalServer) -> None:
    portal.operation("create_session").fails(500)

    assert ask(portal, agent="echo", files=[("a.bin", bytes(3_000_000))]) == 500
    assert [file.size for file in portal.calls[0].files] == [3_000_000]


# ── strict ──


@pytest.mark.parametrize(
    ("script", "expected"),
    [
        (lambda s: s.agent("a1").replies("ok"), "agent(\"a1\").replies('ok') was never used (0 calls)"),
        (
            lambda s: s.agent("echo").replies("ok").then_fails(503),
            'agent("echo").fails(503) was never used (1 call)',
        ),
        (
            lambda s: s.agent("echo").replies("ok", times=3),
            "agent(\"echo\").replies('ok', times=3) was used once (1 call)",
        ),
        (
            lambda s: s.agent("echo").on_call(3).fails(503),
            'agent("echo").on_call(3).fails(503) was never used (1 call)',
        ),
        (
            lambda s: s.operation("get_session").fails(503, retry_after=1),
            'operation("get_session").fails(503, retry_after=1) was never used (0 calls)',
        ),
        (
            lambda s: s.agent("a1").streams(["x" * 100], pace=1),
            f'agent("a1").streams([\'{"x" * 57}…, pace=1) was never used (0 calls)',
        ),
    ],
)
def test_what_was_not_used_is_named(script: Callable[[PortalServer], object], expected: str) -> None:
    with portal_testing.serve_portal(strict=False) as server:
        script(server)
        ask(server, agent="echo")
    with pytest.raises(UnusedScript) as raised:
        server.check()

    assert str(raised.value).splitlines() == [
        "What was scripted is to be used, but was not:",
        f"  {expected}",
    ]


def test_the_end_of_the_block_tells() -> None:
    with pytest.raises(UnusedScript, match="was never used"), portal_testing.serve_portal() as server:
        server.agent("a1").replies("ok")


def test_it_may_be_not_strict() -> None:
    with portal_testing.serve_portal(strict=False) as server:
        server.agent("a1").replies("ok")
    with portal_testing.serve_portal() as server:
        server.agent("a1").replies("ok")
        server.strict = False


def test_what_cannot_be_scripted(portal: PortalServer) -> None:
    agent = portal.agent("a1")
    for status in (200, 600, True, "503"):
        with pytest.raises(ValueError, match="status must be that of an error"):
            agent.fails(status)  # type: ignore[arg-type]
    for times in (0, -1, True, 1.5):
        with pytest.raises(ValueError, match="times must be a whole number from 1 up"):
            agent.replies("ok", times=times)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="answers with a str, not int"):
        agent.replies(5)
    with pytest.raises(ValueError, match="answers with a str, not dict"):
        agent.streams([{}])
    with pytest.raises(ValueError, match="answers with a str, not int"):
        agent.loses_the_reply(5)
    for pace in (-1, float("inf"), float("nan")):
        with pytest.raises(ValueError, match="pace must be a number of seconds"):
            agent.streams(["a"], pace=pace)
    with pytest.raises(ValueError, match="pieces must be a list"):
        agent.streams("text")
    with pytest.raises(ValueError, match="agent is a value of type str, not a function"):
        agent.runs("text")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="on_call names one call"):
        agent.on_call(2).replies("ok", times=2)
    for number in (0, None, True):
        with pytest.raises(ValueError, match="number must be a whole number from 1 up"):
            agent.on_call(number).replies("ok")  # type: ignore[arg-type]
    for seconds in (-1, 0.5, float("nan"), "2", True):
        with pytest.raises(ValueError, match="retry_after must be a whole number from 0 up"):
            agent.fails(429, retry_after=seconds)  # type: ignore[arg-type]
    ask(portal)
    agent.on_call(2).replies("ok")
    for number, why in ((1, "has been already"), (2, "is scripted already")):
        with pytest.raises(ValueError, match=why):
            agent.on_call(number).replies("ok")
    ask(portal)


# ── Candela ──


def started(server: CandelaServer) -> Callable[[str], SubmitPrompt]:
    api = server.api(CandelaSessionsApi)
    name = api.start_session(START).obj_id
    return lambda text: SubmitPrompt(session_id=name.identifier, scope=name.scope, prompt=text)


def test_the_agents_of_candela(candela: CandelaServer) -> None:
    thought: Any = {"event_type": "chat", "content": "Let me see. "}
    candela.agent("a1").replies("ok").then_streams([thought, "It grew."], pace=1).then_fails(503).then_raises(
        "no figures"
    ).then_loses_the_reply().then_replies("last")
    prompt = started(candela)
    api = candela.api(CandelaSessionsApi)

    assert api.submit_prompt_to_agent(prompt("1")).content == "ok"
    with api.submit_prompt_to_agent_stream(prompt("2")) as events:
        assert [(e.event_type, e.content) for e in events] == [
            ("chat", "Let me see. "),
            ("chat", "It grew."),
            ("result", "Let me see. It grew."),
        ]
    with pytest.raises(ServiceException, match="The test has this call fail"):
        api.submit_prompt_to_agent(prompt("3"))
    with pytest.raises(ServiceException, match="no figures"):
        api.submit_prompt_to_agent(prompt("4"))
    with pytest.raises(ApiConnectionError):
        api.submit_prompt_to_agent(prompt("5"))
    assert isinstance(api.submit_prompt_to_agent(prompt("6")), Event)
    asked = [call for call in candela.calls if call.agent == "a1"]
    assert [call.status for call in asked] == [200, 200, 503, 500, None, 200]


def test_a_pipeline_of_candela_returns_data(candela: CandelaServer) -> None:
    candela.agent("a1").replies({"grew": True})
    prompt = started(candela)

    assert candela.api(CandelaSessionsApi).submit_pipeline_prompt(prompt("?")) == {"grew": True}


def test_an_operation_of_candela_fails(candela: CandelaServer) -> None:
    candela.operation("start_session").fails(400, "No slot")
    with pytest.raises(BadRequestException, match="No slot"):
        candela.api(CandelaSessionsApi).start_session(START)
