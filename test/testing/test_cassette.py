"""Cassettes: recorded against a real server, replayed without one, with no secret in the file."""

from __future__ import annotations

import base64
import io
import json
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress
from pathlib import Path
from threading import Event
from typing import Any

import pytest
import urllib3

import portal_testing
from finbourne_candela import SessionsApi as CandelaSessionsApi
from finbourne_candela import SyncApiClient
from finbourne_candela.configuration import Configuration as CandelaConfiguration
from portal_client import (
    ApiClient,
    ApiConnectionError,
    ApiException,
    ApiStreamError,
    ApiTimeoutError,
    BusinessApi,
    Configuration,
    CreateBusinessRequest,
    EnvToken,
    MiddlewareRequest,
    MiddlewareResponse,
    NotFoundException,
    OAuth2Password,
    SessionsApi,
    TooManyRequestsException,
)
from portal_client.middleware import CallNext, everywhere
from portal_testing import Cassette, CassetteMismatch
from portal_testing.cassette import path_for
from portal_testing.server import CandelaServer, PortalServer
from support.clients import PROMPT, TOKEN, calling, client_of, closes, late
from support.scripted import SESSION, Connection, Received, chunk, playing, reply

from .test_server import START
from .test_server import candela as candela
from .test_server import portal as portal

pytestmark = pytest.mark.filterwarnings("ignore:The 'alias' attribute")

Calls = Callable[[SessionsApi], object]


@pytest.fixture
def path(tmp_path: Path) -> Iterator[Path]:
    yield tmp_path / "folder" / "cassette.json"
    assert everywhere == []


@pytest.fixture
def nobody() -> Iterator[SessionsApi]:
    """A client whose server must receive nothing, and whose token is not there."""
    with calling(reply(), access_token=EnvToken("NO_SUCH_TOKEN")) as c:
        yield SessionsApi(c.client)
    assert (c.server.requests, c.server.connections) == ([], 0)


def outcome(call: Callable[[], Any]) -> Any:
    """What a call returns, or what its error tells."""
    try:
        return call()
    except ApiException as error:
        return type(error), error.status, error.request_sent, error.safe_to_repeat, error.data


# ── once, and for ever ──


@pytest.mark.fault("Secrets", "A replay reaches no network, and needs no token")
def test_a_recorded_conversation_is_replayed_without_its_server(
    portal: PortalServer, path: Path, nobody: SessionsApi
) -> None:
    portal.agent("a1").replies("It grew.").then_raises("no figures")
    files: Any = [("a.csv", b"north,18240\n", "text/csv"), ("b.bin", bytes(300_000))]

    def conversation(api: SessionsApi) -> Any:
        session = api.run_session("a1", "Which region\ngrew?", files)
        again = outcome(lambda: api.update_session(session.id, "And?"))
        with api.subscribe_to_session_stream(session.id) as events:
            states = [state.messages[-1].text for state in events]
        missing = outcome(lambda: api.get_session("none"))
        return session, again, states, missing, api.get_sessions("a1"), api.get_sessions("a1")

    with Cassette(path) as cassette:
        assert not cassette.replays
        recorded = conversation(portal.api(SessionsApi))
    received = len(portal.calls)
    for _ in range(2):
        with Cassette(path) as cassette:
            assert cassette.replays
            cassette.install(nobody.api_client)
            assert conversation(nobody) == recorded

    assert len(portal.calls) == received
    assert recorded[2][-1] == "no figures"


def test_candela_is_recorded_as_well(candela: CandelaServer, path: Path) -> None:
    candela.agent("a1").streams(["It ", "grew."]).then_replies("Yes.")

    def conversation(api: CandelaSessionsApi) -> Any:
        with api.running_session(START, slot_type="local") as session:
            with session.stream("Did it?") as events:
                said = [event.to_dict() for event in events]
            return said, session.ask("Sure?").to_dict()

    with Cassette(path):
        recorded = conversation(candela.api(CandelaSessionsApi))
    configuration = CandelaConfiguration("http://127.0.0.1:1", access_token=EnvToken("NO_SUCH_TOKEN"))
    with Cassette(path), SyncApiClient(configuration) as client:
        assert conversation(CandelaSessionsApi(client)) == recorded

    assert "fetch_token" not in path.read_text("utf-8")


