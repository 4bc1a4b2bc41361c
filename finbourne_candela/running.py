"""A conversation with an agent or a pipeline, held in one `with` block."""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from functools import partial
from typing import Any, Optional, Protocol, Union, cast
from weakref import WeakSet

from typing_extensions import Unpack

from finbourne_candela.models.dev_session_start_request import DevSessionStartRequest
from finbourne_candela.models.event import Event
from finbourne_candela.models.object_id import ObjectId
from finbourne_candela.models.object_metadata import ObjectMetadata
from finbourne_candela.models.session_start_request import SessionStartRequest
from finbourne_candela.models.submit_prompt import SubmitPrompt
from finbourne_candela.options import CandelaOptions, CandelaStreamOptions
from finbourne_candela.undoing import undone
from portal_client.api_client import ApiClient
from portal_client.exceptions import ApiTypeError, ApiValueError
from portal_client.streaming import EventStream
from portal_client.text import printable
from portal_client.timeouts import Deadline, Timeouts, check_seconds


class SessionCalls(Protocol):
    """The calls of SessionsApi that a conversation consists of."""

    api_client: ApiClient

    def start_session(
        self, session_start_request: SessionStartRequest, **options: Unpack[CandelaOptions]
    ) -> ObjectMetadata:
        """Start a session of an app and a model that the service knows."""
        ...

    def start_dev_session(
        self, dev_session_start_request: DevSessionStartRequest, **options: Unpack[CandelaOptions]
    ) -> ObjectMetadata:
        """Start a session from a circuit and a directive that are given in full."""
        ...

    def stop_session(self, **options: Unpack[CandelaOptions]) -> None:
        """Stop the caller's running session."""
        ...

    def submit_pipeline_prompt(self, submit_prompt: SubmitPrompt, **options: Unpack[CandelaOptions]) -> Any:
        """Send a prompt to a running pipeline."""
        ...

    def submit_prompt_to_agent(self, submit_prompt: SubmitPrompt, **options: Unpack[CandelaOptions]) -> Event:
        """Send a prompt to a running agent."""
        ...

    def submit_prompt_to_agent_stream(
        self, submit_prompt: SubmitPrompt, **options: Unpack[CandelaStreamOptions]
    ) -> EventStream[Event]:
        """Send a prompt to a running agent, and return the events of its answer as they come."""
        ...


class RunningSession:
    """A session that runs until the end of its block; `SessionsApi.running_session` starts it.

    Its methods raise ApiValueError once the block has ended, before anything is sent.
    """

    def __init__(self, sessions: SessionCalls, obj_id: ObjectId) -> None:
        self._sessions = sessions
        self._obj_id = obj_id
        self._streams: WeakSet[EventStream[Event]] = WeakSet()
        self._closed = False

    @property
    def obj_id(self) -> ObjectId:
        """The full name of the session, as its start has returned it; `parent_session` continues it."""
        return self._obj_id

    @property
    def id(self) -> str:
        """The identifier of the session."""
        return self._obj_id.identifier

    @property
    def scope(self) -> str:
        """The scope that the session lives in."""
        return self._obj_id.scope

    @property
    def version(self) -> Optional[str]:
        """The version of the session; None where its start has named none."""
        return self._obj_id.version

    def __repr__(self) -> str:
        version = "" if self.version is None else f":{self.version}"
        state = "ended" if self._closed else "running"
        return printable(f"<{type(self).__name__} {self.scope}/{self.id}{version} {state}>")

    def ask(self, text: str, **options: Unpack[CandelaOptions]) -> Event:
        """Send a prompt to the agent, and return the last event of its answer.

        The options are those of `submit_prompt_to_agent`. Raises ApiException.
        """
        return self._sessions.submit_prompt_to_agent(self._prompt(text), **options)

    def stream(self, text: str, **options: Unpack[CandelaStreamOptions]) -> EventStream[Event]:
        """Send a prompt to the agent, and return the events of its answer as they come.

        The stream is closed with the block, at the latest. The options are those of
        `submit_prompt_to_agent_stream`. Raises ApiException.
        """
        events = self._sessions.submit_prompt_to_agent_stream(self._prompt(text), **options)
        self._streams.add(events)
        return events

    def submit(self, text: str, **options: Unpack[CandelaOptions]) -> Any:
        """Send a prompt to the pipeline, and return its JSON as plain data, or else its text.

        The options are those of `submit_pipeline_prompt`. Raises ApiException.
        """
        return self._sessions.submit_pipeline_prompt(self._prompt(text), **options)

    def close(self) -> None:
        """Close the streams that are open, and take no more prompts; the end of the block does this."""
        self._closed = True
        with ExitStack() as stack:
            for events in list(self._streams):
                stack.callback(events.close)

    def _prompt(self, text: str) -> SubmitPrompt:
        if self._closed:
            name = printable(self.id)
            raise ApiValueError(f"the session {name} takes no prompts any more: its block has ended")
        return SubmitPrompt(prompt=text, session_id=self.id, scope=self.scope)


