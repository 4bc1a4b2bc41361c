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

    __slots__ = ("_attempt", "_exchange", "_hooks", "_ids", "_log", "_state", "of_end")

    _attempt: Attempt
    _exchange: Exchange

    def __init__(self, hooks: Sequence[Hooks], request: HTTPRequest, of_end: Sequence[Hooks]) -> None:
        self._hooks = hooks
        self._log = request.logger
        self._ids = request.ids()
        self._state: dict[str, Any] = {}
        #: Those that are to be told of the end of the call.
        self.of_end: Sequence[Hooks] = of_end

    @classmethod
    def of(cls, request: HTTPRequest) -> Optional[Observers]:
        """Return the observers of a call; None where there are none, which costs nothing."""
        hooks, log = request.hooks, request.logger
        of_end: Sequence[Hooks] = ()
        if hooks:
            kinds: Any = tuple(map(type, hooks))
            may_be_off, want_end = _places(kinds)
            if may_be_off or want_end:
                off = [hooks[place] for place in may_be_off if not _enabled(hooks[place], log)]
                of_end = [hooks[place] for place in want_end if hooks[place] not in off]
                if off:
                    hooks = [hook for hook in hooks if hook not in off]
                    passed = request.middleware
                    request.middleware = [m for m in passed if not (isinstance(m, Hooks) and m in off)]
        if log.isEnabledFor(logging.INFO):
            hooks = (*hooks, Log(log))
        return cls(hooks, request, of_end) if hooks else None

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
        if hooks := [hook for hook in self._hooks if _overrides(type(hook), "on_body")]:
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
        if hasattr(self, "_attempt"):  # else an interrupt came before the first one
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


@lru_cache(maxsize=256)
def _places(kinds: Any) -> tuple[list[int], list[int]]:
    """Return which of these kinds of hooks may be off, and which want to know of the end of a call."""
    enabled, on_end = (
        [n for n, kind in enumerate(kinds) if _overrides(kind, e)] for e in ("enabled", "on_end")
    )
    return enabled, on_end


def _overrides(kind: type, event: str) -> bool:
    own = getattr(Hooks, event)
    return getattr(kind, event, own) is not own
