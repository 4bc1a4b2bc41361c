"""The verbs of conversations: ask, run, wait, follow, continue, export."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, Optional

import typer

from portal_client.cli.documents import files as opened
from portal_client.cli.documents import read_text
from portal_client.cli.exits import Exit
from portal_client.cli.lazy import Maker, leaf
from portal_client.cli.portal import connect
from portal_client.cli.shell import Shell

if TYPE_CHECKING:
    from portal_client.api.sessions_api import SessionsApi
    from portal_client.models.async_session_response import AsyncSessionResponse
    from portal_client.models.session import Session

_AGENT = typer.Argument(metavar="AGENT", help="The id of the agent; `portal agents list` shows them.")
_SESSION = typer.Argument(metavar="SESSION", help="The id of the session.")
_PROMPT = typer.Argument(metavar="PROMPT", help="What to ask; - is standard input.")
_FILE = typer.Option("--file", "-f", metavar="PATH", help="A file to attach; the option can be repeated.")

#: Seconds between two looks for a prompt that the service has taken, and does not show yet.
_PAUSE = 0.5

AgentId = Annotated[str, _AGENT]
SessionId = Annotated[str, _SESSION]
Prompt = Annotated[str, _PROMPT]
Attached = Annotated[Optional[list[str]], _FILE]


def ask(shell: Shell, agent_id: AgentId, text_prompt: Prompt, files: Attached = None) -> Optional[int]:
    """Ask an agent, and print its words as they come.

    The id of the session is on standard error before that; `portal continue` goes on with it. With --json
    the finished session is printed.
    """
    with _sessions(shell) as api:
        conversation = _Conversation(shell, api)
        conversation.start(agent_id, text_prompt, files)
        return conversation.say()


def run(
    shell: Shell,
    agent_id: AgentId,
    text_prompt: Prompt,
    files: Attached = None,
    wait: Annotated[bool, typer.Option("--wait", help="Wait until the agent is done.")] = False,
) -> Optional[int]:
    """Start a session and print its id, or with --wait the finished session."""
    with _sessions(shell) as api:
        conversation = _Conversation(shell, api)
        session_id = conversation.start(agent_id, text_prompt, files)
        if wait:
            return conversation.show()
        if shell.output.as_json:
            shell.output.data({"session_id": session_id})
        else:
            shell.output.text(f"{session_id}\n")
        return None


def wait(shell: Shell, session_id: SessionId) -> Optional[int]:
    """Wait until the agent of a session is done, and print the session."""
    with _sessions(shell) as api:
        return _Conversation(shell, api, session_id).show()


def follow(shell: Shell, session_id: SessionId) -> Optional[int]:
    """Print the words of the last answer of a session as they come, those that are there first.

    With --json each state of the session is a line.
    """
    with _sessions(shell) as api:
        conversation = _Conversation(shell, api, session_id)
        if not shell.output.as_json:
            return conversation.say()
        for state in conversation.states():
            shell.output.event(state)
        return conversation.code()


def continue_(
    shell: Shell, session_id: SessionId, text_prompt: Prompt, files: Attached = None
) -> Optional[int]:
    """Add a prompt to a session, and print the agent's words as they come, as `ask` does."""
    with _sessions(shell) as api:
        conversation = _Conversation(shell, api, session_id)
        conversation.go_on(text_prompt, files)
        return conversation.say()


def export(
    shell: Shell,
    session_id: SessionId,
    to: Annotated[
        Literal["md", "html", "json"],
        typer.Option("--to", help="The form: md and html to be read, json with all fields."),
    ] = "json",
    output: Annotated[
        Optional[Path], typer.Option("--output", "-o", metavar="PATH", help="The file to write.")
    ] = None,
) -> None:
    """Print a session as a document, or write it to a file."""
    from portal_client.exceptions import ApiValueError

    if shell.output.as_json and to != "json":
        raise ApiValueError(f"--json and --to {to} are two forms: choose one")
    with _sessions(shell) as api:
        found = api.get_session(session_id)
    writers: dict[str, Callable[[], str]]
    writers = {"md": found.to_markdown, "html": found.to_html, "json": found.to_json}
    text = writers[to]().rstrip("\n") + "\n"
    if output is None:
        shell.output.text(text)
    else:
        output.write_text(text, "utf-8")


def commands(panel: str) -> Iterator[tuple[str, Maker]]:
    """Yield the verbs."""
    verbs: dict[str, Callable[..., Optional[int]]]
    verbs = {"ask": ask, "run": run, "wait": wait, "follow": follow, "continue": continue_, "export": export}
    for name, function in verbs.items():
        yield name, partial(leaf, name, function, connect, panel)


