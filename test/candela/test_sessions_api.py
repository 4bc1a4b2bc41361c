"""The ten operations in their three forms: what goes over the wire, and what comes back of it."""

from __future__ import annotations

import inspect
import json
from collections.abc import Callable
from typing import Any, NamedTuple

import pydantic
import pytest

from candela.calls import DEV, EVENT, ID, METADATA, PROMPT, SESSION, START, calling
from finbourne_candela import (
    ApiConnectionError,
    ApiException,
    ApiResponseError,
    ApiValueError,
    ConflictException,
    DevSessionStartRequest,
    Event,
    ForbiddenException,
    NotFoundException,
    ObjectMetadata,
    ServiceException,
    Session,
    SessionsApi,
    SessionStartRequest,
    SubmitPrompt,
    TooManyRequestsException,
    UnauthorizedException,
    UnprocessableEntityException,
)
from support.clients import TOKEN, closes
from support.scripted import reply


class Case(NamedTuple):
    """An operation, its arguments, and both sides of a call with them."""

    arguments: dict[str, Any]
    method: str
    target: str
    body: Any
    answer: Any
    data: Any


ONE = {"scope": "default", "identifier": "a b/ü"}
QUERY = "scope=default&identifier=a%20b/%C3%BC"
WITH_DEFAULTS = {**PROMPT, "scope": "default"}
CASES: dict[str, Case] = {
    "delete_session": Case(
        ONE, "DELETE", f"/sessions/?{QUERY}", None, [METADATA], [ObjectMetadata.from_dict(METADATA)]
    ),
    "get_session": Case(ONE, "GET", f"/sessions/?{QUERY}", None, SESSION, Session.from_dict(SESSION)),
    "get_session_metadata": Case(
        ONE, "GET", f"/sessions/metadata?{QUERY}", None, METADATA, ObjectMetadata.from_dict(METADATA)
    ),
    "list_sessions": Case(
        {"all_versions": True},
        "GET",
        "/sessions/list?all_versions=true",
        None,
        [METADATA, METADATA],
        [ObjectMetadata.from_dict(METADATA)] * 2,
    ),
    "session_exists": Case(ONE, "GET", f"/sessions/exists?{QUERY}", None, True, True),
    "start_dev_session": Case(
        {"dev_session_start_request": DevSessionStartRequest.from_dict(DEV)},
        "POST",
        "/session/dev",
        {**DEV, "directive": {"point": " * ", "hide": False}},
        METADATA,
        ObjectMetadata.from_dict(METADATA),
    ),
    "start_session": Case(
        {"session_start_request": SessionStartRequest.from_dict(START)},
        "POST",
        "/session",
        START,
        METADATA,
        ObjectMetadata.from_dict(METADATA),
    ),
    "stop_session": Case({}, "GET", "/session/stop", None, b"", None),
    "submit_pipeline_prompt": Case(
        {"submit_prompt": SubmitPrompt.from_dict(PROMPT)},
        "POST",
        "/session/pipeline_submit",
        WITH_DEFAULTS,
        {"any": [1, None]},
        {"any": [1, None]},
    ),
    "submit_prompt_to_agent": Case(
        {"submit_prompt": SubmitPrompt.from_dict(PROMPT)},
        "POST",
        "/session/agent_submit",
        WITH_DEFAULTS,
        EVENT,
        Event.from_dict(EVENT),
    ),
}
READING = {"get_session", "get_session_metadata", "list_sessions", "session_exists"}
WITH_BODY = {name: case for name, case in CASES.items() if case.body is not None}


def answered(case: Case, **headers: str) -> bytes:
    return reply(case.answer, status=204 if case.answer == b"" else 200, **headers)


def test_there_are_ten() -> None:
    operations = {
        n.removesuffix("_with_http_info") for n in dir(SessionsApi) if n.endswith("_with_http_info")
    }

    assert operations == set(CASES)


# ── both sides ──