def test_it_is_the_same_file_for_the_same_calls(path: Path) -> None:
    texts: list[str] = []
    for _ in range(2):
        with calling(reply(), reply(), reply({"detail": "no"}, 404)) as c, Cassette(path, "all"):
            c.api.create_session("a1", PROMPT, [("Grüße.txt", b"1")])
            c.api.get_session("s1")
            outcome(lambda: c.api.get_session("s2"))
        texts.append(path.read_text("utf-8"))

    assert texts[0] == texts[1]
    assert texts[0].endswith("}\n")
    assert "Grüße.txt" in texts[0]
    first = json.loads(texts[0])["exchanges"][0]["request"]
    assert first["files"][0]["sha256"] == "6b86b273ff34fce19d6b804eff5a3f5747ada4eaa22f1d49c01e52ddb7875b4b"


def test_the_modes(path: Path, nobody: SessionsApi) -> None:
    with pytest.raises(FileNotFoundError, match=r"there is no cassette .*--portal-record=once"):
        Cassette(path, "none").open()
    with calling(reply()) as c:
        with Cassette(path, "once"):
            c.api.get_session("s1")
        for mode in ("once", "none"):
            with Cassette(path, mode):  # type: ignore[arg-type]
                nobody.get_session("s1")
        with Cassette(path, "all"):
            c.api.get_session("s2")
        assert len(c.server.requests) == 2
    assert "/sessions/s1" not in path.read_text("utf-8")
    with pytest.raises(ValueError, match="record must be one of once, none, all, not 'new'"):
        Cassette(path, "new")  # type: ignore[arg-type]


def test_a_block_that_raises_leaves_no_file(path: Path) -> None:
    def fail(api: SessionsApi) -> None:
        api.get_session("s1")
        raise LookupError

    with calling(reply()) as c:
        with pytest.raises(LookupError), Cassette(path):
            fail(c.api)
        c.api.get_session("s1")

    assert not path.exists()


def test_what_is_no_cassette(path: Path) -> None:
    path.parent.mkdir()
    for text in ("", "[]", "{}", '{"portal_cassette": 2}', '{"portal_cassette": 1, "exchanges": [{}]}'):
        path.write_text(text)
        with pytest.raises(ValueError, match=r"cassette\.json is no cassette"):
            Cassette(path).open()


@pytest.mark.parametrize(
    ("part", "value"),
    [
        ("response", {"status": "200", "headers": {}}),
        ("response", {"status": 42, "headers": {}}),
        ("response", {"status": 200, "headers": []}),
        ("response", {"status": 200, "headers": {"X": 1}}),
        ("response", {"status": 200, "headers": {}, "text": 1}),
        ("response", None),
        ("failure", {"kind": "time-out", "sent": True, "reason": ""}),
        ("request", {"operation": "get_session", "method": "GET", "path": "/", "query": ["a"]}),
    ],
)
def test_a_cassette_that_was_edited_badly_is_refused_as_it_is_opened(
    part: str, value: object, path: Path
) -> None:
    with calling(reply()) as c, Cassette(path):
        c.api.get_session("s1")
    data = json.loads(path.read_text("utf-8"))
    data["exchanges"][0][part] = value
    path.write_text(json.dumps(data))

    with pytest.raises(ValueError, match=r"cassette\.json is no cassette"), Cassette(path):
        pass


def test_a_cassette_in_another_encoding_or_with_a_conflict_is_named(path: Path) -> None:
    path.parent.mkdir()
    for text in (b'{"portal_cassette": "\xfc"}', b"<<<<<<< HEAD\n{}\n=======\n{}\n>>>>>>> main\n"):
        path.write_bytes(text)
        with pytest.raises(ValueError, match=r"cassette\.json is no cassette"):
            Cassette(path).open()


def test_a_cassette_may_be_closed_twice(path: Path) -> None:
    cassette = Cassette(path)
    cassette.open()
    cassette.close()
    assert everywhere == []
    cassette.close()

    assert everywhere == []


def test_one_at_a_time(path: Path) -> None:
    with calling(reply()) as c, Cassette(path, "all"):
        with pytest.raises(RuntimeError, match="another cassette is in use"):
            Cassette(path, "all").open()
        c.api.get_session("s1")


