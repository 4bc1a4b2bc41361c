"""A response with its status and headers: that of the core."""

from __future__ import annotations

from portal_client.api_response import ApiResponse as ApiResponse
