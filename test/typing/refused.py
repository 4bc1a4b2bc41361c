"""Wrong uses, which both checkers must refuse: an accepted one leaves its comment unused, which fails.

`type: ignore` holds for both; mypy compares the code as well.
"""

from __future__ import annotations

from datetime import datetime

from portal_client import (
    ApiClient,
    Configuration,
    FileToken,
    Hooks,
    HTTPValidationError,
    Message,
    Session,
    SessionsApi,
    ValidationErrorLocInner,
)
from portal_client.hooks import Attempt
from portal_client.middleware import MiddlewareRequest, MiddlewareResponse


def create_async_session(api: SessionsApi) -> None:
    api.create_async_session(1, "Hi")  # type: ignore[arg-type]
    api.create_async_session("a")  # type: ignore[call-arg]
    api.create_async_session("a", "Hi", color=1)  # type: ignore[call-arg]
    api.create_async_session("a", "Hi", _headers=1)  # type: ignore[arg-type]
    api.create_async_session_with_http_info(1, "Hi")  # type: ignore[arg-type]
    api.create_async_session_with_http_info("a")  # type: ignore[call-arg]
    api.create_async_session_with_http_info("a", "Hi", color=1)  # type: ignore[call-arg]
    api.create_async_session_without_preload_content(1, "Hi")  # type: ignore[arg-type]
    api.create_async_session_without_preload_content("a")  # type: ignore[call-arg]
    api.create_async_session_without_preload_content("a", "Hi", color=1)  # type: ignore[call-arg]


def create_session(api: SessionsApi) -> None:
    api.create_session(1, "Hi")  # type: ignore[arg-type]
    api.create_session("a")  # type: ignore[call-arg]
    api.create_session("a", "Hi", color=1)  # type: ignore[call-arg]
    api.create_session("a", "Hi", _headers=1)  # type: ignore[arg-type]
    api.create_session_with_http_info(1, "Hi")  # type: ignore[arg-type]
    api.create_session_with_http_info("a")  # type: ignore[call-arg]
    api.create_session_with_http_info("a", "Hi", color=1)  # type: ignore[call-arg]
    api.create_session_without_preload_content(1, "Hi")  # type: ignore[arg-type]
    api.create_session_without_preload_content("a")  # type: ignore[call-arg]
    api.create_session_without_preload_content("a", "Hi", color=1)  # type: ignore[call-arg]


def create_session_from_replay(api: SessionsApi) -> None:
    api.create_session_from_replay(1, 56)  # type: ignore[arg-type]
    api.create_session_from_replay("s")  # type: ignore[call-arg]
    api.create_session_from_replay("s", "56")  # type: ignore[arg-type]
    api.create_session_from_replay("s", 56, color=1)  # type: ignore[call-arg]
    api.create_session_from_replay("s", 56, _headers=1)  # type: ignore[arg-type]
    api.create_session_from_replay_with_http_info(1, 56)  # type: ignore[arg-type]
    api.create_session_from_replay_with_http_info("s")  # type: ignore[call-arg]
    api.create_session_from_replay_with_http_info("s", "56")  # type: ignore[arg-type]
    api.create_session_from_replay_with_http_info("s", 56, color=1)  # type: ignore[call-arg]
    api.create_session_from_replay_without_preload_content(1, 56)  # type: ignore[arg-type]
    api.create_session_from_replay_without_preload_content("s")  # type: ignore[call-arg]
    api.create_session_from_replay_without_preload_content("s", "56")  # type: ignore[arg-type]
    api.create_session_from_replay_without_preload_content("s", 56, color=1)  # type: ignore[call-arg]


def get_grouped_sessions(api: SessionsApi) -> None:
    api.get_grouped_sessions(color=1)  # type: ignore[call-arg]
    api.get_grouped_sessions(_headers=1)  # type: ignore[arg-type]
    api.get_grouped_sessions_with_http_info(color=1)  # type: ignore[call-arg]
    api.get_grouped_sessions_without_preload_content(color=1)  # type: ignore[call-arg]


def get_session(api: SessionsApi) -> None:
    api.get_session(1)  # type: ignore[arg-type]
    api.get_session()  # type: ignore[call-arg]
    api.get_session("s", color=1)  # type: ignore[call-arg]
    api.get_session("s", _headers=1)  # type: ignore[arg-type]
    api.get_session_with_http_info(1)  # type: ignore[arg-type]
    api.get_session_with_http_info()  # type: ignore[call-arg]
    api.get_session_with_http_info("s", color=1)  # type: ignore[call-arg]
    api.get_session_without_preload_content(1)  # type: ignore[arg-type]
    api.get_session_without_preload_content()  # type: ignore[call-arg]
    api.get_session_without_preload_content("s", color=1)  # type: ignore[call-arg]