def test_it_leaves_the_calls_of_others_alone_afterwards(path: Path) -> None:
    with calling(reply()) as c:
        with Cassette(path):
            c.api.get_session("s1")
        c.api.get_session("s2")

    assert len(c.server.requests) == 2
    assert len(json.loads(path.read_text("utf-8"))["exchanges"]) == 1


def test_middleware_of_a_client_is_at_work_in_a_replay(path: Path, nobody: SessionsApi) -> None:
    seen: list[int] = []

    def watches(request: MiddlewareRequest, call_next: CallNext) -> MiddlewareResponse:
        response = call_next(request)
        seen.append(response.status)
        return response

    with calling(reply()) as c, Cassette(path):
        c.api.get_session("s1")
    nobody.api_client.configuration.middleware = [watches]
    with Cassette(path):
        nobody.get_session("s1")

    assert seen == [200]


# ── what is compared ──


@pytest.fixture
def recorded(path: Path) -> Path:
    with calling(reply()) as c, Cassette(path):
        c.api.create_session("a1", PROMPT, [("a.csv", b"1,2", "text/csv")])
        c.api.update_session("s1", "And?")
        c.api.get_session("s1")
    return path


def everything(api: SessionsApi) -> None:
    api.create_session("a1", PROMPT, [("a.csv", b"1,2", "text/csv")])
    api.update_session("s1", "And?")
    api.get_session("s1")


@pytest.mark.parametrize(
    ("call", "expected"),
    [
        (
            lambda api: api.create_session("a1", PROMPT + "!", [("a.csv", b"1,2", "text/csv")]),
            r"number 1, create_session, POST /sessions, which differs in\n"
            rf"  text_prompt: recorded '{PROMPT}', now '{PROMPT}!'\n",
        ),
        (
            lambda api: api.create_session("a1", PROMPT, [("a.csv", b"1,3", "text/csv")]),
            r"number 1, .*\n  files\[0\]\.sha256: recorded '[0-9a-f]{64}', now '[0-9a-f]{64}'\nTo record",
        ),
        (
            lambda api: api.create_session("a1", PROMPT),
            r"files\[0\]\.name: recorded 'a\.csv', now nothing",
        ),
        (lambda api: api.get_session("s2"), r"path: recorded '/sessions/s1', now '/sessions/s2'"),
        (lambda api: api.get_sessions("a1"), r"operation: recorded 'get_session', now 'get_sessions'"),
    ],
)  # fmt: skip
def test_an_unexpected_call_is_reported_with_the_nearest_one(
    recorded: Path, nobody: SessionsApi, call: Calls, expected: str
) -> None:
    with Cassette(recorded, strict=False) as cassette:
        with pytest.raises(CassetteMismatch, match=expected):
            call(nobody)
        with pytest.raises(CassetteMismatch, match="not in the cassette: "):
            cassette.check()
        everything(nobody)


def test_what_is_not_called_is_reported(recorded: Path, nobody: SessionsApi) -> None:
    with pytest.raises(CassetteMismatch) as raised, Cassette(recorded):
        nobody.update_session("s1", "And?")

    assert str(raised.value).splitlines() == [
        f"The calls are not those of {recorded}:",
        "  not made: create_session, POST /sessions, number 1",
        "  not made: get_session, GET /sessions/s1, number 3",
    ]


def test_a_prompt_is_replayed_once_and_a_reading_as_often_as_wanted(
    recorded: Path, nobody: SessionsApi
) -> None:
    with Cassette(recorded):
        everything(nobody)
        nobody.get_session("s1")
        with pytest.raises(CassetteMismatch, match="number 2 of the cassette is the same call, but was rep"):
            nobody.update_session("s1", "And?")
        everywhere[0]._unexpected.clear()  # type: ignore[attr-defined]


def test_a_swallowed_mismatch_is_reported_at_the_end(recorded: Path, nobody: SessionsApi) -> None:
    cassette = Cassette(recorded)
    cassette.open()
    everything(nobody)
    with suppress(Exception):
        nobody.get_session("s2")
    cassette.close()

    with pytest.raises(CassetteMismatch, match="not in the cassette: get_session, GET /sessions/s2"):
        cassette.finish()


