"""Following a session: what the loop is told, and what the service is asked, however the stream goes."""

from __future__ import annotations

import gc
import math
import pickle
import threading
import time
import weakref
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from portal_client import (
    ApiClient,
    ApiConnectionError,
    ApiException,
    ApiResponseError,
    ApiStreamError,
    ApiTimeoutError,
    ApiValueError,
    ForbiddenException,
    NotFoundException,
    ServiceException,
    Session,
    SessionsApi,
    SessionUpdates,
    UnauthorizedException,
    WaitTimeout,
    polling,
    reading,
    subscription,
)
from portal_client.reading import Reader
from portal_client.request import UnderWay
from portal_client.subscription import Subscription
from portal_client.timeouts import Deadline, Timeouts
from support.clients import TOKEN, Clock, ca_file, client_of, closes, interrupt, late, resets, server_tls
from support.scripted import Answer, Connection, Received, Script, chunk, playing, reply
from support.sessions import PING, Open, Service, cut, ended, event, said, state

LIMIT = 20  # seconds that nothing here may take

#: The pauses before connecting again after the first time, were they never cut by chance.
GROWING = [pytest.approx(0.1 * 1.5**number) for number in range(5)]


def longest(low: float, high: float) -> float:
    return high


@dataclass
class Followed:
    """A follower whose pauses are recorded, not waited; the service, the server that plays it, the clock."""

    updates: SessionUpdates
    service: Service
    server: Script
    clock: Clock
    client: ApiClient

    def texts(self) -> list[str]:
        """The states to the end: what the agent has said in each, or the status where it is final."""
        return [shown(session) for session in self.updates]


def shown(session: Session) -> str:
    texts = [message.text for message in session.messages if message.role != "user"]
    return "/".join(texts) if session.status == "Running" else session.status.value


@contextmanager
def following(
    service: Service, *, timeout: float = LIMIT, idle: float = LIMIT, real: bool = False, **settings: Any
) -> Iterator[Followed]:
    """Follow session s1 of a service; with `real` pauses are waited."""
    clock = Clock()
    with (
        playing(service) as server,
        client_of(server.host, **{"retries": False, **settings}) as client,
    ):
        deadline = Deadline(Timeouts(total=timeout), time.monotonic if real else clock.now)
        sleep = None if real else clock.sleep
        api = SessionsApi(client)
        reader = Reader(api, "s1", {}, deadline)
        source = Subscription(api, reader, deadline, idle, sleep=sleep, uniform=longest)
        with SessionUpdates(reader, source, deadline) as updates:
            yield Followed(updates, service, server, clock, client)


FINAL = said("The north grew.", status="Ready")


# ── a stream that goes well ──


@pytest.mark.parametrize("status", ["Ready", "Flushed", "Error"])
def test_each_state_comes_once_and_the_last_one_is_final(status: str) -> None:
    states = [said(), said("The "), said("The ", "north"), said("The ", "north", status=status)]
    stream = Open(*map(event, states), event(said("more")))

    with following(Service([states[0]], [stream])) as f:
        assert f.texts() == ["", "The ", "The north", status]
        assert f.texts() == []
        assert stream.left.wait(LIMIT)

    assert f.service.asked == ["read", "stream"]
    assert f.service.reads[0].headers["Authorization"] == f"Bearer {TOKEN}"
    assert f.service.subscriptions[0].headers["Authorization"] is None
    assert f.clock.slept == []


def test_an_unknown_status_is_on_the_way() -> None:
    waiting = state("u:Go", status="WaitingForTools", at="00:00:01Z")

    with following(Service([said()], [Open(event(waiting), event(FINAL))])) as f:
        assert f.texts() == ["", "WaitingForTools", "Ready"]


def test_a_session_that_is_final_is_its_only_state() -> None:
    with following(Service([FINAL])) as f:
        assert f.texts() == ["Ready"]

    assert f.service.asked == ["read"]


