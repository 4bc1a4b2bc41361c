"""The server itself."""

from __future__ import annotations

from typing import Final

from typing_extensions import Unpack
from urllib3 import BaseHTTPResponse as BaseHTTPResponse  # the derived forms' annotations name these two

from portal_client.api_response import ApiResponse as ApiResponse
from portal_client.endpoint import Api, RequestOptions, endpoint, with_http_info, without_preload_content


class DefaultApi(Api):
    """The server itself."""

    @endpoint("GET", "/", secured=False)
    def root_get(self, **options: Unpack[RequestOptions]) -> None:
        """Tell whether the server is there.

        The client sends no token, and does not read the body of the response.
        """
        ...

    root_get_with_http_info: Final = with_http_info(root_get)
    root_get_without_preload_content: Final = without_preload_content(root_get)
