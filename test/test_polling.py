"""Polling: when the next read is, and what ends the loop."""

from __future__ import annotations

import math
import ssl
from collections.abc import Callable
from itertools import islice
from typing import Any, Union

import pytest
from urllib3.exceptions import SSLError

from portal_client import (
    ApiConnectionError,
    ApiException,
    ApiResponseError,
    ApiTimeoutError,
    AuthenticationError,
    ForbiddenException,
    NotFoundException,
    ServiceException,
    Session,
    TooManyRequestsException,
    UnauthorizedException,
    UnprocessableEntityException,
)
from portal_client.polling import is_final, is_transient, pauses, poll
from portal_client.timeouts import Deadline, Timeouts
from support.scripted import SESSION


def state(status: str) -> Session:
    return Session.from_dict({**SESSION, "status": status})


def caused(error: ApiException, by: BaseException) -> ApiException:
    error.__cause__ = by
    return error


def longest(low: float, high: float) -> float:
    return high


class Service:
    """Returns the states of a script, the last one for ever, and notes when it is asked."""

    def __init__(self, *steps: Union[str, ApiException], limit: float = math.inf, seconds: float = 0) -> None:
        self.left = [*steps]
        self.seconds = seconds
        self.time = 0.0
        self.asked: list[float] = []
        self.failures: list[ApiException] = []
        self.deadline = Deadline(Timeouts(total=limit), lambda: self.time)

    def read(self) -> Session:
        self.asked.append(self.time)
        self.time += self.seconds
        step = self.left.pop(0) if len(self.left) > 1 else self.left[0]
        if isinstance(step, ApiException):
            raise step
        return state(step)

    def sleep(self, seconds: float) -> None:
        self.time += seconds

    def poll(self, uniform: Callable[[float, float], float] = longest, **more: Any) -> list[str]:
        told = self.failures.append
        states = poll(self.read, self.deadline, on_failure=told, sleep=self.sleep, uniform=uniform, **more)
        return [session.status.value for session in states]


@pytest.mark.parametrize("final", ["Ready", "Flushed", "Error"])
def test_the_states_come_until_a_final_one(final: str) -> None:
    service = Service("Running", "Running", final, "Running")

    assert service.poll() == ["Running", "Running", final]
    assert len(service.asked) == 3


def test_a_status_of_a_newer_service_is_not_final() -> None:
    assert not is_final(state("Pondering"))
    assert Service("Pondering", "Ready").poll() == ["Pondering", "Ready"]


def test_the_first_reads_are_close_together_and_the_later_ones_are_not() -> None:
    service = Service(*["Running"] * 20, "Ready")
    service.poll()

    between = [later - earlier for earlier, later in zip(service.asked, service.asked[1:], strict=False)]
    assert service.asked[0] == 0
    assert between[0] == pytest.approx(0.1)
    assert between == sorted(between)
    assert between[-1] == pytest.approx(5)
    assert service.asked[6] < 3


def test_each_pause_is_drawn_from_all_of_its_range() -> None:
    drawn: list[tuple[float, float]] = []

    def note(low: float, high: float) -> float:
        drawn.append((low, high))
        return low

    assert [*islice(pauses(note), 12)] == [0.1] * 12
    assert {low for low, _ in drawn} == {0.1}
    assert drawn[-1][1] == 5
    assert all(0.1 <= pause <= 5 for pause in islice(pauses(), 30))


TRANSIENT: dict[str, ApiException] = {
    "no connection": ApiConnectionError(request_sent=False),
    "a time-out": ApiTimeoutError(),
    "429": TooManyRequestsException(429),
    "408": ApiException(408),
    "500": ServiceException(500),
    "503": ServiceException(503),
    "no token while its server fails": AuthenticationError(503),
    "no token while its server is away": caused(AuthenticationError(), ApiConnectionError()),
}
LASTING: dict[str, ApiException] = {
    "401": UnauthorizedException(401),
    "403": ForbiddenException(403),
    "404": NotFoundException(404),
    "422": UnprocessableEntityException(422),
    "no token": AuthenticationError(),
    "a token source that fails": caused(AuthenticationError(), FileNotFoundError()),
    "a token that is refused": AuthenticationError(400),
    "another type": ApiResponseError(200),
    "a certificate": caused(ApiConnectionError(), SSLError(ssl.SSLCertVerificationError("expired"))),
}


@pytest.mark.parametrize("error", TRANSIENT.values(), ids=[*TRANSIENT])
def test_what_may_pass_does_not_end_the_loop(error: ApiException) -> None:
    service = Service("Running", error, error, "Ready")

    assert service.poll() == ["Running", "Ready"]
    assert service.failures == [error, error]
    assert service.asked == sorted({*service.asked})


@pytest.mark.parametrize("error", LASTING.values(), ids=[*LASTING])
def test_what_will_not_pass_is_raised_at_once(error: ApiException) -> None:
    service = Service("Running", error, "Ready")

    with pytest.raises(type(error)) as caught:
        service.poll()
    assert caught.value is error
    assert len(service.asked) == 2
    assert service.failures == []


def test_a_broken_handshake_may_pass() -> None:
    assert is_transient(caused(ApiConnectionError(), SSLError(ssl.SSLEOFError("cut"))))
    assert not is_transient(OSError())


def test_the_next_read_is_not_before_the_time_that_the_service_names() -> None:
    service = Service(TooManyRequestsException(429, retry_after=70), "Running", "Ready")
    service.poll()

    assert service.asked == pytest.approx([0, 70, 70.15])


def test_what_was_just_started_may_be_missing_for_a_moment() -> None:
    missing = NotFoundException(status=404)
    service = Service(missing, "Running", missing, "Ready")
    assert service.poll(grace=5.0) == ["Running", "Ready"]
    assert service.failures == [missing, missing]

    service = Service(missing)
    with pytest.raises(NotFoundException):
        service.poll(grace=5.0)
    assert service.asked[-2] < 5 <= service.asked[-1]


def test_the_loop_ends_with_the_deadline() -> None:
    service = Service("Running", limit=10)

    assert {*service.poll()} == {"Running"}
    assert service.time == pytest.approx(10)
    assert service.asked[-1] < 10


def test_nothing_is_waited_for_beyond_the_deadline() -> None:
    service = Service(TooManyRequestsException(429, retry_after=70), limit=60)

    assert service.poll() == []
    assert (service.asked, service.time) == ([0], 60)


def test_a_read_that_ends_after_the_deadline_is_the_last_one_and_counts() -> None:
    service = Service("Running", "Ready", limit=3, seconds=4)

    assert service.poll() == ["Running"]
    assert service.asked == [0]


def test_another_end_can_be_named() -> None:
    service = Service("Ready", "Ready", "Error")

    assert service.poll(until=lambda session: session.status == "Error") == ["Ready", "Ready", "Error"]