@pytest.mark.parametrize("name", CASES)
def test_each_call_form(name: str) -> None:
    case = CASES[name]
    with calling(answered(case)) as c:
        data = getattr(c.api, name)(**case.arguments)
        answer = getattr(c.api, f"{name}_with_http_info")(**case.arguments)
        raw = getattr(c.api, f"{name}_without_preload_content")(**case.arguments)
        body = raw.data

    assert data == case.data
    assert (answer.data, answer.status_code) == (case.data, 204 if name == "stop_session" else 200)
    assert answer.headers["Content-Type"] == "application/json"
    assert answer.raw_data == body == answered(case).partition(b"\r\n\r\n")[2]
    assert len(c.server.requests) == 3
    for request in c.server.requests:
        assert (request.method, request.target) == (case.method, case.target)
        assert request.headers["Authorization"] == f"Bearer {TOKEN}"
        assert request.headers["Accept"] == (None if name == "stop_session" else "application/json")
        assert request.headers["Content-Type"] == ("application/json" if case.body else None)
        assert (json.loads(request.body) if request.body else None) == case.body


@pytest.mark.parametrize("name", CASES)
def test_arguments_by_position(name: str) -> None:
    case = CASES[name]
    with calling(answered(case)) as c:
        getattr(c.api, name)(*case.arguments.values())

    assert c.server.requests[0].target == case.target


def test_an_optional_argument() -> None:
    with calling(reply(SESSION)) as c:
        c.api.get_session("s", "i", "1.0.0")
        c.api.get_session("s", "i", version=None)

    assert [r.target for r in c.server.requests] == [
        "/sessions/?scope=s&identifier=i&version=1.0.0",
        "/sessions/?scope=s&identifier=i",
    ]


@pytest.mark.parametrize(
    ("arguments", "query"),
    [
        ((), "?all_versions=false"),
        ((True,), "?all_versions=true"),
        ((False,), "?all_versions=false"),
        ((None,), ""),
    ],
)
def test_a_truth_value_is_lower_case(arguments: tuple[Any, ...], query: str) -> None:
    with calling(reply([])) as c:
        assert c.api.list_sessions(*arguments) == []

    assert c.server.requests[0].target == f"/sessions/list{query}"


@pytest.mark.parametrize("name", WITH_BODY)
def test_a_dict_is_taken_for_a_model(name: str) -> None:
    case = CASES[name]
    (argument, model), *_ = case.arguments.items()
    data = {**model.to_dict(), "unknown": {"a": None}}
    with calling(answered(case)) as c:
        assert getattr(c.api, name)(**{argument: data}) == case.data

    assert json.loads(c.server.requests[0].body) == {**case.body, "unknown": {"a": None}}


@pytest.mark.parametrize("name", CASES)
def test_signatures_are_those_of_the_documents(name: str) -> None:
    expected = {
        "list_sessions": "(self, all_versions: 'Optional[StrictBool]' = False, ",
        "stop_session": "(self, ",
        "start_dev_session": "(self, dev_session_start_request: 'DevSessionStartRequest', ",
        "start_session": "(self, session_start_request: 'SessionStartRequest', ",
        "submit_pipeline_prompt": "(self, submit_prompt: 'SubmitPrompt', ",
        "submit_prompt_to_agent": "(self, submit_prompt: 'SubmitPrompt', ",
    }
    one = "(self, scope: 'StrictStr', identifier: 'StrictStr', version: 'Optional[StrictStr]' = None, "
    for suffix in ("", "_with_http_info", "_without_preload_content"):
        signature = str(inspect.signature(getattr(SessionsApi, name + suffix)))
        assert signature.startswith(expected.get(name, one) + "*, _request_timeout: ")


# ── what comes back ──


@pytest.mark.parametrize("exists", [True, False])
def test_session_exists_is_a_bool(exists: bool) -> None:
    with calling(reply(exists)) as c:
        assert c.api.session_exists("s", "i") is exists


@pytest.mark.parametrize("answer", [1, "true", {}, None])
def test_session_exists_is_nothing_else(answer: Any) -> None:
    with calling(reply(json.dumps(answer).encode())) as c, pytest.raises(ApiResponseError, match="boolean"):
        c.api.session_exists("s", "i")