def test_lines_are_followed_as_events_are() -> None:
    lines = [event(one).partition(b"data: ")[2].strip() + b"\n" for one in (said("The "), FINAL)]
    kind = b"application/x-ndjson"

    with following(Service([said()], [cut(lines[0], kind=kind), ended(*lines, kind=kind)])) as f:
        assert f.texts() == ["", "The ", "Ready"]

    assert f.service.resumed_from == [None, None]


# ── a stream that breaks ──


@pytest.mark.fault("Following", "After a cut the stream is connected again, and no state comes twice or late")
def test_a_stream_that_is_cut_is_connected_again_at_once() -> None:
    first = cut(event(said(), "1"), event(said("The "), "2"))
    second = cut(event(said("The "), "2"), event(said("The ", "north "), "3"), event(said(), "1"))
    third = cut(event(said(), "1"), event(said("The "), "2"), event(FINAL, "4"))

    with following(Service([said(), said("The "), said("The ", "north ")], [first, second, third])) as f:
        assert f.texts() == ["", "The ", "The north ", "Ready"]

    assert f.service.resumed_from == [None, "2", "1"]
    assert f.service.asked == ["read", "stream"] * 3
    assert f.clock.slept == []


def test_what_was_cut_within_an_event_is_not_resumed_from() -> None:
    half = event(said("The "), "2")[:-10]

    with following(Service([said()], [cut(event(said(), "1"), half), Open(event(FINAL, "3"))])) as f:
        assert f.texts() == ["", "Ready"]

    assert f.service.resumed_from == [None, "1"]


def test_an_id_is_kept_over_a_stream_without_one_and_sent_in_utf_8() -> None:
    streams = [
        cut(event(said("The "), "zwölf")),
        cut(),
        cut(event(said("The ", "x"), "a\x01b")),
        Open(event(FINAL)),
    ]

    with following(Service([said()], streams)) as f:
        assert f.texts() == ["", "The ", "The x", "Ready"]

    assert f.service.resumed_from == [None, "zwölf", "zwölf", None]  # a header holds no control character


@pytest.mark.fault("Following", "Connecting again waits longer and longer until there is progress")
def test_pauses_grow_until_there_is_progress() -> None:
    nothing = cut(event(said()))
    streams = [nothing, nothing, nothing, cut(event(said("The "))), nothing, nothing, Open(event(FINAL))]

    with following(Service([said()], streams)) as f:
        assert f.texts() == ["", "The ", "Ready"]

    assert f.clock.slept == GROWING[:2] * 2
    assert len(f.service.subscriptions) == len(f.service.reads) == 7


def test_progress_of_the_reads_is_none_of_the_stream() -> None:
    reads = [said("x" * count) for count in range(5)]

    with following(Service([*reads, FINAL], [cut()])) as f:
        assert f.texts() == ["", "x", "xx", "xxx", "xxxx", "Ready"]

    assert f.clock.slept == GROWING[:4]


def test_a_stream_that_ends_early_is_connected_again_after_a_pause() -> None:
    with following(Service([said()], [ended(event(said("The "))), ended(event(FINAL))])) as f:
        assert f.texts() == ["", "The ", "Ready"]

    assert f.clock.slept == GROWING[:1]


def test_the_time_that_the_stream_asks_for_is_kept() -> None:
    slow = b"retry: 3000\n\n"
    streams = [cut(slow, event(said("The "))), cut(), cut(b"retry: 900000000\n\n"), Open(event(FINAL))]

    with following(Service([said()], streams), timeout=math.inf) as f:
        assert f.texts() == ["", "The ", "Ready"]

    assert f.clock.slept == [3, 3, 60]


@pytest.mark.parametrize("status", [429, 503])
def test_retry_after_is_kept(status: int) -> None:
    busy = reply({}, status=status, Retry_After="7")

    with following(Service([said(), busy, said()], [busy, Open(event(FINAL))])) as f:
        assert f.texts() == ["", "Ready"]

    assert f.service.asked == ["read", "stream", "read", "read", "stream"]
    assert f.clock.slept == [7, 7]


@pytest.mark.fault("Following", "A silent stream is connected again")
def test_a_silent_stream_is_connected_again() -> None:
    silent = Open(event(said("The ")))

    with following(Service([said()], [silent, Open(event(FINAL))]), idle=0.1) as f:
        began = time.monotonic()
        assert f.texts() == ["", "The ", "Ready"]
        assert time.monotonic() - began < 3
        assert silent.left.wait(LIMIT)

    assert f.clock.slept == []


