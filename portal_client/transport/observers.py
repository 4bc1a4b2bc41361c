"""The observers of an attempt: the hooks, and the log if it is enabled."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Optional

from portal_client.hooks import Attempt, Hooks, Log
from portal_client.multipart import Multipart
from portal_client.request import HTTPRequest
from portal_client.transport.exchange import Exchange


class Observers:
    """Those who observe one attempt."""

    def __init__(
        self, hooks: Sequence[Hooks], attempt: Attempt, exchange: Exchange, log: logging.Logger
    ) -> None:
        self._hooks = hooks
        self._log = log
        self._attempt = attempt
        self._exchange = exchange

    def request_begins(self) -> None:
        """Tell that the attempt is about to be made."""
        self._tell("on_request", self._hooks)

    @classmethod
    def of(cls, request: HTTPRequest, number: int, exchange: Exchange) -> Optional[Observers]:
        """Return the observers of an attempt; None where there are none, which costs nothing."""
        log = request.logger
        hooks = (*request.hooks, Log(log)) if log.isEnabledFor(logging.INFO) else request.hooks
        if not hooks:
            return None
        attempt = Attempt(request.operation, request.method, request.url, request.request_id, number)
        observers = cls(hooks, attempt, exchange, log)
        if isinstance(request.body, Multipart):
            observers.observe(request.body)
        return observers

    def observe(self, body: Multipart) -> None:
        """Tell of the bytes of a body as they are written, if a hook wants to know."""
        hooks = [h for h in self._hooks if getattr(type(h), "on_body", Hooks.on_body) is not Hooks.on_body]
        if hooks:
            total = body.length
            body.observer = lambda written: self._tell("on_body", hooks, written, total)

    def response_received(self, status: int, final: bool) -> None:
        """Tell of a response."""
        self._attempt.status = status
        self._measure(final)
        self._tell("on_response", self._hooks)

    def attempt_failed(self, error: BaseException, final: bool) -> None:
        """Tell of an attempt without a response, or interrupted; one with a response has been told of."""
        if self._attempt.status is not None:
            return
        self._attempt.error = error
        self._measure(final)
        self._tell("on_error", self._hooks)

    def _measure(self, final: bool) -> None:
        exchange = self._exchange
        self._attempt.elapsed = exchange.ended - exchange.began
        self._attempt.since_call = exchange.ended - exchange.deadline.began
        self._attempt.sent, self._attempt.received = exchange.sent, exchange.received
        self._attempt.request_sent = exchange.written
        self._attempt.final = final

    def _tell(self, event: str, hooks: Sequence[Hooks], *more: Optional[int]) -> None:
        for number, hook in enumerate(hooks, 1):
            try:
                getattr(hook, event)(self._attempt, *more)
            except Exception:
                self._log.exception("%s.%s raised, and the call goes on", type(hook).__qualname__, event)
            except BaseException:  # an interrupt, which ends the call; the others hear of the attempt
                self._tell(event, hooks[number:], *more)
                raise
