"""Faults: the client's view of each, and whether its request was carried out."""

import logging
import re
import socket
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from time import monotonic
from typing import Any

import pytest
import urllib3

import portal_sandbox
from portal_client import ApiClient, ApiException, Configuration, SessionsApi

from .conftest import LIMIT, Caller, Start, Steps
from .openapi import contract
from .test_events import subscribed

TOKENS = {"secret": "ann"}


@pytest.fixture
def stored(start: Start, tmp_path: Path) -> Callable[[], list[str]]:
    """The prompts in the database of this test, as another sandbox without chaos finds them."""

    def prompts() -> list[str]:
        sessions = start(db=tmp_path / "box.sqlite", tokens=TOKENS).get("/sessions", agent_id="echo")
        return [message["text"] for each in sessions["sessions"] for message in each["messages"][::2]]

    return prompts


def _running(chaos: str, tmp_path: Path | None = None, **options: Any) -> Any:
    db = None if tmp_path is None else tmp_path / "box.sqlite"
    return portal_sandbox.running(chaos=chaos, db=db, tokens=TOKENS, **options)


@pytest.mark.parametrize(
    ("status", "later"), [(503, "1"), (429, "1"), (500, None), (404, None), (418, None), (599, None)]
)
def test_a_status_is_answered_and_nothing_is_done(
    stored: Callable[[], list[str]], tmp_path: Path, status: int, later: str | None
) -> None:
    with _running(f"{status}:100%", tmp_path) as box, Caller(box.host, "secret") as caller:
        response = caller.send("POST", "/sessions", "x" * 3_000_000, "echo")
        again = caller.call("GET", "/sessions/grouped", headers={"X-Request-ID": "mine"})
        assert caller.http.connection_from_url(caller.host).num_connections == 1

    assert (response.status, again.status) == (status, status)
    assert response.json() == {"detail": "Chaos: the request was not carried out"}
    assert response.headers.get("Retry-After") == later
    assert re.fullmatch("[0-9a-f-]{36}", response.headers["X-Request-ID"])
    assert again.headers["X-Request-ID"] == "mine"
    assert (box.chaos.requests, box.chaos.made) == (2, {str(status): 2})
    assert stored() == []


@pytest.mark.parametrize(("kind", "carried_out"), [("reset", False), ("lost", True)])
def test_a_connection_is_reset_before_or_after_the_work(
    stored: Callable[[], list[str]], tmp_path: Path, kind: str, carried_out: bool
) -> None:
    with _running(f"{kind}:100%", tmp_path) as box, Caller(box.host, "secret") as caller:
        for text in ("small", "x" * 3_000_000):
            with pytest.raises(urllib3.exceptions.ProtocolError, match="reset"):
                caller.send("POST", "/sessions", text, "echo")
        with caller.send_raw("GET /sessions/grouped") as connection, pytest.raises(ConnectionResetError):
            connection.recv(1)

    assert box.chaos.made == {kind: 3}
    assert stored() == (["x" * 3_000_000, "small"] if carried_out else [])


def test_a_client_that_has_gone_before_its_reset_is_no_error(caplog: pytest.LogCaptureFixture) -> None:
    with _running("latency:200ms:100%,reset:100%") as box, Caller(box.host, "secret") as caller:
        caplog.set_level(logging.ERROR, "uvicorn.error")  # as the command shows it
        with caller.send_raw("GET /sessions/grouped") as client:
            client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\x00\x00\x00\x00\x00\x00\x00")
        with caller.send_raw("GET /sessions/grouped") as later, pytest.raises(ConnectionResetError):
            later.recv(1)

    assert box.chaos.made["reset"] == 2
    assert [record for record in caplog.records if record.levelno >= logging.ERROR] == []


def test_an_answer_is_cut_in_the_middle_when_the_work_is_done(
    stored: Callable[[], list[str]], tmp_path: Path
) -> None:
    with _running("cut:100%", tmp_path) as box, Caller(box.host, "secret") as caller:
        answer = caller.call(
            "POST", "/sessions", fields={"agent_id": "echo", "text_prompt": "hello"}, preload_content=False
        )
        length = int(answer.headers["Content-Length"])
        with pytest.raises(urllib3.exceptions.ProtocolError, match=r"IncompleteRead\(") as caught:
            answer.read()

    assert answer.status == 200
    assert f"({length // 2} bytes read, {length - length // 2} more expected)" in str(caught.value)
    assert box.chaos.made == {"cut": 1}
    assert stored() == ["hello"]


