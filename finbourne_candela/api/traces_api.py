"""What was said in conversations."""

from __future__ import annotations

from typing import ClassVar, Final

from pydantic import StrictStr
from typing_extensions import Unpack
from urllib3 import BaseHTTPResponse as BaseHTTPResponse  # the derived forms' annotations name these two

from finbourne_candela.extensions.api_client import SyncApiClient
from finbourne_candela.models.object_metadata import ObjectMetadata
from finbourne_candela.models.trace import Trace
from finbourne_candela.options import CandelaOptions
from portal_client.api_client import ApiClient
from portal_client.api_response import ApiResponse as ApiResponse
from portal_client.endpoint import Api, endpoint, with_http_info, without_preload_content


class TracesApi(Api):
    """What was said in conversations.

    Args:
        trace_id: The trace, as `obj_id.identifier` of its metadata names it.
        scope: The scope of the trace.
    """

    _client_type: ClassVar[type[ApiClient]] = SyncApiClient

    @endpoint("GET", "/traces/")
    def get_trace(self, trace_id: StrictStr, scope: StrictStr, **options: Unpack[CandelaOptions]) -> Trace:
        """Get a trace.

        What was said in a conversation, in order; sessions that continue one another share a trace.
        """
        ...

    @endpoint("GET", "/traces/list")
    def list_traces(self, **options: Unpack[CandelaOptions]) -> list[ObjectMetadata]:
        """List the caller's traces.

        Traces are made by sessions, from their first prompt on.
        """
        ...

    get_trace_with_http_info: Final = with_http_info(get_trace)
    get_trace_without_preload_content: Final = without_preload_content(get_trace)
    list_traces_with_http_info: Final = with_http_info(list_traces)
    list_traces_without_preload_content: Final = without_preload_content(list_traces)
