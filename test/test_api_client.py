"""The client: its headers, its life, its copies, and what it makes of values."""

from __future__ import annotations

import copy
import io
import pickle
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import pydantic
import pytest

import portal_client
from portal_client import (
    ApiClient,
    ApiResponse,
    ApiTypeError,
    ApiValueError,
    Configuration,
    EnvToken,
    Message,
    MessageRole,
    Session,
    SessionsApi,
    SessionStatus,
)
from support.scripted import SESSION, Received, playing, reply


@pytest.fixture(autouse=True)
def _no_default() -> Iterator[None]:
    yield
    ApiClient.set_default(None)
    Configuration.set_default(None)


def received(client: ApiClient, host: str = "", **options: Any) -> Received:
    """What a server receives when this client reads a session."""
    with playing(reply()) as server, client.with_options(host=server.host) as calling:
        SessionsApi(calling).get_session("s1", **options)
        client.close()
    (request,) = server.requests
    return request


@pytest.fixture
def client() -> Iterator[ApiClient]:
    with ApiClient(Configuration()) as made:
        yield made


# ── the default ──


def test_the_default_is_made_once_with_the_default_configuration() -> None:
    default = ApiClient.get_default()

    assert default is ApiClient.get_default()
    assert default.configuration is Configuration.get_default()
    assert SessionsApi().api_client is default
    assert SessionsApi(None).api_client is default


def test_the_default_can_be_set() -> None:
    mine = ApiClient(Configuration("http://mine"))
    ApiClient.set_default(mine)

    assert ApiClient.get_default() is mine
    assert SessionsApi().api_client is mine
    ApiClient.set_default(None)
    assert ApiClient.get_default() is not mine


def test_an_api_uses_the_default_client() -> None:
    with playing(reply()) as server:
        Configuration.set_default(Configuration(server.host, access_token="t"))
        assert SessionsApi().get_session("s1").id == "s1"
        ApiClient.get_default().close()

    assert [r.headers["Authorization"] for r in server.requests] == ["Bearer t"]


class Other(ApiClient):
    """A client of another package."""


def test_a_subclass_has_its_own_default() -> None:
    mine = ApiClient(Configuration("http://mine"))
    ApiClient.set_default(mine)

    assert type(Other.get_default()) is Other
    assert ApiClient.get_default() is mine


# ── headers ──


def test_what_is_sent_without_settings(client: ApiClient) -> None:
    request = received(client)
    headers = {name.lower(): value for name, value in request.headers.items()}

    assert set(headers) == {"host", "accept", "accept-encoding", "user-agent", "x-request-id"}
    assert headers["accept"] == "application/json"
    assert headers["user-agent"] == f"portal-client/{portal_client.__version__}/python"
    assert "gzip" in headers["accept-encoding"]
    assert len(headers["x-request-id"]) == 32
    assert request.body == b""


def test_the_first_default_header() -> None:
    client = ApiClient(Configuration(), "X-First", "1")

    assert client.default_headers["X-First"] == "1"
    assert received(client).headers["X-First"] == "1"


def test_default_headers_beat_the_operation(client: ApiClient) -> None:
    client.set_default_header("accept", "text/x")

    assert received(client).headers.get_all("Accept") == ["text/x"]


def test_headers_of_a_call_beat_default_headers(client: ApiClient) -> None:
    client.set_default_header("X-One", "default")
    request = received(client, _headers={"x-ONE": "call", "aCCept": "text/y", "X-Two": 2})

    assert request.headers.get_all("X-One") == ["call"]
    assert request.headers.get_all("Accept") == ["text/y"]
    assert request.headers["X-Two"] == "2"
    assert received(client).headers["X-One"] == "default"


def test_credentials_come_last(client: ApiClient) -> None:
    client.configuration.access_token = "t"
    client.set_default_header("authorization", "default")
    request = received(client, _headers={"AUTHORIZATION": "call"})

    assert request.headers.get_all("Authorization") == ["Bearer t"]


