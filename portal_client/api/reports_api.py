"""What agents have prepared."""

from __future__ import annotations

from typing import Final

from pydantic import StrictStr
from typing_extensions import Unpack
from urllib3 import BaseHTTPResponse as BaseHTTPResponse  # the derived forms' annotations name these two

from portal_client.api_response import ApiResponse as ApiResponse
from portal_client.endpoint import Api, RequestOptions, endpoint, with_http_info, without_preload_content
from portal_client.models.report import Report


class ReportsApi(Api):
    """What agents have prepared.

    Args:
        agent_id: The agent, as `Agent.id` names it.
    """

    @endpoint("GET", "/reports/{agent_id}")
    def get_report(self, agent_id: StrictStr, **options: Unpack[RequestOptions]) -> Report:
        """Get the report that an agent has prepared.

        A text, and tables with rows of values. Reading it does not run the agent.
        """
        ...

    get_report_with_http_info: Final = with_http_info(get_report)
    get_report_without_preload_content: Final = without_preload_content(get_report)
