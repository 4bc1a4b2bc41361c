"""The decision to try again, as a table: no network, no waiting."""

from __future__ import annotations

import random
import warnings
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import pytest
import urllib3
from hypothesis import given
from hypothesis import strategies as st
from urllib3.exceptions import (
    ConnectTimeoutError,
    NewConnectionError,
    ProtocolError,
    ReadTimeoutError,
    SSLError,
)

from portal_client.files import file_parts
from portal_client.multipart import Multipart
from portal_client.request import HTTPRequest, Origin
from portal_client.timeouts import Timeouts
from portal_client.transport.retry import DEFAULT, MAX_WAIT_SECONDS, QUOTA, RetryState, quota, retry_after

LOST = ProtocolError("Connection aborted.", ConnectionResetError(104, "reset"))
SILENT = ReadTimeoutError(None, "/", "Read timed out.")  # type: ignore[arg-type]
REFUSED = NewConnectionError(None, "refused")  # type: ignore[arg-type]
UNREACHED = ConnectTimeoutError(None, "timed out")  # type: ignore[arg-type]


class _Soon:
    """The first wait of the default policy, whose length is left to chance."""

    def __eq__(self, wait: object) -> bool:
        return isinstance(wait, float) and 0.1 <= wait <= 0.5

    def __repr__(self) -> str:
        return "0.1 to 0.5"


SOON: Any = _Soon()


class _Unseekable:
    def read(self, size: int = -1) -> bytes:
        return b""


def _http(method: str = "GET", idempotent: bool | None = None, **changes: Any) -> HTTPRequest:
    settled: dict[str, Any] = {
        "operation": "op",
        "method": method,
        "origin": Origin("http", "localhost", 80),
        "target": "/",
        "headers": {},
        "body": None,
        "credential": None,
        "request_id": "r1",
        "timeouts": Timeouts(),
        "retries": None,
        "rate_limit_retries": 2,
        "idempotent": method == "GET" if idempotent is None else idempotent,
        "max_response_size": 1000,
        "hooks": (),
    }
    return HTTPRequest(**settled | changes)


def _stream(**changes: Any) -> HTTPRequest:
    """A request whose body can be sent only once."""
    parts = [("files", part) for part in file_parts([_Unseekable()])]
    return _http("POST", body=Multipart([("text_prompt", "x")], parts), **changes)


def _after_status(request: HTTPRequest, status: int, wait: str | None = None) -> float | None:
    headers = {} if wait is None else {"Retry-After": wait}
    return RetryState(request, quota()).after_response(request, status, headers)


def _after_error(
    request: HTTPRequest, error: Exception = LOST, sent: bool = True, final: bool = False
) -> float | None:
    return RetryState(request, quota()).after_error(request, error, sent, final)


# ── responses ──

ANY = urllib3.Retry(2, status_forcelist=(500, 503), allowed_methods=None)
ONLY_POST = urllib3.Retry(2, status_forcelist=(500, 503), allowed_methods=("POST",))
ITS_OWN = urllib3.Retry(2, status_forcelist=(500, 503))
BAD_REQUEST = urllib3.Retry(2, status_forcelist=(400,))


