"""The three call forms: what they look like, what they take, and what they refuse before anything is sent."""

from __future__ import annotations

import datetime
import functools
import inspect
import json
import math
import pickle
import pydoc
import re
import traceback
import typing
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Annotated, Any
from unittest import mock

import pydantic
import pytest
import urllib3
from pydantic import BaseModel, Field
from typing_extensions import Unpack

import finbourne_candela
from portal_client import (
    ApiClient,
    ApiException,
    ApiResponse,
    ApiResponseError,
    ApiTypeError,
    ApiValueError,
    Configuration,
    ConflictException,
    EnvToken,
    Session,
    SessionsApi,
)
from portal_client.branching import Branching
from portal_client.endpoint import Api, RequestOptions, endpoint, with_http_info, without_preload_content
from portal_client.waiting import Waiting
from support.clients import calling, failing, outcome
from support.scripted import SESSION, Script, playing, reply
from test_imports import fresh

SECRET = "prompt-2718281828"

#: Options that are taken from scripts for the original client, and told to nobody.
FORMER = {"async_req", "_preload_content", "_return_http_data_only"}

#: The arguments of each operation, in order; those after the bar may be left out.
OPERATIONS = {
    "create_async_session": "agent_id text_prompt | files",
    "create_session": "agent_id text_prompt | files",
    "create_session_from_replay": "session_id last_message_index |",
    "get_grouped_sessions": "|",
    "get_session": "session_id |",
    "get_sessions": "agent_id |",
    "subscribe_to_session": "session_id |",
    "update_async_session": "session_id text_prompt | files",
    "update_session": "session_id text_prompt | files",
}
#: The options of each, and their defaults.
OPTIONS = {
    "_request_timeout": None,
    "_request_auth": None,
    "_content_type": None,
    "_headers": None,
    "_query": None,
    "_retries": None,
    "_host_index": 0,
}
SUFFIXES = {"": None, "_with_http_info": "ApiResponse[{}]", "_without_preload_content": "BaseHTTPResponse"}
RETURNS = {
    "create_async_session": "AsyncSessionResponse",
    "get_grouped_sessions": "GroupedSessionsResponse",
    "get_sessions": "GetSessionsResponse",
    "update_async_session": "AsyncSessionResponse",
}
METHODS = [name + suffix for name in OPERATIONS for suffix in SUFFIXES]
ANSWERS: dict[str, Any] = {
    "AsyncSessionResponse": {"session_id": "s1"},
    "GroupedSessionsResponse": {"time_to_sessions": {}},
    "GetSessionsResponse": {"sessions": []},
    "Session": SESSION,
}


def parts(method: str) -> tuple[str, str]:
    """A method's operation and suffix."""
    suffix = next(s for s in reversed(SUFFIXES) if method.endswith(s))
    return method.removesuffix(suffix) if suffix else method, suffix


def names(method: str) -> tuple[list[str], list[str]]:
    needed, _, optional = OPERATIONS[parts(method)[0]].partition("|")
    return needed.split(), optional.split()


def values(method: str) -> dict[str, Any]:
    return {name: 1 if name == "last_message_index" else f"<{name}>" for name in names(method)[0]}


def answer(method: str) -> bytes:
    return reply(ANSWERS[RETURNS.get(parts(method)[0], "Session")])


def api_for(server: Script, **settings: Any) -> SessionsApi:
    return SessionsApi(ApiClient(Configuration(server.host, access_token="t", **settings)))


# ── what they look like ──


def test_all_methods_are_there() -> None:
    public = {name for name in dir(SessionsApi) if not name.startswith("_")} - {
        *vars(Waiting),
        *vars(Branching),
    }

    assert public - {"api_client", "follow_session", "subscribe_to_session_stream"} == set(METHODS)


@pytest.mark.parametrize("method", METHODS)
def test_signatures(method: str) -> None:
    name, suffix = parts(method)
    needed, optional = names(method)
    signature = inspect.signature(getattr(SessionsApi, method))
    own = list(signature.parameters.values())

    options, own = own[-len(OPTIONS) :], own[: -len(OPTIONS)]
    assert [p.name for p in own] == ["self", *needed, *optional]
    assert all(p.kind is p.POSITIONAL_OR_KEYWORD for p in own)
    assert [p.default for p in own[1:]] == [inspect.Parameter.empty] * len(needed) + [None] * len(optional)
    assert {p.name: p.default for p in options} == OPTIONS
    assert all(p.kind is p.KEYWORD_ONLY for p in options)
    returns = RETURNS.get(name, "Session")
    assert signature.return_annotation == (SUFFIXES[suffix] or "{}").format(returns)


