"""What follows from an exception of an attempt."""

from __future__ import annotations

import pickle
import ssl
from concurrent.futures import CancelledError
from concurrent.futures.process import BrokenProcessPool

import pytest

from portal_client import (
    ApiConnectionError,
    ApiException,
    ApiResponseError,
    ApiTimeoutError,
    ApiValueError,
    AuthenticationError,
)
from portal_client.batch.checked import FileChanged
from portal_client.batch.outcome import Outcome, outcome_of, words
from portal_client.batch.work import NotBegun, NotSent, Repeated
from portal_client.exceptions import error_for


def untrusted() -> ApiConnectionError:
    error = ApiConnectionError(request_sent=False)
    error.__cause__ = OSError(ssl.SSLCertVerificationError())
    return error


def status(code: int, safe: bool = True) -> ApiException:
    return error_for(code)(status=code, request_sent=True, safe_to_repeat=safe)


@pytest.mark.parametrize(
    ("error", "outcome"),
    [
        (NotBegun(), Outcome.AGAIN),
        (NotSent("FileNotFoundError"), Outcome.FAILED),
        (FileChanged(request_sent=True), Outcome.FAILED),
        (FileChanged(request_sent=False), Outcome.FAILED),
        (Repeated(), Outcome.DOUBT),
        (ApiConnectionError(request_sent=True), Outcome.DOUBT),
        (ApiTimeoutError(request_sent=True), Outcome.DOUBT),
        (ApiResponseError(status=200, request_sent=True), Outcome.DOUBT),
        (status(500, safe=False), Outcome.DOUBT),
        (status(503, safe=False), Outcome.DOUBT),
        (status(408, safe=False), Outcome.DOUBT),
        (status(422, safe=False), Outcome.DOUBT),
        (status(429, safe=False), Outcome.DOUBT),
        (status(429), Outcome.LIMITED),
        (status(400), Outcome.FAILED),
        (status(403), Outcome.FAILED),
        (status(404), Outcome.FAILED),
        (status(422), Outcome.FAILED),
        (status(302), Outcome.FAILED),
        (status(401), Outcome.STOP),
        (ApiConnectionError(request_sent=False), Outcome.UNREACHABLE),
        (ApiTimeoutError(request_sent=False), Outcome.UNREACHABLE),
        (untrusted(), Outcome.STOP),
        (AuthenticationError(request_sent=False), Outcome.STOP),
        (ApiValueError("a setting"), Outcome.STOP),
        (CancelledError(), Outcome.DOUBT),
        (BrokenProcessPool(), Outcome.DOUBT),
        (OSError("a worker was lost"), Outcome.DOUBT),
        (ValueError(), Outcome.DOUBT),
        (KeyboardInterrupt(), Outcome.DOUBT),
    ],
    ids=repr,
)
def test_outcomes(error: BaseException, outcome: Outcome) -> None:
    assert outcome_of(error) is outcome


def test_what_workers_raise_survives_pickle() -> None:
    for error in (NotBegun("a"), NotSent("b"), Repeated("c"), FileChanged(status=0, reason="d")):
        again = pickle.loads(pickle.dumps(error))
        assert (type(again), again.args, str(again)) == (type(error), error.args, str(error))


def test_words() -> None:
    assert words(ApiException(status=503, reason="Service Unavailable")) == "503 Service Unavailable"
    assert words(ApiConnectionError(reason="no connection")) == "no connection"
    assert words(NotSent("FileNotFoundError: x")) == "NotSent: FileNotFoundError: x"
    assert words(CancelledError()) == "CancelledError"