@pytest.mark.parametrize(
    ("method", "idempotent", "policy", "status", "retry_after", "wait"),
    [
        # What may be repeated is, after a failure that passes.
        ("GET", True, None, 502, None, SOON),
        ("GET", True, None, 503, None, SOON),
        ("GET", True, None, 504, None, SOON),
        ("GET", True, 1, 503, None, SOON),
        ("GET", True, None, 503, "7", 7),
        ("GET", True, None, 503, "0", 0),
        ("GET", True, None, 503, "garbage", SOON),
        ("GET", True, None, 413, "7", 7),
        ("GET", True, None, 413, None, None),
        ("PUT", True, None, 503, None, SOON),
        # All other responses are final.
        ("GET", True, None, 200, None, None),
        ("GET", True, None, 200, "7", None),
        ("GET", True, None, 304, "7", None),
        ("GET", True, None, 404, None, None),
        ("GET", True, None, 409, "7", None),
        ("GET", True, None, 500, None, None),
        ("GET", True, None, 500, "7", None),
        ("GET", True, None, 501, None, None),
        # What may not be is not, whatever the method; GET is not enough.
        ("POST", False, None, 503, None, None),
        ("POST", False, None, 503, "7", None),
        ("PUT", False, None, 503, None, None),
        ("PUT", False, None, 502, "1", None),
        ("DELETE", False, None, 503, None, None),
        ("GET", False, None, 503, "7", None),
        # A refusal with a time is, for all of them; one without is not.
        ("POST", False, None, 429, "7", 7),
        ("PUT", False, None, 429, "7", 7),
        ("GET", True, None, 429, "7", 7),
        ("GET", False, None, 429, "7", 7),
        ("POST", False, None, 429, None, None),
        ("GET", True, None, 429, None, None),
        ("POST", False, None, 429, "garbage", None),
        ("POST", False, 0, 429, "7", 7),
        # A wait that is too long is none.
        ("POST", False, None, 429, "60", 60),
        ("POST", False, None, 429, "61", None),
        ("POST", False, None, 429, "86400", None),
        ("GET", True, None, 503, "61", None),
        ("GET", True, None, 503, "86400", None),
        # Switched off.
        ("GET", True, False, 503, None, None),
        ("GET", True, False, 503, "1", None),
        ("GET", True, False, 429, "1", None),
        ("POST", False, False, 429, "1", None),
        ("GET", True, 0, 503, None, None),
        ("GET", True, 0, 503, "1", None),
        # A urllib3.Retry: its own set of methods is the user's word, the default set is not.
        ("GET", True, ITS_OWN, 500, None, 0),
        ("GET", True, ITS_OWN, 502, None, None),
        ("PUT", False, ITS_OWN, 500, None, None),
        ("DELETE", False, ITS_OWN, 503, "1", None),
        ("POST", False, ANY, 500, None, 0),
        ("PUT", False, ANY, 503, "3", 3),
        ("POST", False, ONLY_POST, 500, None, 0),
        ("PUT", False, ONLY_POST, 500, None, None),
        ("GET", True, ONLY_POST, 500, None, None),
        ("PUT", False, ONLY_POST, 429, "3", 3),
        ("GET", True, BAD_REQUEST, 400, None, 0),
        ("GET", True, BAD_REQUEST, 503, "3", 3),
        ("GET", True, BAD_REQUEST, 503, None, None),
    ],
)
def test_a_response_is_the_last_or_not(
    method: str, idempotent: bool, policy: Any, status: int, retry_after: str | None, wait: float | None
) -> None:
    request = _http(method, idempotent, retries=policy)
    assert wait == _after_status(request, status, retry_after)


def test_a_policy_may_ignore_retry_after() -> None:
    deaf = urllib3.Retry(3, status_forcelist=[503], respect_retry_after_header=False)

    assert _after_status(_http(retries=deaf), 503, "50") == 0
    assert _after_status(_http("POST", retries=deaf), 429, "1") is None


def test_a_policy_of_ones_own_sees_each_failure() -> None:
    seen: list[Any] = []

    class Own(urllib3.Retry):
        def increment(self, method: Any, url: Any, response: Any, error: Any) -> Any:  # type: ignore[override]
            seen.append((method, url, response and response.status, error))
            return super().increment(method, url, response, error)

        def is_retry(self, method: str, status_code: int, has_retry_after: bool = False) -> bool:
            seen.append((method, status_code, has_retry_after))
            return super().is_retry(method, status_code, has_retry_after)

    request = _http(target="/sessions/s1", retries=Own(3, status_forcelist=[503]))
    attempts = RetryState(request, quota())

    assert attempts.after_response(request, 503, {}) == 0
    assert attempts.after_error(request, LOST, sent=False, final=False) == 0
    assert seen == [
        ("GET", 503, False),
        ("GET", "/sessions/s1", 503, None),
        ("GET", "/sessions/s1", None, LOST),
    ]


def test_the_methods_of_a_policy_hold_after_a_repetition() -> None:
    post, get = _http("POST", retries=ONLY_POST), _http(retries=ONLY_POST)
    attempts = RetryState(post, quota())

    assert attempts.after_response(post, 503, {}) == 0
    assert attempts.after_response(get, 503, {}) is None


def test_a_body_that_can_be_sent_once_is_sent_once() -> None:
    assert _after_status(_stream(), 429, "1") is None
    assert _after_status(_stream(idempotent=True), 503) is None
    assert _after_status(_stream(retries=ANY), 503) is None
    assert _after_error(_stream(idempotent=True)) is None


# ── errors ──