@pytest.mark.parametrize("odd", [b"data: {}\n\n", b"data: <html>\n\n"])
def test_an_event_that_is_no_session_is_passed_over(odd: bytes) -> None:
    with following(Service([said()], [cut(event(said("The ")), odd), Open(event(FINAL))])) as f:
        assert f.texts() == ["", "The ", "Ready"]


@pytest.mark.fault("Following", "What was missed is read after each cut")
def test_a_gap_is_filled_by_a_read() -> None:
    streams = [cut(event(said("1"), "1")), cut(event(said("12"), "2"), event(said("123"), "3")), Open()]

    with following(Service([said(), said("123"), FINAL], streams)) as f:
        assert f.texts() == ["", "1", "123", "Ready"]

    assert f.service.asked == ["read", "stream", "read", "stream", "read"]


def test_a_stale_read_changes_nothing() -> None:
    streams = [cut(event(said("12"))), cut(event(said("1"))), Open(event(FINAL))]

    with following(Service([said(), said("1"), said()], streams)) as f:
        assert f.texts() == ["", "12", "Ready"]


# ── a server that does not stream ──

NO_STREAM: dict[str, Answer] = {
    "one document": reply(said()),
    "one document that is final": reply(FINAL),
    "a page": reply(b"<html>", Content_Type="text/html"),
    "204": b"HTTP/1.1 204 No Content\r\n\r\n",
    **{str(status): reply({}, status=status) for status in (401, 403, 404, 405, 406, 501)},
}


@pytest.mark.fault("Following", "Where the server does not stream, the session is polled")
@pytest.mark.parametrize("answer", NO_STREAM.values(), ids=[*NO_STREAM])
def test_a_session_that_is_not_streamed_is_polled(answer: Answer) -> None:
    reads = [said(), said("The "), said("The "), said(), FINAL]

    with following(Service(reads, [answer])) as f:
        assert f.texts() == ["", "The ", "Ready"]

    assert f.service.asked == ["read", "stream", "read", "read", "read", "read"]
    assert f.clock.slept == GROWING[:3]


def test_a_server_that_keeps_its_response_until_the_end_is_polled(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(subscription, "_HEADERS_SECONDS", 0.1)
    hung_up = threading.Event()

    def waits(connection: Connection, request: Received) -> bool:
        if connection.sock.recv(1) == b"":
            hung_up.set()
        return False

    with following(Service([said(), said("The "), FINAL], [waits])) as f:
        assert f.texts() == ["", "The ", "Ready"]
        assert hung_up.wait(LIMIT)

    assert f.service.asked == ["read", "stream", "read", "read"]


def test_a_server_that_has_streamed_is_not_polled_when_it_is_late(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(subscription, "_HEADERS_SECONDS", 0.1)
    streams = [cut(event(said("The "))), late(b""), Open(event(FINAL))]

    with following(Service([said()], streams)) as f:
        assert f.texts() == ["", "The ", "Ready"]

    assert f.service.asked == ["read", "stream"] * 3


# ── a service that fails ──


@pytest.mark.parametrize("answer", [closes, resets, reply({}, status=500), reply({}, status=503)])
def test_a_subscription_that_fails_is_tried_again_and_the_session_read_meanwhile(answer: Answer) -> None:
    with following(Service([said(), said("The ")], [answer, answer, Open(event(FINAL))])) as f:
        assert f.texts() == ["", "The ", "Ready"]

    assert f.service.asked == ["read", "stream"] * 3
    assert f.clock.slept == GROWING[:1]


@pytest.mark.fault("Following", "A service that is gone is asked 20 times, then its error is raised")
@pytest.mark.parametrize("polled", [False, True])
def test_reads_that_fail_in_a_row_end_in_their_error(polled: bool) -> None:
    down = reply({}, status=500)
    streams = [reply({}, status=405)] if polled else [cut(event(said("The ")))]
    reads: list[Any] = [said(), *[down] * 19, said("The "), *[down] * 20, FINAL]

    with following(Service(reads, streams), timeout=math.inf) as f:
        assert shown(next(f.updates)) == ""
        assert shown(next(f.updates)) == "The "
        with pytest.raises(ServiceException):
            f.texts()
        assert len(f.service.reads) == 41
        assert f.texts() == ["Ready"]  # who goes on may

    assert sum(f.clock.slept) > 40


def test_a_server_that_is_not_there_is_an_error_in_the_end() -> None:
    with following(Service([closes]), timeout=math.inf) as f, pytest.raises(ApiConnectionError):
        next(f.updates)

    assert len(f.service.reads) == subscription.MAX_FAILURES == 20


def test_a_server_that_restarts_is_followed_on() -> None:
    service = Service(
        [said(), closes, resets, said("The ")], [cut(event(said())), closes, Open(event(FINAL))]
    )

    with following(service) as f:
        assert f.texts() == ["", "The ", "Ready"]


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (reply({}, status=401), UnauthorizedException),
        (reply({}, status=403), ForbiddenException),
        (reply({}, status=404), NotFoundException),
        (reply({"odd": 1}), ApiResponseError),
    ],
)
@pytest.mark.parametrize("before", [0, 1, 2])
def test_a_read_that_will_not_succeed_is_raised_at_once(
    answer: bytes, kind: type[ApiException], before: int
) -> None:
    streams: list[Answer] = [cut(), reply({}, status=404)]

    with following(Service([*[said()] * before, answer], streams)) as f, pytest.raises(kind):
        f.texts()

    assert len(f.service.reads) == before + 1