def test_arguments_that_are_not_compared(path: Path, nobody: SessionsApi) -> None:
    with calling(reply()) as c, Cassette(path):
        c.api.create_session("a1", f"It is {time.time()}")
    with Cassette(path, ignore=["text_prompt"]):
        nobody.create_session("a1", f"It is {time.time()}")
    with pytest.raises(ValueError, match=r"a list of names such as \['text_prompt'\]"):
        Cassette(path, ignore="text_prompt")


def test_neither_host_nor_boundary_nor_headers_count(recorded: Path) -> None:
    with Cassette(recorded), client_of("http://other.example:8/deep/path") as client:
        client.set_default_header("X-Other", "1")
        everything(SessionsApi(client))


def test_a_stream_is_compared_by_its_name(path: Path) -> None:
    class Pipe(io.RawIOBase):
        def __init__(self) -> None:
            self.left = [b"1,2", b""]

        def readable(self) -> bool:
            return True

        def read(self, size: int = -1) -> bytes:
            return self.left.pop(0) if size else b""

    with calling(reply()) as c, Cassette(path):
        c.api.create_session("a1", PROMPT, [("pipe.csv", Pipe())])  # type: ignore[list-item]

    (exchange,) = json.loads(path.read_text("utf-8"))["exchanges"]
    assert exchange["request"]["files"][0]["name"] == "pipe.csv"
    assert exchange["request"]["files"][0]["sha256"] == ""
    assert b"1,2" in c.server.requests[0].body


# ── states that change ──


def states(*names: str) -> list[Any]:
    return [reply({**SESSION, "status": name}) for name in names]


def test_each_state_of_a_session_is_kept_once(path: Path, nobody: SessionsApi) -> None:
    many = ["Running"] * 20
    with calling(reply({"session_id": "s1"}), *states(*many, "Ready", "Ready")) as c, Cassette(path):
        assert c.api.run_session("a1", PROMPT).status == "Ready"
        c.api.get_session("s1")
    assert len(json.loads(path.read_text("utf-8"))["exchanges"]) == 3

    seen: list[str] = []
    with Cassette(path) as cassette:
        cassette.install(nobody.api_client)
        nobody.run_session("a1", PROMPT, progress=lambda p: seen.append(f"{p.phase} {p.status}"))
        assert nobody.get_session("s1").status == nobody.get_session("s1").status == "Ready"
    assert seen[-2:] == ["waiting Running", "done Ready"]


def test_a_state_of_later_is_not_read_before(path: Path, nobody: SessionsApi) -> None:
    first, second = states("Ready", "Error")
    with calling(first, reply(), second) as c, Cassette(path):
        c.api.get_session("s1")
        c.api.update_session("s1", "And?")
        c.api.get_session("s1")

    with Cassette(path):
        assert [nobody.get_session("s1").status for _ in range(3)] == ["Ready"] * 3
        nobody.update_session("s1", "And?")
        assert [nobody.get_session("s1").status for _ in range(2)] == ["Error"] * 2


# ── failures ──


@pytest.mark.fault("Sent once", "A lost reply is lost again in a replay, and nothing is repeated")
def test_a_reply_that_was_lost_is_lost_again(path: Path, nobody: SessionsApi) -> None:
    with calling(closes, reply(), closes, reply()) as c, Cassette(path):
        lost = outcome(lambda: c.api.create_session("a1", PROMPT))
        c.api.get_session("s1")
        c.api.get_session("s2")  # repeated by the client
    assert len(c.server.requests) == 4
    assert lost[:4] == (ApiConnectionError, 0, True, False)

    with Cassette(path) as cassette:
        cassette.install(nobody.api_client)
        assert outcome(lambda: nobody.create_session("a1", PROMPT)) == lost
        assert nobody.get_session("s1").id == nobody.get_session("s2").id == "s1"


def test_a_body_that_was_cut_is_cut_again(path: Path, nobody: SessionsApi) -> None:
    whole = reply()

    def cut(connection: Connection, request: Received) -> bool:
        connection.send(whole[:-10])
        return False

    with calling(cut) as c, Cassette(path):
        lost = outcome(lambda: c.api.create_session("a1", PROMPT))
    assert lost[:4] == (ApiConnectionError, 0, True, False)
    assert len(c.server.requests) == 1

    with Cassette(path):
        assert outcome(lambda: nobody.create_session("a1", PROMPT)) == lost


