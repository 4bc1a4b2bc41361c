"""Tells the hooks, and the log if it is listened to, what becomes of an attempt."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from typing import Optional

from portal_client.exchange import Exchange
from portal_client.hooks import LOG, Attempt, Hooks, log
from portal_client.request import HTTPRequest


class Watch:
    """One attempt and those who observe it."""

    def __init__(
        self, hooks: Sequence[Hooks], attempt: Attempt, now: Callable[[], float], began: float
    ) -> None:
        self._hooks = hooks
        self._began = began
        self._attempt = attempt
        self._now = now
        self._started = now()
        for hook in hooks:
            hook.on_request(attempt)

    @classmethod
    def over(
        cls, request: HTTPRequest, number: int, now: Callable[[], float], began: float
    ) -> Optional[Watch]:
        """Watch an attempt; None when nobody wants to know, which costs nothing."""
        hooks = (*request.hooks, LOG) if log.isEnabledFor(logging.INFO) else request.hooks
        if not hooks:
            return None
        attempt = Attempt(request.operation, request.method, request.url, request.request_id, number)
        return cls(hooks, attempt, now, began)

    def answered(self, status: int, exchange: Exchange, final: bool) -> None:
        """The attempt brought an answer."""
        self._attempt.status = status
        self._measure(exchange, final)
        for hook in self._hooks:
            hook.on_response(self._attempt)

    def failed(self, error: Exception, exchange: Exchange, final: bool) -> None:
        """The attempt brought none."""
        self._attempt.error = error
        self._measure(exchange, final)
        for hook in self._hooks:
            hook.on_error(self._attempt)

    def _measure(self, exchange: Exchange, final: bool) -> None:
        ended = self._now()
        self._attempt.elapsed = ended - self._started
        self._attempt.since_call = ended - self._began
        self._attempt.sent, self._attempt.received = exchange.sent, exchange.received
        self._attempt.final = final
