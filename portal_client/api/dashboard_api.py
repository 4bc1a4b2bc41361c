"""An overview of the agents."""

from __future__ import annotations

from typing import Final

from typing_extensions import Unpack
from urllib3 import BaseHTTPResponse as BaseHTTPResponse  # the derived forms' annotations name these two

from portal_client.api_response import ApiResponse as ApiResponse
from portal_client.endpoint import Api, RequestOptions, endpoint, with_http_info, without_preload_content
from portal_client.models.dashboard import Dashboard


class DashboardApi(Api):
    """An overview of the agents."""

    @endpoint("GET", "/dashboard", secured=False)
    def get_dashboard(self, **options: Unpack[RequestOptions]) -> Dashboard:
        """Get an overview of the agents with the latest session of each.

        The client sends no token. A session that belongs to a user is not shown to anybody else:
        `latest_session` is null then.
        """
        ...

    get_dashboard_with_http_info: Final = with_http_info(get_dashboard)
    get_dashboard_without_preload_content: Final = without_preload_content(get_dashboard)
