"""Waiting for sessions: one is started or continued, and returned when its agent is done."""

from __future__ import annotations

from typing import Optional

from typing_extensions import Unpack

from portal_client.models.session import Session
from portal_client.multipart import Files
from portal_client.options import RequestOptions
from portal_client.text import plain_lines, printable
from portal_client.wait import GRACE_SECONDS, ProgressArgument, Sessions, Wait


class Waiting:
    """The calls of SessionsApi that return a session when its agent is done."""

    def run_session(
        self: Sessions,
        agent_id: str,
        text_prompt: str,
        files: Files = None,
        *,
        timeout: Optional[float] = None,
        progress: ProgressArgument = True,
        **options: Unpack[RequestOptions],
    ) -> Session:
        """Start a session and return it when the agent is done, however long that takes.

        The session is started without waiting, then read now and again until its status is Ready or Flushed.
        A read that fails for want of a connection, or with 429 or 5xx, is followed by another one; so is one
        with 404 in the first five seconds.

        Args:
            agent_id: The agent to talk to.
            text_prompt: What to ask it.
            files: What to attach, as for `create_session`.
            timeout: Seconds for everything, upload and wait; `math.inf` is no limit. None is an hour.
            progress: True shows a bar in a terminal and a widget in a notebook, if tqdm is installed, and
                logs lines at INFO elsewhere. False shows nothing. A callable is given a SessionProgress
                for each block that is sent and each state that is read; if it raises, that is logged, and
                the call goes on.
            **options: Those of each request, see RequestOptions; `_request_timeout` bounds one request.

        Raises:
            pydantic.ValidationError, ApiValueError, OSError: An argument is wrong; nothing was sent.
            SessionFailed: The agent failed; `session` tells how far it came.
            WaitTimeout: The time is over, and the agent goes on: `wait_for_session(error.session_id)`.
            ApiTimeoutError: The time was over while the prompt was sent; `request_sent` tells.
            ApiException: The prompt was refused, or the session cannot be read.
        """
        with Wait(self, timeout, progress, options) as wait:
            prompt = wait.prompt(self.create_async_session, agent_id, text_prompt, files)
            wait.hint = f'api.get_sessions("{printable(agent_id)}") lists the sessions'
            return wait.until_done(wait.started(prompt), grace=GRACE_SECONDS)

    def continue_session(
        self: Sessions,
        session_id: str,
        text_prompt: str,
        files: Files = None,
        *,
        timeout: Optional[float] = None,
        progress: ProgressArgument = True,
        **options: Unpack[RequestOptions],
    ) -> Session:
        """Add a prompt to a session and return it when the agent is done, however long that takes.

        As `run_session`. The session is read before the prompt is sent: a state that does not hold this
        prompt is not the result, whatever its status.

        Args:
            session_id: The session, as `Session.id` names it.
            text_prompt: What to ask.
            files: What to attach, as for `create_session`.
            timeout: Seconds for everything, as for `run_session`.
            progress: Whether and how progress is shown, as for `run_session`.
            **options: Those of each request, see RequestOptions.

        Raises:
            ConflictException: The agent is at work on the session; the prompt was not taken.
            SessionFailed, WaitTimeout, ApiTimeoutError, ApiException: As for `run_session`.
        """
        with Wait(self, timeout, progress, options) as wait:
            prompt = wait.prompt(self.update_async_session, session_id, text_prompt, files)
            read = wait.reader(session_id)
            wait.hint = f'api.get_session("{printable(session_id)}") tells'
            before = wait.before(read)
            wait.send(prompt)
            return wait.until_done(read, lambda session: holds(session, text_prompt, before))

    def wait_for_session(
        self: Sessions,
        session_id: str,
        *,
        timeout: Optional[float] = None,
        progress: ProgressArgument = True,
        **options: Unpack[RequestOptions],
    ) -> Session:
        """Return a session when its agent is done; at once where it is done already.

        Any process may wait for any session, any number of times: all that it needs is the id.

        Args:
            session_id: The session, as `Session.id` or `AsyncSessionResponse.session_id` names it.
            timeout: Seconds to wait; `math.inf` is no limit. None is an hour.
            progress: Whether and how progress is shown, as for `run_session`.
            **options: Those of each request, see RequestOptions.

        Raises:
            NotFoundException: There is no such session.
            SessionFailed, WaitTimeout, ApiException: As for `run_session`.
        """
        with Wait(self, timeout, progress, options) as wait:
            return wait.until_done(wait.reader(session_id))


def holds(session: Session, text_prompt: str, before: Session) -> bool:
    """Return whether a state holds a prompt that was sent after the state `before`."""
    known = len(before.messages)
    if len(session.messages) < known:  # an older state; or the service has left messages out since
        known = 0 if session.updated_at > before.updated_at else len(session.messages)
    wanted = plain_lines(text_prompt).strip()
    new = (m for m in session.messages[known:] if m.role == "user")
    return any(plain_lines(message.text).strip() == wanted for message in new)