def test_middleware_that_reads_a_lost_reply_gets_its_error(path: Path, nobody: SessionsApi) -> None:
    seen: list[object] = []

    def reads(request: MiddlewareRequest, call_next: CallNext) -> MiddlewareResponse:
        response = call_next(request)
        try:
            seen.append(json.loads(response.read())["id"])
        except Exception as error:
            seen.append(type(error))
            raise
        return response

    with calling(closes, reply()) as c, Cassette(path):
        c.api.get_session("s1")  # repeated by the client
    nobody.api_client.configuration.middleware = [reads]
    with Cassette(path) as cassette:
        cassette.install(nobody.api_client)
        assert nobody.get_session("s1").id == "s1"
    assert seen == [urllib3.exceptions.ProtocolError, "s1"]


def test_a_prompt_whose_reply_is_lost_is_sent_once_where_middleware_reads_it(
    path: Path, nobody: SessionsApi
) -> None:
    def reads(request: MiddlewareRequest, call_next: CallNext) -> MiddlewareResponse:
        response = call_next(request)
        response.read()
        return response

    with calling(closes) as c, Cassette(path):
        lost = outcome(lambda: c.api.create_session("a1", PROMPT))
    nobody.api_client.configuration.middleware = [reads]
    with Cassette(path) as cassette:
        cassette.install(nobody.api_client)
        replayed = outcome(lambda: nobody.create_session("a1", PROMPT))

    assert (len(c.server.requests), lost[0], lost[2]) == (1, ApiConnectionError, True)
    assert replayed[:3] == lost[:3]


def test_a_call_that_its_program_gives_up_is_not_kept(path: Path) -> None:
    with (
        calling(reply()) as c,
        client_of(c.server.host, max_response_size=9) as small,
        Cassette(path) as cassette,
    ):
        with pytest.raises(ApiException, match="max_response_size"):
            SessionsApi(small).get_session("s1")
        c.api.get_session("s1")

    assert [exchange.status for exchange in cassette.exchanges] == [200]


def test_a_silent_server_is_silent_again_without_the_wait(path: Path, nobody: SessionsApi) -> None:
    with calling(late(reply())) as c, Cassette(path):
        late_once = outcome(lambda: c.api.create_session("a1", PROMPT, _request_timeout=(5, 0.1)))
    assert late_once[:3] == (ApiTimeoutError, 0, True)

    with Cassette(path):
        began = time.monotonic()
        assert outcome(lambda: nobody.create_session("a1", PROMPT))[:3] == (ApiTimeoutError, 0, True)
    assert time.monotonic() - began < 60


def test_a_host_that_was_not_there_is_not_there_again(path: Path, nobody: SessionsApi) -> None:
    with Cassette(path), client_of("http://127.0.0.1:1", retries=False) as client:
        absent = outcome(lambda: SessionsApi(client).create_session("a1", PROMPT))
    assert absent[:4] == (ApiConnectionError, 0, False, True)

    nobody.api_client.configuration.retries = 0
    with Cassette(path):
        assert outcome(lambda: nobody.create_session("a1", PROMPT)) == absent


def test_a_limit_is_honoured_again(path: Path, nobody: SessionsApi) -> None:
    slow = reply({"detail": "slow down"}, 429, Retry_After="30")
    with calling(slow, reply(), slow, slow, slow) as c, Cassette(path):
        c.api.create_session("a1", PROMPT)
        outcome(lambda: c.api.update_session("s1", PROMPT))

    with Cassette(path) as cassette:
        cassette.install(nobody.api_client)
        began = time.monotonic()
        assert nobody.create_session("a1", PROMPT).id == "s1"
        with pytest.raises(TooManyRequestsException) as limited:
            nobody.update_session("s1", PROMPT)
    assert limited.value.retry_after == 30
    assert time.monotonic() - began < 30