def test_an_authorization_header_is_sent_where_there_is_no_token(client: ApiClient) -> None:
    assert received(client, _headers={"Authorization": "Basic x"}).headers.get_all("Authorization") == [
        "Basic x"
    ]


def test_user_agent(client: ApiClient) -> None:
    client.user_agent = "mine/1"

    assert client.user_agent == client.default_headers["User-Agent"] == "mine/1"
    assert received(client).headers.get_all("User-Agent") == ["mine/1"]


def test_default_headers_know_no_case(client: ApiClient) -> None:
    client.set_default_header("user-agent", "one")
    client.user_agent = "two"

    assert received(client).headers.get_all("User-Agent") == ["two"]


def test_a_default_header_is_replaced(client: ApiClient) -> None:
    client.set_default_header("X-One", "1")
    client.set_default_header("x-one", "2")

    assert received(client).headers.get_all("X-One") == ["2"]


def test_a_cookie() -> None:
    client = ApiClient(Configuration(), cookie="a=1")

    assert client.cookie == "a=1"
    assert received(client).headers.get_all("Cookie") == ["a=1"]
    assert received(client, _headers={"cookie": "b=2"}).headers.get_all("Cookie") == ["b=2"]
    client.cookie = None
    assert received(client).headers["Cookie"] is None


@pytest.mark.parametrize("name", ["x-request-id", "X-REQUEST-ID"])
def test_a_request_id_of_the_user(client: ApiClient, name: str) -> None:
    assert received(client, _headers={name: "mine"}).headers.get_all("X-Request-ID") == ["mine"]


def test_each_call_has_its_own_request_id(client: ApiClient) -> None:
    assert received(client).headers["X-Request-ID"] != received(client).headers["X-Request-ID"]


BAD = [
    ("X-One", "a\r\nb"),
    ("X-One", "a\nb"),
    ("X-One", "ł"),
    ("X-One", None),
    ("X-One", True),
    ("X-One", b"x"),
    ("X-One", 1.5),
    ("Content-Length", "5"),
    ("content-length", 5),
    ("Transfer-Encoding", "chunked"),
    ("X\r\nEvil", "1"),
    ("X: y", "1"),
    ("X y", "1"),
    ("", "1"),
    ("Xł", "1"),
]


@pytest.mark.parametrize(("name", "value"), BAD)
def test_headers_that_cannot_be_sent(name: str, value: Any) -> None:
    with playing(reply()) as server, ApiClient(Configuration(server.host, timeout=20)) as client:
        with pytest.raises(ApiValueError):
            SessionsApi(client).get_session("s1", _headers={name: value})
        client.default_headers[name] = value
        with pytest.raises(ApiValueError):
            SessionsApi(client).get_session("s1")

    assert server.connections == 0


@pytest.mark.parametrize(("name", "value"), [("X-One", "a\r\nb"), ("X-One", None), ("X: y", "1"), ("", "1")])
def test_default_headers_are_checked_when_they_are_set(name: str, value: Any) -> None:
    with pytest.raises(ApiValueError):
        ApiClient(Configuration(), name, value)


def test_the_boundary_is_not_overridden(client: ApiClient) -> None:
    client.set_default_header("Content-Type", "text/plain")
    with playing(reply()) as server, client.with_options(host=server.host) as calling:
        SessionsApi(calling).create_session("a1", "hi", _headers={"content-type": "text/plain"})
        client.close()

    (header,) = server.requests[0].headers.get_all("Content-Type", [])
    assert header.startswith("multipart/form-data; boundary=")


# ── its life ──


def test_with_closes_the_connections() -> None:
    with playing(reply()) as server:
        with ApiClient(Configuration(server.host)) as client:
            api = SessionsApi(client)
            assert api.get_session("s1") == api.get_session("s1")
            assert server.connections == 1
        assert api.get_session("s1").id == "s1"  # a later call opens a new one
        client.close()
        client.close()

    assert (server.connections, len(server.requests)) == (2, 3)


def test_with_lets_errors_through() -> None:
    with pytest.raises(RuntimeError, match="mine"), ApiClient(Configuration()):
        raise RuntimeError("mine")


