"""Branching: a session is replayed up to several of its messages, and each branch is asked the same."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Optional, Protocol, cast

from typing_extensions import Unpack

from portal_client.branches import Branches
from portal_client.exceptions import ApiException, ApiTypeError, ApiValueError, SessionFailed
from portal_client.models.session import Session
from portal_client.multipart import Files
from portal_client.operation import Request
from portal_client.options import RequestOptions
from portal_client.polling import is_final
from portal_client.reading import Reader
from portal_client.text import printable
from portal_client.wait import ProgressArgument, Sessions, Wait
from portal_client.waiting import holds


class Replaying(Sessions, Protocol):
    """SessionsApi, as far as it is needed to branch a session."""

    @property
    def create_session_from_replay(self) -> Callable[..., Session]:
        """Start a session from the first messages of another one."""
        ...


class Branching:
    """The call of SessionsApi that branches a session."""

    def branches(
        self: Replaying,
        session_id: str,
        at: Iterable[int],
        text_prompt: str,
        files: Files = None,
        *,
        timeout: Optional[float] = None,
        progress: ProgressArgument = True,
        **options: Unpack[RequestOptions],
    ) -> Branches:
        """Replay a session up to several of its messages, ask each branch the same, and return them all.

        The session is read first, and stays as it is. For each point a session is started that has its
        messages up to that one, and the prompt is added; then all of them are waited for. Nothing is sent
        twice.

        Args:
            session_id: The session to branch off.
            at: The last message that each branch takes over, counted from 0 as in `Session.messages`, such as
                `[1, 3]` for the first two answers. With a message of the user the prompt follows that one,
                which has no answer then.
            text_prompt: What to ask in each branch.
            files: What to attach to each prompt, as for `create_session`.
            timeout: Seconds for everything; `math.inf` is no limit. None is an hour.
            progress: Whether and how progress is shown, as for `run_session`.
            **options: Those of each request, see RequestOptions.

        Raises:
            pydantic.ValidationError, ApiTypeError, ApiValueError, OSError: An argument is wrong, or the
                session has no such message; no branch was started.
            SessionFailed: An agent failed; the other branches were waited for.
            WaitTimeout, ApiException: As for `continue_session`.
                An ApiException has the branches so far as `branches`, and the notes of any error say of each
                point which session it has, and whether the prompt was sent.
        """
        points = _points(at)
        with _Branching(self, timeout, progress, options) as wait:
            wait.prepare(session_id, points, text_prompt, files)
            for branch in wait.branches:
                wait.start(branch)
            return wait.all_done()


def _points(at: Any) -> list[int]:
    points: list[Any] = [*cast("Iterable[Any]", at)] if isinstance(at, Iterable) else [None]
    if not all(type(point) is int for point in points):
        raise ApiTypeError(f"at must be the indexes of messages, such as [1, 3], not {at!r}")
    if not points:
        raise ApiValueError("at must name one message at least")
    for place, point in enumerate(points):
        if point < 0:
            raise ApiValueError(f"at[{place}] must not be negative: {point}")
        if point in points[:place]:
            raise ApiValueError(f"at[{place}] is there twice: {point}")
    return points


def _check_points(points: Iterable[int], session: Session) -> None:
    """Refuse messages that a session does not have, or that its agent is still at."""
    count, name = len(session.messages), printable(session.id)
    for place, point in enumerate(points):
        if point >= count:
            there = f"messages 0 to {count - 1}" if count else "no messages"
            raise ApiValueError(f"at[{place}] is {point}, and session {name} has {there}")
        if point == count - 1 and not is_final(session) and session.messages[point].role != "user":
            raise ApiValueError(f"at[{place}] is {point}, and the agent of session {name} is still at it")


@dataclass
class _Branch:
    """How far a branch is: its session as it was replayed, as it was read last, and whether it was asked."""

    at: int
    replay: Request
    session: Optional[Session] = None
    read: Optional[Reader] = None
    is_asked: bool = False
    is_done: bool = False

    def told(self, may_have_arrived: bool) -> str:
        """Return in words how far it is; its last request may have arrived."""
        if self.session is None:
            return "perhaps a session without the prompt" if may_have_arrived else "not started"
        name = printable(self.session.id)
        if self.is_done:
            return f'session "{name}": {printable(self.session.status.value)}'
        if self.is_asked:
            return f'session "{name}", the prompt was sent; to wait for it: api.wait_for_session("{name}")'
        if may_have_arrived:
            return f'session "{name}", the prompt may have arrived; api.get_session("{name}") tells'
        return f'session "{name}" without the prompt'


class _Branching(Wait):
    """A wait for the branches of one session."""

    branches: Sequence[_Branch] = ()

    def prepare(self, session_id: str, points: list[int], text_prompt: str, files: Files) -> None:
        """Check all arguments, and read the session that is to be branched.

        Raises pydantic.ValidationError, ApiValueError, OSError, ApiException.
        """
        self._session_id_before, self._text_prompt, self._files = session_id, text_prompt, files
        api = cast(Replaying, self._sessions)
        self._prompt(session_id)
        branches = [
            _Branch(at, self.request(api.create_session_from_replay, (session_id, at), self.without_form))
            for at in points
        ]
        _check_points(points, self.before(self.reader(session_id)))
        self.branches = branches

    def _prompt(self, session_id: str) -> Request:
        return self.prompt(self._sessions.update_async_session, session_id, self._text_prompt, self._files)

    def start(self, branch: _Branch) -> None:
        """Start the session of a branch and send its prompt."""
        session = branch.session = cast(Session, self.call(branch.replay))
        self._sending = None
        branch.read = self.reader_of(session.id, branch.replay)
        self.send(self._prompt(session.id))
        branch.is_asked = True

    def all_done(self) -> Branches:
        """Return the branches when all agents are done.

        Raises SessionFailed, WaitTimeout, ApiException.
        """
        failure: Optional[SessionFailed] = None
        for branch in self.branches:
            try:
                branch.session = self._done(branch)
            except SessionFailed as error:
                branch.session = cast(Session, error.session)
                failure = failure or error
            branch.is_done = True
        if failure is not None:
            raise failure
        return self._so_far()

    def _done(self, branch: _Branch) -> Session:
        before = cast(Session, branch.session)
        self._session = None
        return self.until_done(cast(Reader, branch.read), lambda s: holds(s, self._text_prompt, before))

    def _so_far(self) -> Branches:
        known = {branch.at: branch.session for branch in self.branches if branch.session is not None}
        return Branches(
            session_id=self._session_id_before,
            text_prompt=self._text_prompt,
            at=[*known],
            sessions=[*known.values()],
        )

    # ── what is told where it ends before ──

    def _explain(self, error: Exception) -> None:
        if not self.branches:
            return
        error.add_note(self._told(isinstance(error, ApiException) and error.safe_to_repeat))
        if isinstance(error, ApiException):
            error.branches = self._so_far()
            if len(error.branches):
                error.request_sent, error.safe_to_repeat = True, False

    def _left_behind(self) -> str:
        return f"Interrupted. {self._told()}" if self.branches else "Interrupted. No branch was started."

    def _told(self, is_safe: bool = False) -> str:
        """Return how far each branch is, where the last request had an effect unless that `is_safe`."""
        arrived = self._sending is not None and self._sending.request_sent and not is_safe
        now = next((branch for branch in self.branches if not branch.is_asked), None)
        lines = (f"  at {branch.at}: {branch.told(arrived and branch is now)}" for branch in self.branches)
        return "\n".join(("The branches so far:", *lines))