def test_a_stream_that_was_cut_is_cut_again(path: Path, nobody: SessionsApi) -> None:
    event = json.dumps({**SESSION, "status": "Running"}).encode()
    head = b"HTTP/1.1 200 OK\r\nContent-Type: application/x-ndjson\r\nTransfer-Encoding: chunked\r\n\r\n"

    def cut(connection: Connection, request: Received) -> bool:
        connection.send(head + chunk(event + b"\n"))
        return False

    def read(api: SessionsApi) -> tuple[int, int]:
        with api.subscribe_to_session_stream("s1") as events, pytest.raises(ApiStreamError) as broken:
            list(events)
        return broken.value.events, events.events

    with calling(cut) as c, Cassette(path):
        recorded = read(c.api)
    with Cassette(path):
        assert read(nobody) == recorded == (1, 1)


def test_a_stream_that_was_left_is_kept_as_far_as_it_came(
    portal: PortalServer, path: Path, nobody: SessionsApi
) -> None:
    portal.agent("a1").never_replies()
    api = portal.api(SessionsApi)
    session_id = api.create_async_session("a1", "Hello").session_id
    with Cassette(path), api.subscribe_to_session_stream(session_id) as events:
        first = next(events)
    with Cassette(path), nobody.subscribe_to_session_stream(session_id) as events:
        assert next(events) == first


def test_a_stream_that_is_still_open_is_kept_as_far_as_it_came(
    portal: PortalServer, path: Path, nobody: SessionsApi
) -> None:
    portal.agent("a1").never_replies()
    api = portal.api(SessionsApi)
    session_id = api.create_async_session("a1", "Hello").session_id
    with ExitStack() as stack, Cassette(path):
        first = next(stack.enter_context(api.subscribe_to_session_stream(session_id)))
    with Cassette(path), nobody.subscribe_to_session_stream(session_id) as events:
        assert next(events) == first


def test_a_call_that_is_under_way_at_the_end_is_not_kept(
    portal: PortalServer, path: Path, nobody: SessionsApi
) -> None:
    begun, over = Event(), Event()

    def agent(*prompt: object) -> str:
        begun.set()
        assert over.wait(10)
        return "It grew."

    portal.agent("a1").runs(lambda conversation, files: agent())
    api = portal.api(SessionsApi)
    with ThreadPoolExecutor(1) as threads:
        with Cassette(path) as cassette:
            api.get_sessions("echo")
            late = threads.submit(api.create_session, "a1", "Hello")
            assert begun.wait(10)
        over.set()
        assert late.result(10).messages[-1].text == "It grew."

    with Cassette(path) as cassette:
        assert nobody.get_sessions("echo").sessions == []
    assert len(cassette.exchanges) == 1


def test_bodies_of_any_kind(path: Path, nobody: SessionsApi) -> None:
    bodies = [b"\x00\xff\x80", "Grüße\r\n".encode(), b"[1e999, NaN]", b"", b'{"a": 1.0, "b": "\\ud83d"}']
    answers = [reply(body, Content_Type="application/json") for body in bodies]

    def read(api: SessionsApi) -> list[bytes]:
        return [api.get_session_without_preload_content(f"s{number}").read() for number in range(len(bodies))]

    with calling(*answers) as c, Cassette(path):
        assert read(c.api) == bodies
    with Cassette(path):
        replayed = read(nobody)
    assert replayed[:4] == bodies[:4]
    assert json.loads(replayed[4]) == json.loads(bodies[4])


def test_a_form_in_the_other_encoding(path: Path, nobody: SessionsApi) -> None:
    options: Any = {"_content_type": "application/x-www-form-urlencoded"}
    with calling(reply()) as c, Cassette(path):
        c.api.create_session("a1", "a & b", **options)
    assert json.loads(path.read_text("utf-8"))["exchanges"][0]["request"]["form"] == {
        "agent_id": "a1",
        "text_prompt": "a & b",
    }

    with Cassette(path):
        assert nobody.create_session("a1", "a & b", **options).id == "s1"


# ── secrets ──


