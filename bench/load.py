"""The load of the soak test: threads that call both services, and a ledger of the outcome of each prompt."""

import hashlib
from collections import Counter, deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import chain, count
from random import Random
from threading import Event

import finbourne_candela
from finbourne_candela import ObjectId, SessionStartRequest, SubmitPrompt
from portal_client import ApiClient, ApiConnectionError, ApiException, Session, SessionsApi

ACKNOWLEDGED, REFUSED, UNKNOWN = "acknowledged", "refused", "unknown"

#: The statuses of refusals: the faults, and a session that is still running.
REFUSALS = (409, 429, 500, 503)


def _outcome(error: ApiException) -> str:
    """Return the outcome of a failed call. Raises an error that chaos does not make."""
    if isinstance(error, ApiConnectionError):
        return UNKNOWN if error.request_sent else REFUSED
    if error.status not in REFUSALS:
        raise error
    return REFUSED


@dataclass
class Ledger:
    """The outcome of each prompt by its text, counts, and violations."""

    outcomes: dict[str, str] = field(default_factory=dict[str, str])
    counts: Counter[str] = field(default_factory=Counter[str])
    wrong: list[str] = field(default_factory=list[str])

    def send(self, prompt: str, call: Callable[[], object]) -> bool:
        """Make the call that sends a prompt, and note its outcome; return whether it was acknowledged."""
        try:
            call()
        except ApiException as error:
            self.outcomes[prompt] = _outcome(error)
            return False
        self.outcomes[prompt] = ACKNOWLEDGED
        return True

    def check(self, holds: bool, otherwise: str) -> None:
        """Note a violation."""
        if not holds:
            self.wrong.append(otherwise)


@dataclass
class Known:
    """A session, and the prompts to it that were acknowledged."""

    api: SessionsApi
    session_id: str
    prompts: list[str]


class Worker:
    """One thread of Portal's load, as several users."""

    def __init__(self, number: int, clients: Sequence[ApiClient], ledger: Ledger, seed: int) -> None:
        self._apis = [SessionsApi(client) for client in clients]
        self._ledger = ledger
        self._random = Random(f"{seed} {number}")
        self._prompts = (f"prompt {number}.{each} ☃" for each in count())
        self._known: deque[Known] = deque(maxlen=20)

    def run(self, stopped: Event) -> None:
        """Do one random thing after the other."""
        things = (self._ask, self._upload, self._go_on, self._follow, self._read, self._list)
        while not stopped.is_set():
            (thing,) = self._random.choices(things, (3, 2, 3, 3, 3, 1))
            try:
                thing()
            except ApiException as error:  # of reading, which the client repeats, but not for ever
                _outcome(error)
                self._ledger.counts["reads given up"] += 1

    def _ask(self) -> None:
        self._create(self._random.choice(["echo", "spell"]), [])

    def _upload(self) -> None:
        sizes = self._random.choices([0, 1_000, 300_000], k=self._random.randint(1, 3))
        self._create("digests", [self._random.randbytes(size) for size in sizes])

    def _create(self, agent_id: str, contents: Sequence[bytes]) -> None:
        api, prompt = self._random.choice(self._apis), next(self._prompts)
        files = [(f"{index} ü.bin", content) for index, content in enumerate(contents)]
        digests = [hashlib.sha256(content).hexdigest() for content in contents]

        def create() -> None:
            session = api.create_session(agent_id, prompt, files=files)
            texts = [message.text for message in session.messages]
            whole = texts == [prompt, "\n".join([prompt, *digests])]
            self._ledger.check(whole, f"{prompt} was answered by {texts}")
            self._known.append(Known(api, session.id, [prompt]))

        self._ledger.counts["files"] += len(files)
        self._ledger.send(prompt, create)

    def _go_on(self) -> None:
        if not self._known:
            return
        known, prompt = self._random.choice(self._known), next(self._prompts)
        if self._ledger.send(prompt, lambda: known.api.update_session(known.session_id, prompt)):
            known.prompts.append(prompt)
            if len(known.prompts) > 10:
                self._known.remove(known)

    def _follow(self) -> None:
        api, prompt = self._random.choice(self._apis), next(self._prompts)
        started: list[str] = []

        def start() -> None:
            started.append(api.create_async_session("spell", prompt).session_id)

        if not self._ledger.send(prompt, start):
            return
        self._ledger.counts["streams"] += 1
        try:
            with api.subscribe_to_session_stream(started[0]) as states:
                last = self._grown(prompt, states)
        except ApiConnectionError:
            self._ledger.counts["streams cut"] += 1
            last = api.subscribe_to_session(started[0])
        texts = [message.text for message in last.messages]
        whole = last.status == "Ready" and texts == [prompt, prompt]
        self._ledger.check(whole, f"{prompt} ended as {last.status} {texts}")
        self._known.append(Known(api, last.id, [prompt]))

    def _grown(self, prompt: str, states: Iterator[Session]) -> Session:
        last, said = next(states), ""
        for session in chain([last], states):
            self._ledger.counts["events"] += 1
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


class CandelaWorker:
    """One thread of Candela's load, as one user; the agent returns the prompts of its session."""

    def __init__(self, number: int, api: finbourne_candela.SessionsApi, ledger: Ledger, seed: int) -> None:
        self._api = api
        self._ledger = ledger
        self._random = Random(f"{seed} candela {number}")
        self._prompts = (f"candela {number}.{each} ☃" for each in count())

    def run(self, stopped: Event) -> None:
        """Run one session after the other, with some prompts each."""
        agent = ObjectId(scope="default", identifier="heard")
        while not stopped.is_set():
            try:
                self._api.stop_session()  # also what was started although the answer was lost
                started = self._api.start_session(SessionStartRequest(app=agent, model_cfg=agent))
            except ApiException as error:
                _outcome(error)
                continue
            self._talk(started.obj_id.identifier)

    def _talk(self, session_id: str) -> None:
        prompts: list[str] = []
        for text in (next(self._prompts) for _ in range(self._random.randint(1, 6))):
            prompt = SubmitPrompt(session_id=session_id, prompt=text)
            heard: list[str] = []
            if self._ledger.send(text, lambda: heard.extend(self._api.submit_pipeline_prompt(prompt))):  # noqa: B023
                self._judge([*prompts, text], heard)
            prompts.append(text)

    def _judge(self, prompts: Sequence[str], heard: Sequence[str]) -> None:
        fitting = {ACKNOWLEDGED: (1,), REFUSED: (0,), UNKNOWN: (0, 1)}
        for prompt in prompts:
            outcome = self._ledger.outcomes[prompt]
            self._ledger.check(heard.count(prompt) in fitting[outcome], f"{outcome} {prompt} in {heard}")
