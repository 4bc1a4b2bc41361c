"""The sessions of the Candela service: agents and pipelines at work."""

from __future__ import annotations

from typing import Any, ClassVar, Final, Optional

from pydantic import StrictBool, StrictStr
from typing_extensions import Unpack
from urllib3 import BaseHTTPResponse as BaseHTTPResponse  # the derived forms' annotations name these two

from finbourne_candela.extensions.api_client import SyncApiClient
from finbourne_candela.models.dev_session_start_request import DevSessionStartRequest
from finbourne_candela.models.event import Event
from finbourne_candela.models.object_metadata import ObjectMetadata
from finbourne_candela.models.session import Session
from finbourne_candela.models.session_start_request import SessionStartRequest
from finbourne_candela.models.submit_prompt import SubmitPrompt
from finbourne_candela.options import CandelaOptions, CandelaStreamOptions
from finbourne_candela.running import Running
from portal_client.api_client import ApiClient
from portal_client.api_response import ApiResponse as ApiResponse
from portal_client.endpoint import Api, endpoint, event_stream, with_http_info, without_preload_content
from portal_client.streaming import EventStream


class SessionsApi(Running, Api):
    """Start, prompt, read and stop sessions of agents and pipelines.

    What starts, prompts, stops or deletes a session is never sent a second time once the server may have
    received it. `running_session` holds a conversation in one `with` block: it starts a session, on a slot
    that it assigns if need be, and stops it.

    Args:
        scope: The scope that the session lives in.
        identifier: The name of the session within its scope, as `ObjectId.identifier` has it.
        version: Which version of it; the newest if None.
        all_versions: Whether to list each version, and not only the newest.
        session_start_request: What to start, by the names that the service knows: a model or a dict.
        dev_session_start_request: What to start, given in full: a model or a dict.
        submit_prompt: The prompt, and the session that it goes to: a model or a dict.
    """

    _client_type: ClassVar[type[ApiClient]] = SyncApiClient

    @endpoint("DELETE", "/sessions/")
    def delete_session(
        self,
        scope: StrictStr,
        identifier: StrictStr,
        version: Optional[StrictStr] = None,
        **options: Unpack[CandelaOptions],
    ) -> list[ObjectMetadata]:
        """Delete all data of a session, and return what was deleted."""
        ...

    @endpoint("GET", "/sessions/")
    def get_session(
        self,
        scope: StrictStr,
        identifier: StrictStr,
        version: Optional[StrictStr] = None,
        **options: Unpack[CandelaOptions],
    ) -> Session:
        """Read what a session was started from, and where it runs."""
        ...

    @endpoint("GET", "/sessions/metadata")
    def get_session_metadata(
        self,
        scope: StrictStr,
        identifier: StrictStr,
        version: Optional[StrictStr] = None,
        **options: Unpack[CandelaOptions],
    ) -> ObjectMetadata:
        """Read who made a session, and when."""
        ...

    @endpoint("GET", "/sessions/list")
    def list_sessions(
        self, all_versions: Optional[StrictBool] = False, **options: Unpack[CandelaOptions]
    ) -> list[ObjectMetadata]:
        """List the caller's sessions."""
        ...

    @endpoint("GET", "/sessions/exists")
    def session_exists(
        self,
        scope: StrictStr,
        identifier: StrictStr,
        version: Optional[StrictStr] = None,
        **options: Unpack[CandelaOptions],
    ) -> StrictBool:
        """Tell whether there is such a session."""
        ...

    @endpoint("POST", "/session/dev")
    def start_dev_session(
        self, dev_session_start_request: DevSessionStartRequest, **options: Unpack[CandelaOptions]
    ) -> ObjectMetadata:
        """Start a session from a circuit and a directive that are given in full."""
        ...

    @endpoint("POST", "/session")
    def start_session(
        self, session_start_request: SessionStartRequest, **options: Unpack[CandelaOptions]
    ) -> ObjectMetadata:
        """Start a session of an app and a model that the service knows."""
        ...

    # A GET that names no session: repeated, it could stop the next one.
    @endpoint("GET", "/session/stop", idempotent=False, accept=None)
    def stop_session(self, **options: Unpack[CandelaOptions]) -> None:
        """Stop the caller's running session."""
        ...

    @endpoint("POST", "/session/pipeline_submit")
    def submit_pipeline_prompt(self, submit_prompt: SubmitPrompt, **options: Unpack[CandelaOptions]) -> Any:
        """Send a prompt to a running pipeline, and return its JSON as plain data, or else its text."""
        ...

    @endpoint("POST", "/session/agent_submit")
    def submit_prompt_to_agent(self, submit_prompt: SubmitPrompt, **options: Unpack[CandelaOptions]) -> Event:
        """Send a prompt to a running agent, and return the last event of its answer.

        All of them are in `raw_data` of the `_with_http_info` form, one JSON document on each line.
        """
        ...

    @event_stream(submit_prompt_to_agent)
    def submit_prompt_to_agent_stream(
        self, submit_prompt: SubmitPrompt, **options: Unpack[CandelaStreamOptions]
    ) -> EventStream[Event]:
        """Send a prompt to a running agent, and return the events of its answer as they come."""
        ...

    delete_session_with_http_info: Final = with_http_info(delete_session)
    delete_session_without_preload_content: Final = without_preload_content(delete_session)
    get_session_with_http_info: Final = with_http_info(get_session)
    get_session_without_preload_content: Final = without_preload_content(get_session)
    get_session_metadata_with_http_info: Final = with_http_info(get_session_metadata)
    get_session_metadata_without_preload_content: Final = without_preload_content(get_session_metadata)
    list_sessions_with_http_info: Final = with_http_info(list_sessions)
    list_sessions_without_preload_content: Final = without_preload_content(list_sessions)
    session_exists_with_http_info: Final = with_http_info(session_exists)
    session_exists_without_preload_content: Final = without_preload_content(session_exists)
    start_dev_session_with_http_info: Final = with_http_info(start_dev_session)
    start_dev_session_without_preload_content: Final = without_preload_content(start_dev_session)
    start_session_with_http_info: Final = with_http_info(start_session)
    start_session_without_preload_content: Final = without_preload_content(start_session)
    stop_session_with_http_info: Final = with_http_info(stop_session)
    stop_session_without_preload_content: Final = without_preload_content(stop_session)
    submit_pipeline_prompt_with_http_info: Final = with_http_info(submit_pipeline_prompt)
    submit_pipeline_prompt_without_preload_content: Final = without_preload_content(submit_pipeline_prompt)
    submit_prompt_to_agent_with_http_info: Final = with_http_info(submit_prompt_to_agent)
    submit_prompt_to_agent_without_preload_content: Final = without_preload_content(submit_prompt_to_agent)
