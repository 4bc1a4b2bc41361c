"""Retries: when a request is sent again, and after how long; the policy is a urllib3.Retry.

A request that is not idempotent is sent again only if nothing of it was written, or after a 429 with
Retry-After, which is a refusal. What may be repeated is also repeated after a lost connection and after
502, 503 and 504, but not after a read timeout. (A 401 is handled in rest.py.)

Each repetition takes one from the quota of its client, and each success gives one back: a server that is
down is not asked again and again by all calls.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from typing import Optional

import urllib3
from typing_extensions import override
from urllib3.exceptions import EmptyPoolError, HTTPError, InvalidHeader, SSLError

from portal_client.configuration import Configuration
from portal_client.randomness import jitter
from portal_client.request import HTTPRequest

#: Where a longer wait is asked for, the error is raised at once.
MAX_WAIT_SECONDS = 60.0

#: Retries that a client may have outstanding.
QUOTA = 100

_MIN_WAIT_SECONDS = 0.1


class _Jittered(urllib3.Retry):
    """A policy whose first repetition waits, too, and whose waits are spread over all of their range.

    Clients that were cut off together do not come back together.
    """

    @override
    def get_backoff_time(self) -> float:
        longest = min(self.backoff_max, self.backoff_factor * 2 ** len(self.history))
        return jitter(_MIN_WAIT_SECONDS, longest)


DEFAULT = _Jittered(
    total=Configuration.default_retries, status_forcelist=(502, 503, 504), backoff_factor=0.25, backoff_max=8
)

Quota = deque[None]


def quota() -> Quota:
    """Return a full quota, for threads without a lock: a deque does one thing at a time."""
    return deque((None,) * QUOTA, maxlen=QUOTA)


class RetryState:
    """The retry state of one call: decides after each failure whether there is another attempt."""

    def __init__(self, request: HTTPRequest, quota: Quota) -> None:
        self._quota = quota
        given = request.retries
        if isinstance(given, urllib3.Retry):
            self._policy: Optional[urllib3.Retry] = given
        elif given is False:
            self._policy = None
        else:
            self._policy = DEFAULT if given is None else DEFAULT.new(total=given)
        self._limited = request.rate_limit_retries

    def after_error(self, request: HTTPRequest, error: Exception, sent: bool, final: bool) -> Optional[float]:
        """Return seconds to wait before the next attempt, None for no retry; with `final` none if `sent`."""
        # TLS fails in the same way again; who has waited for a connection in vain has waited long enough.
        policy = self._policy
        if policy is None or isinstance(error, (SSLError, EmptyPoolError)):
            return None
        if sent and (final or not request.repeatable or not _may_repeat(policy, request)):
            return None
        return self._granted(self._counted(policy, request, error=error))

    def after_response(
        self, request: HTTPRequest, status: int, headers: Mapping[str, str]
    ) -> Optional[float]:
        """Return seconds to wait before the next attempt, None for no retry."""
        if status < 400:
            self._quota.append(None)
            return None
        policy = self._policy
        if policy is None or not request.repeatable:
            return None
        wait = retry_after(headers) if policy.respect_retry_after_header else None
        if _may_repeat(policy, request) and policy.new(allowed_methods=None).is_retry(
            request.method, status, wait is not None and status != 429
        ):
            backoff = self._counted(policy, request, status=status)
            wait = backoff if wait is None or backoff is None else wait
        elif status == 429 and wait is not None and self._limited > 0:
            self._limited -= 1
        else:
            return None
        return self._granted(wait)

    def _granted(self, wait: Optional[float]) -> Optional[float]:
        """Return the wait if it is worth it and the client's quota has a repetition left; that takes it."""
        if wait is None or wait > MAX_WAIT_SECONDS:
            return None
        try:
            self._quota.pop()
        except IndexError:
            return None
        return wait

    def _counted(
        self, policy: urllib3.Retry, request: HTTPRequest, error: Optional[Exception] = None, status: int = 0
    ) -> Optional[float]:
        response = urllib3.HTTPResponse(status=status) if status else None
        try:
            # `allowed_methods` has been judged above.
            counted = policy.new(allowed_methods=None).increment(
                request.method, request.target, response=response, error=error
            )
        except (HTTPError, TimeoutError):  # MaxRetryError, or the error itself if the policy forbids its kind
            return None
        self._policy = counted.new(allowed_methods=policy.allowed_methods)
        return counted.get_backoff_time()


def _may_repeat(policy: urllib3.Retry, request: HTTPRequest) -> bool:
    allowed = policy.allowed_methods
    # The default set of urllib3 holds PUT, which here is a second prompt: only an own set is a word.
    if allowed is urllib3.Retry.DEFAULT_ALLOWED_METHODS:
        return request.idempotent
    return not allowed or request.method in allowed


def retry_after(headers: Mapping[str, str]) -> Optional[float]:
    """Return the seconds that a Retry-After header asks for, as a number or a date; None without one."""
    value = headers.get("Retry-After")
    if value is None:
        return None
    try:
        return DEFAULT.parse_retry_after(value)
    except (InvalidHeader, ValueError, OverflowError):
        return None
