"""The observers of an attempt: the hooks, and the log if it is enabled."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from functools import lru_cache
from typing import Any, Optional

from portal_client.hooks import Attempt, Hooks, Log
from portal_client.multipart import Multipart
from portal_client.request import HTTPRequest
from portal_client.transport.exchange import Exchange


class Observers:
    """Those who observe one call, attempt by attempt."""

    _attempt: Attempt
    _exchange: Exchange

    def __init__(self, hooks: Sequence[Hooks], request: HTTPRequest) -> None:
        self._hooks = hooks
        self._log = request.logger
        self._ids = request.ids()
        self._state: dict[str, Any] = {}
        #: Those that are to be told of the end of the call.
        self.of_end: Sequence[Hooks] = _overriding(hooks, "on_end")

    @classmethod
    def of(cls, request: HTTPRequest) -> Optional[Observers]:
        """Return the observers of a call; None where there are none, which costs nothing."""
        hooks, log = request.hooks, request.logger
        if hooks and (off := [h for h in _overriding(hooks, "enabled") if not _enabled(h, log)]):
            hooks = [hook for hook in hooks if hook not in off]
            request.middleware = [m for m in request.middleware if not (isinstance(m, Hooks) and m in off)]
        if log.isEnabledFor(logging.INFO):
            hooks = (*hooks, Log(log))
        return cls(hooks, request) if hooks else None

    def attempt(self, request: HTTPRequest, number: int, exchange: Exchange) -> None:
        """Observe another attempt from here on."""
        self._exchange = exchange
        r = request
        self._attempt = Attempt(
            r.operation,
            r.method,
            r.url,
            r.request_id,
            number,
            ids=self._ids,
            prompts=r.prompts,
            state=self._state,
        )
        if isinstance(r.body, Multipart):
            self.observe(r.body)

    def request_begins(self) -> None:
        """Tell that the attempt is about to be made."""
        self._tell("on_request", self._hooks)

    def observe(self, body: Multipart) -> None:
        """Tell of the bytes of a body as they are written, if a hook wants to know."""
        if hooks := _overriding(self._hooks, "on_body"):
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

    def call_ended(self, data: object = None, error: Optional[BaseException] = None) -> None:
        """Tell of the end of the call: with its data, or with what it raises."""
        if "_attempt" in vars(self):  # else an interrupt came before the first one
            if error is not None:
                self._attempt.error = error
            self._measure(final=True)
            self._tell("on_end", self.of_end, data)

    def _measure(self, final: bool) -> None:
        exchange = self._exchange
        self._attempt.elapsed = exchange.ended - exchange.began
        self._attempt.since_call = exchange.ended - exchange.deadline.began
        self._attempt.sent, self._attempt.received = exchange.sent, exchange.received
        self._attempt.request_sent = exchange.written
        self._attempt.final = final

    def _tell(self, event: str, hooks: Sequence[Hooks], *more: object) -> None:
        for number, hook in enumerate(hooks, 1):
            try:
                getattr(hook, event)(self._attempt, *more)
            except Exception:
                self._log.exception("%s.%s raised, and the call goes on", type(hook).__qualname__, event)
            except BaseException:  # an interrupt, which ends the call; the others hear of the attempt
                self._tell(event, hooks[number:], *more)
                raise


def _enabled(hook: Hooks, log: logging.Logger) -> bool:
    try:
        return hook.enabled()
    except Exception:
        log.exception("%s.enabled raised, and the call goes on", type(hook).__qualname__)
        return True


def _overriding(hooks: Sequence[Hooks], event: str) -> Sequence[Hooks]:
    """Return the hooks that have overridden what is called at an event."""
    kinds: Any = tuple(map(type, hooks))
    return [hooks[place] for place in places] if (places := _places(kinds, event)) else ()


@lru_cache(maxsize=256)
def _places(kinds: Any, event: str) -> list[int]:
    own = getattr(Hooks, event)
    return [place for place, kind in enumerate(kinds) if getattr(kind, event, own) is not own]
