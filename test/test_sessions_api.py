"""The nine operations, each in its three forms, against a server that remembers what it received."""

from __future__ import annotations

from portal_client import ApiClient, Configuration, SessionsApi
from support.scripted import playing, reply


def test_get_session_reads_a_session() -> None:
    with playing(reply()) as server, ApiClient(Configuration(server.host, access_token="t")) as client:
        session = SessionsApi(client).get_session("s1")

    assert session.id == "s1"
    (request,) = server.requests
    assert (request.method, request.target) == ("GET", "/sessions/s1")
    assert request.headers["Authorization"] == "Bearer t"
    assert request.headers["Accept"] == "application/json"
