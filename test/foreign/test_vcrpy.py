"""vcrpy, which pytest-recording is made of: calls are recorded, and replayed without a network."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from candela.calls import EVENT
from candela.calls import PROMPT as CANDELA_PROMPT
from candela.calls import calling as calling_candela
from portal_client.exceptions import (
    ApiConnectionError,
    ApiException,
    NotFoundException,
    ServiceException,
)
from support.clients import PROMPT, TOKEN, ca_file, calling, client_of, closes, failing, server_tls
from support.scripted import SESSION, content, parts, reply

vcr: Any = pytest.importorskip("vcr", reason="vcrpy is not installed")

FORM = {"agent_id": "a1", "text_prompt": PROMPT}


@pytest.fixture
def cassette(tmp_path: Path) -> Callable[..., Any]:
    """Return a function that opens the cassette of this test, to replay what it holds and record the rest."""

    def use(record_mode: str = "new_episodes", **options: Any) -> Any:
        return vcr.use_cassette(str(tmp_path / "cassette.yaml"), record_mode=record_mode, **options)

    return use


def test_a_recorded_call_is_replayed_without_its_server(cassette: Callable[..., Any]) -> None:
    with calling(reply()) as c:
        with cassette() as tape:
            assert c.api.get_session("s1").id == "s1"
        assert len(tape) == len(c.server.requests) == 1
        assert c.server.requests[0].headers["Authorization"] == f"Bearer {TOKEN}"

        with cassette("none") as tape:
            replayed = c.api.get_session("s1")

        assert replayed.model_dump(mode="json")["messages"] == SESSION["messages"]
        assert tape.play_count == 1
        assert (len(c.server.requests), c.server.connections) == (1, 1)
    # The server is gone, and the client is another one.
    with cassette("none"), client_of(c.server.host) as client:
        assert c.api.__class__(client).get_session("s1").id == "s1"


def test_the_recorder_comes_and_goes_within_a_client(cassette: Callable[..., Any]) -> None:
    with calling(reply()) as c:
        assert c.api.get_session("before").id == "s1"
        for _ in range(2):
            with cassette() as tape:
                assert c.api.get_session("within").id == "s1"
            assert len(tape) == 1
        assert c.api.get_session("after").id == "s1"

        assert [r.target for r in c.server.requests] == [
            "/sessions/before",
            "/sessions/within",
            "/sessions/after",
        ]


def test_a_client_that_was_used_within_is_closed_after_it(cassette: Callable[..., Any]) -> None:
    with calling(reply()) as c:
        with cassette():
            response = c.api.get_session_without_preload_content("s1")
        c.client.close()

        assert response.closed
        assert c.api.get_session("s1").id == "s1"
        assert len(c.server.requests) == 2


def test_each_call_is_recorded_by_itself(cassette: Callable[..., Any]) -> None:
    answers = [reply({**SESSION, "id": f"s{number}"}) for number in range(3)]
    with calling(*answers) as c:
        for _ in range(2):
            with cassette(allow_playback_repeats=True):
                assert [c.api.get_session(f"s{number}").id for number in range(3)] == ["s0", "s1", "s2"]

        assert len(c.server.requests) == 3


@pytest.mark.parametrize("how", ["bytes", "a path", "an open file"])
def test_a_form_with_files_is_recorded_whole(cassette: Callable[..., Any], tmp_path: Path, how: str) -> None:
    path = tmp_path / "notes.txt"
    path.write_bytes(b"notes" * 100_000)
    file: Any = {"bytes": ("notes.txt", path.read_bytes()), "a path": str(path)}.get(how) or path.open("rb")
    with calling(reply()) as c:
        with cassette() as tape:
            assert c.api.create_session(**FORM, files=file).id == "s1"
        with cassette("none"):
            assert c.api.create_session(**FORM, files=("notes.txt", b"other")).id == "s1"

        assert len(c.server.requests) == 1
        sent = c.server.requests[0]
        assert [content(part) for part in sent.parts] == [b"a1", PROMPT.encode(), path.read_bytes()]
        recorded = tape.requests[0]
        kept = recorded.body if isinstance(recorded.body, bytes) else b"".join(recorded.body)
        assert [content(p) for p in parts(sent.headers["Content-Type"], kept)] == [
            b"a1",
            PROMPT.encode(),
            path.read_bytes(),
        ]
    if how == "an open file":
        file.close()


def test_what_is_filtered_is_not_in_the_cassette(cassette: Callable[..., Any], tmp_path: Path) -> None:
    with calling(reply()) as c, cassette(filter_headers=["authorization"]):
        c.api.get_session("s1")

    assert TOKEN not in (tmp_path / "cassette.yaml").read_text()
    assert c.server.requests[0].headers["Authorization"] == f"Bearer {TOKEN}"


def test_a_compressed_response_is_replayed(cassette: Callable[..., Any]) -> None:
    import gzip
    import json

    body = gzip.compress(json.dumps(SESSION).encode())
    with calling(reply(body, Content_Encoding="gzip")) as c:
        for _ in range(2):
            with cassette():
                assert c.api.get_session("s1").id == "s1"

        assert len(c.server.requests) == 1


def test_a_stream_is_recorded_and_replayed(cassette: Callable[..., Any]) -> None:
    lines = b"".join(b'{"event_type": "chat", "content": "%d"}\n' % number for number in range(3))
    with calling_candela(reply(lines, Content_Type="application/x-ndjson")) as c:
        for _ in range(2):
            with cassette(), c.api.submit_prompt_to_agent_stream(CANDELA_PROMPT) as events:
                assert [event.content for event in events] == ["0", "1", "2"]

        assert len(c.server.requests) == 1


def test_server_sent_events_are_recorded_and_replayed(cassette: Callable[..., Any]) -> None:
    with calling(
        reply(b"data: " + reply().partition(b"\r\n\r\n")[2] + b"\n\n", Content_Type="text/event-stream")
    ) as c:
        for _ in range(2):
            with cassette(), c.api.subscribe_to_session_stream("s1") as sessions:
                assert [session.id for session in sessions] == ["s1"]

        assert len(c.server.requests) == 1


def test_a_raw_response_is_recorded_and_replayed(cassette: Callable[..., Any]) -> None:
    with calling(reply(b"raw")) as c:
        for _ in range(2):
            with cassette():
                response = c.api.get_session_without_preload_content("s1")
                assert (response.status, response.read()) == (200, b"raw")
                assert response.headers["Content-Type"] == "application/json"
                response.close()

        assert len(c.server.requests) == 1


@pytest.mark.parametrize(
    ("status", "kind"), [(404, NotFoundException), (500, ServiceException), (302, ApiException)]
)
def test_an_error_is_recorded_and_replayed(
    cassette: Callable[..., Any], status: int, kind: type[ApiException]
) -> None:
    with calling(reply({"detail": "no"}, status), retries=False) as c:
        for _ in range(2):
            with cassette():
                error = failing(lambda: c.api.get_session("s1"))
                assert isinstance(error, kind)
                assert error.status == status
                assert error.request_sent

        assert len(c.server.requests) == 1


def test_a_redirect_is_followed_in_the_replay(cassette: Callable[..., Any]) -> None:
    with calling(reply({}, 307, Location="/sessions/there"), reply()) as c:
        for _ in range(2):
            with cassette():
                assert c.api.get_session("here").id == "s1"

        assert [r.target for r in c.server.requests] == ["/sessions/here", "/sessions/there"]


def test_a_call_that_is_not_in_the_cassette_goes_nowhere(cassette: Callable[..., Any]) -> None:
    with calling(reply()) as c:
        with cassette():
            c.api.get_session("s1")
        with cassette("none"):
            for call in (lambda: c.api.get_session("s2"), lambda: c.api.create_session(**FORM)):
                error = failing(call)
                assert "CannotOverwriteExistingCassetteException" in str(error)
                assert TOKEN not in str(error)

        assert len(c.server.requests) == 1
        assert c.clock.slept == []  # another attempt would find nothing either


def test_a_prompt_is_sent_once_while_it_is_recorded(cassette: Callable[..., Any]) -> None:
    with calling(closes) as c:
        with cassette() as tape:
            error = failing(lambda: c.api.create_session(**FORM))

        assert isinstance(error, ApiConnectionError)
        assert (error.request_sent, error.safe_to_repeat) == (True, False)
        assert len(c.server.requests) == 1
        assert len(tape) == 0


def test_a_call_over_tls_is_recorded_and_replayed(cassette: Callable[..., Any], tmp_path: Path) -> None:
    with calling(reply(), tls=server_tls(), ssl_ca_cert=ca_file(tmp_path)) as c:
        for _ in range(2):
            with cassette():
                assert c.api.get_session("s1").id == "s1"

        assert len(c.server.requests) == 1


def test_candela_is_recorded_and_replayed(cassette: Callable[..., Any]) -> None:
    with calling_candela(reply(EVENT)) as c:
        for _ in range(2):
            with cassette():
                assert c.api.submit_prompt_to_agent(CANDELA_PROMPT).content == "Hello"

        assert len(c.server.requests) == 1
