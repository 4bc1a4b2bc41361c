"""The load of the soak test that waits for sessions, and outlasts a server that is killed."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Sequence
from itertools import count
from random import Random
from threading import Event
from typing import Any, cast

from bench.ledger import ACKNOWLEDGED, Ledger
from portal_client import ApiClient, ApiException, Session, SessionFailed, SessionsApi
from portal_sandbox.errors import STOPPED

#: Seconds for a wait: many restarts of the server.
_SECONDS = 300.0

_OPTIONS: dict[str, Any] = {"timeout": _SECONDS, "progress": False}


class WaitingWorker:
    """One thread that runs, continues and follows sessions, as several users."""

    def __init__(self, number: int, clients: Sequence[ApiClient], ledger: Ledger, seed: int) -> None:
        self._apis = [SessionsApi(client) for client in clients]
        self._ledger = ledger
        self._random = Random(f"{seed} waiting {number}")
        self._prompts = (f"{number}.{each} ☃" for each in count())
        self._done: deque[tuple[SessionsApi, Session]] = deque(maxlen=20)

    def run(self, stopped: Event) -> None:
        """Do one random thing after the other."""
        things = (self._run, self._continue, self.follow, self.words)
        while not stopped.is_set():
            thing = self._random.choice(things)
            try:
                thing()
            except ApiException as error:
                self._ledger.check(False, f"{thing.__name__}: {error!r}")

    def _run(self) -> None:
        api, prompt = self._random.choice(self._apis), f"run {next(self._prompts)}"
        files = [("a.txt", prompt.encode())] if self._random.random() < 0.3 else None
        agent_id = "echo" if files else "spell"
        self._wait(prompt, api, lambda: api.run_session(agent_id, prompt, files, **_OPTIONS))

    def _continue(self) -> None:
        if not self._done:
            return
        (api, session), prompt = self._done.popleft(), f"continue {next(self._prompts)}"
        self._wait(prompt, api, lambda: api.continue_session(session.id, prompt, **_OPTIONS), session)

    def _wait(
        self, prompt: str, api: SessionsApi, call: Callable[[], Session], before: Session | None = None
    ) -> None:
        def send() -> None:
            try:
                session = call()
            except SessionFailed as failure:
                session = cast(Session, failure.session)
            self._judge(prompt, session, before)
            self._done.append((api, session))

        self._ledger.send(prompt, send)

    def follow(self) -> None:
        """Follow a session: its states come once, in order, the last one is final."""
        if (started := self._started("follow")) is None:
            return
        api, prompt, session_id = started
        with api.follow_session(session_id, timeout=_SECONDS) as updates:
            last = self._last(prompt, updates)
        self._judge(prompt, last)

    def _last(self, prompt: str, states: Iterable[Session]) -> Session | None:
        last: Session | None = None
        for state in states:
            self._ledger.count("states followed")
            if last is not None:
                shorter, longer = said(last), said(state)
                fresh = last.status == "Running" and (longer, state.status) != (shorter, last.status)
                grown = fresh and "\n".join(longer).startswith("\n".join(shorter))
                self._ledger.check(grown, f"{prompt}: {shorter} was followed by {longer}, {state.status}")
            last = state
        return last

    def words(self) -> None:
        """Follow the answer in a session: the pieces are the whole of it."""
        if (started := self._started("words")) is None:
            return
        api, prompt, session_id = started
        with api.follow_session(session_id, timeout=_SECONDS) as updates:
            text = "".join(updates.words())
        self._judge(prompt, updates.session)
        answer = said(updates.session)[1:] if updates.session else []
        self._ledger.check([text] == answer, f"{prompt}: {text!r} was said of {answer}")

    def _started(self, kind: str) -> tuple[SessionsApi, str, str] | None:
        api, prompt = self._random.choice(self._apis), f"{kind} {next(self._prompts)}"
        ids: list[str] = []
        outcome = self._ledger.send(
            prompt, lambda: ids.append(api.create_async_session("spell", prompt).session_id)
        )
        return (api, prompt, ids[0]) if outcome == ACKNOWLEDGED else None

    def _judge(self, prompt: str, session: Session | None, before: Session | None = None) -> None:
        """Check that a session ends with a prompt and its answer, or says that the server was stopped."""
        texts, known = (said(session) if session else []), (said(before) if before else [])
        whole = len(texts) == len(known) + 2 and texts[: len(known)] == known and texts[-2] == prompt
        if session is not None and session.status == "Error":
            self._ledger.count("agents ended with their server")
            whole = whole and STOPPED in texts[-1]
        else:
            whole = whole and session is not None and session.status == "Ready"
            whole = whole and texts[-1].startswith(prompt)
        self._ledger.check(whole, f"{prompt} ended as {session and session.status} {texts}")


def said(session: Session) -> list[str]:
    """Return the texts of the messages."""
    return [message.text for message in session.messages]