class Running:
    """The conversations of SessionsApi."""

    def running_session(
        self: SessionCalls,
        request: Union[SessionStartRequest, DevSessionStartRequest],
        *,
        slot_type: str = "local",
        timeout: float = 600.0,
    ) -> AbstractContextManager[RunningSession]:
        """Start a session for a `with` block, and stop it at the end of the block, whatever ends it.

            with api.running_session(SessionStartRequest(app=app, model_cfg=model)) as session:
                print(session.ask("Good morning").content)

        A caller who has no slot is assigned one, which is disposed of at the end of the block; a slot that
        the caller has is kept. Stop and disposal are sent once. An error of theirs is added as a note to the
        one that has ended the block, and raised where there is none.

        Where another session runs already, the start is refused with ConflictException, and that session goes
        on. Only where it is not known whether a start has reached the service, as after a lost connection, is
        a stop sent, too: for whatever runs then.

        Args:
            request: What to start, by names or given in full.
            slot_type: The type of the slot, for a caller who has none.
            timeout: Seconds until the session must have started, the start of its slot included; `math.inf`
                is no limit.

        Raises:
            ApiTypeError: The request is neither a SessionStartRequest nor a DevSessionStartRequest.
            ApiValueError: An argument cannot be used. Like a wrong type, it is told before anything is sent.
            ApiTimeoutError: The time is over; the block raises it, like the next one.
            ApiException: No session can start on the slot, or a call failed; the subclass tells which.
        """
        start = _start(self, request)
        if not (isinstance(cast(object, slot_type), str) and slot_type):
            raise ApiValueError(f"slot_type must be the name of a type, not {slot_type!r}")
        return _conversation(self, start, slot_type, Timeouts(total=check_seconds("timeout", timeout)))


def _start(sessions: SessionCalls, request: object) -> Callable[..., ObjectMetadata]:
    """Return the call that starts what a request describes."""
    if isinstance(request, SessionStartRequest):
        return partial(sessions.start_session, request)
    if isinstance(request, DevSessionStartRequest):
        return partial(sessions.start_dev_session, request)
    kinds = "a SessionStartRequest or a DevSessionStartRequest"
    raise ApiTypeError(f"request must be {kinds}, not {type(request).__name__}")


@contextmanager
def _conversation(
    sessions: SessionCalls, start: Callable[..., ObjectMetadata], slot_type: str, limits: Timeouts
) -> Generator[RunningSession, None, None]:
    from finbourne_candela.slot import ready_slot, time_left  # other scripts need not load these

    client = sessions.api_client
    deadline = Deadline(limits, client.rest_client.now)
    with ExitStack() as stack:
        stack.enter_context(ready_slot(client, slot_type, deadline))
        start = partial(start, _request_timeout=time_left(client, deadline))
        started = stack.enter_context(undone(start, sessions.stop_session))
        session = RunningSession(sessions, started.obj_id)
        yield stack.enter_context(undone(lambda: session, session.close))
