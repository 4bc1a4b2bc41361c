"""The agents that one can talk to."""

from __future__ import annotations

from typing import Final

from pydantic import StrictStr
from typing_extensions import Unpack
from urllib3 import BaseHTTPResponse as BaseHTTPResponse  # the derived forms' annotations name these two

from portal_client.api_response import ApiResponse as ApiResponse
from portal_client.endpoint import Api, RequestOptions, endpoint, with_http_info, without_preload_content
from portal_client.models.agent import Agent
from portal_client.models.agents_response import AgentsResponse


class AgentsApi(Api):
    """The agents that one can talk to.

    Args:
        agent_id: The agent, as `Agent.id` names it.
    """

    @endpoint("GET", "/agents/{agent_id}")
    def get_agent(self, agent_id: StrictStr, **options: Unpack[RequestOptions]) -> Agent:
        """Get one agent.

        Its name, its icon and the texts that begin a conversation with it.
        """
        ...

    @endpoint("GET", "/agents")
    def get_agents(self, **options: Unpack[RequestOptions]) -> AgentsResponse:
        """List the agents that the caller can talk to.

        Their order is the service's own. The `id` of an agent is what the other operations take as
        `agent_id`.
        """
        ...

    get_agent_with_http_info: Final = with_http_info(get_agent)
    get_agent_without_preload_content: Final = without_preload_content(get_agent)
    get_agents_with_http_info: Final = with_http_info(get_agents)
    get_agents_without_preload_content: Final = without_preload_content(get_agents)