def test_each_operation_but_the_root_meets_faults() -> None:
    """Not the page either, which is at the root."""
    paths = (
        "/agents",
        "/agents/echo",
        "/business",
        "/dashboard",
        "/playground/agents",
        "/reports/echo",
        "/routines",
    )
    with _running("503:100%") as box, Caller(box.host, "secret") as caller:
        assert [caller.call("GET", path).status for path in paths] == [503] * 7
        assert [caller.call("GET", path).status for path in ("/", "/docs", "/openapi.json")] == [200] * 3

    assert box.chaos.made == {"503": 7}


def test_a_stream_is_cut_in_its_second_event(start: Start, tmp_path: Path) -> None:
    steps = Steps("one ", "two")
    plain = start(db=tmp_path / "box.sqlite", tokens=TOKENS, agents={"steps": steps})
    session_id = plain.create_async(agent="steps")
    with (
        _running("cut:100%", tmp_path) as box,
        Caller(box.host, "secret") as caller,
        subscribed(caller, session_id) as stream,
    ):
        first = stream.next()
        steps.taken[0].set()
        with pytest.raises(urllib3.exceptions.ProtocolError):
            stream.next()
    steps.taken[1].set()

    assert (first[0], first[1]["status"]) == (1, "Running")
    assert box.chaos.made == {"cut": 1}


def test_an_answer_without_a_body_is_lost() -> None:
    with (
        _running("cut:100%") as box,
        Caller(box.host, "secret") as caller,
        pytest.raises(urllib3.exceptions.ProtocolError, match="reset"),
    ):
        caller.call("GET", "/candela/session/stop")

    assert box.chaos.made == {"cut": 1}


def test_latency_comes_before_all_else() -> None:
    with _running("latency:100ms,503:100%") as box, Caller(box.host, "secret") as caller:
        began = monotonic()
        assert caller.call("GET", "/sessions/grouped").status == 503

    assert monotonic() - began >= 0.1
    assert box.chaos.made == {"latency": 1, "503": 1}


def test_a_stop_does_not_wait_for_the_latency(capfd: pytest.CaptureFixture[str]) -> None:
    with ThreadPoolExecutor() as threads:
        with _running("latency:60s") as box, Caller(box.host, "secret") as caller:
            waiting = threads.submit(caller.send, "POST", "/sessions", "hello", "echo")
            while not box.chaos.made:
                pass
        response = waiting.result(LIMIT)

    assert (response.status, response.json()) == (503, {"detail": "The server is stopping"})
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/", 200),
        ("/docs", 200),
        ("/openapi.json", 200),
        ("/favicon.ico", 200),
        ("/candela/openapi.json", 200),
        ("/candela/oauth2/v1/token", 405),
        ("/sessionsx", 404),
        ("/candela/slots", 404),
    ],
)
def test_only_operations_meet_faults(path: str, status: int) -> None:
    with _running("418:100%") as box, Caller(box.host, "secret") as caller:
        assert caller.call("GET", path).status == status
        assert box.chaos.requests == 0


def test_all_operations_but_the_root_meet_faults() -> None:
    paths = [path for path in contract("portal.openapi.json")["paths"] if path != "/"]
    paths += [f"/candela{path}" for path in contract("candela.openapi.json")["paths"]]
    with _running("418:100%") as box, Caller(box.host, "secret") as caller:
        assert {path: caller.call("GET", path).status for path in paths} == dict.fromkeys(paths, 418)
        assert box.chaos.made == {"418": len(paths)}


@pytest.mark.parametrize(("kind", "state", "name"), [("errored", 6, "ERRORED"), ("gone", 7, "HOST_GONE")])
def test_a_slot_fails_and_stays_so_until_it_is_disposed_of(kind: str, state: int, name: str) -> None:
    echo = {"scope": "default", "identifier": "echo"}
    with _running(f"{kind}:100%") as box, Caller(box.candela_url, "secret") as caller:
        assert caller.call("PUT", "/slot?slot_type=gpu").status == 204
        assert box.chaos.made == {}  # nobody had a slot that could fail
        assert caller.get("/slot/state") == state
        refused = caller.call("POST", "/session", json={"app": echo, "model_cfg": echo})
        assert caller.call("PUT", "/slot?slot_type=gpu").status == 204  # changes nothing
        slot = caller.get("/slot/metadata")
        assert caller.call("DELETE", "/slot").status == 204
        assert caller.get("/slot/user_has_slot") is False

    detail = f"Your slot is not ready: its state is {name}"
    assert (refused.status, refused.json()) == (409, {"detail": detail})
    assert (slot["state"], slot["disposed"]) == (state, None)
    assert slot["ready"] == slot["created"]  # it was, before it failed
    assert (box.chaos.requests, box.chaos.made) == (7, {kind: 1})