@pytest.mark.fault("Life cycle", "`with` closes connections and unread responses, also when its block raises")
def test_with_closes_unread_responses() -> None:
    with playing(reply()) as server:
        with ApiClient(Configuration(server.host)) as client:
            answer = SessionsApi(client).get_session_without_preload_content("s1")
            assert not answer.closed
        assert answer.closed


def test_the_text_shows_where_it_calls() -> None:
    assert (
        repr(ApiClient(Configuration("http://h", access_token="t")))
        == "ApiClient(Configuration(host='http://h'))"
    )


# ── with_options ──


def test_a_derived_client_shares_the_connections() -> None:
    with playing(reply()) as server, ApiClient(Configuration(server.host, access_token="one")) as client:
        derived = client.with_options(
            access_token="two", default_headers={"X-New": "1"}, cookie="c=1", timeout=5
        )
        SessionsApi(derived).get_session("s1")
        SessionsApi(client).get_session("s1")

    theirs, mine = server.requests
    assert server.connections == 1
    assert (theirs.headers["Authorization"], mine.headers["Authorization"]) == ("Bearer two", "Bearer one")
    assert (theirs.headers["X-New"], mine.headers["X-New"]) == ("1", None)
    assert (theirs.headers["Cookie"], mine.headers["Cookie"]) == ("c=1", None)


OPTIONS: dict[str, Any] = {
    "host": "http://other",
    "access_token": "other",
    "timeout": 5,
    "retries": 1,
    "rate_limit_retries": 0,
    "max_response_size": 1000,
    "cookie": "c=1",
}


@pytest.mark.parametrize(("name", "value"), OPTIONS.items())
def test_the_parent_stays_as_it_is(client: ApiClient, name: str, value: Any) -> None:
    holder = client if name == "cookie" else client.configuration
    before = getattr(holder, name)
    derived = client.with_options(**{name: value})
    theirs = derived if name == "cookie" else derived.configuration

    assert getattr(holder, name) == before
    assert getattr(theirs, name) == ((10, 5, 5) if name == "timeout" else value)
    assert type(derived) is type(client)
    assert all(
        getattr(derived.configuration, other) == getattr(client.configuration, other)
        for other in set(OPTIONS) - {name, "cookie"}
    )


def test_a_derived_client_has_hooks_and_headers_of_its_own(client: ApiClient) -> None:
    derived = client.with_options()
    derived.set_default_header("X-New", "1")
    derived.configuration.hooks.append(portal_client.Hooks())
    derived.configuration.api_key["k"] = "v"

    assert "X-New" not in client.default_headers
    assert client.configuration.hooks == []
    assert client.configuration.api_key == {}


@pytest.mark.parametrize("options", [{"hosst": "http://h"}, {"verify_ssl": False}, {"_headers": {}}])
def test_an_unknown_option(client: ApiClient, options: dict[str, Any]) -> None:
    with pytest.raises(TypeError, match=next(iter(options))):
        client.with_options(**options)


@pytest.mark.parametrize(
    "options",
    [
        {"host": "ftp://h"},
        {"timeout": 0},
        {"retries": "3"},
        {"access_token": 5},
        {"rate_limit_retries": "3"},
        {"max_response_size": -1},
    ],
)
def test_a_wrong_option(client: ApiClient, options: dict[str, Any]) -> None:
    with pytest.raises(ApiValueError, match=next(iter(options))):
        client.with_options(**options)


def test_closing_the_derived_leaves_the_parents_connections() -> None:
    with playing(reply()) as server, ApiClient(Configuration(server.host)) as client:
        with client.with_options(timeout=5) as derived:
            SessionsApi(derived).get_session("s1")
        with derived.with_options(timeout=6) as second:
            SessionsApi(second).get_session("s1")
        SessionsApi(client).get_session("s1")

    assert (server.connections, len(server.requests)) == (1, 3)


