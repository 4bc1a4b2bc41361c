"""Scripts: what an agent or an operation does from call to call, and what of that was not used."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from threading import Lock
from typing import Any

from portal_sandbox.agents import Agent
from portal_sandbox.errors import Refused


class UnusedScript(AssertionError):
    """Something was scripted, and no call has come to it."""


class ScriptedFailure(Refused):
    """The refusal of a call that a script wants."""

    def __init__(self, status: int, detail: str, retry_after: int | None) -> None:
        super().__init__(detail)
        self.status: int = status
        if retry_after is not None:
            self.headers: Mapping[str, str] = {"Retry-After": f"{retry_after}"}


@dataclass(eq=False, slots=True)
class Step:
    """What is done for a call: it fails, or the agent answers; the reply may be lost on the way.

    `times` is how many calls it is for; None is one, and all that follow where it is the last one. `text` is
    how it was scripted.
    """

    text: str
    times: int | None = None
    failure: Callable[[], Refused] | None = None
    answer: Agent | None = None
    loses: bool = False
    used: int = 0


@dataclass(eq=False)
class Script:
    """The steps of one agent or operation, in order, and those of certain calls. Safe with threads."""

    subject: str
    steps: list[Step] = field(default_factory=list[Step])
    on_call: dict[int, Step] = field(default_factory=dict[int, Step])
    calls: int = 0
    _lock: Any = field(default_factory=Lock, repr=False)

    def take(self) -> Step | None:
        """Count a call, and return its step; None where nothing is scripted for it."""
        with self._lock:
            self.calls += 1
            step = self.on_call.get(self.calls) or next(self._left(), None)
            if step is not None:
                step.used += 1
            return step

    def put_back(self, step: Step | None) -> None:
        """Undo a `take`: the call was refused for a reason of its own."""
        with self._lock:
            self.calls -= 1
            if step is not None:
                step.used -= 1

    def _left(self) -> Iterator[Step]:
        for step in self.steps:
            last = step is self.steps[-1]
            if step.used < (step.times or 1) or (last and step.times is None):
                yield step

    def unused(self) -> list[str]:
        """Return a line for each step that was not used, or less often than it was to be."""
        with self._lock:
            steps = [*self.steps, *self.on_call.values()]
            called = f"{self.calls} call{'' if self.calls == 1 else 's'}"
            return [
                f"{step.text} was {_USED.get(step.used, f'used {step.used} times')} ({called})"
                for step in steps
                if step.used < (step.times or 1)
            ]


_USED = {0: "never used", 1: "used once"}


def check_whole(name: str, number: object, least: int) -> None:
    """Raise ValueError, which names the argument, for what is no whole number from `least` up."""
    if isinstance(number, bool) or not isinstance(number, int) or number < least:
        raise ValueError(f"{name} must be a whole number from {least} up, not {number!r}")


def call_text(verb: str, *arguments: object, **options: object) -> str:
    """Return a call as it was written, with what was given; long values are cut."""
    given = [_shown(value) for value in arguments]
    given += [f"{name}={_shown(value)}" for name, value in options.items() if value is not None]
    return f"{verb}({', '.join(given)})"


def _shown(value: object) -> str:
    text = getattr(value, "__qualname__", None) or repr(value)
    return text if len(text) <= 60 else f"{text[:59]}…"


def unused(scripts: Sequence[Script]) -> str:
    """Return what was scripted and not used, in lines; "" where all was."""
    lines = [line for script in scripts for line in script.unused()]
    if not lines:
        return ""
    return "\n  ".join(["What was scripted is to be used, but was not:", *lines])
