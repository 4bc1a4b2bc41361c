"""The clock of tests: what waits by it passes at once."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from threading import Event, Thread

import pytest

import portal_testing
from finbourne_candela import SessionsApi as CandelaSessionsApi
from portal_client import ApiClient, Configuration, ServiceException, SessionsApi, WaitTimeout
from portal_testing import Clock
from portal_testing.server import CandelaServer, PortalServer

from .test_server import candela as candela
from .test_server import portal as portal

pytestmark = pytest.mark.filterwarnings("ignore:The 'alias' attribute")


def test_the_pauses_between_attempts_pass_at_once(portal: PortalServer) -> None:
    portal.operation("get_sessions").fails(503, retry_after=50)
    before, began = portal.clock.monotonic(), time.monotonic()
    with pytest.raises(ServiceException):
        portal.api(SessionsApi).get_sessions("a1")

    assert len(portal.calls) == 4
    assert portal.clock.monotonic() - before >= 3 * 50
    assert time.monotonic() - began < 50


def test_a_wait_for_a_session_passes_at_once(portal: PortalServer) -> None:
    portal.agent("a1").never_replies()
    before, began = portal.clock.monotonic(), time.monotonic()
    with pytest.raises(WaitTimeout, match="the 120 s for the session are over"):
        portal.api(SessionsApi).run_session("a1", "Hello", timeout=120)

    assert portal.clock.monotonic() - before >= 120
    assert time.monotonic() - began < 60


def test_an_hour_of_waiting_takes_a_hundred_reads(portal: PortalServer) -> None:
    portal.agent("a1").never_replies()
    before = portal.clock.monotonic()
    with pytest.raises(WaitTimeout, match="the 3600 s for the session are over"):
        portal.api(SessionsApi).run_session("a1", "Hello")

    assert 3600 <= portal.clock.monotonic() - before < 3720
    assert len(portal.calls) < 200


def test_only_reading_again_makes_the_clock_faster(portal: PortalServer) -> None:
    portal.agent("a1").never_replies()
    api = portal.api(SessionsApi)
    with pytest.raises(WaitTimeout):
        api.run_session("a1", "Hello", timeout=600)
    portal.operation("get_sessions").fails(503, retry_after=1, times=1)
    before = portal.clock.monotonic()
    api.get_sessions("a1")

    assert 1 <= portal.clock.monotonic() - before < 10


def test_a_session_is_done_by_the_first_look_unless_its_agent_takes_its_time(portal: PortalServer) -> None:
    def thinks(conversation: object, files: object) -> str:
        time.sleep(0.01)  # longer than the response takes to the client, and its next request
        return "ok"

    portal.agent("a1").runs(thinks)
    calls: list[int] = []
    for _ in range(10):
        portal.calls.clear()
        portal.api(SessionsApi).run_session("a1", "Hello")
        calls.append(len(portal.calls))

    assert sorted(calls)[5] == 2  # a busy machine may take longer now and then


def test_the_lifetime_of_a_token_passes_at_once(candela: CandelaServer) -> None:
    api = candela.api(CandelaSessionsApi)
    api.list_sessions()
    api.list_sessions()
    candela.clock.advance(timedelta(hours=1))
    api.list_sessions()

    fetches = [call.form.get("grant_type") for call in candela.calls if call.operation == "fetch_token"]
    assert fetches == ["password", "refresh_token"]
    assert [call.status for call in candela.calls] == [200] * 5


def test_the_server_has_the_same_clock(portal: PortalServer) -> None:
    portal.clock.advance(365 * 24 * 3600)
    session = portal.api(SessionsApi).create_session("echo", "Hello")

    assert session.created_at - datetime.now(UTC) > timedelta(days=364)


def test_a_client_of_ones_own_may_have_it(portal: PortalServer) -> None:
    portal.operation("get_sessions").fails(503, retry_after=40, times=1)
    with ApiClient(Configuration(portal.host, access_token=portal.token)) as client:
        assert portal.clock.install(client) is client
        began = time.monotonic()
        assert SessionsApi(client).get_sessions("a1").sessions == []

    assert time.monotonic() - began < 40


def test_it_is_put_forward_and_not_back() -> None:
    clock = Clock()
    before = clock.now(), clock.monotonic()
    clock.advance(90)
    clock.advance(timedelta(minutes=1))
    clock.sleep(30)

    assert clock.now() - before[0] >= timedelta(seconds=180)
    assert 180 <= clock.monotonic() - before[1] < 200
    for wrong in (-1, float("nan"), timedelta(seconds=-1)):
        with pytest.raises(ValueError, match="put forward, not back"):
            clock.advance(wrong)
    for beyond in (float("inf"), 1e12):
        with pytest.raises(ValueError, match="put forward to a date"):
            clock.advance(beyond)
    assert 180 <= clock.monotonic() - before[1] < 200


def test_a_pause_does_not_wait_for_an_agent_that_goes_on() -> None:
    clock, over = Clock(), Event()
    agent = Thread(target=over.wait, args=(20,))
    agent.start()
    clock.at_work.add(agent)
    before = clock.monotonic()
    clock.sleep(0.1)
    assert clock.at_work == {agent}
    over.set()
    agent.join(20)
    clock.sleep(0.1)

    assert clock.at_work == set()
    assert clock.monotonic() - before >= 0.2


def test_it_is_for_one_server_alone(portal: PortalServer) -> None:
    portal.clock.advance(1000)
    with portal_testing.serve_portal() as other:
        assert portal.clock.now() - other.clock.now() > timedelta(seconds=900)
