"""The load of the soak test on Portal: threads that each call it as several users."""

from __future__ import annotations

import hashlib
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from io import RawIOBase
from itertools import chain, count
from pathlib import Path
from random import Random
from threading import Event
from typing import Any

from bench.ledger import ACKNOWLEDGED, Ledger
from portal_client import ApiClient, ApiConnectionError, ApiException, Session, SessionsApi

#: The size of the file that is read from the disk while it is sent, in bytes.
LARGE = 2_000_000


class Renewed:
    """The token of a user; now and then one that has expired, and then the next one."""

    def __init__(self, token: str, ledger: Ledger, seed: int) -> None:
        self._token = token
        self._ledger = ledger
        self._random = Random(f"{seed} {token}")
        self._expired = False

    def __call__(self) -> str:
        """Return a token."""
        self._expired = not self._expired and self._random.random() < 0.03
        if self._expired:
            self._ledger.count("tokens expired")
        return f"expired-{self._token}" if self._expired else self._token


class Generated(RawIOBase):
    """A file that is made while it is sent, and cannot be read again."""

    def __init__(self, content: bytes) -> None:
        self._left = memoryview(content)

    def readable(self) -> bool:
        """Return that it can be read."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Fill a buffer; return the number of bytes."""
        size = min(len(buffer), 50_000, len(self._left))
        buffer[:size], self._left = self._left[:size], self._left[size:]
        return size


@dataclass
class Known:
    """A session, and the prompts to it that were acknowledged."""

    api: SessionsApi
    session_id: str
    prompts: list[str]


class Worker:
    """One thread of Portal's load, as several users."""

    def __init__(
        self, number: int, clients: Sequence[ApiClient], large: Path, ledger: Ledger, seed: int
    ) -> None:
        self._apis = [SessionsApi(client) for client in clients]
        self._large = large
        self._ledger = ledger
        self._random = Random(f"{seed} {number}")
        self._prompts = (f"{number}.{each} ☃" for each in count())
        self._known: deque[Known] = deque(maxlen=20)

    def run(self, stopped: Event) -> None:
        """Do one random thing after the other."""
        things = (self._create, self._upload, self._update, self._stream, self._read, self._list)
        while not stopped.is_set():
            (thing,) = self._random.choices(things, (3, 2, 3, 3, 3, 1))
            try:
                thing()
            except ApiException as error:  # of reading, which the client repeats, but not for ever
                self._ledger.outcome_of(error, thing.__name__)
                self._ledger.count("reads given up")

    def _create(self) -> None:
        self._start(f"create {next(self._prompts)}", self._random.choice(["echo", "spell"]), [], [])

    def _upload(self) -> None:
        prompt, (kind,) = next(self._prompts), self._random.choices(["bytes", "disk", "generator"], (6, 1, 2))
        contents = [self._random.randbytes(size) for size in self._random.choices([0, 1_000, 300_000], k=2)]
        files: list[Any] = [(f"{index} ü.bin", content) for index, content in enumerate(contents)]
        if kind == "disk":
            contents.append(self._large.read_bytes())
            files.append(self._large)
        elif kind == "generator":
            files[-1] = ("made.bin", Generated(contents[-1]))
        self._ledger.count("files", len(files))
        self._ledger.count(f"uploads, {kind}")
        digests = [hashlib.sha256(content).hexdigest() for content in contents]
        self._start(f"upload-{kind} {prompt}", "digests", files, digests)

    def _start(self, prompt: str, agent_id: str, files: list[Any], answer: Sequence[str]) -> None:
        api = self._random.choice(self._apis)

        def create() -> None:
            session = api.create_session(agent_id, prompt, files=files)
            texts = [message.text for message in session.messages]
            whole = texts == [prompt, "\n".join([prompt, *answer])]
            self._ledger.check(whole, f"{prompt} was answered by {texts}")
            self._known.append(Known(api, session.id, [prompt]))

        self._ledger.send(prompt, create)

    def _update(self) -> None:
        if not self._known:
            return
        known, prompt = self._random.choice(self._known), f"update {next(self._prompts)}"
        update = self._random.choice([known.api.update_session, known.api.update_async_session])
        if self._ledger.send(prompt, lambda: update(known.session_id, prompt)) == ACKNOWLEDGED:
            known.prompts.append(prompt)
            if len(known.prompts) > 10:
                self._known.remove(known)

    def _stream(self) -> None:
        api, prompt = self._random.choice(self._apis), f"stream {next(self._prompts)}"
        started: list[str] = []

        def start() -> None:
            started.append(api.create_async_session("spell", prompt).session_id)

        if self._ledger.send(prompt, start) != ACKNOWLEDGED:
            return
        try:
            with api.subscribe_to_session_stream(started[0]) as states:
                last = self._grown(prompt, states)
        except ApiConnectionError:
            self._ledger.count("streams cut")
            last = api.subscribe_to_session(started[0])
        texts = [message.text for message in last.messages]
        whole = last.status == "Ready" and texts == [prompt, prompt]
        self._ledger.check(whole, f"{prompt} ended as {last.status} {texts}")
        self._known.append(Known(api, last.id, [prompt]))

    def _grown(self, prompt: str, states: Iterator[Session]) -> Session:
        last, said = next(states), ""
        for session in chain([last], states):
            self._ledger.count("states streamed")
            before, said = said, "".join(message.text for message in session.messages[1:])
            grown = said.startswith(before) and (said == prompt or session.status == "Running")
            self._ledger.check(grown, f"{before!r} of {prompt} became {said!r}, {session.status}")
            last = session
        return last

    def _read(self) -> None:
        if self._known:
            known = self._random.choice(self._known)
            texts = {message.text for message in known.api.get_session(known.session_id).messages}
            self._ledger.check(texts.issuperset(known.prompts), f"{known.prompts} are not all in {texts}")

    def _list(self) -> None:
        api = self._random.choice(self._apis)
        api.get_sessions("spell")
        api.get_grouped_sessions()