# ── time ──


@pytest.mark.fault("Following", "`timeout` ends the loop whatever the stream does, and tells the last state")
def test_a_stream_of_pings_does_not_outlast_the_timeout() -> None:
    def pings(connection: Connection) -> None:
        for _ in range(150):
            connection.send(chunk(PING))
            time.sleep(0.02)

    stream = Open(event(said("The ")), then=pings)

    with following(Service([said()], [stream]), timeout=0.3, real=True) as f:
        began = time.monotonic()
        assert shown(next(f.updates)) == ""
        assert shown(next(f.updates)) == "The "
        with pytest.raises(WaitTimeout, match=r"the 0\.3 s for the session are over") as caught:
            next(f.updates)
        assert 0.25 < time.monotonic() - began < 2.5
        assert stream.left.wait(LIMIT)

    assert caught.value.session_id == "s1"
    assert caught.value.session is f.updates.session
    assert f.updates.session is not None
    assert shown(f.updates.session) == "The "
    assert f.service.asked == ["read", "stream"]


@pytest.mark.parametrize("answer", [reply({}, status=405), closes])
def test_pauses_do_not_outlast_the_timeout(answer: Answer) -> None:
    with following(Service([said()], [answer]), timeout=10) as f, pytest.raises(WaitTimeout):
        f.texts()

    assert 0 < sum(f.clock.slept) < 10.1


def test_a_read_does_not_outlast_the_timeout() -> None:
    with following(Service([late(reply(), LIMIT)]), timeout=1, real=True) as f:
        with pytest.raises(WaitTimeout, match="not read yet") as caught:
            next(f.updates)
        with pytest.raises(WaitTimeout):  # and no request any more
            next(f.updates)

    assert caught.value.session is None
    assert f.service.asked == ["read"]


def test_the_end_of_the_time_tells_what_was_wrong() -> None:
    down = reply({}, status=503)

    with following(Service([said(), down], [cut()]), timeout=3) as f, pytest.raises(WaitTimeout) as caught:
        f.texts()

    again = 'It goes on; to wait for it again: api.follow_session("s1")'
    why = f"the 3 s for the session are over (last seen Running, the last read failed: Reason). {again}"
    assert str(caught.value).splitlines()[0] == why
    assert isinstance(caught.value.__cause__, ServiceException)


def test_what_went_wrong_and_passed_is_not_told() -> None:
    service = Service([said(), closes, said()], [cut()])

    with following(service, timeout=3) as f, pytest.raises(WaitTimeout) as caught:
        f.texts()

    assert "(last seen Running)" in str(caught.value)
    assert caught.value.__cause__ is None


