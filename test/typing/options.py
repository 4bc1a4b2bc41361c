"""The options that every call takes, in every form that is accepted."""

from __future__ import annotations

import math
from typing import assert_type

import urllib3

from portal_client import ApiResponse, Session, SessionsApi
from portal_client.endpoint import RequestOptions


def timeouts(api: SessionsApi) -> None:
    api.get_session("s", _request_timeout=30)
    api.get_session("s", _request_timeout=0.5)
    api.get_session("s", _request_timeout=math.inf)
    api.get_session("s", _request_timeout=(5, 60))
    api.get_session("s", _request_timeout=(0.5, 60.0))
    api.get_session("s", _request_timeout=urllib3.Timeout(connect=5, read=60))
    api.get_session("s", _request_timeout=None)


def others(api: SessionsApi) -> None:
    api.get_session("s", _request_auth={"in": "header", "key": "Authorization", "value": "Bearer t"})
    api.get_session("s", _request_auth={"type": "api_key", "in": "query", "key": "k", "value": "v"})
    api.get_session("s", _request_auth=None)
    api.update_session("s", "Hi", _content_type="multipart/form-data")
    api.update_session("s", "Hi", _content_type="application/x-www-form-urlencoded")
    api.update_session("s", "Hi", _content_type=None)
    api.get_session("s", _headers={"X-Trace": "1", "X-Number": 2})
    api.get_session("s", _headers={})
    api.get_session("s", _headers=None)
    api.get_session("s", _query={"dry_run": True, "tags": ["a", "b"]})
    api.get_session("s", _query=None)
    api.get_session("s", _retries=5)
    api.get_session("s", _retries=False)
    api.get_session("s", _retries=urllib3.Retry(2))
    api.get_session("s", _retries=None)
    api.get_session("s", _host_index=0)


def together(api: SessionsApi) -> None:
    options: RequestOptions = {
        "_request_timeout": (5, 60),
        "_request_auth": {"in": "header", "key": "Authorization", "value": "Bearer t"},
        "_content_type": "multipart/form-data",
        "_headers": {"X-Trace": "1"},
        "_query": {"dry_run": True},
        "_retries": 0,
        "_host_index": 0,
    }
    assert_type(api.create_session("a", "Hi", **options), Session)
    assert_type(api.create_session_with_http_info("a", "Hi", None, **options), ApiResponse[Session])
    assert_type(
        api.create_session_without_preload_content("a", text_prompt="Hi", **options), urllib3.BaseHTTPResponse
    )
    assert_type(
        api.get_session_with_http_info("s", _request_timeout=3, _headers={"X-Trace": "1"}, _host_index=0),
        ApiResponse[Session],
    )