@pytest.mark.fault("Secrets", "A cassette holds no token, no cookie and no password")
def test_no_secret_is_in_the_file(path: Path, tmp_path: Path) -> None:
    token, cookie, key = "tok-3n-Very-Secret", "cookie-Very-Secret", "query-key-Very-Secret"
    header = "header-Very-Secret"
    echoed = {
        **SESSION,
        "user_id": f"Bearer {token}",
        "thread_id": base64.b64encode(f"user:{token}".encode()).decode(),
        "agent_id": f"https://x/?k={key}&c={cookie}&h={header}",
    }
    answer = reply(echoed, Set_Cookie=f"session={cookie}", X_Token=token, Location=f"/?t={token}")
    with calling(answer, access_token=token, hooks=[]) as c:
        c.client.cookie = f"session={cookie}"
        with Cassette(path) as cassette:
            c.api.create_session("a1", f"My token is {token}")
            c.api.get_session("s1", _headers={"X-Api-Key": header})
            auth = {"in": "query", "key": "k", "value": key}
            c.api.get_session("s2", _request_auth=auth)
        cassette.to_har(tmp_path / "archive.har")
        with Cassette(path) as replayed:
            c.api.create_session("a1", f"My token is {token}")
            c.api.get_session("s1")
            c.api.get_session("s2")
            assert len(c.server.requests) == 3
        replayed.to_har(tmp_path / "again.har")

    for file in (path, tmp_path / "archive.har", tmp_path / "again.har"):
        text = file.read_text("utf-8")
        for secret in (token, cookie, key, header, base64.b64encode(f"user:{token}".encode()).decode()):
            assert secret not in text, file.name
        assert "cookie" not in text.lower().replace('"cookies": []', "")
        assert "authorization" not in text.lower()
    assert "My token is ***" in path.read_text("utf-8")


@pytest.mark.parametrize("before", range(3))
def test_a_secret_in_a_body_of_bytes_is_masked_before_it_is_base64(
    before: int, path: Path, nobody: SessionsApi, tmp_path: Path
) -> None:
    token = b"tok-3n-Very-Secret"
    body = b"\xff" * before + token + b"\xfe\xff"
    with calling(reply(body), access_token=token.decode()) as c, Cassette(path) as cassette:
        assert c.api.get_session_without_preload_content("s1").read() == body
    cassette.to_har(tmp_path / "a.har")

    with Cassette(path):
        masked = nobody.get_session_without_preload_content("s1").read()
    har = json.loads((tmp_path / "a.har").read_text("utf-8"))
    text = har["log"]["entries"][0]["response"]["content"]["text"]
    assert masked == base64.b64decode(text, validate=True) == body.replace(token, b"***")


@pytest.mark.fault("Secrets", "A cassette holds no token, no cookie and no password")
@pytest.mark.parametrize("to", ["/s2", "http://127.0.0.1:{}/s2"])
def test_the_signature_of_a_url_is_not_in_the_file(
    to: str, path: Path, nobody: SessionsApi, tmp_path: Path
) -> None:
    query = "X-Amz-Expires=60&X-Amz-Signature=aB3%2Fsigned-b7"
    with playing(reply()) as elsewhere:
        to = f"{to.format(elsewhere.port)}?{query}"
        with calling(reply({}, status=302, Location=to), reply()) as c, Cassette(path) as cassette:
            session = c.api.get_session("s1")
    cassette.to_har(tmp_path / "a.har")

    entry = json.loads((tmp_path / "a.har").read_text("utf-8"))["log"]["entries"][0]
    assert entry["response"]["redirectURL"].endswith("/s2?X-Amz-Expires=60&X-Amz-Signature=***")
    assert "signed-b7" not in path.read_text("utf-8") + (tmp_path / "a.har").read_text("utf-8")
    with Cassette(path):
        assert nobody.get_session("s1") == session


@pytest.mark.fault("Secrets", "A cassette holds no token, no cookie and no password")
@pytest.mark.parametrize(
    "name", ["api_key", "accessToken", "apiKey", "APIKey", "APIkey", "clientSecret", "X-Api-Key"]
)
def test_a_credential_in_the_query_of_a_call_is_not_in_the_file(
    path: Path, nobody: SessionsApi, name: str
) -> None:
    others = {"keyword": "grew", "keywordList": "shrank", "sessionId": "s0", "monkey": "no key"}

    def call(api: SessionsApi) -> object:
        return api.create_session_from_replay("s1", 0, _query={name: "Very-Secret", **others})

    with calling(reply()) as c, Cassette(path) as cassette:
        call(c.api)
    with Cassette(path) as cassette:
        call(nobody)

    assert "Very-Secret" not in path.read_text("utf-8")
    expected = {"session_id": "s1", "last_message_index": "0", name: "***", **others}
    assert cassette.exchanges[0].call.query == expected


