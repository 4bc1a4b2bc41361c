"""Questions that an agent is asked regularly."""

from __future__ import annotations

from typing import Final

from pydantic import StrictStr
from typing_extensions import Unpack
from urllib3 import BaseHTTPResponse as BaseHTTPResponse  # the derived forms' annotations name these two

from portal_client.api_response import ApiResponse as ApiResponse
from portal_client.endpoint import Api, RequestOptions, endpoint, with_http_info, without_preload_content
from portal_client.models.create_routine_request import CreateRoutineRequest
from portal_client.models.routine import Routine
from portal_client.models.routines_response import RoutinesResponse


class RoutinesApi(Api):
    """Questions that an agent is asked regularly.

    Args:
        create_routine_request: What to ask, whom, and how often.
        routine_id: The routine, as `Routine.id` names it.
        agent_id: The agent, as `Agent.id` names it.
    """

    @endpoint("POST", "/routines")
    def create_routine(
        self, create_routine_request: CreateRoutineRequest, **options: Unpack[RequestOptions]
    ) -> Routine:
        """Create a routine: a question that an agent is asked regularly.

        Creating a routine does not run it.
        """
        ...

    @endpoint("DELETE", "/routines/{routine_id}")
    def delete_routine(self, routine_id: StrictStr, **options: Unpack[RequestOptions]) -> RoutinesResponse:
        """Delete a routine.

        The sessions of its runs stay.
        """
        ...

    @endpoint("GET", "/routines")
    def get_routines(self, agent_id: StrictStr, **options: Unpack[RequestOptions]) -> RoutinesResponse:
        """List the caller's routines of one agent.

        Newest first, each with the sessions of its runs and its latest answer; none for an agent that does
        not exist.
        """
        ...

    @endpoint("PUT", "/routines/{routine_id}/run/async")
    def run_async_routine(self, routine_id: StrictStr, **options: Unpack[RequestOptions]) -> RoutinesResponse:
        """Run a routine now without waiting for the answer.

        Asks the agent once and keeps the conversation as a new session with the routine's id, which is listed
        while the agent is at work.
        """
        ...

    @endpoint("PUT", "/routines/{routine_id}/run")
    def run_routine(self, routine_id: StrictStr, **options: Unpack[RequestOptions]) -> RoutinesResponse:
        """Run a routine now and wait for the agent's answer.

        Asks the agent once and keeps the conversation as a new session with the routine's id. A failed run is
        told by the status of its session and by the trend.
        """
        ...

    create_routine_with_http_info: Final = with_http_info(create_routine)
    create_routine_without_preload_content: Final = without_preload_content(create_routine)
    delete_routine_with_http_info: Final = with_http_info(delete_routine)
    delete_routine_without_preload_content: Final = without_preload_content(delete_routine)
    get_routines_with_http_info: Final = with_http_info(get_routines)
    get_routines_without_preload_content: Final = without_preload_content(get_routines)
    run_async_routine_with_http_info: Final = with_http_info(run_async_routine)
    run_async_routine_without_preload_content: Final = without_preload_content(run_async_routine)
    run_routine_with_http_info: Final = with_http_info(run_routine)
    run_routine_without_preload_content: Final = without_preload_content(run_routine)