def get_sessions(api: SessionsApi) -> None:
    api.get_sessions(1)  # type: ignore[arg-type]
    api.get_sessions()  # type: ignore[call-arg]
    api.get_sessions("a", color=1)  # type: ignore[call-arg]
    api.get_sessions("a", _headers=1)  # type: ignore[arg-type]
    api.get_sessions_with_http_info(1)  # type: ignore[arg-type]
    api.get_sessions_with_http_info()  # type: ignore[call-arg]
    api.get_sessions_with_http_info("a", color=1)  # type: ignore[call-arg]
    api.get_sessions_without_preload_content(1)  # type: ignore[arg-type]
    api.get_sessions_without_preload_content()  # type: ignore[call-arg]
    api.get_sessions_without_preload_content("a", color=1)  # type: ignore[call-arg]


def subscribe_to_session(api: SessionsApi) -> None:
    api.subscribe_to_session(1)  # type: ignore[arg-type]
    api.subscribe_to_session()  # type: ignore[call-arg]
    api.subscribe_to_session("s", color=1)  # type: ignore[call-arg]
    api.subscribe_to_session("s", _headers=1)  # type: ignore[arg-type]
    api.subscribe_to_session_with_http_info(1)  # type: ignore[arg-type]
    api.subscribe_to_session_with_http_info()  # type: ignore[call-arg]
    api.subscribe_to_session_with_http_info("s", color=1)  # type: ignore[call-arg]
    api.subscribe_to_session_without_preload_content(1)  # type: ignore[arg-type]
    api.subscribe_to_session_without_preload_content()  # type: ignore[call-arg]
    api.subscribe_to_session_without_preload_content("s", color=1)  # type: ignore[call-arg]


def subscribe_to_session_stream(api: SessionsApi) -> None:
    api.subscribe_to_session_stream(1)  # type: ignore[arg-type]
    api.subscribe_to_session_stream()  # type: ignore[call-arg]
    api.subscribe_to_session_stream("s", color=1)  # type: ignore[call-arg]
    api.subscribe_to_session_stream("s", idle_timeout="5")  # type: ignore[arg-type]


def update_async_session(api: SessionsApi) -> None:
    api.update_async_session(1, "Hi")  # type: ignore[arg-type]
    api.update_async_session("s")  # type: ignore[call-arg]
    api.update_async_session("s", "Hi", color=1)  # type: ignore[call-arg]
    api.update_async_session("s", "Hi", _headers=1)  # type: ignore[arg-type]
    api.update_async_session_with_http_info(1, "Hi")  # type: ignore[arg-type]
    api.update_async_session_with_http_info("s")  # type: ignore[call-arg]
    api.update_async_session_with_http_info("s", "Hi", color=1)  # type: ignore[call-arg]
    api.update_async_session_without_preload_content(1, "Hi")  # type: ignore[arg-type]
    api.update_async_session_without_preload_content("s")  # type: ignore[call-arg]
    api.update_async_session_without_preload_content("s", "Hi", color=1)  # type: ignore[call-arg]


def update_session(api: SessionsApi) -> None:
    api.update_session(1, "Hi")  # type: ignore[arg-type]
    api.update_session("s")  # type: ignore[call-arg]
    api.update_session("s", "Hi", color=1)  # type: ignore[call-arg]
    api.update_session("s", "Hi", _headers=1)  # type: ignore[arg-type]
    api.update_session_with_http_info(1, "Hi")  # type: ignore[arg-type]
    api.update_session_with_http_info("s")  # type: ignore[call-arg]
    api.update_session_with_http_info("s", "Hi", color=1)  # type: ignore[call-arg]
    api.update_session_without_preload_content(1, "Hi")  # type: ignore[arg-type]
    api.update_session_without_preload_content("s")  # type: ignore[call-arg]
    api.update_session_without_preload_content("s", "Hi", color=1)  # type: ignore[call-arg]


def arguments(api: SessionsApi, unknown: str | None) -> None:
    api.get_session(None)  # type: ignore[arg-type]
    api.get_session(unknown)  # type: ignore[arg-type]
    api.get_session("s", b"s")  # type: ignore[arg-type,call-arg]
    api.get_session("s", session_id="s")  # type: ignore[misc]
    api.create_session_from_replay("s", 1.0)  # type: ignore[arg-type]
    api.create_session("a", b"Hi")  # type: ignore[arg-type]


def options(api: SessionsApi) -> None:
    api.get_session("s", request_timeout=5)  # type: ignore[call-arg]
    api.get_session("s", _request_timeout="5")  # type: ignore[arg-type]
    api.get_session("s", _request_timeout=(5, 60, 90))  # type: ignore[arg-type]
    api.get_session("s", _request_timeout=("5", "60"))  # type: ignore[arg-type]
    api.get_session("s", _request_auth="Bearer t")  # type: ignore[arg-type]
    api.get_session("s", _content_type=1)  # type: ignore[arg-type]
    api.get_session("s", _headers=[("X-Trace", "1")])  # type: ignore[arg-type]
    api.get_session("s", _headers={1: "1"})  # type: ignore[dict-item]
    api.get_session("s", _query="a=b")  # type: ignore[arg-type]
    api.get_session("s", _query={1: "1"})  # type: ignore[dict-item]
    api.get_session("s", _retries="3")  # type: ignore[arg-type]
    api.get_session("s", _host_index="0")  # type: ignore[arg-type]
    api.get_session_with_http_info("s", _request_timeout="5")  # type: ignore[arg-type]
    api.get_session_without_preload_content("s", _host_index="0")  # type: ignore[arg-type]