@pytest.mark.parametrize(
    ("request_", "error", "sent", "final", "again"),
    [
        (_http(), LOST, True, False, True),
        (_http(), SILENT, True, True, False),
        (_http("POST"), LOST, True, False, False),
        (_http("PUT"), LOST, True, False, False),
        (_http("GET", False), LOST, True, False, False),
        # Nothing was written, so all may go again: even after a timeout, even a stream.
        (_http("POST"), REFUSED, False, False, True),
        (_http("POST"), UNREACHED, False, True, True),
        (_http("PUT"), LOST, False, False, True),
        (_http("GET", False), REFUSED, False, False, True),
        (_stream(), REFUSED, False, False, True),
        # A certificate will not be better the next time.
        (_http(), SSLError("bad certificate"), False, False, False),
        (_http(retries=False), REFUSED, False, False, False),
        (_http(retries=0), REFUSED, False, False, False),
        (_http("POST", retries=ANY), LOST, True, False, True),
        (_http("PUT", retries=ITS_OWN), LOST, True, False, False),
        (_http("PUT", retries=ONLY_POST), LOST, True, False, False),
        (_http("PUT", retries=ONLY_POST), REFUSED, False, False, True),
        (_http(retries=urllib3.Retry(3, connect=0)), UNREACHED, False, True, False),
        (_http(retries=urllib3.Retry(3, read=False)), LOST, True, False, False),
        (_http(retries=urllib3.Retry(False)), LOST, True, False, False),
    ],
)
def test_an_error_is_the_end_or_not(
    request_: HTTPRequest, error: Exception, sent: bool, final: bool, again: bool
) -> None:
    assert (_after_error(request_, error, sent, final) is not None) == again


# ── counts and waits ──


def _waits(request: HTTPRequest, answers: list[tuple[int, str | None]]) -> list[float | None]:
    attempts = RetryState(request, quota())
    return [attempts.after_response(request, s, {} if w is None else {"Retry-After": w}) for s, w in answers]


@pytest.mark.parametrize(
    ("retries", "times"), [(None, 3), (0, 0), (1, 1), (5, 5), (urllib3.Retry(2, read=9), 2)]
)
def test_retries_are_counted(retries: Any, times: int) -> None:
    request = _http(retries=retries)
    attempts = RetryState(request, quota())
    waits = [attempts.after_error(request, LOST, True, False) for _ in range(times + 1)]
    assert [wait is not None for wait in waits] == [True] * times + [False]


def test_errors_and_responses_share_one_count() -> None:
    request = _http()
    attempts = RetryState(request, quota())
    assert attempts.after_error(request, LOST, True, False) is not None
    assert attempts.after_response(request, 503, {}) is not None
    assert attempts.after_error(request, REFUSED, False, False) is not None
    assert attempts.after_response(request, 503, {}) is None


@pytest.mark.parametrize("times", [0, 1, 2, 4])
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_refusals_have_a_count_of_their_own(method: str, times: int) -> None:
    request = _http(method, rate_limit_retries=times)
    assert _waits(request, [(429, "1")] * (times + 1)) == [1] * times + [None]


def test_refusals_do_not_use_up_the_retries() -> None:
    waits = _waits(_http(), [(429, "1"), (429, "1"), (503, None), (503, None), (503, None), (503, None)])
    assert [wait is not None for wait in waits] == [True, True, True, True, True, False]


def test_calls_do_not_share_their_count() -> None:
    policy = urllib3.Retry(1, status_forcelist=(503,))
    for _ in range(3):
        assert _waits(_http(retries=policy), [(503, None)] * 2) == [0, None]
    assert policy.total == 1


def test_the_first_repetition_waits_and_the_longest_wait_grows() -> None:
    request = _http(retries=12)
    for _ in range(20):
        waits = _waits(request, [(503, None)] * 12)
        for number, wait in enumerate(waits, 1):
            assert wait is not None
            assert 0.1 <= wait <= min(8, 0.25 * 2**number)


