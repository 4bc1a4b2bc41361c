"""The verbs of a script: `agent.replies("ok").then_fails(503)`."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from threading import Event, current_thread
from typing import Any, Generic, TypeVar, cast

from portal_sandbox.agents import Agent, Asked, File, Message, agent_error, echo
from portal_sandbox.errors import STOPPED, AgentFailed
from portal_testing.clock import Clock
from portal_testing.handling import current
from portal_testing.script import Script, ScriptedFailure, Step, call_text, check_whole

Owner = TypeVar("Owner")

_FAILED = "The test has this call fail"


class Faults(ABC, Generic[Owner]):
    """What may go wrong with a call. Each verb returns what it is a verb of, for the next one.

    A step is for one call, the last one for all calls that follow; `times` says another number. After a last
    step with `times` calls are as if nothing were scripted.
    """

    @abstractmethod
    def _add(self, step: Step) -> Owner:
        """Add a step."""

    def fails(
        self,
        status: int,
        detail: str = _FAILED,
        *,
        retry_after: int | None = None,
        times: int | None = None,
    ) -> Owner:
        """The call is refused with a status and not carried out; `retry_after` is a header, in seconds.

        Raises ValueError for a status that is none of an error, and for a part of a second.
        """
        if type(status) is not int or not 400 <= status <= 599:
            raise ValueError(f"status must be that of an error, 400 to 599, not {status!r}")
        if retry_after is not None:
            check_whole("retry_after", retry_after, 0)
        text = call_text("fails", status, retry_after=retry_after, times=times)
        return self._add(Step(text, times, failure=partial(ScriptedFailure, status, detail, retry_after)))

    def loses_the_reply(self, *, times: int | None = None) -> Owner:
        """The call is carried out, but the connection is reset before its response."""
        return self._add(Step(call_text("loses_the_reply", times=times), times, loses=True))

    then_fails = fails
    then_loses_the_reply = loses_the_reply


class Operation(Faults["Operation"]):
    """One operation of the service."""

    def __init__(self, name: str) -> None:
        self.script: Script = Script(f'operation("{name}")')

    def on_call(self, number: int) -> Faults[Operation]:
        """Return the verbs for one call, counted from 1, whatever the steps are."""
        return _OperationOnCall(self, number)

    def _add(self, step: Step) -> Operation:
        _append(self.script, step)
        return self


class Answers(Faults[Owner]):
    """What an agent may do with a prompt, besides."""

    def __init__(self, clock: Clock, closing: Event, only_text: bool) -> None:
        self.clock: Clock = clock
        self.closing: Event = closing
        self.only_text: bool = only_text

    def replies(self, text: Any, *, times: int | None = None) -> Owner:
        """The agent answers with a text; for a pipeline of Candela, with any value that JSON can hold."""
        self._check(text)
        return self._answer(call_text("replies", text, times=times), times, _constant(text))

    def streams(self, pieces: Iterable[Any], pace: float = 0.0, *, times: int | None = None) -> Owner:
        """The agent answers in pieces, texts or events of Candela, with a pause of `pace` seconds after each.

        The pauses put the clock forward; none takes longer than 20 ms, in which followers read.
        """
        if isinstance(cast(object, pieces), (str, bytes, dict)):
            raise ValueError(f"pieces must be a list of texts or events, not {type(pieces).__name__}")
        if not 0 <= pace < math.inf:
            raise ValueError(f"pace must be a number of seconds from 0 up, not {pace}")
        kept = list(pieces)
        for piece in kept:
            self._check(piece)

        def speak(conversation: Sequence[Message], files: Sequence[File]) -> Iterator[Any]:
            for piece in kept:
                yield piece
                self.clock.pause(pace)

        return self._answer(call_text("streams", kept, pace=pace or None, times=times), times, speak)

    def raises(self, reason: str, *, times: int | None = None) -> Owner:
        """The agent takes the prompt and fails: the session ends in Error, for this reason."""

        def fail(conversation: Sequence[Message], files: Sequence[File]) -> Any:
            raise AgentFailed(reason)

        return self._answer(call_text("raises", reason, times=times), times, fail)

    def runs(self, agent: Agent, *, times: int | None = None) -> Owner:
        """A function of the conversation and the files of the prompt answers, as in portal_sandbox.

        Raises ValueError for what is no such function.
        """
        if reason := agent_error("agent", agent):
            raise ValueError(f"agent {reason}")
        return self._answer(call_text("runs", agent, times=times), times, agent)

    def never_replies(self, *, times: int | None = None) -> Owner:
        """The agent takes the prompt and is at work on it until the end of the test."""

        def wait(conversation: Sequence[Message], files: Sequence[File]) -> Any:
            self.clock.fall_silent()
            self.closing.wait()
            raise AgentFailed(STOPPED)

        return self._answer(call_text("never_replies", times=times), times, wait)

    def loses_the_reply(self, text: Any = None, *, times: int | None = None) -> Owner:
        """The agent takes the prompt and answers, by default with its text, but the reply does not come."""
        if text is not None:
            self._check(text)
        step = Step(call_text("loses_the_reply", *([text] if text else []), times=times), times, loses=True)
        step.answer = None if text is None else _constant(text)
        return self._add(step)

    def _check(self, text: object) -> None:
        if self.only_text and not isinstance(text, str):
            raise ValueError(f"an agent of Portal answers with a str, not {type(text).__name__}")

    def _answer(self, text: str, times: int | None, answer: Agent) -> Owner:
        return self._add(Step(text, times, answer=answer))

    then_replies = replies
    then_streams = streams
    then_raises = raises
    then_runs = runs
    then_never_replies = never_replies
    then_loses_the_reply = loses_the_reply


class ScriptedAgent(Answers["ScriptedAgent"], Asked):
    """An agent that does as it is told, and echoes the prompt where it is told nothing."""

    def __init__(self, agent_id: str, clock: Clock, closing: Event, *, only_text: bool) -> None:
        super().__init__(clock, closing, only_text)
        self.script: Script = Script(f'agent("{agent_id}")')
        self.id: str = agent_id

    def on_call(self, number: int) -> Answers[ScriptedAgent]:
        """Return the verbs for one prompt to this agent, counted from 1, whatever the steps are."""
        return _AgentOnCall(self, number)

    def for_prompt(self) -> Agent:
        """Return the function that answers the prompt of the current call. Raises ScriptedFailure."""
        handling = current.get()
        handling.call.agent = self.id
        step = handling.take(self.script)

        def answer(conversation: Sequence[Message], files: Sequence[File]) -> Any:
            handling.begin()
            self.clock.at_work.add(current_thread())
            scripted = step and step.answer
            return (scripted or echo)(conversation, files)

        return answer

    def __call__(self, conversation: Sequence[Message], files: Sequence[File]) -> Any:
        """Answer as an agent that nothing is scripted for."""
        return echo(conversation, files)

    def _add(self, step: Step) -> ScriptedAgent:
        _append(self.script, step)
        return self


class _OperationOnCall(Faults[Operation]):
    """One call of an operation."""

    def __init__(self, operation: Operation, number: int) -> None:
        self._operation, self._number = operation, number

    def _add(self, step: Step) -> Operation:
        _put(self._operation.script, self._number, step)
        return self._operation


class _AgentOnCall(Answers[ScriptedAgent]):
    """One prompt to an agent."""

    def __init__(self, agent: ScriptedAgent, number: int) -> None:
        super().__init__(agent.clock, agent.closing, agent.only_text)
        self._agent, self._number = agent, number

    def _add(self, step: Step) -> ScriptedAgent:
        _put(self._agent.script, self._number, step)
        return self._agent


def _constant(value: Any) -> Agent:
    return lambda conversation, files: value


def _append(script: Script, step: Step) -> None:
    if step.times is not None:
        check_whole("times", step.times, 1)
    step.text = f"{script.subject}.{step.text}"
    script.steps.append(step)


def _put(script: Script, number: int, step: Step) -> None:
    check_whole("number", number, 1)
    if step.times is not None:
        raise ValueError("on_call names one call, so times does not apply")
    if number in script.on_call or number <= script.calls:
        been = "is scripted already" if number in script.on_call else "has been already"
        raise ValueError(f"call {number} of {script.subject} {been}")
    step.text = f"{script.subject}.on_call({number}).{step.text}"
    script.on_call[number] = step