def files(api: SessionsApi) -> None:
    api.create_session("a", "Hi", 1)  # type: ignore[arg-type]
    api.create_session("a", "Hi", [1])  # type: ignore[list-item]
    api.create_session("a", "Hi", {"report.csv": b""})  # type: ignore[arg-type]
    api.create_session("a", "Hi", ("report.csv", b"", "text/csv", 1))  # type: ignore[arg-type]
    api.update_session_with_http_info("s", "Hi", 1)  # type: ignore[arg-type]
    with open("report.csv") as text:
        api.create_session("a", "Hi", text)  # type: ignore[arg-type]


def answers(api: SessionsApi) -> None:
    _session: Session = api.get_session_with_http_info("s")  # type: ignore[assignment]
    _text: str = api.get_session("s")  # type: ignore[assignment]
    print(api.get_session("s").color)  # type: ignore[attr-defined]
    print(api.get_session_with_http_info("s").status)  # type: ignore[attr-defined]
    api.get_sesion("s")  # type: ignore[attr-defined]


def settings(config: Configuration) -> None:
    Configuration(1)  # type: ignore[arg-type]
    Configuration(hots="http://localhost")  # type: ignore[call-arg]
    Configuration(access_token=1)  # type: ignore[arg-type]
    Configuration(access_token=lambda: 1)  # type: ignore[arg-type,return-value]
    Configuration(access_token=FileToken(1))  # type: ignore[arg-type]
    Configuration(timeout="30")  # type: ignore[arg-type]
    Configuration(retries="3")  # type: ignore[arg-type]
    Configuration(hooks=Hooks())  # type: ignore[arg-type]
    Configuration(middleware=no_middleware)  # type: ignore[arg-type]
    Configuration(middleware=[no_middleware])  # type: ignore[list-item]
    Configuration(flight_recorder="3")  # type: ignore[arg-type]
    Configuration.from_env("http://localhost")  # type: ignore[call-arg]
    Configuration.from_env(hots="http://localhost")  # type: ignore[call-arg]
    Configuration.from_env(timeout="30")  # type: ignore[arg-type]
    Configuration.from_profile()  # type: ignore[call-arg]
    Configuration.from_profile(5)  # type: ignore[arg-type]
    Configuration.from_profile("work", proxy=5)  # type: ignore[arg-type]
    config.host = 1  # type: ignore[assignment]
    config.username = 1  # type: ignore[assignment]
    config.access_token = 1  # type: ignore[assignment]
    config.timeout = "30"  # type: ignore[assignment]
    config.retries = "3"  # type: ignore[assignment]
    config.verify_ssl = "no"  # type: ignore[assignment]
    config.credential = None  # type: ignore[misc]


def client(api_client: ApiClient) -> None:
    ApiClient("http://localhost")  # type: ignore[arg-type]
    SessionsApi(Configuration())  # type: ignore[arg-type]
    api_client.with_options(hots="http://localhost")  # type: ignore[call-arg]
    api_client.with_options(timeout="30")  # type: ignore[arg-type]
    api_client.user_agent = 1  # type: ignore[assignment]
    api_client.cookie = 1  # type: ignore[assignment]


class Wrong(Hooks):
    """A hook that asks for more than it is given."""

    def on_request(self, attempt: Attempt, number: int) -> None:  # type: ignore[override]
        pass


def models(session: Session, message: Message, step: ValidationErrorLocInner) -> None:
    session.id = 1  # type: ignore[assignment]
    session.messages = None  # type: ignore[assignment]
    session.created_at = "2026-01-02"  # type: ignore[assignment]
    session.status = "Ready"  # type: ignore[assignment]
    session.color = "red"  # type: ignore[attr-defined]
    message.agent = "Ada"  # type: ignore[assignment]
    step.actual_instance = 1.5  # type: ignore[assignment]
    Message(text="Hi")  # type: ignore[call-arg]
    Message(text=1, role=message.role)  # type: ignore[arg-type]
    HTTPValidationError(detail=[datetime.now()])  # type: ignore[list-item]
    Session.from_json({})  # type: ignore[arg-type]


def no_middleware(request: MiddlewareRequest) -> MiddlewareResponse:
    request.url = "http://elsewhere"  # type: ignore[misc]
    request.headers["X-A"] = "a"  # type: ignore[index]
    request.with_headers({"X-A": 1})  # type: ignore[dict-item]
    MiddlewareResponse("200")  # type: ignore[arg-type]
    return MiddlewareResponse(200, body=[1])  # type: ignore[list-item]