def _sessions(shell: Shell) -> AbstractContextManager[SessionsApi]:
    from portal_client.api.sessions_api import SessionsApi

    return shell.open(SessionsApi)


class _Conversation:
    """A session whose agent is at work, within the time of the command."""

    def __init__(self, shell: Shell, api: SessionsApi, session_id: str = "") -> None:
        from portal_client.timeouts import Deadline, Timeouts, check_seconds
        from portal_client.wait import DEFAULT_SECONDS

        prompts = api.create_async_session, api.update_async_session
        calls: tuple[Any, ...] = *prompts, api.get_session, api.subscribe_to_session_stream
        for call in calls:
            call.operation.prepare()  # so that Ctrl-C counts once the prompt is sent
        limit = DEFAULT_SECONDS if shell.timeout is None else check_seconds("timeout", shell.timeout)
        self._deadline = Deadline(Timeouts(total=limit))
        self._shell = shell
        self._output = shell.output
        self._api = api
        self._last: Optional[Session] = None
        #: Tells a state that holds the prompt from one that was read before it arrived.
        self._mine: Callable[[Session], bool] = lambda session: True
        self._id = session_id

    def _advise(self) -> None:
        goes_on = f"The agent goes on: {self._shell.hint('wait', self._id)}"
        self._shell.advice |= dict.fromkeys((Exit.WAIT_OVER, Exit.INTERRUPTED, Exit.IN_DOUBT), goes_on)

    # ── prompts ──

    def start(self, agent: str, prompt: str, paths: Optional[list[str]]) -> str:
        """Start a session, print its id on standard error, and return it."""
        text, attached = read_text(prompt), opened(paths or ())
        look = self._shell.hint("sessions", "list", "--agent-id", agent)
        self._send(look, lambda: self._api.create_async_session(agent, text, attached, **self._limits))
        return self._id

    def go_on(self, prompt: str, paths: Optional[list[str]]) -> None:
        """Add a prompt to the session, and print its id on standard error."""
        from portal_client.waiting import holds

        text, attached = read_text(prompt), opened(paths or ())
        before = self._api.get_session(self._id, **self._limits)
        look = self._shell.hint("sessions", "get", self._id)
        self._send(look, lambda: self._api.update_async_session(self._id, text, attached, **self._limits))
        self._mine = lambda session: holds(session, text, before)

    @property
    def _limits(self) -> Any:
        return {} if self._shell.timeout is None else {"_request_timeout": self._left}

    @property
    def _left(self) -> float:
        return max(self._deadline.left(), 0.001)

    def _send(self, look: str, send: Callable[[], AsyncSessionResponse]) -> None:
        may_have_arrived = f"The prompt may have arrived: look before you repeat it, with {look}"
        self._shell.advice |= dict.fromkeys((Exit.INTERRUPTED, Exit.IN_DOUBT), may_have_arrived)
        self._id = send().session_id
        self._shell.done = True
        self._advise()
        self._output.note(f"session {self._id}")

    # ── what the agent does ──

    def states(self) -> Iterator[Session]:
        """Yield the states of the session as they come, until the agent is done."""
        self._advise()
        done = False
        while not done:
            with self._api.follow_session(self._id, timeout=self._left) as updates:
                for state in updates:
                    self._last, done = state, self._mine(state)
                    if done:
                        yield state
            if not done:
                time.sleep(_PAUSE)

    def say(self) -> Optional[int]:
        """Print the words of the answer as they come, or the finished session as JSON; return the code."""
        from portal_client.conversation import Answer

        answer, last = Answer(), "\n"
        for state in self.states():
            if not self._output.as_json and (text := answer.added(state)):
                self._output.text(text)
                last = text[-1]
        if self._output.as_json:
            self._output.data(self._last)
        elif last != "\n":
            self._output.text("\n")
        return self.code()

    def show(self) -> Optional[int]:
        """Wait with a bar in a terminal, and print the finished session; return the code."""
        from portal_client.progress import Progress, progress_of
        from portal_client.wait import SessionProgress

        progress: Progress[SessionProgress] = progress_of(True)
        try:
            for state in self.states():
                elapsed = self._deadline.now() - self._deadline.began
                status, count = state.status.value, len(state.messages)
                progress.show(
                    SessionProgress("waiting", self._id, status=status, messages=count, elapsed=elapsed)
                )
        finally:
            progress.close()
        self._output.data(self._last)
        return self.code()

    def code(self) -> Optional[int]:
        """Return the exit code: whether the agent failed."""
        if self._last is None or self._last.status != "Error":
            return None
        self._output.note(f"portal: the agent failed in session {self._id}")
        return Exit.AGENT_FAILED
