"""The server itself: one operation in its three forms, without a token."""

from __future__ import annotations

import pytest

from portal_client import ApiClient, Configuration, DefaultApi, ServiceException
from support.clients import calling
from support.operations import Case, check_forms, check_repetition, operations_of
from support.scripted import playing, reply

CASES = {
    "root_get": Case("GET", "/", {"title": "Portal"}, None, secured=False),
}


def test_all_operations_are_here() -> None:
    assert operations_of(DefaultApi) == set(CASES)


@pytest.mark.parametrize("name", CASES)
def test_each_call_form(name: str) -> None:
    check_forms(DefaultApi, name, CASES[name])


@pytest.mark.parametrize("name", CASES)
def test_reading_is_repeated(name: str) -> None:
    check_repetition(DefaultApi, name, CASES[name])


def test_a_body_that_is_no_json_is_no_error() -> None:
    with calling(reply(b"<html>", Content_Type="text/html")) as c:
        whole = DefaultApi(c.client).root_get_with_http_info()

    assert (whole.data, whole.raw_data) == (None, b"<html>")


def test_a_server_that_cannot_answer_is_told() -> None:
    with calling(reply({}, status=500)) as c, pytest.raises(ServiceException):
        DefaultApi(c.client).root_get()

    assert len(c.server.requests) == 1


def test_the_path_of_the_host_is_kept() -> None:
    with playing(reply({})) as server, ApiClient(Configuration(f"{server.host}/portal")) as client:
        DefaultApi(client).root_get()

    assert server.requests[0].target == "/portal/"