@pytest.mark.parametrize("method", METHODS)
def test_annotations_can_be_evaluated(method: str) -> None:
    hints = typing.get_type_hints(getattr(SessionsApi, method))

    assert set(hints) == {*names(method)[0], *names(method)[1], "options", "return"}
    if method.endswith("_with_http_info"):
        assert issubclass(hints["return"], ApiResponse)
    if method.endswith("_without_preload_content"):
        assert hints["return"] is urllib3.BaseHTTPResponse


@pytest.mark.parametrize("method", METHODS)
def test_names_and_texts(method: str) -> None:
    function = getattr(SessionsApi, method)
    name, suffix = parts(method)
    text = inspect.getdoc(function) or ""
    plain = inspect.getdoc(getattr(SessionsApi, name)) or ""

    assert inspect.isfunction(function)
    assert function.__name__ == function.__code__.co_name == method
    assert function.__qualname__ == f"SessionsApi.{method}"
    assert function.__module__ == "portal_client.api.sessions_api"
    assert plain
    assert text.partition("\n\nReturns:")[0] == plain.partition("\n\nReturns:")[0]
    assert (text == plain) is (suffix == "")
    assert function.operation.name == name
    assert function.operation is getattr(SessionsApi, name).operation


@pytest.mark.parametrize("method", METHODS)
def test_help_shows_the_call(method: str) -> None:
    text = pydoc.render_doc(getattr(SessionsApi, method), renderer=pydoc.plaintext)

    assert f"{method}(" in text
    assert all(re.search(rf"\b{name}: [^=]+ = {default}\W", text) for name, default in OPTIONS.items())
    assert all(f"    {name}: " in text for name in [*names(method)[0], *names(method)[1], *OPTIONS])


@pytest.mark.parametrize(
    ("function", "returns", "raises"),
    [
        (SessionsApi.get_session, "Session", "call failed"),
        (SessionsApi.get_session_with_http_info, "ApiResponse[Session]: Status,", "call failed"),
        (SessionsApi.get_session_without_preload_content, "BaseHTTPResponse: The raw", "No response came"),
        (SessionsApi.subscribe_to_session_stream, "EventStream[Session]: The events", "call failed"),
        (finbourne_candela.SessionsApi.stop_session, "None", "call failed"),
    ],
)
def test_help_tells_what_each_form_returns_and_raises(function: Any, returns: str, raises: str) -> None:
    said = inspect.getdoc(function) or ""

    assert f"\n\nReturns:\n    {returns}" in said
    assert re.search(
        rf"\n\nRaises:\n    pydantic\.ValidationError, ApiValueError: .*\n    ApiException: .*{raises}", said
    )


def ask(function: Any) -> dict[str, Any]:
    return {p.name: p.default for p in inspect.signature(function).parameters.values()}


@pytest.mark.parametrize("method", ["get_session", "get_session_with_http_info"])
def test_the_signature_survives_what_wraps_it(method: str) -> None:
    api = SessionsApi(ApiClient(Configuration()))
    own = {"session_id": inspect.Parameter.empty, **OPTIONS}

    assert ask(getattr(api, method)) == own
    assert ask(functools.wraps(getattr(api, method))(lambda *args: args)) == own
    assert ask(functools.partial(getattr(api, method), "s1")) == OPTIONS
    around = functools.wraps(getattr(SessionsApi, method))(lambda *args: args)
    assert ask(around) == {"self": inspect.Parameter.empty, **own}
    assert "def get_session(" in inspect.getsource(getattr(SessionsApi, method))


def test_a_stream_and_another_service_show_their_own_options() -> None:
    stream = ask(SessionsApi.subscribe_to_session_stream)
    candela = ask(finbourne_candela.SessionsApi.submit_prompt_to_agent)

    assert stream == {"self": inspect.Parameter.empty, "session_id": inspect.Parameter.empty} | OPTIONS | {
        "idle_timeout": None,
        "tee": None,
    }
    assert {*candela} == {"self", "submit_prompt", *OPTIONS, "opts"}


def test_without_docstrings_the_signatures_stay() -> None:
    answer = fresh(
        "import inspect, pydoc, finbourne_candela as f, portal_client as p\n"
        "forms = [getattr(p.SessionsApi, 'get_session' + s) for s in ('', '_with_http_info')]\n"
        "forms += [f.SessionsApi.get_session]\n"
        "for form in forms: pydoc.render_doc(form)\n"
        "answer = [[[*inspect.signature(form).parameters], form.__doc__] for form in forms]",
        "-OO",
    )

    portal = ["self", "session_id", *OPTIONS]
    candela = ["self", "scope", "identifier", "version", *OPTIONS, "opts"]
    assert answer == [[portal, None], [portal, None], [candela, None]]