@pytest.mark.parametrize(
    ("body", "data"),
    [
        (b"[1, {}]", [1, {}]),
        (b'"text"', "text"),
        (b"null", None),
        (b"false", False),
        (b"Hello there", "Hello there"),
        (b"", ""),
    ],
)
def test_a_pipeline_returns_json_or_text(body: bytes, data: Any) -> None:
    with calling(reply(body)) as c:
        assert c.api.submit_pipeline_prompt(SubmitPrompt(prompt="p", session_id="i")) == data


def test_an_agent_returns_its_last_event() -> None:
    events = [{**EVENT, "content": str(n)} for n in range(3)]
    lines = "".join(json.dumps(event) + "\n" for event in events).encode()
    with calling(reply(lines, Content_Type="application/x-ndjson")) as c:
        prompt = SubmitPrompt(prompt="p", session_id="i")
        assert c.api.submit_prompt_to_agent(prompt).content == "2"
        answer = c.api.submit_prompt_to_agent_with_http_info(prompt)
        raw = c.api.submit_prompt_to_agent_without_preload_content(prompt)
        assert [json.loads(line) for line in raw.data.splitlines()] == events

    assert answer.raw_data == lines
    assert answer.data == Event(event_type="chat", content="2")
    assert [json.loads(line) for line in answer.raw_data.splitlines()] == events


def test_an_agent_that_says_nothing() -> None:
    with calling(reply(b"", Content_Type="application/x-ndjson")) as c, pytest.raises(ApiResponseError):
        c.api.submit_prompt_to_agent(SubmitPrompt(prompt="p", session_id="i"))

    assert len(c.server.requests) == 1


def test_stop_session_returns_none() -> None:
    with calling(reply(b"", status=204), reply({"stopped": True})) as c:
        for _ in range(2):
            assert c.api.stop_session() is None  # type: ignore[func-returns-value]


def test_a_response_that_is_not_promised_tells_where() -> None:
    wrong = pytest.raises(ApiResponseError, match=r"list_sessions: .*1\.created_at")
    with calling(reply([METADATA, {**METADATA, "created_at": "soon"}])) as c, wrong:
        c.api.list_sessions()


# ── what is refused before anything is sent ──


@pytest.mark.parametrize(
    ("call", "names"),
    [
        (lambda api: api.get_session(), "identifier"),
        (lambda api: api.get_session("s"), "identifier"),
        (lambda api: api.get_session("s", 5), "identifier"),
        (lambda api: api.get_session("s", "i", 5), "version"),
        (lambda api: api.get_session("s", "i", "v", True), "positional"),
        (lambda api: api.get_session("s", "i", scope="s"), "scope"),
        (lambda api: api.list_sessions("yes"), "all_versions"),
        (lambda api: api.start_session(), "session_start_request"),
        (lambda api: api.start_session({}), r"session_start_request\.app"),
        (lambda api: api.start_session(SubmitPrompt(prompt="p", session_id="i")), "session_start_request"),
        (lambda api: api.start_session(START, colour="red"), "colour"),
        (lambda api: api.start_session(START, _request_timeout=0), "_request_timeout"),
        (lambda api: api.start_session(START, opts={"total_timeout_ms": 1}), "opts"),
        (lambda api: api.start_session(START, opts=5), "opts"),
        (lambda api: api.start_session(START, async_req="yes"), "async_req"),
        (lambda api: api.start_session(START, option=None), "did you mean opts"),
        (lambda api: api.start_dev_session({**DEV, "circuit": {"first": "a"}}), "circuit.nodes"),
    ],
)
def test_wrong_arguments(call: Callable[[Any], object], names: str) -> None:
    with calling(reply()) as c, pytest.raises(pydantic.ValidationError, match=names):
        call(c.api)

    assert c.server.requests == []


# ── what fails ──

ERRORS: dict[int, type[ApiException]] = {
    401: UnauthorizedException,
    403: ForbiddenException,
    404: NotFoundException,
    409: ConflictException,
    418: ApiException,
    422: UnprocessableEntityException,
    429: TooManyRequestsException,
    500: ServiceException,
}