def test_the_session_on_a_slot_that_fails_is_stopped(start: Start, tmp_path: Path) -> None:
    def prompted(caller: Caller, name: Any) -> urllib3.BaseHTTPResponse:
        body = {"prompt": "hello", "session_id": name["identifier"]}
        return caller.call("POST", "/candela/session/pipeline_submit", json=body)

    echo = {"scope": "default", "identifier": "echo"}
    calm = start(db=tmp_path / "box.sqlite", tokens=TOKENS)
    started = calm.call("POST", "/candela/session", json={"app": echo, "model_cfg": echo}).json()["obj_id"]
    assert prompted(calm, started).status == 200

    with _running("gone:100%", tmp_path) as box, Caller(box.host, "secret") as caller:
        refused = prompted(caller, started)

    assert (refused.status, refused.json()) == (409, {"detail": "Session is not running"})
    assert calm.get("/candela/slot/state") == 7
    assert calm.get("/candela/system/status")["sandbox"]["assigned"] == 1


def test_a_seed_repeats_what_the_caller_sees() -> None:
    def seen(seed: int) -> list[int]:
        with _running("503:20%,404:20%", chaos_seed=seed) as box, Caller(box.host, "secret") as caller:
            return [caller.call("GET", "/sessions/grouped").status for _ in range(60)]

    first = seen(5)

    assert set(first) == {200, 404, 503}
    assert seen(5) == first
    assert seen(6) != first


def test_nothing_is_left_of_connections_that_were_broken(capfd: pytest.CaptureFixture[str]) -> None:
    chaos = "reset:30%,lost:30%,cut:30%"
    with _running(chaos, chaos_seed=1) as box, Caller(box.host, "secret") as caller:
        for number in range(60):
            with suppress(urllib3.exceptions.HTTPError):
                caller.send("POST", "/sessions", str(number), "echo")

    assert sum(box.chaos.made.values()) > 40
    assert capfd.readouterr() == ("", "")


def test_the_seed_needs_chaos() -> None:
    with pytest.raises(ValueError, match="chaos_seed"), portal_sandbox.running(chaos_seed=1):
        pass


def test_acknowledged_is_stored_and_nothing_is_doubled(
    stored: Callable[[], list[str]], tmp_path: Path
) -> None:
    """Send many creates at once through the client, each with its own prompt, and count their outcomes."""
    chaos = "503:10%,500:5%,reset:5%,lost:5%,cut:5%,latency:5ms:20%"
    with (
        _running(chaos, tmp_path, chaos_seed=3) as box,
        ApiClient(Configuration(box.host, access_token="secret")) as client,
        ThreadPoolExecutor(4) as threads,
    ):
        api = SessionsApi(client)

        def create(number: int) -> tuple[str, str]:
            try:
                session = api.create_session("echo", f"prompt {number}")
                assert session.messages[0].text == f"prompt {number}"
                return f"prompt {number}", "acknowledged"
            except ApiException as error:
                return f"prompt {number}", "refused" if error.status in (500, 503) else "unknown"

        outcomes = dict(threads.map(create, range(200)))

    found, made = Counter(stored()), box.chaos.made
    told = Counter(outcomes.values())
    assert box.chaos.requests == 200  # a prompt is sent once
    assert min(told.values()) > 10
    assert found.total() == len(found)
    assert all(prompt in found for prompt, outcome in outcomes.items() if outcome == "acknowledged")
    assert not any(prompt in found for prompt, outcome in outcomes.items() if outcome == "refused")
    assert told["refused"] == made["503"] + made["500"]
    assert told["unknown"] == made["reset"] + made["lost"] + made["cut"]
    assert found.total() == told["acknowledged"] + made["lost"] + made["cut"]
