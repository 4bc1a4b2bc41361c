"""The load of the soak test on Candela: one session after the other, of a pipeline or an agent."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import count
from random import Random
from threading import Event

import finbourne_candela
from bench.ledger import ACKNOWLEDGED, REFUSED, UNKNOWN, Ledger
from finbourne_candela import ObjectId, SessionStartRequest, SubmitPrompt
from finbourne_candela.running import RunningSession
from portal_client import ApiConnectionError, ApiException

_FITTING = {ACKNOWLEDGED: (1,), REFUSED: (0,), UNKNOWN: (0, 1)}


class CandelaWorker:
    """One thread, as one user."""

    def __init__(self, number: int, api: finbourne_candela.SessionsApi, ledger: Ledger, seed: int) -> None:
        self._api = api
        self._ledger = ledger
        self._random = Random(f"{seed} candela {number}")
        self._prompts = (f"{number}.{each} ☃" for each in count())

    def run(self, stopped: Event) -> None:
        """Run one session after the other, with some prompts each."""
        while not stopped.is_set():
            thing = self._random.choice((self.pipeline, self.agent))
            try:
                self._api.stop_session()  # also what was started although the answer was lost
                thing()
            except ApiException as error:
                self._ledger.outcome_of(error, thing.__name__)
                self._ledger.count("conversations given up")

    def pipeline(self) -> None:
        """Talk to a pipeline, which returns all prompts of its session."""
        started = self._api.start_session(_of("heard"))
        outcomes: dict[str, str] = {}
        for _ in range(self._random.randint(1, 6)):
            text = f"candela-pipeline {next(self._prompts)}"
            prompt = SubmitPrompt(session_id=started.obj_id.identifier, prompt=text)
            heard: list[str] = []
            outcomes[text] = self._ledger.send(text, self._submits(prompt, heard))
            if outcomes[text] == ACKNOWLEDGED:
                self._judge(outcomes, heard)

    def _submits(self, prompt: SubmitPrompt, heard: list[str]) -> Callable[[], object]:
        return lambda: heard.extend(self._api.submit_pipeline_prompt(prompt))

    def _judge(self, outcomes: dict[str, str], heard: Sequence[str]) -> None:
        for prompt, outcome in outcomes.items():
            self._ledger.check(heard.count(prompt) in _FITTING[outcome], f"{outcome} {prompt} in {heard}")

    def agent(self) -> None:
        """Talk to an agent, which returns each prompt, a few characters at a time."""
        with self._api.running_session(_of("spell"), timeout=60) as session:
            for _ in range(self._random.randint(1, 6)):
                self._random.choice((self._ask, self._stream))(session)

    def _ask(self, session: RunningSession) -> None:
        text = f"candela-ask {next(self._prompts)}"
        said: list[str] = []
        if self._ledger.send(text, lambda: said.append(session.ask(text).content)) == ACKNOWLEDGED:
            self._ledger.check(said == [text], f"{text} was answered by {said}")

    def _stream(self, session: RunningSession) -> None:
        text = f"candela-stream {next(self._prompts)}"

        def stream() -> None:
            with session.stream(text) as events:
                said: list[str] = []
                try:
                    for event in events:
                        self._ledger.count("events")
                        said.append(event.content)
                except ApiConnectionError:
                    self._ledger.count("streams cut")
                    self._ledger.check(text.startswith("".join(said[:-1])), f"{text} became {said}")
                    return
            self._ledger.check("".join(said[:-1]) == text == said[-1], f"{text} became {said}")

        self._ledger.send(text, stream)


def _of(agent: str) -> SessionStartRequest:
    name = ObjectId(scope="default", identifier=agent)
    return SessionStartRequest(app=name, model_cfg=name)
