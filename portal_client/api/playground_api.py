"""Agents whose instructions are tried out."""

from __future__ import annotations

from typing import Final

from typing_extensions import Unpack
from urllib3 import BaseHTTPResponse as BaseHTTPResponse  # the derived forms' annotations name these two

from portal_client.api_response import ApiResponse as ApiResponse
from portal_client.endpoint import Api, RequestOptions, endpoint, with_http_info, without_preload_content
from portal_client.models.playground_agents_response import PlaygroundAgentsResponse
from portal_client.models.playground_update_agents_request import PlaygroundUpdateAgentsRequest


class PlaygroundApi(Api):
    """Agents whose instructions are tried out.

    Args:
        playground_update_agents_request: The agents that make up the new list.
    """

    @endpoint("GET", "/playground/agents")
    def get_playground_agents(self, **options: Unpack[RequestOptions]) -> PlaygroundAgentsResponse:
        """List the caller's agents of the playground with their instructions.

        The playground is for trying out instructions.
        """
        ...

    @endpoint("PUT", "/playground/agents")
    def update_playground_agents(
        self,
        playground_update_agents_request: PlaygroundUpdateAgentsRequest,
        **options: Unpack[RequestOptions],
    ) -> PlaygroundAgentsResponse:
        """Replace the caller's list of playground agents.

        The whole list is replaced by that of the body; an empty one leaves none.
        """
        ...

    get_playground_agents_with_http_info: Final = with_http_info(get_playground_agents)
    get_playground_agents_without_preload_content: Final = without_preload_content(get_playground_agents)
    update_playground_agents_with_http_info: Final = with_http_info(update_playground_agents)
    update_playground_agents_without_preload_content: Final = without_preload_content(
        update_playground_agents
    )