APIS: list[type[Api]] = [SessionsApi, finbourne_candela.SessionsApi]
TOLD = [
    pytest.param(getattr(api, name), id=f"{api.__module__.partition('.')[0]}.{name}")
    for api in APIS
    for name in dir(api)
    if hasattr(getattr(api, name), "operation")
]


@pytest.mark.parametrize("function", TOLD)
def test_help_tells_of_each_argument_and_option(function: Any) -> None:
    text = inspect.getdoc(function) or ""
    told = re.findall(r"^    (\w+): \S", text.partition("\n\nReturns:")[0], re.MULTILINE)
    options = [name for name in function.operation.options if name not in FORMER]

    assert sorted(told) == sorted([*(p.name for p in function.operation.parameters), *options])
    assert text.index(f"    {options[0]}: ") > text.index("Options:\n")
    assert max(map(len, text.splitlines())) <= 120


def test_each_service_tells_of_its_own_options() -> None:
    candela = inspect.getdoc(finbourne_candela.SessionsApi.submit_prompt_to_agent_stream) or ""

    assert "_content_type: application/json" in candela
    assert "_content_type: The form's encoding" in (inspect.getdoc(SessionsApi.create_session) or "")


class Readers(SessionsApi):
    """Operations of a user's own.

    Args:
        reader: Who reads.
    """

    @endpoint("GET", "/sessions/{session_id}/readers/{reader}")
    def read(self, session_id: int, reader: Later, **options: Unpack[RequestOptions]) -> Session:
        """Read a session as someone else."""
        raise AssertionError("the body of a stub is never run")

    read_with_http_info = with_http_info(read)


Later = int  # an annotation may name what is not there yet


def test_help_of_ones_own_operation() -> None:
    assert list(ask(Readers.read)) == ["self", "session_id", "reader", *OPTIONS]
    assert (inspect.getdoc(Readers.read_with_http_info) or "").startswith(
        "Read a session as someone else.\n\n"
        "Args:\n"
        "    session_id: The session, as `Session.id` or `AsyncSessionResponse.session_id` names it.\n"
        "    reader: Who reads.\n\n"
        "Options:\n"
        "    _request_timeout: "
    )
    assert inspect.getdoc(Readers.get_session) == inspect.getdoc(SessionsApi.get_session)


def test_an_operation_that_another_class_offers_too_keeps_its_help() -> None:
    before = SessionsApi.get_session.__doc__

    class Reading(Api):
        """Operations.

        Args:
            session_id: Which one.
        """

        get_session = SessionsApi.get_session

    assert Reading.get_session.__doc__ == before


def test_help_of_the_class_shows_all() -> None:
    text = pydoc.render_doc(SessionsApi, renderer=pydoc.plaintext)

    assert all(f" |  {method}(" in text for method in METHODS)
    assert "Read one session with its messages" in text


@pytest.mark.parametrize("method", METHODS)
def test_a_traceback_names_the_method(method: str) -> None:
    with pytest.raises(pydantic.ValidationError) as info:
        getattr(SessionsApi(ApiClient(Configuration())), method)(nothing_of_the_kind=1)

    assert method in [frame.name for frame in traceback.extract_tb(info.tb)]


# ── the three forms ──


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("positional", [True, False])
def test_arguments_by_position_and_by_name(method: str, positional: bool) -> None:
    given = values(method)
    with playing(answer(method)) as server:
        api = api_for(server)
        with api.api_client:
            call = getattr(api, method)
            got = call(*given.values()) if positional else call(**given)
            if isinstance(got, urllib3.BaseHTTPResponse):
                assert got.data == answer(method).partition(b"\r\n\r\n")[2]

    kinds = {
        "": BaseModel,
        "_with_http_info": ApiResponse,
        "_without_preload_content": urllib3.BaseHTTPResponse,
    }
    assert isinstance(got, kinds[parts(method)[1]])
    data = got.data if isinstance(got, ApiResponse) else got
    if isinstance(data, BaseModel):
        assert type(data).__name__ == RETURNS.get(parts(method)[0], "Session")
    (request,) = server.requests
    sent = request.target + request.body.decode()
    assert all(str(value).strip("<>") in sent for value in given.values())