def test_a_read_that_is_never_answered_is_followed_by_another(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "_READ_SECONDS", 0.1)

    with following(Service([late(reply(), 5), FINAL])) as f:
        assert f.texts() == ["Ready"]

    assert f.service.asked == ["read", "read"]


@pytest.mark.fault("Secrets", "An agent that repeats the token puts it into no error and no pickle")
def test_an_agent_that_repeats_the_token_puts_it_into_no_error() -> None:
    told = {**said(f"My token is {TOKEN}"), "status": f"Waiting for {TOKEN}"}

    with following(Service([told], [cut()]), timeout=1) as f, pytest.raises(WaitTimeout) as caught:
        list(f.updates)

    assert caught.value.session is not None
    assert caught.value.session.messages[-1].text == f"My token is {TOKEN}"
    assert "last seen Waiting for ***" in str(caught.value)
    assert TOKEN not in f"{caught.value} {caught.value!r}"
    assert TOKEN.encode() not in pickle.dumps(caught.value)
    assert pickle.loads(pickle.dumps(caught.value)).session_id == "s1"


# ── leaving ──


def test_leaving_the_block_closes_the_stream() -> None:
    stream = Open(event(said("The ")))

    with following(Service([said()], [stream])) as f:
        with f.updates:
            for session in f.updates:
                if shown(session) == "The ":
                    break
        assert stream.left.wait(LIMIT)
        assert f.updates.closed
        with pytest.raises(ApiStreamError, match="the updates of session 's1' are closed"):
            next(f.updates)

    assert f.service.asked == ["read", "stream"]


def closing_while(
    updates: SessionUpdates, waits: Callable[[], object], close: Callable[[], object]
) -> ApiStreamError:
    """Close a follower, or its client, while another thread reads; return what that thread is told."""
    with ThreadPoolExecutor(1) as pool:
        reading = pool.submit(list, updates)
        waits()
        began = time.monotonic()
        close()
        error = reading.exception(LIMIT)
        assert time.monotonic() - began < 3
    assert isinstance(error, ApiStreamError)
    return error