def test_waits_are_drawn_between_a_tenth_of_a_second_and_twice_the_last_limit(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    drawn: list[tuple[float, float]] = []

    def longest(low: float, high: float) -> float:
        drawn.append((low, high))
        return high

    monkeypatch.setattr("portal_client.transport.retry.jitter", longest)

    assert _waits(_http(retries=7), [(503, None)] * 7) == [0.5, 1, 2, 4, 8, 8, 8]
    assert {low for low, _ in drawn} == {0.1}


def test_clients_do_not_come_back_together() -> None:
    first, second = zip(*(_waits(_http(), [(503, None)] * 2) for _ in range(40)), strict=True)
    for waits in (first, second):
        assert max(waits) - min(waits) > 0.1


def test_the_random_numbers_of_the_program_stay_as_it_has_seeded_them() -> None:
    random.seed(7)
    before = random.getstate()
    _waits(_http(), [(503, None)] * 3)

    assert random.getstate() == before


def test_a_policy_of_ones_own_waits_as_it_says() -> None:
    policy = urllib3.Retry(3, status_forcelist=(503,), backoff_factor=2)
    assert _waits(_http(retries=policy), [(503, None)] * 3) == [0, 4, 8]


# ── the quota of a client ──


def test_a_client_repeats_no_more_than_its_quota() -> None:
    shared = quota()
    waits = [RetryState(_http(), shared).after_error(_http(), LOST, True, False) for _ in range(QUOTA + 2)]
    assert [wait is not None for wait in waits] == [True] * QUOTA + [False] * 2
    assert RetryState(_http("POST"), shared).after_response(_http("POST"), 429, {"Retry-After": "1"}) is None


def test_a_success_gives_one_repetition_back() -> None:
    shared = quota()
    shared.clear()
    for _ in range(2):
        RetryState(_http(), shared).after_response(_http(), 200, {})
    waits = [RetryState(_http(), shared).after_error(_http(), LOST, True, False) for _ in range(3)]
    assert [wait is not None for wait in waits] == [True, True, False]


def test_an_error_gives_nothing_back_and_success_no_more_than_the_quota() -> None:
    shared = quota()
    RetryState(_http(), shared).after_response(_http(), 200, {})
    assert len(shared) == QUOTA
    shared.clear()
    RetryState(_http(), shared).after_response(_http(), 404, {})
    assert not shared


def test_the_default_policy_does_not_name_methods() -> None:
    """Then an int of retries is judged by the operation, not by urllib3's set, which holds PUT."""
    assert DEFAULT.allowed_methods is urllib3.Retry.DEFAULT_ALLOWED_METHODS


def test_an_empty_set_of_methods_is_all_of_them_as_in_urllib3() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)
        policy = urllib3.Retry(2, status_forcelist=(503,), allowed_methods=())
        assert _after_status(_http("POST", retries=policy), 503) == 0


# ── Retry-After ──


def _date(seconds: float) -> str:
    return format_datetime(datetime.now(UTC) + timedelta(seconds=seconds), usegmt=True)


@pytest.mark.parametrize(("value", "seconds"), [("0", 0), ("7", 7), (" 7 ", 7), ("007", 7)])
def test_retry_after_is_a_number(value: str, seconds: float) -> None:
    assert retry_after({"Retry-After": value}) == seconds


def test_retry_after_is_a_date() -> None:
    wait = retry_after({"Retry-After": _date(30)})
    assert wait is not None
    assert 25 < wait <= 30
    assert retry_after({"Retry-After": _date(-3600)}) == 0
    far = retry_after({"Retry-After": _date(86400)})
    assert far is not None
    assert far > MAX_WAIT_SECONDS


def test_a_date_is_waited_for_up_to_the_longest_wait() -> None:
    near = _after_status(_http("POST"), 429, _date(30))
    assert near is not None
    assert 25 < near <= 30
    assert _after_status(_http("POST"), 429, _date(86400)) is None


@pytest.mark.parametrize(
    "value",
    [
        *("", "soon", "-1", "1.5", "1e3", "inf", "nan", "0x10", "٣", ",", "9" * 5000),
        "Wed, 99 Foo 2026 99:99:99 GMT",
        "Wed, 21 Oct 99999999999999999999 07:28:00 GMT",
        "2026-01-01T00:00:00Z",
    ],
)
def test_garbage_is_no_retry_after_or_a_long_one(value: str) -> None:
    wait = retry_after({"Retry-After": value})
    assert wait is None or wait == 0 or wait > MAX_WAIT_SECONDS


def test_without_the_header_there_is_none() -> None:
    assert retry_after({}) is None


@pytest.mark.fault("Property tests", "Any Retry-After is a wait or none, and breaks no call")
@given(st.text(st.characters(max_codepoint=255), max_size=40))
def test_no_retry_after_breaks_the_call(value: str) -> None:
    wait = retry_after({"Retry-After": value})
    assert wait is None or wait >= 0


@pytest.mark.fault("Property tests", "Any Retry-After is a wait or none, and breaks no call")
@given(
    day=st.integers(-5, 99),
    month=st.sampled_from(["Jan", "Foo", "", "12"]),
    year=st.integers(-9999, 10**12),
    zone=st.sampled_from(["GMT", "+9999", "-99999999", "", "ZZZ"]),
)
def test_no_odd_date_breaks_the_call(day: int, month: str, year: int, zone: str) -> None:
    wait = retry_after({"Retry-After": f"Wed, {day} {month} {year} 07:28:00 {zone}"})
    assert wait is None or wait >= 0