@pytest.mark.parametrize("status", [200, 404, 500])
def test_the_raw_form_raises_for_no_status(status: int) -> None:
    with playing(reply(b"\xffnot json", status=status)) as server:
        api = api_for(server, retries=False)
        with api.api_client:
            got = api.get_session_without_preload_content("s1")
            assert (got.status, got.read()) == (status, b"\xffnot json")

    assert len(server.requests) == 1


@pytest.mark.parametrize("method", ["get_session", "get_session_with_http_info"])
def test_the_other_forms_raise(method: str) -> None:
    with playing(reply({}, status=404)) as server:
        api = api_for(server)
        with api.api_client, pytest.raises(ApiException, match="404"):
            getattr(api, method)("s1")

    assert len(server.requests) == 1


# ── arguments that are refused ──


def refusal(call: Callable[[SessionsApi], Any]) -> Exception:
    """What a call raises; nothing of it may reach the server."""
    with playing(reply()) as server:
        api = api_for(server)
        with api.api_client, pytest.raises((pydantic.ValidationError, TypeError, ApiValueError)) as info:
            call(api)
    assert server.connections == 0
    assert SECRET not in str(info.value)
    assert SECRET not in repr(info.value)
    return info.value


@pytest.mark.parametrize("method", [name for name in METHODS if names(name)[0]])
def test_a_missing_argument(method: str) -> None:
    for missing in names(method)[0]:
        given = {name: value for name, value in values(method).items() if name != missing}
        error = refusal(lambda api, given=given: getattr(api, method)(**given))
        assert missing in str(error)


@pytest.mark.parametrize("method", METHODS)
def test_too_many_arguments(method: str) -> None:
    count = len(names(method)[0]) + len(names(method)[1])
    given = [*values(method).values(), None, None][: count + 1]
    error = refusal(lambda api: getattr(api, method)(*given[:count], SECRET))

    assert isinstance(error, pydantic.ValidationError)
    assert parts(method)[0] in str(error)
    assert f"at most {count} arguments" in str(error)


@pytest.mark.parametrize("method", METHODS)
def test_an_unknown_argument(method: str) -> None:
    error = refusal(lambda api: getattr(api, method)(**values(method), text_promt=SECRET))

    assert isinstance(error, pydantic.ValidationError)
    assert "text_promt" in str(error)


def test_an_argument_given_twice() -> None:
    error = refusal(lambda api: api.get_session(SECRET, session_id=SECRET))

    assert isinstance(error, pydantic.ValidationError)
    assert "session_id" in str(error)


def test_a_misspelled_argument_is_guessed() -> None:
    error = refusal(lambda api: api.get_session("s1", _request_timout=5))

    assert "did you mean _request_timeout?" in str(error)


def test_a_refusal_holds_no_value_at_all() -> None:
    error = refusal(
        lambda api: api.create_session(text_prompt=SECRET, _headers={"X": SECRET}, _request_timeout="x")
    )

    assert isinstance(error, pydantic.ValidationError)
    assert {e["loc"] for e in error.errors()} == {("agent_id",), ("_request_timeout",)}
    assert SECRET not in f"{error.errors()} {error.json()} {error!r} {error.__context__!r}"


@pytest.mark.parametrize("wrong", ["http://localhost", Configuration()], ids=["str", "configuration"])
def test_an_api_takes_a_client(wrong: Any) -> None:
    with pytest.raises(ApiTypeError, match="ApiClient"):
        SessionsApi(wrong)


def test_a_client_takes_a_configuration() -> None:
    with pytest.raises(ApiTypeError, match="Configuration"):
        ApiClient("http://localhost")  # type: ignore[arg-type]


WRONG = {
    "agent_id": [5, None, True, b"x", ["x"], {}],
    "text_prompt": [5, None, True, SECRET.encode(), [SECRET], {"a": SECRET}],
    "session_id": [5, None, True, b"x", ["x"], {}],
    "last_message_index": ["1", None, True, 1.0, 1.5, [1]],
}


@pytest.mark.parametrize("method", [name for name in METHODS if names(name)[0]])
def test_a_wrong_type(method: str) -> None:
    for name in names(method)[0]:
        for wrong in WRONG[name]:
            given = {**values(method), name: wrong}
            error = refusal(lambda api, given=given: getattr(api, method)(**given))
            assert isinstance(error, pydantic.ValidationError)
            assert isinstance(error, ValueError)
            assert [detail["loc"][0] for detail in error.errors()] == [name]


def test_a_wrong_type_by_position_is_named_too() -> None:
    error = refusal(lambda api: api.create_session("a1", 5))  # type: ignore[arg-type]

    assert "text_prompt" in str(error)


