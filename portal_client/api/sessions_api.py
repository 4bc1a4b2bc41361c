"""The sessions of the Portal service: conversations with an agent."""

from __future__ import annotations

from typing import Final

from pydantic import StrictInt, StrictStr
from typing_extensions import Unpack
from urllib3 import BaseHTTPResponse as BaseHTTPResponse  # the derived forms' annotations name these two

from portal_client.api_response import ApiResponse as ApiResponse
from portal_client.branching import Branching
from portal_client.endpoint import (
    Api,
    RequestOptions,
    StreamOptions,
    endpoint,
    event_stream,
    with_http_info,
    without_preload_content,
)
from portal_client.following import Following
from portal_client.models.async_session_response import AsyncSessionResponse
from portal_client.models.get_sessions_response import GetSessionsResponse
from portal_client.models.grouped_sessions_response import GroupedSessionsResponse
from portal_client.models.session import Session
from portal_client.multipart import Files
from portal_client.streaming import EventStream
from portal_client.waiting import Waiting

_FORM = "multipart/form-data"


class SessionsApi(Waiting, Branching, Following, Api):
    """Start, continue and read conversations with an agent.

    What starts or continues a session is never sent a second time once the server may have received it.
    `run_session`, `continue_session` and `wait_for_session` return a session when its agent is done, and
    `branches` several that branch off one.

    Args:
        agent_id: The agent to talk to.
        text_prompt: What to ask it. The client sets no limit to its length; the service may.
        files: What to attach: a path, bytes, an open binary file, `(name, content)` or
            `(name, content, content type)`; one of them or a list. A file object is set back to where it was.
        session_id: The session, as `Session.id` or `AsyncSessionResponse.session_id` names it.
        last_message_index: The last message to take over, counted from 0 as in `Session.messages`.
    """

    @endpoint("POST", "/sessions/async", consumes=_FORM)
    def create_async_session(
        self,
        agent_id: StrictStr,
        text_prompt: StrictStr,
        files: Files = None,
        **options: Unpack[RequestOptions],
    ) -> AsyncSessionResponse:
        """Start a session and return its id without waiting for the answer."""
        ...

    @endpoint("POST", "/sessions", consumes=_FORM)
    def create_session(
        self,
        agent_id: StrictStr,
        text_prompt: StrictStr,
        files: Files = None,
        **options: Unpack[RequestOptions],
    ) -> Session:
        """Start a session and wait for the agent's answer."""
        ...

    @endpoint("POST", "/sessions/replay")
    def create_session_from_replay(
        self, session_id: StrictStr, last_message_index: StrictInt, **options: Unpack[RequestOptions]
    ) -> Session:
        """Start a session from messages 0 to `last_message_index` of another one, that one included."""
        ...

    @endpoint("GET", "/sessions/grouped")
    def get_grouped_sessions(self, **options: Unpack[RequestOptions]) -> GroupedSessionsResponse:
        """List the caller's sessions, grouped by the time of their last change."""
        ...

    @endpoint("GET", "/sessions/{session_id}")
    def get_session(self, session_id: StrictStr, **options: Unpack[RequestOptions]) -> Session:
        """Read one session with its messages and its status."""
        ...

    @endpoint("GET", "/sessions")
    def get_sessions(self, agent_id: StrictStr, **options: Unpack[RequestOptions]) -> GetSessionsResponse:
        """List the caller's sessions with one agent."""
        ...

    @endpoint("GET", "/sessions/{session_id}/subscribe", secured=False)
    def subscribe_to_session(self, session_id: StrictStr, **options: Unpack[RequestOptions]) -> Session:
        """Wait until a session is no longer running, and return it. Sends no token."""
        ...

    @event_stream(subscribe_to_session)
    def subscribe_to_session_stream(
        self, session_id: StrictStr, **options: Unpack[StreamOptions]
    ) -> EventStream[Session]:
        """Follow a session: its state now, then each change as it comes. Sends no token."""
        ...

    @endpoint("PUT", "/sessions/{session_id}/async", consumes=_FORM)
    def update_async_session(
        self,
        session_id: StrictStr,
        text_prompt: StrictStr,
        files: Files = None,
        **options: Unpack[RequestOptions],
    ) -> AsyncSessionResponse:
        """Add a prompt to a session without waiting for the answer."""
        ...

    @endpoint("PUT", "/sessions/{session_id}", consumes=_FORM)
    def update_session(
        self,
        session_id: StrictStr,
        text_prompt: StrictStr,
        files: Files = None,
        **options: Unpack[RequestOptions],
    ) -> Session:
        """Add a prompt to a session and wait for the agent's answer."""
        ...

    create_async_session_with_http_info: Final = with_http_info(create_async_session)
    create_async_session_without_preload_content: Final = without_preload_content(create_async_session)
    create_session_with_http_info: Final = with_http_info(create_session)
    create_session_without_preload_content: Final = without_preload_content(create_session)
    create_session_from_replay_with_http_info: Final = with_http_info(create_session_from_replay)
    create_session_from_replay_without_preload_content: Final = without_preload_content(
        create_session_from_replay
    )
    get_grouped_sessions_with_http_info: Final = with_http_info(get_grouped_sessions)
    get_grouped_sessions_without_preload_content: Final = without_preload_content(get_grouped_sessions)
    get_session_with_http_info: Final = with_http_info(get_session)
    get_session_without_preload_content: Final = without_preload_content(get_session)
    get_sessions_with_http_info: Final = with_http_info(get_sessions)
    get_sessions_without_preload_content: Final = without_preload_content(get_sessions)
    subscribe_to_session_with_http_info: Final = with_http_info(subscribe_to_session)
    subscribe_to_session_without_preload_content: Final = without_preload_content(subscribe_to_session)
    update_async_session_with_http_info: Final = with_http_info(update_async_session)
    update_async_session_without_preload_content: Final = without_preload_content(update_async_session)
    update_session_with_http_info: Final = with_http_info(update_session)
    update_session_without_preload_content: Final = without_preload_content(update_session)
