"""What came with a response."""

from __future__ import annotations

import copy
import pickle
from typing import Any

import pydantic
import pytest
from urllib3 import HTTPHeaderDict

from portal_client import ApiClient, ApiResponse, Configuration, SessionsApi
from support.scripted import playing, reply

Answer = ApiResponse[int]  # here, so that pickle finds it
PLAIN = {"content-type": "application/json", "X-Two": "a, b"}


def made(headers: Any) -> Answer:
    return Answer(status_code=200, headers=headers, data=1, raw_data=b"1")


def twice() -> HTTPHeaderDict:
    headers = HTTPHeaderDict({"content-type": "application/json", "X-Two": "a"})
    headers.add("x-two", "b")
    return headers


@pytest.mark.parametrize("name", ["content-type", "Content-Type", "CONTENT-TYPE"])
def test_headers_are_found_in_whatever_case(name: str) -> None:
    with playing(reply()) as server, ApiClient(Configuration(server.host)) as client:
        answer = SessionsApi(client).get_session_with_http_info("s1")

    assert answer.headers is not None
    assert answer.headers[name] == answer.headers.get(name) == "application/json"
    assert name in answer.headers
    assert dict(answer.headers)["Content-Type"] == "application/json"  # under the name that came


@pytest.mark.parametrize("given", [PLAIN, twice()], ids=["a dict", "as received"])
def test_headers_are_a_mapping_like_others(given: Any) -> None:
    answer = made(given)

    assert dict(answer.headers or {}) == PLAIN == answer.headers
    assert answer.headers == {name.upper(): value for name, value in PLAIN.items()}
    assert answer.model_dump()["headers"] == PLAIN
    assert '"headers":{"content-type":"application/json","X-Two":"a, b"}' in answer.model_dump_json()
    for again in (
        pickle.loads(pickle.dumps(answer)),
        copy.copy(answer),
        copy.deepcopy(answer),
        Answer.model_validate_json(answer.model_dump_json()),
        Answer.model_validate(answer.model_dump()),
    ):
        assert again == answer
        assert again.headers["CONTENT-TYPE"] == "application/json"


def test_no_headers() -> None:
    assert made(None).headers is None
    assert made(None).model_dump()["headers"] is None


@pytest.mark.parametrize("wrong", [5, "a: b", {"a": 5}, {5: "a"}])
def test_what_are_no_headers(wrong: Any) -> None:
    with pytest.raises(pydantic.ValidationError, match="headers"):
        made(wrong)


def test_its_schema_says_what_it_holds() -> None:
    headers = Answer.model_json_schema()["properties"]["headers"]

    assert headers["anyOf"] == [
        {"type": "object", "additionalProperties": {"type": "string"}},
        {"type": "null"},
    ]