@pytest.mark.parametrize("session_id", ["", ".", ".."])
def test_an_id_that_would_lead_elsewhere(session_id: str) -> None:
    assert "session_id" in str(refusal(lambda api: api.get_session(session_id)))


@pytest.mark.parametrize("content_type", [None, "application/x-www-form-urlencoded"])
def test_a_lone_surrogate_in_the_prompt(content_type: str | None) -> None:
    error = refusal(lambda api: api.create_session("a1", f"{SECRET}\ud800", _content_type=content_type))

    assert "text_prompt" in str(error)


# ── options ──


@pytest.mark.parametrize("value", [None, 5, 0.5, math.inf, (1, 2), (1, math.inf), urllib3.Timeout(3)])
def test_a_timeout(value: Any) -> None:
    assert accepted(_request_timeout=value)


@pytest.mark.parametrize(
    "value",
    [
        0,
        -1,
        True,
        "5",
        math.nan,
        (1,),
        (1, 2, 3),
        (0, 1),
        (1, -1),
        (True, 1),
        (None, 1),
        {},
        [],
        b"1",
        object(),
    ],
)
def test_a_wrong_timeout(value: Any) -> None:
    assert "_request_timeout" in str(refusal(lambda api: api.get_session("s1", _request_timeout=value)))


@pytest.mark.parametrize("value", [None, {"in": "header", "key": "X-Key", "value": SECRET}])
def test_an_auth(value: Any) -> None:
    assert accepted(_request_auth=value)


@pytest.mark.parametrize(
    "value",
    [
        SECRET,
        [SECRET],
        True,
        5,
        {5: SECRET},
        {"in": "nowhere", "key": "k", "value": SECRET},
        {"in": "header", "value": SECRET},
        {"in": "header", "key": "k", "value": [SECRET]},
        {"in": "header", "key": "k", "value": f"{SECRET}\n{SECRET}"},
    ],
)
def test_a_wrong_auth(value: Any) -> None:
    assert "_request_auth" in str(refusal(lambda api: api.get_session("s1", _request_auth=value)))


@pytest.mark.parametrize("value", [None, {}, {"X-One": "1"}, {"X-One": 1}])
def test_headers(value: Any) -> None:
    assert accepted(_headers=value)


@pytest.mark.parametrize(
    "value",
    [
        "X: y",
        [("X", "y")],
        True,
        5,
        {5: SECRET},
        {"X-One": [SECRET]},
        {"X-One": f"{SECRET}\r\n"},
        {"X-One": None},
    ],
)
def test_wrong_headers(value: Any) -> None:
    error = refusal(lambda api: api.get_session("s1", _headers=value))

    assert "_headers" in str(error) or "X-One" in str(error)


ADDED = {"a b": "é&=/?", "none": None, "yes": True, "list": ["x,y", 2], "when": datetime.date(2026, 1, 2)}
ADDED_QUERY = "a%20b=%C3%A9%26%3D/%3F&yes=true&list=x%2Cy,2&when=2026-01-02"


@pytest.mark.parametrize("form", ["", "_with_http_info", "_without_preload_content"])
def test_added_parameters_come_behind_those_of_the_operation(form: str) -> None:
    with calling(reply({"sessions": []})) as c:
        getattr(c.api, f"get_sessions{form}")("a1", _query=ADDED)

    assert [request.target for request in c.server.requests] == [f"/sessions?agent_id=a1&{ADDED_QUERY}"]


def test_added_parameters_are_all_there_are_where_the_operation_has_none() -> None:
    with calling(reply()) as c:
        c.api.create_session("a1", SECRET, _query=ADDED)
        with c.api.subscribe_to_session_stream("s1", _query=ADDED) as events:
            assert next(events).id == "s1"

    assert [request.target for request in c.server.requests] == [
        f"/sessions?{ADDED_QUERY}",
        f"/sessions/s1/subscribe?{ADDED_QUERY}",
    ]


def test_an_error_names_added_parameters_without_their_values() -> None:
    with calling(reply({}, status=404)) as c:
        error = failing(lambda: c.api.get_session("s1", _query={"key": SECRET}))

    assert error.call is not None
    assert "?key=..." in error.call.curl
    assert SECRET not in f"{error}{error!r}{error.call}"


@pytest.mark.parametrize("value", [None, {}, {"x": None}])
def test_no_added_parameters(value: Any) -> None:
    assert accepted(_query=value)


