"""Tokens: every fault of the wire at the token endpoint, and what is left of a call that needs a token."""

from __future__ import annotations

import pickle
import threading
import traceback

import pytest

from portal_client import ApiTimeoutError, AuthenticationError, UnauthorizedException
from portal_client.exceptions import ApiException
from support.chain import chain
from support.clients import FAULTS, PROMPT, failing, own_frames
from support.identity import PRIVATE, SignedIn, granted, signed_in
from support.scripted import Answer, Connection, Received, reply

#: Asked once: a wait was in vain, or the endpoint has spoken.
FINAL = {"late", "a body that stops", "no gzip", "not JSON", "a redirect elsewhere", "408", "425", "500"}
ASKED = {fault: 1 if fault in FINAL else 6 if fault == "429" else 4 for fault in FAULTS}
SHORT = (1, 0.2)


def unless(well: threading.Event, fault: Answer, number: int) -> Answer:
    """An endpoint that fails until it is well."""

    def answer(connection: Connection, request: Received) -> object:
        now = granted(number) if well.is_set() else fault
        if callable(now):
            return now(connection, request)
        connection.send(now)
        return True

    return answer


def hides(error: ApiException) -> None:
    """Nothing that tools print of an error holds a secret."""
    shown = ["".join(traceback.format_exception(error)), own_frames(error), str(error.data)]
    shown += [f"{error} {error!r} {error.call}", str(vars(error)), str(pickle.dumps(chain(error)))]
    for private in PRIVATE:
        assert not any(private in text for text in shown), private


def prompts(s: SignedIn) -> object:
    return s.api.create_session("a1", PROMPT, _request_timeout=SHORT)


@pytest.mark.fault("Tokens", "A fault at the token endpoint: the service is not asked, and no secret shown")
@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_at_the_first_token(fault: str) -> None:
    well = threading.Event()
    with signed_in(unless(well, FAULTS[fault], 1)) as s:
        error = failing(lambda: prompts(s))
        assert (len(s.identity.requests), s.service.connections) == (ASKED[fault], 0)
        well.set()
        prompts(s)

    assert isinstance(error, (AuthenticationError, ApiTimeoutError))
    assert error.request_sent is False
    assert error.call is not None
    assert (error.call.operation, error.call.attempts, error.call.sent) == ("create_session", 1, 0)
    assert len(s.identity.requests) == ASKED[fault] + 1
    assert s.shown == ["Bearer access-1"]
    hides(error)


@pytest.mark.fault("Tokens", "A fault at the renewal after a 401 leaves the 401, and a prompt sent once")
@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_at_the_renewal(fault: str) -> None:
    well = threading.Event()
    fails = unless(well, FAULTS[fault], 2)
    service: tuple[Answer, ...] = (reply(), reply({}, status=401), reply())
    with signed_in(granted(1), fails, service=service) as s:
        prompts(s)
        error = failing(lambda: prompts(s))
        assert s.shown == ["Bearer access-1"] * 2
        well.set()
        prompts(s)

    assert isinstance(error, UnauthorizedException)
    assert error.request_sent is True
    assert s.shown[2] in ("Bearer access-1", "Bearer access-2")
    assert len(s.service.requests) == 3
    hides(error)


@pytest.mark.fault("Tokens", "A fault when a token has expired: no old token is shown, and no secret")
@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_at_the_next_token(fault: str) -> None:
    well = threading.Event()
    with signed_in(granted(1), unless(well, FAULTS[fault], 2)) as s:
        prompts(s)
        s.clock.time += 3600
        error = failing(lambda: prompts(s))
        assert len(s.service.requests) == 1
        well.set()
        prompts(s)

    assert isinstance(error, (AuthenticationError, ApiTimeoutError))
    assert error.request_sent is False
    assert s.shown == ["Bearer access-1", "Bearer access-2"]
    hides(error)