def test_a_token_is_fetched_to_record_and_never_to_replay(candela: CandelaServer, path: Path) -> None:
    def client(url: str) -> SyncApiClient:
        token = OAuth2Password(f"{url}/oauth2/v1/token", *list(candela._credentials.values())[1:])
        return SyncApiClient(CandelaConfiguration(url, access_token=token))

    with Cassette(path), client(candela.host) as recording:
        CandelaSessionsApi(recording).list_sessions()
    assert [call.operation for call in candela.calls] == ["fetch_token", "list_sessions"]
    with Cassette(path), client("http://127.0.0.1:1") as replaying:
        assert CandelaSessionsApi(replaying).list_sessions() == []
        source: Any = replaying.configuration.access_token
        assert source() == "replayed"

    assert len(candela.calls) == 2
    assert all(value not in path.read_text("utf-8") for value in candela._credentials.values())


# ── HAR ──


def test_a_har_file(portal: PortalServer, path: Path, tmp_path: Path) -> None:
    api = portal.api(SessionsApi)
    with Cassette(path) as cassette:
        session = api.create_session("echo", "Hello & good-bye", [("a.csv", b"1,2")])
        api.create_session_from_replay(session.id, 0)
        with pytest.raises(NotFoundException):
            api.get_session("none")
    cassette.to_har(tmp_path / "a.har", "https://portal.example/")
    log = json.loads((tmp_path / "a.har").read_text("utf-8"))["log"]

    assert (log["version"], log["creator"]["name"]) == ("1.2", "portal-client")
    create, replay, missing = log["entries"]
    assert create["request"]["url"] == "https://portal.example/sessions"
    assert [p["name"] for p in create["request"]["postData"]["params"]] == [
        "agent_id", "text_prompt", "files",
    ]  # fmt: skip
    assert json.loads(create["response"]["content"]["text"])["id"] == session.id
    assert replay["request"]["url"] == (
        f"https://portal.example/sessions/replay?session_id={session.id}&last_message_index=0"
    )
    assert "postData" not in replay["request"]
    assert (missing["response"]["status"], missing["comment"]) == (404, "get_session")
    for entry in log["entries"]:
        assert {"startedDateTime", "time", "request", "response", "cache", "timings"} <= set(entry)


def test_a_json_body_in_a_har_file(portal: PortalServer, path: Path, tmp_path: Path) -> None:
    with Cassette(path) as cassette:
        portal.api(BusinessApi).create_business(CreateBusinessRequest(name="Bäcker", description="Bread"))
    cassette.to_har(tmp_path / "a.har")
    (entry,) = json.loads((tmp_path / "a.har").read_text("utf-8"))["log"]["entries"]

    assert entry["request"]["postData"] == {
        "mimeType": "application/json",
        "text": '{"name": "Bäcker", "description": "Bread"}',
    }


# ── places ──


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("test_x", r"cassettes/test_a/test_x\.json"),
        ("TestIt.test_x[1-a]", r"cassettes/test_a/TestIt\.test_x\[1-a\]\.json"),
        ("test_x[a/b c]", r"cassettes/test_a/test_x\[a-b-c\]-[0-9a-f]{8}\.json"),
        (f"test_{'x' * 300}", rf"cassettes/test_a/test_{'x' * 115}-[0-9a-f]{{8}}\.json"),
    ],
)
def test_the_cassette_of_a_test(name: str, expected: str, tmp_path: Path) -> None:
    import re

    found = path_for(name, tmp_path / "test_a.py", "cassettes").relative_to(tmp_path)

    assert re.fullmatch(expected, found.as_posix())


def test_urllib3_itself_is_left_alone(path: Path, portal: PortalServer) -> None:
    with Cassette(path, strict=False):
        assert urllib3.request("GET", f"{portal.host}/agents", retries=False).status == 401
    assert TOKEN not in path.read_text("utf-8")
    assert portal_testing.Cassette is Cassette
    assert ApiClient(Configuration()).configuration.middleware == []