@pytest.mark.parametrize(
    "value",
    [
        "x=y",
        [("x", "y")],
        True,
        5,
        {5: SECRET},
        {"": SECRET},
        {"x": object()},
        {"x": math.nan},
        {"x": f"{SECRET}\ud800"},
        {"\ud800": SECRET},
        {"agent_id": SECRET},
    ],
)
def test_wrong_added_parameters(value: Any) -> None:
    assert "_query" in str(refusal(lambda api: api.get_sessions("a1", _query=value)))


@pytest.mark.parametrize(
    ("value", "attempts"),
    [
        (None, 4),
        (0, 1),
        (False, 1),
        (1, 2),
        (urllib3.Retry(0), 1),
        (urllib3.Retry(2, status_forcelist=[503]), 3),
    ],
)
@pytest.mark.parametrize("form", ["", "_with_http_info", "_without_preload_content"])
def test_retries_of_a_call(value: Any, attempts: int, form: str) -> None:
    with calling(reply({}, status=503)) as c:
        outcome(lambda: getattr(c.api, f"get_session{form}")("s1", _retries=value))
        assert len(c.server.requests) == attempts


def test_retries_of_a_call_beat_those_of_the_client() -> None:
    with calling(reply({}, status=503), retries=False) as c:
        failing(lambda: c.api.get_session("s1", _retries=2))
        assert len(c.server.requests) == 3

        failing(lambda: c.api.create_session("a1", SECRET, _retries=2))  # which may not be repeated
        assert len(c.server.requests) == 4


@pytest.mark.parametrize("value", [-1, True, 1.5, "2", [1], object()])
def test_wrong_retries(value: Any) -> None:
    assert "_retries" in str(refusal(lambda api: api.get_session("s1", _retries=value)))


@pytest.mark.parametrize("value", [0])
def test_a_host_index(value: Any) -> None:
    assert accepted(_host_index=value)


@pytest.mark.parametrize("value", [1, -1, True, False, "0", 0.0, None])
def test_a_wrong_host_index(value: Any) -> None:
    assert "_host_index" in str(refusal(lambda api: api.get_session("s1", _host_index=value)))


@pytest.mark.parametrize("value", [5, True, b"multipart/form-data", ["multipart/form-data"]])
def test_a_content_type_of_a_wrong_type(value: Any) -> None:
    assert "_content_type" in str(refusal(lambda api: api.create_session("a1", SECRET, _content_type=value)))


@pytest.mark.parametrize("value", ["application/json", "text/plain", "a/b\r\nX: y", "multipart/mixed"])
def test_a_content_type_that_the_operation_cannot_send(value: str) -> None:
    assert "_content_type" in str(refusal(lambda api: api.create_session("a1", SECRET, _content_type=value)))


def test_a_content_type_where_there_is_no_body() -> None:
    error = refusal(lambda api: api.get_session("s1", _content_type="application/json"))

    assert "_content_type" in str(error)


@pytest.mark.parametrize(
    ("given", "sent"),
    [
        (None, "multipart/form-data"),
        ("multipart/form-data", "multipart/form-data"),
        ("application/x-www-form-urlencoded", "application/x-www-form-urlencoded"),
    ],
)
def test_a_content_type(given: str | None, sent: str) -> None:
    with playing(reply()) as server:
        api = api_for(server)
        with api.api_client:
            api.create_session("a&1", "é x", _content_type=given)

    (request,) = server.requests
    assert request.headers.get_content_type() == sent
    if sent.endswith("urlencoded"):
        assert request.body == b"agent_id=a%261&text_prompt=%C3%A9+x"


def test_files_do_not_fit_into_an_encoded_form() -> None:
    form = "application/x-www-form-urlencoded"
    error = refusal(lambda api: api.create_session("a1", SECRET, files=b"x", _content_type=form))

    assert "files" in str(error)


def accepted(**options: Any) -> bool:
    """Whether a call with these options reaches the server once."""
    with playing(reply()) as server:
        api = api_for(server)
        with api.api_client:
            return api.get_session("s1", **options).id == "s1" and len(server.requests) == 1


# ── tools ──