def test_the_parents_later_changes_do_not_reach_the_derived(client: ApiClient) -> None:
    derived = client.with_options()
    client.configuration.host = "http://later"
    client.set_default_header("X-Later", "1")

    assert derived.configuration.host == "http://localhost"
    assert "X-Later" not in derived.default_headers


# ── copies ──


def journey(client: ApiClient) -> ApiClient:
    answer: ApiClient = pickle.loads(pickle.dumps(client))
    return answer


@pytest.mark.fault("Life cycle", "Copies of a client work, over connections of their own")
@pytest.mark.parametrize("copied", [copy.copy, copy.deepcopy, journey])
def test_copies_work_on_connections_of_their_own(
    copied: Callable[[ApiClient], ApiClient], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TOK", "t")
    token = EnvToken("TOK")
    with playing(reply()) as server, ApiClient(Configuration(server.host, access_token=token)) as client:
        client.user_agent = "mine"
        SessionsApi(client).get_session("s1")
        with copied(client) as again:
            SessionsApi(again).get_session("s1")
        SessionsApi(client).get_session("s1")

    assert type(again) is ApiClient
    assert server.connections == 2
    assert {(r.headers["Authorization"], r.headers["User-Agent"]) for r in server.requests} == {
        ("Bearer t", "mine")
    }


@pytest.mark.fault("Life cycle", "Two clients share nothing, nor do deep copies")
@pytest.mark.parametrize("copied", [copy.deepcopy, journey])
def test_deep_copies_share_nothing(client: ApiClient, copied: Callable[[ApiClient], ApiClient]) -> None:
    again = copied(client)
    again.set_default_header("X-New", "1")
    again.configuration.host = "http://other"

    assert "X-New" not in client.default_headers
    assert client.configuration.host == "http://localhost"


def test_a_pickled_derived_client_owns_its_connections() -> None:
    with playing(reply()) as server, ApiClient(Configuration(server.host)) as client:
        with journey(client.with_options(timeout=5)) as again:
            SessionsApi(again).get_session("s1")
        with again:
            SessionsApi(again).get_session("s1")

    assert server.connections == 2


@pytest.mark.fault("Life cycle", "Two clients share nothing, nor do deep copies")
def test_two_clients_share_nothing() -> None:
    with (
        playing(reply()) as server,
        ApiClient(Configuration(server.host)) as one,
        ApiClient(Configuration(server.host)) as two,
    ):
        one.set_default_header("X-One", "1")
        SessionsApi(one).get_session("s1")
        SessionsApi(two).get_session("s1")

    assert one.rest_client is not two.rest_client
    assert server.connections == 2
    assert [r.headers["X-One"] for r in server.requests] == ["1", None]


# ── the caller's objects ──


def test_the_callers_objects_are_never_written_to() -> None:
    headers = {"X-One": "1", "accept": "application/json"}
    auth = {"in": "cookie", "key": "sid", "value": "v"}
    files: list[Any] = [("a.txt", b"x", "text/plain"), bytearray(b"y"), io.BytesIO(b"z")]
    given = list(files)
    defaults = {"X-Default": "1"}
    with playing(reply()) as server, ApiClient(Configuration(server.host, access_token="t")) as client:
        derived = client.with_options(default_headers=defaults)
        for _ in range(2):
            SessionsApi(derived).create_session("a1", "hi", files, _headers=headers, _request_auth=auth)

    assert len(server.requests) == 2
    assert headers == {"X-One": "1", "accept": "application/json"}
    assert auth == {"in": "cookie", "key": "sid", "value": "v"}
    assert all(one is other for one, other in zip(files, given, strict=True))
    assert (files[1], files[2].closed) == (b"y", False)
    assert defaults == {"X-Default": "1"}


# ── responses ──


def test_an_api_response() -> None:
    with playing(reply(X_Two="2")) as server, ApiClient(Configuration(server.host)) as client:
        answer = SessionsApi(client).get_session_with_http_info("s1")

    assert isinstance(answer, ApiResponse)
    assert type(answer.status_code) is int
    assert answer.status_code == 200
    assert answer.data == Session.from_dict(SESSION)
    assert answer.headers is not None
    assert answer.headers["X-Two"] == "2"
    assert answer.raw_data == reply().partition(b"\r\n\r\n")[2]
    assert ApiResponse.model_validate(answer.model_dump()).status_code == 200


def test_an_api_response_survives_pickle_and_copy() -> None:
    with playing(reply()) as server, ApiClient(Configuration(server.host)) as client:
        answer = SessionsApi(client).get_session_with_http_info("s1")

    for again in (pickle.loads(pickle.dumps(answer)), copy.deepcopy(answer)):
        assert again == answer


def test_an_api_response_can_be_made_by_hand() -> None:
    made = ApiResponse[str](status_code=200, data="x", raw_data=b"x")

    assert (made.headers, made.data) == (None, "x")
    with pytest.raises(pydantic.ValidationError):
        ApiResponse[str](status_code="200", data="x", raw_data=b"x")  # type: ignore[arg-type]


# ── values ──

NOON = datetime(2026, 1, 2, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("value", "plain"),
    [
        (None, None),
        ("x", "x"),
        (1, 1),
        (1.5, 1.5),
        (True, True),
        (b"x", b"x"),
        ([1, NOON], [1, "2026-01-02T12:00:00+00:00"]),
        ((1, NOON), (1, "2026-01-02T12:00:00+00:00")),
        ([], []),
        ({}, {}),
        ({"a": {"b": [NOON]}}, {"a": {"b": ["2026-01-02T12:00:00+00:00"]}}),
        (date(2026, 1, 2), "2026-01-02"),
        (SessionStatus.READY, "Ready"),
        (SessionStatus("Later"), "Later"),
        (Decimal("1.10"), "1.10"),
        (UUID(int=1), "00000000-0000-0000-0000-000000000001"),
        (Message(text="x", role=MessageRole.USER), {"text": "x", "role": "user"}),
        (
            [Message(text="x", role=MessageRole.USER, agent=None)],
            [{"text": "x", "role": "user", "agent": None}],
        ),
    ],
)
def test_sanitize_for_serialization(client: ApiClient, value: Any, plain: Any) -> None:
    answer = client.sanitize_for_serialization(value)

    assert answer == plain
    assert type(answer) is type(plain)


def test_sanitize_leaves_the_value_alone(client: ApiClient) -> None:
    value = {"a": [NOON, Session.from_dict(SESSION)]}
    before = copy.deepcopy(value)
    answer = client.sanitize_for_serialization(value)

    assert value == before
    assert answer["a"][1]["status"] == "Ready"
    assert answer["a"][1]["created_at"] == "2026-01-02T03:04:05+00:00"


def test_sanitize_refuses_what_json_does_not_know(client: ApiClient) -> None:
    with pytest.raises(ApiTypeError, match="object"):
        client.sanitize_for_serialization({"a": [object()]})


@pytest.mark.parametrize(
    ("text", "kind", "value"),
    [
        ('"x"', "str", "x"),
        ("5", "int", 5),
        ("1.5", "float", 1.5),
        ("true", "bool", True),
        ('{"a": [1]}', "object", {"a": [1]}),
        ("[1, 2]", "List[int]", [1, 2]),
        ("[[1], []]", "List[List[int]]", [[1], []]),
        ('{"a": 1}', "Dict[str, int]", {"a": 1}),
        ('{"a": {"b": [1]}}', "Dict[str, Dict[str, List[int]]]", {"a": {"b": [1]}}),
        ('"2026-01-02T12:00:00Z"', "datetime", NOON),
        ('["2026-01-02"]', "List[date]", [date(2026, 1, 2)]),
        ('"user"', "MessageRole", MessageRole.USER),
        ("5", int, 5),
        ("[5]", list[int], [5]),
    ],
)
def test_deserialize(client: ApiClient, text: str, kind: Any, value: Any) -> None:
    answer = client.deserialize(text, kind)

    assert answer == value
    assert type(answer) is type(value)


@pytest.mark.parametrize("kind", ["Session", Session])
def test_deserialize_a_model(client: ApiClient, kind: Any) -> None:
    session = Session.from_dict(SESSION)
    assert session is not None
    text = session.to_json()

    assert client.deserialize(text, kind) == session
    assert client.deserialize(f"[{text}, {text}]", "List[Session]") == [session, session]
    assert client.deserialize(f'{{"a": {text}}}', "Dict[str, Session]") == {"a": session}
    assert client.deserialize(f"[{text}, null]", "List[Optional[Session]]") == [session, None]


@pytest.mark.parametrize("kind", ["Session", "List[Session]", "str", "datetime", int])
@pytest.mark.parametrize("text", ["null", " null\n"])
def test_null_is_none(client: ApiClient, text: str, kind: Any) -> None:
    assert client.deserialize(text, kind) is None


@pytest.mark.parametrize(
    ("text", "kind"), [("{}", "Session"), ("[1]", "List[str]"), ("not json", "str"), ("", "int")]
)
def test_deserialize_what_does_not_fit(client: ApiClient, text: str, kind: str) -> None:
    with pytest.raises(pydantic.ValidationError):
        client.deserialize(text, kind)


@pytest.mark.parametrize("kind", ["Nothing", "List[Nothing]", "os.system", "Set[int]", ""])
def test_deserialize_as_what_is_not_known(client: ApiClient, kind: str) -> None:
    with pytest.raises(ApiValueError, match="neither a model nor a basic type"):
        client.deserialize("{}", kind)


@pytest.mark.parametrize(
    ("given", "chosen"),
    [
        ([], None),
        (["text/plain"], "text/plain"),
        (["text/plain", "application/json"], "application/json"),
        (["text/plain", "application/PROBLEM+JSON", "application/json"], "application/PROBLEM+JSON"),
        (["multipart/form-data", "text/plain"], "multipart/form-data"),
    ],
)
def test_select_header(client: ApiClient, given: list[str], chosen: str | None) -> None:
    assert client.select_header_accept(given) == chosen
    assert client.select_header_content_type(given) == chosen


@pytest.mark.parametrize(
    ("collection_format", "query"),
    [
        (None, "a=1,2%20x,true"),
        ("csv", "a=1,2%20x,true"),
        ("ssv", "a=1%202%20x%20true"),
        ("tsv", "a=1%092%20x%09true"),
        ("pipes", "a=1%7C2%20x%7Ctrue"),
        ("multi", "a=1&a=2%20x&a=true"),
    ],
)
def test_collection_formats(client: ApiClient, collection_format: str | None, query: str) -> None:
    formats = {"a": collection_format} if collection_format else None
    answer = client.parameters_to_url_query({"a": [1, "2 x", True]}, formats)

    assert answer == query


@pytest.mark.parametrize(
    ("params", "query"),
    [
        ({}, ""),
        ([], ""),
        ({"a": None, "b": 1}, "b=1"),
        ([("a", 1), ("a", 2)], "a=1&a=2"),
        ({"a": True, "b": False}, "a=true&b=false"),
        ({"a": "x/y z&=é"}, "a=x/y%20z%26%3D%C3%A9"),
        ({"a": {"b": 1}}, "a=%7B%22b%22%3A%201%7D"),
        ({"a": NOON}, "a=2026-01-02T12%3A00%3A00%2B00%3A00"),
        ({"a": SessionStatus.READY}, "a=Ready"),
        ({"a b&": 1}, "a%20b%26=1"),
        ({"a": ""}, "a="),
        ({"a": []}, "a="),
    ],
)
def test_parameters_to_url_query(client: ApiClient, params: Any, query: str) -> None:
    assert client.parameters_to_url_query(params, {}) == query


def test_an_unknown_collection_format_names_its_parameter(client: ApiClient) -> None:
    with pytest.raises(ApiValueError, match=r"collection_formats: a must be one of .*, not 'json'"):
        client.parameters_to_url_query({"a": [1]}, {"a": "json"})