@pytest.mark.parametrize("status", ERRORS)
@pytest.mark.parametrize("name", CASES)
def test_an_error_has_its_class(name: str, status: int) -> None:
    case = CASES[name]
    detail = [{"loc": ["query", "scope"], "msg": "m", "type": "t"}]
    with calling(reply({"detail": detail}, status=status)) as c:
        for suffix in ("", "_with_http_info"):
            with pytest.raises(ApiException) as info:
                getattr(c.api, name + suffix)(**case.arguments)
            assert type(info.value) is ERRORS[status]
            assert info.value.status == status
            assert name in str(info.value)
        raw = getattr(c.api, f"{name}_without_preload_content")(**case.arguments)
        assert (raw.status, json.loads(raw.data)) == (status, {"detail": detail})

    if status == 422:
        assert info.value.data.detail[0].loc[1].actual_instance == "scope"
    assert len(c.server.requests) == 3


# ── sent once ──


@pytest.mark.fault("Sent once", "Of Candela's operations only those that read are repeated")
@pytest.mark.parametrize("name", CASES)
def test_only_reading_is_repeated(name: str) -> None:
    case = CASES[name]
    assert getattr(SessionsApi, name).operation.idempotent is (name in READING)
    with calling(closes) as c:
        with pytest.raises(ApiConnectionError) as info:
            getattr(c.api, name)(**case.arguments)
        assert len(c.server.requests) == (4 if name in READING else 1)

    assert info.value.request_sent is True


@pytest.mark.parametrize("name", CASES)
def test_a_refusal_is_tried_again(name: str) -> None:
    case = CASES[name]
    with calling(reply({}, status=429, Retry_After="7"), answered(case)) as c:
        assert getattr(c.api, name)(**case.arguments) == case.data
        assert (c.clock.slept, len(c.server.requests)) == ([7], 2)


def test_the_class_says_what_its_arguments_are() -> None:
    arguments = {p.name for case in CASES for p in getattr(SessionsApi, case).operation.parameters}

    assert all(f"\n    {name}: " in (inspect.getdoc(SessionsApi) or "") for name in arguments)


def test_what_a_session_has_besides_is_kept() -> None:
    with calling(reply({**SESSION, "unknown": ID})) as c:
        session = c.api.get_session("s", "i")

    assert session.additional_properties == {"unknown": ID}
    assert session.to_dict() == {**SESSION, "unknown": ID}


@pytest.mark.fault("The body", "NaN and Infinity are refused before anything is sent")
@pytest.mark.parametrize("number", ["nan", "inf", "-inf"])
def test_no_number_that_json_cannot_hold_is_sent(number: str) -> None:
    with calling(reply({})) as c:
        prompt = SubmitPrompt.from_dict({**PROMPT, "new": {"temperature": [float(number)]}})
        with pytest.raises(ValueError, match=f"new: temperature: {number} is not a number"):
            c.api.submit_pipeline_prompt(prompt)
        with pytest.raises(ValueError, match=f"new: temperature: {number} is not a number"):
            prompt.to_json()

    assert c.server.requests == []


@pytest.mark.fault("Injection", "A lone surrogate is refused by the name of its argument, and nothing sent")
@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"prompt": "secret\ud83d"}, "^prompt: the text holds a lone surrogate"),
        ({"new": {"tags": ["a", "secret\udc80"]}}, "^new: tags: the text holds a lone surrogate"),
        ({"new": {"a\ud83d": 1}}, "^new: the name .* holds a lone surrogate"),
    ],
)
def test_half_a_surrogate_pair_is_refused_by_its_field(changes: dict[str, Any], told: str) -> None:
    with calling(reply({})) as c:
        prompt = SubmitPrompt.from_dict({**PROMPT, **changes})
        for write in (lambda: c.api.submit_pipeline_prompt(prompt), prompt.to_json):
            with pytest.raises(ApiValueError, match=told) as caught:
                write()
            assert "secret" not in str(caught.value)

    assert c.server.connections == 0