@pytest.mark.parametrize("method", ["get_session", "get_session_with_http_info"])
def test_bound_methods_survive_pickle(method: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOK", "t")
    with playing(reply()) as server:
        api = SessionsApi(ApiClient(Configuration(server.host, access_token=EnvToken("TOK"))))
        call = pickle.loads(pickle.dumps(getattr(api, method)))
        with call.__self__.api_client:
            got = call("s1")

    assert (got.data if method.endswith("info") else got).id == "s1"
    assert [r.headers["Authorization"] for r in server.requests] == ["Bearer t"]


@pytest.mark.parametrize("method", METHODS)
def test_functions_survive_pickle(method: str) -> None:
    function = getattr(SessionsApi, method)

    assert pickle.loads(pickle.dumps(function)) is function


@pytest.mark.parametrize("method", METHODS)
def test_autospec_knows_the_arguments(method: str) -> None:
    api = mock.create_autospec(SessionsApi, instance=True)
    getattr(api, method)(**values(method), _request_timeout=5)

    if names(method)[0]:
        with pytest.raises(TypeError):
            getattr(api, method)()
    with pytest.raises(TypeError):
        getattr(api, method)(1, 2, 3, 4)
    with pytest.raises(AttributeError):
        api.no_such_operation  # noqa: B018


def test_a_specified_double_returns_data() -> None:
    api = mock.create_autospec(SessionsApi, instance=True)
    api.get_session.return_value = Session.from_dict(SESSION)

    assert api.get_session("s1").id == "s1"
    api.get_session.assert_called_once_with("s1")


# ── a declaration of one's own ──


class ShelfOptions(RequestOptions, total=False):
    """What calls of this service take besides."""

    shelf_mark: Annotated[int, Field(strict=True, ge=0)]


class ShelfClient(ApiClient):
    """A client that knows them."""


class Shelf(Api):
    """Operations that the service does not have."""

    _client_type = ShelfClient

    @endpoint("POST", "/shelves/{shelf}/books")
    def put(
        self, shelf: int, book: Session, mark: str | None = None, **options: Unpack[RequestOptions]
    ) -> dict[str, int]:
        """Put a book."""
        raise AssertionError("the body of a stub is never run")

    put_with_http_info = with_http_info(put)
    put_raw = without_preload_content(put)

    @endpoint("GET", "/books")
    def books(
        self, new: bool = False, most: int = 5, like: str | None = None, **options: Unpack[ShelfOptions]
    ) -> Any:
        """List books, in whatever form."""

    books_with_http_info = with_http_info(books)

    @endpoint("GET", "/close")
    def close(self) -> None:
        """Close the shelf."""

    close_with_http_info = with_http_info(close)

    @endpoint("GET", "/news")
    def news(self, **options: Unpack[RequestOptions]) -> Session:
        """Return the last of all news."""
        raise AssertionError("the body of a stub is never run")

    news_with_http_info = with_http_info(news)


@contextmanager
def shelf(*answers: bytes) -> Iterator[tuple[Shelf, Script]]:
    with playing(*answers) as server, ShelfClient(Configuration(server.host)) as client:
        yield Shelf(client), server


def test_a_json_body_and_a_query() -> None:
    book = Session.model_validate(SESSION)
    with shelf(reply({"n": 1})) as (api, server):
        assert api.put(7, book, mark="x y") == {"n": 1}
        assert api.put_with_http_info(7, book).data == {"n": 1}

    first, second = server.requests
    assert (first.method, first.target) == ("POST", "/shelves/7/books?mark=x%20y")
    assert second.target == "/shelves/7/books"
    assert first.headers.get_content_type() == "application/json"
    assert Session.from_json(first.body.decode()) == book


def test_a_default_that_is_declared_is_sent() -> None:
    with shelf(reply([])) as (api, server):
        api.books()
        api.books(True, most=0)

    assert [r.target for r in server.requests] == ["/books?new=false&most=5", "/books?new=true&most=0"]


def test_a_stub_says_which_options_it_takes() -> None:
    with shelf(reply([])) as (api, server):
        api.books(shelf_mark=3, _headers={"X-Trace": "1"})
        with pytest.raises(pydantic.ValidationError, match="shelf_mark"):
            api.books(shelf_mark=-1)
        with pytest.raises(pydantic.ValidationError, match="did you mean shelf_mark"):
            api.books(self_mark=1)  # type: ignore[call-arg]
        with pytest.raises(pydantic.ValidationError, match="shelf_mark"):
            api.news(shelf_mark=3)  # type: ignore[call-arg]
        with pytest.raises(pydantic.ValidationError, match="_headers"):
            api.close(_headers={})  # type: ignore[call-arg]

    assert [r.headers["X-Trace"] for r in server.requests] == ["1"]
    operation = Shelf.books.operation  # type: ignore[attr-defined]
    assert operation.request((), {"shelf_mark": 3}).options == {"shelf_mark": 3}


@pytest.mark.parametrize("body", [b"", b"{}", b"gone"])
@pytest.mark.parametrize("status", [200, 204])
def test_an_operation_that_promises_nothing(body: bytes, status: int) -> None:
    with shelf(reply(body if status == 200 else b"", status=status)) as (api, server):
        assert api.close() is None  # type: ignore[func-returns-value]
        assert api.close_with_http_info().data is None

    assert [r.headers["Accept"] for r in server.requests] == ["application/json"] * 2


def test_an_operation_that_promises_nothing_may_fail() -> None:
    with (
        shelf(reply({"detail": "no"}, status=409)) as (api, server),
        pytest.raises(ConflictException) as info,
    ):
        api.close()

    assert info.value.data == {"detail": "no"}
    assert len(server.requests) == 1


@pytest.mark.parametrize(
    ("body", "data"),
    [
        (b'{"a": [1, null]}', {"a": [1, None]}),
        (b"null", None),
        (b'"x"', "x"),
        (b"5", 5),
        (b"", ""),
        ("schön, aber kein JSON".encode(), "schön, aber kein JSON"),
        (b"<p>odd \xff</p>", "<p>odd \ufffd</p>"),
        (b'{"a": 1', '{"a": 1'),
    ],
)
def test_whatever_comes_is_json_or_text(body: bytes, data: Any) -> None:
    with shelf(reply(body)) as (api, server):
        assert api.books() == data
        answer = api.books_with_http_info()

    assert (answer.data, answer.raw_data) == (data, body)
    assert server.requests[0].headers["Accept"] == "application/json"


def test_whatever_comes_has_a_charset() -> None:
    named = {"Content_Type": "text/plain; charset=iso-8859-1"}
    with shelf(reply("schön".encode("latin-1"), **named), reply(b"", status=204)) as (api, _):
        assert api.books() == "schön"
        assert api.books() is None


LAST = {**SESSION, "id": "last"}
LINES = [json.dumps({**SESSION, "id": str(n)}) for n in range(3)]


@pytest.mark.parametrize(
    "body",
    [
        json.dumps(LAST),
        "\n".join([*LINES, json.dumps(LAST)]),
        "\r\n".join([*LINES, json.dumps(LAST), "", ""]),
        json.dumps({**LAST, "user_id": "\u2028"}, ensure_ascii=False),
    ],
)
@pytest.mark.parametrize("label", ["application/x-ndjson", "application/x-NDJSON; charset=utf-16"])
def test_of_a_document_on_each_line_the_last_is_the_data(body: str, label: str) -> None:
    raw = body.encode("utf-16" if "16" in label else "utf-8")
    with shelf(reply(raw, Content_Type=label)) as (api, _):
        answer = api.news_with_http_info()

    assert (answer.data.id, answer.raw_data) == ("last", raw)


@pytest.mark.parametrize("body", [b"", b"\n\n", LINES[0].encode() + b'\n{"id": ', b"\n".join([b"{}"] * 2)])
def test_a_last_line_that_is_not_the_answer(body: bytes) -> None:
    refused = pytest.raises(ApiResponseError, match="news: the response is not what it declares")
    with shelf(reply(body, Content_Type="application/x-ndjson")) as (api, _), refused:
        api.news()


def test_lines_are_read_only_where_the_server_says_so() -> None:
    with shelf(reply("\n".join(LINES).encode())) as (api, _), pytest.raises(ApiResponseError):
        api.news()


def test_an_api_takes_the_client_that_knows_its_options() -> None:
    with ShelfClient(Configuration("http://x")) as own, ApiClient(Configuration("http://x")) as other:
        assert Shelf(own).api_client is own
        assert SessionsApi(own).api_client is own
        with pytest.raises(ApiTypeError, match="api_client must be of type ShelfClient"):
            Shelf(other)
    try:
        assert type(Shelf().api_client) is ShelfClient
        assert Shelf().api_client is ShelfClient.get_default() is not ApiClient.get_default()
    finally:
        ShelfClient.set_default(None)
        ApiClient.set_default(None)


def test_what_is_declared_can_be_read() -> None:
    operation = SessionsApi.update_session.operation  # type: ignore[attr-defined]

    assert (operation.name, operation.method, operation.path) == (
        "update_session",
        "PUT",
        "/sessions/{session_id}",
    )
    assert [(p.name, p.place, p.required) for p in operation.parameters] == [
        ("session_id", "path", True),
        ("text_prompt", "form", True),
        ("files", "file", False),
    ]
    assert (operation.secured, operation.idempotent) == (True, False)
    assert repr(operation) == "<Operation update_session: PUT /sessions/{session_id}>"


@pytest.mark.parametrize("name", OPERATIONS)
def test_only_reading_may_be_repeated(name: str) -> None:
    operation = getattr(SessionsApi, name).operation

    assert operation.idempotent is (operation.method == "GET")
    assert operation.secured is (name != "subscribe_to_session")