@pytest.mark.fault("Following", "Another thread may close it, and the client does, wherever it waits")
@pytest.mark.parametrize("of_client", [False, True])
@pytest.mark.parametrize("waiting", ["for an event", "before connecting", "between polls"])
def test_another_thread_may_close_it(waiting: str, of_client: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    slow = cut(b"retry: 60000\n\n", event(said("The ")))
    streams = {"for an event": Open(), "before connecting": slow, "between polls": reply({}, status=405)}
    service = Service([said(), said()], [streams[waiting]])
    asked = 3 if waiting == "between polls" else 2

    def waits() -> None:
        while len(service.asked) < asked:
            time.sleep(0.01)
        time.sleep(0.05)

    with playing(service) as server, client_of(server.host) as client, monkeypatch.context() as patched:
        patched.setattr(polling, "_FIRST_SECONDS", 5)
        updates = SessionsApi(client).follow_session("s1", timeout=5)
        error = closing_while(updates, waits, client.close if of_client else updates.close)
        time.sleep(0.05)

    assert error.reason == "the updates of session 's1' are closed"
    assert len(service.asked) == asked


@pytest.mark.fault("Following", "Another thread may close it, and the client does, wherever it waits")
@pytest.mark.parametrize("of_client", [False, True])
@pytest.mark.parametrize("sent", [b"", reply(said())[:-10]], ids=["for a response", "for its rest"])
@pytest.mark.parametrize("secure", [False, True], ids=["http", "https"])
def test_another_thread_may_close_it_while_the_session_is_read(
    tmp_path: Path, secure: bool, sent: bytes, of_client: bool
) -> None:
    begun, left = threading.Event(), threading.Event()

    def hangs(connection: Connection, request: Received) -> bool:
        connection.send(sent)
        begun.set()
        with suppress(OSError):
            connection.sock.recv(1)
        left.set()
        return False

    trusted = {"ssl_ca_cert": ca_file(tmp_path)} if secure else {}
    with (
        playing(hangs, tls=server_tls() if secure else None) as server,
        client_of(server.host, **trusted) as client,
    ):
        updates = SessionsApi(client).follow_session("s1", timeout=30)
        close = client.close if of_client else updates.close
        error = closing_while(updates, lambda: begun.wait(LIMIT), close)
        assert left.wait(LIMIT)

    assert error.reason == "the updates of session 's1' are closed"
    assert len(server.requests) == 1


@pytest.mark.fault("Following", "Closing does not disturb the next call over the same connection")
def test_closing_does_not_disturb_the_next_call_over_the_same_connection() -> None:
    begun, over = threading.Event(), threading.Event()

    def slow(connection: Connection, request: Received) -> None:
        begun.set()
        assert over.wait(LIMIT)
        connection.send(reply(said("Go on.")))

    with (
        playing(reply(said()), slow) as server,
        client_of(server.host) as client,
        ThreadPoolExecutor(1) as pool,
    ):
        api = SessionsApi(client)
        attempts: list[UnderWay] = []
        client.observed(SessionsApi.get_session.operation.request(("s1",), {}), watch=attempts.append)
        session = pool.submit(api.get_session, "s1")
        assert begun.wait(LIMIT)
        attempts[0].interrupt()
        over.set()

        assert session.result(LIMIT).messages[-1].text == "Go on."
    assert (len(server.requests), server.connections) == (2, 1)


@pytest.mark.fault("Following", "Another thread may close it, and the client does, wherever it waits")
def test_one_closed_while_it_subscribes_leaves_no_stream() -> None:
    stream = Open(event(said("The ")))

    def subscribed(connection: Connection, request: Received) -> Any:
        f.updates.close()
        return stream(connection, request)

    with following(Service([said()], [subscribed]), idle=5) as f:
        with pytest.raises(ApiStreamError):
            f.texts()
        assert stream.left.wait(4)


def test_ctrl_c_leaves_cleanly_and_a_new_loop_goes_on() -> None:
    def ctrl_c(connection: Connection) -> None:
        time.sleep(0.1)  # until the follower waits: Python leaves a signal until a read that begins is over
        interrupt()

    silent = Open(event(said("The ")), then=ctrl_c)

    with following(Service([said()], [silent, Open(event(FINAL))])) as f:
        with pytest.raises(KeyboardInterrupt):
            f.texts()
        assert silent.left.wait(LIMIT)
        assert f.texts() == ["Ready"]


def test_a_forgotten_follower_is_closed() -> None:
    stream = Open(event(said("The ")))

    with playing(Service([said()], [stream])) as server, client_of(server.host) as client:
        updates = SessionsApi(client).follow_session("s1")
        assert [shown(next(updates)), shown(next(updates))] == ["", "The "]
        (timer,) = [thread for thread in threading.enumerate() if isinstance(thread, threading.Timer)]
        del updates
        assert stream.left.wait(LIMIT)
        timer.join(LIMIT)
        assert not timer.is_alive()


def test_no_history_is_kept() -> None:
    states = [said("x" * count) for count in range(1, 50)]

    with following(Service([said()], [Open(*map(event, states), event(FINAL))])) as f:
        kept = [weakref.ref(session) for session in f.updates]
        gc.collect()
        assert [reference() for reference in kept if reference() is not None] == [f.updates.session]


# ── words ──


@pytest.mark.fault("Following", "Words come once, however often the stream is cut")
def test_words_are_the_answer_without_a_repetition() -> None:
    before = ["u:first prompt", "a:first answer", "u:second prompt"]
    grown = [state(*before, "a:" + "The north grew."[:count]) for count in range(1, 16)]
    streams = [cut(event(grown[count - 1]), event(grown[count])) for count in range(1, 15)]
    final = state(*before, "a:The north grew.", status="Ready")

    with following(Service([state(*before), *grown], [*streams, Open(event(final))])) as f:
        words = list(f.updates.words())

    assert "".join(words) == "The north grew."
    assert words == [*"The north grew."]


def test_words_of_a_session_that_is_done_are_its_last_answer() -> None:
    done = state("u:1", "a:one", "u:2", "a:two", "a:three", status="Ready")

    with following(Service([done])) as f:
        assert list(f.updates.words()) == ["two\n\nthree"]
        assert list(f.updates.words()) == []


def test_words_go_on_from_the_state_that_the_loop_was_told() -> None:
    stream = Open(event(said("The ")), event(said("The ", "north")), event(FINAL))

    with following(Service([said()], [stream])) as f:
        assert [shown(next(f.updates)), shown(next(f.updates))] == ["", "The "]
        words = f.updates.words()
        assert next(words) == "The "
        assert next(words) == "north"
        assert list(f.updates.words()) == [" grew."]


# ── what it is ──


def test_it_tells_what_it_is() -> None:
    with following(Service([said()], [Open(event(FINAL))])) as f:
        assert (f.updates.session_id, f.updates.session, f.updates.closed) == ("s1", None, False)
        assert repr(f.updates) == "<SessionUpdates open of 's1'>"
        assert next(f.updates) is f.updates.session
        assert repr(f.updates) == "<SessionUpdates open of 's1': Running>"
        list(f.updates)
        assert repr(f.updates) == "<SessionUpdates ended of 's1': Ready>"
        assert f.updates.closed
    with following(Service([said()])) as f:
        f.updates.close()
        assert repr(f.updates) == "<SessionUpdates closed of 's1'>"

    assert f.service.asked == []


@pytest.mark.parametrize(
    ("arguments", "error", "named"),
    [
        ({"session_id": 5}, ValidationError, "session_id"),
        ({"session_id": ""}, ApiValueError, "session_id"),
        ({"timeout": 0}, ApiValueError, "timeout"),
        ({"timeout": "5"}, ApiValueError, "timeout"),
        ({"idle_timeout": -1}, ApiValueError, "idle_timeout"),
        ({"idle_timeout": math.nan}, ApiValueError, "idle_timeout"),
        ({"_headers": {"X": "a\nb"}}, ApiValueError, "X"),
        ({"_request_timeout": 0}, ValidationError, "_request_timeout"),
        ({"tee": "log"}, ValidationError, "tee"),
    ],
)
def test_a_wrong_argument_is_named_before_anything_is_sent(
    arguments: dict[str, Any], error: type[Exception], named: str
) -> None:
    with playing(reply()) as server, client_of(server.host) as client, pytest.raises(error, match=named):
        SessionsApi(client).follow_session(**{"session_id": "s1", **arguments})

    assert server.requests == []


def test_options_are_those_of_the_requests() -> None:
    service = Service([said()], [cut(event(said("The "), "1")), Open(event(FINAL))])
    key = {"in": "header", "key": "X-Key", "value": "k"}

    with (
        playing(service) as server,
        client_of(server.host) as client,
        SessionsApi(client).follow_session("s1", _headers={"X-Own": "1"}, _request_auth=key) as updates,
    ):
        assert len(list(updates)) == 3

    assert [request.headers["X-Own"] for request in server.requests] == ["1"] * 4
    assert [request.headers["X-Key"] for request in service.reads] == ["k", "k"]
    assert [request.headers["X-Key"] for request in service.subscriptions] == [None, None]
    assert service.resumed_from == [None, "1"]


def test_one_connection_is_enough() -> None:
    streams = [cut(event(said("The "))), reply({}, status=503), Open(event(FINAL))]

    with following(Service([said()], streams), connection_pool_maxsize=1) as f:
        assert f.texts() == ["", "The ", "Ready"]

    assert f.service.asked == ["read", "stream"] * 3


def test_a_follower_is_counted_as_one_response_that_is_left_unread() -> None:
    service = Service([said()], [Open(event(said("The ")))])

    with playing(service) as server, client_of(server.host, connection_pool_maxsize=1) as client:
        api = SessionsApi(client)
        updates = api.follow_session("s1")
        assert [shown(next(updates)), shown(next(updates))] == ["", "The "]
        with pytest.raises(ApiTimeoutError, match="are in use, 1 by responses left unread"):
            api.get_session("s1", _request_timeout=0.1)
