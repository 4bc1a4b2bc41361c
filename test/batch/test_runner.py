"""A run: what is sent, how often, and what becomes of it."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any, Optional

import pytest
import urllib3.util.connection

from batch.conftest import Running
from portal_client import ApiConnectionError, ServiceException, SessionsApi, UnauthorizedException
from portal_client.batch import Batch, Counts, Evidence, State, runner
from portal_client.batch.journal import Change, Journal
from portal_client.batch.pace import Pace
from portal_client.batch.reconcile import server_date
from portal_client.batch.work import wait
from support.clients import server_tls
from support.portal import Fault, Portal, after, dropped, found, listed, lost, refused, started
from support.scripted import Connection, Received, playing, reply


def test_each_item_is_sent_once(running: Running) -> None:
    running.add("one", "two", "three")
    counts = running.run()

    assert counts == (0, 0, 3, 0, 0)
    assert sorted(running.portal.prompts) == ["one", "three", "two"]
    assert [result.answer for result in running.batch.results()] == [
        "Answer to one",
        "Answer to two",
        "Answer to three",
    ]


def test_what_is_done_is_not_sent_again(running: Running) -> None:
    running.add("one")
    running.run()
    running.add("one", "two")
    running.run()

    assert running.portal.prompts == ["one", "two"]


@pytest.mark.fault("Batches", "A lost reply is reconciled before anything is sent again")
def test_a_lost_reply_is_reconciled_before_anything_is_sent_again(running: Running) -> None:
    running.portal.faults["one"] = [lost]
    running.add("one")
    running.run()

    (result,) = running.batch.results()
    assert running.portal.prompts == ["one"]
    assert (result.session_id, result.attempts) == ("s0", 1)


@pytest.mark.fault("Batches", "What was lost on its way is sent again")
def test_what_was_lost_on_its_way_is_sent_again(running: Running) -> None:
    running.portal.faults["one"] = [dropped]
    running.add("one")
    running.run()

    (result,) = running.batch.results()
    assert running.portal.prompts == ["one", "one"]
    assert result.attempts == 2
    assert running.portal.doubled == {}


@pytest.mark.fault("Batches", "A 5xx to a prompt is reconciled: it is sent again only if it had no effect")
@pytest.mark.parametrize("status", [500, 502, 503, 504])
@pytest.mark.parametrize("carried_out", [True, False])
def test_a_5xx_leaves_a_doubt(running: Running, status: int, carried_out: bool) -> None:
    def fails(portal, connection, request):  # type: ignore[no-untyped-def]
        if carried_out:
            portal.start(request)
        refused(status)(portal, connection, request)

    running.portal.faults["one"] = [fails]
    running.add("one")
    running.run()

    assert running.states() == {"one": "done"}
    assert running.portal.prompts == ["one"] * (1 if carried_out else 2)
    assert running.portal.doubled == {}


@pytest.mark.fault("Batches", "A session that is listed late is not taken for missing")
def test_a_session_that_is_listed_late_is_not_missing(running: Running) -> None:
    # The service lists the session only when its clock is 15 s past the attempt: in the second list.
    late = running.portal
    late.faults["one"] = [dropped]
    lists = 0

    def listing(portal, connection, request):  # type: ignore[no-untyped-def]
        nonlocal lists
        lists += 1
        if lists == 2:
            portal.add("one")
        mine = [*portal.sessions.values()]
        portal.send(connection, {"sessions": mine})

    late.listing = [listing] * 9
    running.add("one")
    running.run()

    assert running.portal.prompts == ["one"]
    assert running.states() == {"one": "done"}


def test_the_session_of_an_earlier_attempt_is_found_though_it_came_late(running: Running) -> None:
    def too_late(portal: Portal, connection: Connection, request: Received) -> bool:
        # What the first attempt has started is in the list from now on.
        portal.add("one", created_at=(portal.now - timedelta(seconds=20)).isoformat())
        return connection.reset()

    running.portal.faults["one"] = [dropped, too_late]
    running.add("one")
    running.run()

    (result,) = running.batch.results()
    assert running.portal.prompts == ["one", "one"]
    assert result.session_id == "s0"


def test_attempts_are_bounded(running: Running) -> None:
    running.portal.faults["one"] = [dropped] * 9
    running.add("one", "two")
    running.run(attempts=2)

    (failed,) = running.batch.failures()
    assert running.portal.prompts.count("one") == 2
    assert failed.attempts == 2
    assert "create_async_session" in str(failed.error)
    assert str(failed.error).endswith("; none of 2 attempts has started a session")
    assert running.states() == {"one": "failed", "two": "done"}


@pytest.mark.parametrize("status", [400, 403, 404, 413, 422])
def test_what_is_refused_has_failed(running: Running, status: int) -> None:
    running.portal.faults["one"] = [refused(status)]
    running.add("one", "two")
    running.run()
    running.run()

    (failed,) = running.batch.failures()
    assert sorted(running.portal.prompts) == ["one", "two"]
    assert (failed.inputs.text_prompt, failed.session_id) == ("one", None)
    assert str(status) in str(failed.error)


def test_an_agent_that_fails_is_not_asked_again(running: Running) -> None:
    running.portal.statuses["one"] = ["Running", "Error"]
    running.add("one")
    running.run()
    running.run()

    (failed,) = running.batch.failures()
    assert running.portal.prompts == ["one"]
    assert failed.session is not None
    assert failed.session.status == "Error"
    assert failed.error == "the agent failed: Answer to one"


def test_401_ends_the_run_and_leaves_the_items_pending(running: Running) -> None:
    running.portal.faults["one"] = [refused(401)]
    running.add("one", "two", "three")
    with pytest.raises(UnauthorizedException):
        running.run(workers=1)

    assert running.batch.counts.pending == 3
    assert running.run().done == 3


def test_429_slows_all_and_is_no_attempt(running: Running, caplog: pytest.LogCaptureFixture) -> None:
    running.portal.faults["one"] = [refused(429, Retry_After="0")] * 3
    running.add("one", "two")
    running.run(attempts=1)

    assert running.states() == {"one": "done", "two": "done"}
    assert running.portal.prompts.count("one") == 4
    assert [result.attempts for result in running.batch.results()] == [1, 1]
    assert "batch: the server limits the rate; the next prompt is sent in 0.0 s" in caplog.messages


def test_a_429_is_told_to_the_pace(running: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[object] = []
    monkeypatch.setattr(Pace, "limited", lambda pace, sent, wait: told.append(wait) or 0.0)
    running.portal.faults["one"] = [refused(429, Retry_After="7"), refused(429)]
    running.add("one")
    running.run()

    assert told == [7.0, None]


@pytest.mark.parametrize(("fault", "troubles"), [(refused(500), 1), (refused(503), 1), (dropped, 0)])
def test_a_5xx_is_told_to_the_pace(
    running: Running, monkeypatch: pytest.MonkeyPatch, fault: Fault, troubles: int
) -> None:
    told: list[float] = []
    monkeypatch.setattr(Pace, "troubled", lambda pace, sent: told.append(sent))
    running.portal.faults["one"] = [fault]
    running.add("one")
    running.run()

    assert len(told) == troubles


def test_prompts_are_sent_at_the_pace_that_was_set(running: Running) -> None:
    running.add("one", "two", "three")
    began = time.monotonic()
    running.run(per_minute=600, workers=1)

    assert 0.2 <= time.monotonic() - began < 5
    assert running.batch.counts.done == 3


def test_a_server_that_is_away_ends_the_run_and_costs_no_attempt(running: Running) -> None:
    running.add("one", "two")
    other = running.api.api_client.with_options(host="http://127.0.0.1:9")
    with Batch(running.path, type(running.api)(other)) as batch, pytest.raises(ApiConnectionError):
        batch.run(outage=0.3)

    assert running.batch.counts.pending == 2
    assert running.run().done == 2
    assert [result.attempts for result in running.batch.results()] == [1, 1]


def test_a_server_that_is_not_trusted_ends_the_run_at_once(running: Running) -> None:
    running.add("one")
    with playing(reply({}), tls=server_tls()) as server:
        untrusted = running.api.api_client.with_options(host=server.host)
        with Batch(running.path, type(running.api)(untrusted)) as batch, pytest.raises(ApiConnectionError):
            batch.run(outage=60)

    assert server.requests == []
    assert running.states() == {"one": "pending"}


def test_a_server_that_is_away_for_a_moment_is_waited_for(
    running: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    connect = urllib3.util.connection.create_connection
    refusals = [ConnectionRefusedError()] * 6

    def connecting(*args: Any, **options: Any) -> Any:
        if refusals:
            raise refusals.pop()
        return connect(*args, **options)

    monkeypatch.setattr("urllib3.util.connection.create_connection", connecting)
    running.add("one")

    assert running.run(outage=30).done == 1
    assert running.portal.prompts == ["one"]
    assert running.portal.paths[:2] == ["GET /", "POST /sessions/async"]  # not without a Date


def test_a_server_that_goes_away_ends_the_run_and_costs_no_attempt(
    running: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    away = threading.Event()
    connect = urllib3.util.connection.create_connection

    def connecting(*args: Any, **options: Any) -> Any:
        if away.is_set():
            raise ConnectionRefusedError
        return connect(*args, **options)

    def last_words(portal: Portal, connection: Connection, request: Received) -> bool:
        away.set()
        refused(422)(portal, connection, request)
        return False

    monkeypatch.setattr("urllib3.util.connection.create_connection", connecting)
    running.portal.faults["one"] = [last_words]
    running.add("one", "two")
    with pytest.raises(ApiConnectionError):
        running.run(workers=1, outage=0.2)

    assert running.states() == {"one": "failed", "two": "pending"}
    away.clear()
    running.run()
    assert running.portal.prompts == ["one", "two"]
    assert [result.attempts for result in running.batch.results()] == [1]


def test_progress_is_told_in_counts(running: Running) -> None:
    told: list[Counts] = []
    threads: set[int] = set()

    def tell(counts: Counts) -> None:
        told.append(counts)
        threads.add(threading.get_ident())

    slow = threading.Event()
    running.portal.faults["two"] = [after(slow)]
    running.portal.faults["three"] = [refused(422)]
    running.add("one", "two", "three")
    release = threading.Timer(0.7, slow.set)
    release.start()
    running.run(progress=tell)

    assert told[0] == Counts(running=1, done=1, failed=1)
    assert told[-1] == Counts(done=2, failed=1)
    assert threads == {threading.get_ident()}
    assert told[0].amount == ("batch", 2, 3, "", "1 failed")


def test_a_callable_that_raises_ends_no_run(running: Running) -> None:
    running.add("one")

    assert running.run(progress=lambda counts: 1 / 0).done == 1


# ── sessions that look alike ──


def test_equal_prompts_are_sent_one_after_the_other(running: Running) -> None:
    first = threading.Event()
    running.portal.faults["one"] = [after(first)]
    for key in ("a", "b", "c"):
        running.batch.add("a1", "one", key=key)
    running.add("two")
    running.portal.faults["two"] = [lambda *request: (started(*request), first.set())]
    running.run()

    # "two" went before the second "one", for which the session of the first had to be known.
    assert sorted(running.portal.prompts[:2]) == ["one", "two"]
    assert running.portal.prompts[2:] == ["one", "one"]
    assert running.batch.counts.done == 4
    assert len({result.session_id for result in running.batch.results()}) == 4


@pytest.mark.fault("Batches", "What looks like an item in doubt waits until that is settled")
def test_what_looks_like_an_item_in_doubt_waits_until_that_is_settled(running: Running) -> None:
    running.portal.faults["one"] = [dropped, started, lost]
    for key in ("a", "b", "c"):
        running.batch.add("a1", "one", [(f"{key}.txt", key.encode())], key=key)
    running.run()

    sent = [path for path in running.portal.paths if path in ("POST /sessions/async", "GET /sessions")]
    post, read = "POST /sessions/async", "GET /sessions"
    assert sent == [post, read, read, post, post, read, post]
    assert running.batch.counts.done == 3
    assert running.portal.doubled == {"one": 3}


@pytest.mark.fault("Batches", "Where several sessions match, nothing is sent, and the evidence is kept")
def test_where_several_match_the_item_stays_in_doubt_with_the_evidence(running: Running) -> None:
    def twice(portal, connection, request):  # type: ignore[no-untyped-def]
        portal.add("one")  # somebody else asks the same
        return lost(portal, connection, request)

    running.portal.faults["one"] = [twice]
    running.add("one", "two")
    running.run()
    running.run()

    (doubt,) = running.batch.in_doubt()
    assert running.portal.prompts.count("one") == 1
    assert running.states() == {"one": "in doubt", "two": "done"}
    assert doubt.evidence is not None
    alike = [id for id, session in running.portal.sessions.items() if session["messages"][0]["text"] == "one"]
    assert sorted(each.session_id for each in doubt.evidence.candidates) == sorted(alike)
    assert "which of 2 sessions is its own cannot be told" in str(doubt.evidence)
    assert "create_async_session" in doubt.evidence.reason  # of the first run

    running.batch.assign(doubt.key, alike[1])
    running.run()
    assert running.batch.get(doubt.key).session_id == alike[1]  # type: ignore[union-attr]
    assert running.states()["one"] == "done"


def test_older_sessions_are_none_of_its_own(running: Running) -> None:
    running.portal.add("one", created_at="2031-05-06T07:00:00Z")
    running.portal.faults["one"] = [lost]
    running.add("one")
    running.run()

    (result,) = running.batch.results()
    assert result.session_id == "s1"


def test_older_sessions_are_none_of_its_own_in_a_later_run_either(running: Running) -> None:
    running.portal.add("one", created_at="2031-05-06T07:00:00Z")
    running.portal.faults["one"] = [lost]
    running.portal.listing = [refused(403)]
    running.add("one")
    running.run()
    assert running.states() == {"one": "in doubt"}
    running.run()

    (result,) = running.batch.results()
    assert result.session_id == "s1"


@pytest.mark.parametrize("first", [started, refused(422)])
def test_a_session_from_before_the_latest_response_is_none_of_its_own(running: Running, first: Fault) -> None:
    def while_a_stranger_asks(portal: Portal, connection: Connection, request: Received) -> None:
        portal.add("two", created_at=(portal.now - timedelta(seconds=5)).isoformat())
        first(portal, connection, request)

    running.portal.faults |= {"one": [while_a_stranger_asks], "two": [dropped]}
    running.add("one", "two")
    running.run(workers=1)

    assert running.portal.prompts[:2] == ["one", "two"]
    assert "s0" not in [each.session_id for each in running.batch._results("TRUE")]


def test_a_session_from_before_the_latest_list_is_none_of_its_own(running: Running) -> None:
    def before_a_stranger_asks(portal: Portal, connection: Connection, request: Received) -> None:
        listed(portal, connection, request)
        portal.add("one", created_at=(portal.now - timedelta(seconds=5)).isoformat())

    running.portal.listing = [before_a_stranger_asks]
    running.portal.faults["one"] = [lost, dropped]
    for key in ("a", "b"):
        running.batch.add("a1", "one", key=key)
    running.run()

    assert running.portal.prompts == ["one"] * 3
    assert [result.session_id for result in running.batch.results()] == ["s0", "s2"]


def test_sessions_of_other_items_are_none_of_its_own(running: Running) -> None:
    running.batch.add("a1", "one", key="first")
    running.run()
    running.portal.tick = 0  # the second is asked within the same second
    running.portal.faults["one"] = [lost]
    running.batch.add("a1", "one", key="second")
    running.run()

    assert [result.session_id for result in running.batch.results()] == ["s0", "s1"]


@pytest.mark.fault("Batches", "Without the server's Date no session is said to be missing")
def test_without_a_date_nothing_is_said_to_be_missing(running: Running) -> None:
    running.portal.dated = False
    running.portal.faults["one"] = [dropped]
    running.portal.faults["two"] = [lost]
    running.add("one", "two")
    running.run()

    assert running.portal.prompts.count("one") == 1
    assert running.states() == {"one": "in doubt", "two": "done"}
    (doubt,) = running.batch.in_doubt()
    assert "no Date" in str(doubt.evidence)


def test_a_date_that_is_long_in_coming_is_asked_for_once(
    running: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    again = threading.Event()
    asked: list[SessionsApi] = []

    def slow(api: SessionsApi) -> Optional[float]:
        asked.append(api)
        if len(asked) > 1:
            again.set()
        again.wait(0.1)
        return server_date(api)

    monkeypatch.setattr(runner, "_TICK", 0.01)
    monkeypatch.setattr(runner, "server_date", slow)
    running.add("one")

    assert running.run().done == 1
    assert len(asked) == 1


def test_the_same_id_twice_is_no_result(running: Running) -> None:
    running.portal.faults["two"] = [lambda p, c, r: p.send(c, {"session_id": "s0"})]
    running.add("one")
    running.run()
    running.add("two")
    running.run()

    (doubt,) = running.batch.in_doubt()
    assert doubt.state == State.IN_DOUBT
    assert "s0" in str(doubt.evidence)


# ── resuming ──


def test_a_session_that_was_started_is_only_waited_for(running: Running) -> None:
    running.portal.statuses["one"] = ["Running"] * 99
    running.add("one")
    running.run(timeout=0.05)

    (doubt,) = running.batch.in_doubt()
    assert doubt.session_id == "s0"
    assert running.portal.paths.count("GET /sessions/s0") == 1  # the next reading would be 0.1 s later
    assert "its status was Running" in str(doubt.evidence)
    running.portal.statuses["one"] = ["Running"] * 2
    running.run()
    assert running.states() == {"one": "done"}
    assert running.portal.prompts == ["one"]
    assert running.portal.paths.count("GET /") == 1  # where nothing is sent, the Date is of no use


def test_a_session_that_is_gone_has_failed(running: Running) -> None:
    running.portal.reading = [refused(404)] * 9
    running.add("one")
    running.run()

    (failed,) = running.batch.failures()
    assert str(failed.error).startswith("session s0 is gone: 404")


def test_a_session_that_must_not_be_read_stays_in_doubt(running: Running) -> None:
    running.portal.reading = [refused(403)]
    running.add("one")
    running.run()

    (doubt,) = running.batch.in_doubt()
    assert doubt.session_id == "s0"
    assert "its session cannot be read: 403" in str(doubt.evidence)
    running.run()
    assert running.states() == {"one": "done"}
    assert running.portal.prompts == ["one"]


@pytest.mark.parametrize("readings", ["reading", "listing"])
def test_a_401_to_a_reading_ends_the_run(running: Running, readings: str) -> None:
    setattr(running.portal, readings, [refused(401)])
    running.portal.faults["one"] = [started if readings == "reading" else lost]
    running.add("one")
    with pytest.raises(UnauthorizedException):
        running.run()

    assert running.run().done == 1
    assert running.portal.prompts == ["one"]


class Losing(ThreadPoolExecutor):
    """Workers that are lost as they begin to wait, so many times."""

    def __init__(self, times: int) -> None:
        super().__init__(1)
        self._times = times

    def submit(self, fn: Any, /, *args: Any, **more: Any) -> Any:
        if fn is wait and self._times:
            self._times -= 1
            return super().submit(vars, 0)
        return super().submit(fn, *args, **more)


@pytest.mark.parametrize(("times", "state"), [(3, "done"), (4, "in doubt")])
def test_a_worker_that_is_lost_while_it_waits_is_replaced_three_times(
    running: Running, times: int, state: str
) -> None:
    running.add("one")
    with Losing(times) as executor:
        running.run(executor=executor, workers=1)

    assert running.states() == {"one": state}
    assert running.run().done == 1
    assert running.portal.prompts == ["one"]


@pytest.mark.fault("Batches", "A machine of the service that lags behind does not fail an item")
def test_a_session_that_was_just_started_may_be_missing_for_a_moment(running: Running) -> None:
    running.portal.reading = [refused(404)] * 2
    running.add("one")
    running.run(settle=20)

    assert running.states() == {"one": "done"}
    assert running.portal.prompts == ["one"]


def test_a_session_that_was_read_once_may_not_be_missing_then(
    running: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runner, "_PIECE", 0.01)
    running.portal.statuses["one"] = ["Running"]
    running.portal.reading = [found, refused(404)]
    running.add("one")
    running.run(settle=20)

    assert running.states() == {"one": "failed"}


def test_a_failed_reading_of_a_session_does_not_end_the_wait(running: Running) -> None:
    running.portal.reading = [refused(503), dropped, refused(429, Retry_After="0")] * 3
    running.add("one")
    running.run()

    assert running.states() == {"one": "done"}


def test_a_session_is_waited_for_in_pieces(running: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runner, "_PIECE", 0.01)
    running.portal.statuses["one"] = ["Running"] * 3
    running.add("one")
    running.run(workers=1)

    assert running.states() == {"one": "done"}
    assert running.portal.prompts == ["one"]


def test_a_session_whose_state_was_never_read_stays_in_doubt(running: Running) -> None:
    running.portal.reading = [refused(503)] * 99
    running.add("one")
    running.run(timeout=0.1)

    (doubt,) = running.batch.in_doubt()
    assert doubt.evidence == Evidence("after 0.1 s its status was not known; the next run waits for it again")


def test_a_list_that_cannot_be_read_for_long_ends_the_run(running: Running) -> None:
    running.portal.listing = [refused(503)] * 99
    running.portal.faults["one"] = [lost]
    running.add("one")
    with pytest.raises(ServiceException):
        running.run(outage=0.1)

    running.portal.listing.clear()
    assert running.run().done == 1
    assert running.portal.prompts == ["one"]


def test_a_list_that_cannot_be_read_now_is_read_again(running: Running) -> None:
    running.portal.listing = [refused(503)] * 5
    running.portal.faults["one"] = [lost]
    running.add("one")
    running.run(outage=30)

    assert running.states() == {"one": "done"}
    assert running.portal.prompts == ["one"]


def test_a_list_that_must_not_be_read_leaves_the_doubt(running: Running) -> None:
    running.portal.listing = [refused(403)]
    running.portal.faults["one"] = [lost]
    running.add("one", "two")
    running.run()

    (doubt,) = running.batch.in_doubt()
    assert running.portal.prompts.count("one") == 1
    assert "the sessions cannot be read: 403" in str(doubt.evidence)
    assert doubt.evidence is not None
    assert "create_async_session" in doubt.evidence.reason
    running.run()
    assert running.states() == {"one": "done", "two": "done"}


@pytest.mark.fault("Batches", "A service that stores other texts than it is sent is not asked twice")
@pytest.mark.parametrize("runs", [1, 2])
def test_a_service_that_rewrites_prompts_is_not_asked_twice(running: Running, runs: int) -> None:
    def rewrites(portal: Portal, connection: Connection, request: Received) -> None:
        portal.send(connection, {"session_id": portal.add(f"Translated: {portal.prompt(request)}")})

    running.portal.faults["one"] = [rewrites]
    running.portal.faults["two"] = [dropped]
    running.add("one")
    if runs == 2:
        running.run()
    running.add("two")
    running.run(workers=1)

    assert running.portal.prompts == ["one", "two"]
    (doubt,) = running.batch.in_doubt()
    assert "changes what it is sent" in str(doubt.evidence)


def rewritten(portal: Portal, connection: Connection, request: Received) -> None:
    portal.send(connection, {"session_id": portal.add(f"Translated: {portal.prompt(request)}")})


@pytest.mark.fault("Batches", "A service that stores other texts than it is sent is not asked twice")
def test_a_service_that_rewrites_prompts_is_not_asked_twice_though_the_first_reply_is_lost(
    running: Running,
) -> None:
    def rewritten_and_lost(portal: Portal, connection: Connection, request: Received) -> bool:
        portal.add(f"Translated: {portal.prompt(request)}")
        return connection.reset()

    running.portal.faults |= {"one": [rewritten_and_lost], "two": [rewritten]}
    running.add("one")
    running.run()
    assert running.portal.prompts == ["one"]
    (doubt,) = running.batch.in_doubt()
    assert "has shown yet" in str(doubt.evidence)
    assert doubt.evidence is not None
    assert [each.session_id for each in doubt.evidence.candidates] == ["s0"]
    running.add("two")
    running.run()

    assert running.portal.prompts == ["one", "two"]
    (doubt,) = running.batch.in_doubt()
    assert "changes what it is sent" in str(doubt.evidence)


@pytest.mark.fault("Batches", "A service whose clocks differ is not asked twice")
def test_a_service_whose_clocks_differ_is_not_asked_twice_though_the_first_reply_is_lost(
    running: Running,
) -> None:
    def early_and_lost(portal: Portal, connection: Connection, request: Received) -> bool:
        portal.start(request, created_at=(portal.now - timedelta(minutes=2)).isoformat())
        return connection.reset()

    running.portal.faults["one"] = [early_and_lost]
    running.add("one")
    for _ in range(2):  # the second run has nothing to send, and ends
        running.run()

        assert running.portal.prompts == ["one"]
        assert running.states() == {"one": "in doubt"}


def test_what_was_lost_first_is_sent_again_once_another_item_shows_how_texts_are_kept(
    running: Running,
) -> None:
    running.portal.faults["one"] = [dropped]
    running.portal.statuses["two"] = ["Running"] * 3
    running.portal.add("that of somebody else")
    running.add("one", "two")
    running.run()

    assert running.states() == {"one": "done", "two": "done"}
    assert sorted(running.portal.prompts) == ["one", "one", "two"]


def test_what_was_lost_is_settled_by_another_item_that_the_pace_holds_back(running: Running) -> None:
    running.portal.faults["one"] = [dropped]
    running.portal.add("that of somebody else")
    running.add("one", "two")
    running.run(per_minute=120, workers=1)

    assert running.states() == {"one": "done", "two": "done"}
    assert running.portal.prompts == ["one", "two", "one"]


def test_what_was_lost_is_sent_again_as_an_earlier_run_has_shown_how_texts_are_kept(running: Running) -> None:
    running.add("one")
    running.run()
    running.portal.add("that of somebody else")
    running.portal.faults["two"] = [dropped]
    running.add("two")
    running.run()

    assert running.states() == {"one": "done", "two": "done"}
    assert running.portal.prompts == ["one", "two", "two"]


def test_failures_are_sent_again_on_demand(running: Running) -> None:
    running.portal.faults["one"] = [refused(422)]
    running.add("one", "two")
    running.run()

    assert running.batch.retry() == 1
    assert running.run().done == 2
    assert sorted(running.portal.prompts) == ["one", "one", "two"]


# ── what is written when ──


@pytest.mark.fault("Batches", "An item is marked on the disk before it is sent")
def test_an_item_is_marked_on_the_disk_before_it_is_sent(
    running: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    written: list[tuple[str, bool, int]] = []
    write = Journal.write

    def spy(journal: Journal, changes: Sequence[Change], durable: bool = False) -> None:
        marked = [change for change in changes if "attempted_at" in change[0]]
        written.append(("mark" if marked else "other", durable, len(running.portal.prompts)))
        write(journal, changes, durable)
        if marked:
            synchronous = journal.ask("PRAGMA synchronous")[0][0]
            assert synchronous == 2  # FULL

    monkeypatch.setattr(Journal, "write", spy)
    running.add("one", "two")
    running.run(workers=1)

    assert [(durable, sent) for kind, durable, sent in written if kind == "mark"] == [(True, 0), (True, 1)]


def test_a_session_is_in_the_journal_while_it_is_waited_for(running: Running) -> None:
    seen: list[str | None] = []

    def look(portal: Portal, connection: Connection, request: Received) -> None:
        with Batch(running.path) as other:
            seen.extend(result.session_id for result in other.in_doubt())
        found(portal, connection, request)

    running.portal.reading = [look]
    running.add("one")
    running.run()

    assert seen == ["s0"]
