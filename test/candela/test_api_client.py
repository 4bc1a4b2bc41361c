"""The client: timeouts, calls in threads, the original's forms of a response, headers and life cycle."""

from __future__ import annotations

import copy
import gc
import math
import multiprocessing
import os
import pickle
import subprocess
import sys
import threading
import warnings
import weakref
from pathlib import Path
from typing import Any

import pydantic
import pytest
import urllib3

import finbourne_candela
from candela.calls import METADATA, SESSION, START, calling
from finbourne_candela import (
    ApiException,
    ApiResponse,
    ApiTimeoutError,
    ApiTypeError,
    ApiValueError,
    AuthenticationError,
    Configuration,
    ConfigurationOptions,
    EnvToken,
    NotFoundException,
    ObjectMetadata,
    Session,
    SessionsApi,
    SyncApiClient,
)
from finbourne_candela.configuration import Timeouts
from portal_client import ApiClient
from portal_client.timeouts import Timeouts as Limits
from support.clients import closes, late
from support.scripted import Connection, Received, playing, reply

OPERATION = SessionsApi.get_session.operation  # type: ignore[attr-defined]
ROOT = Path(finbourne_candela.__file__).parents[1]


def prepared(configuration: Configuration | None = None, **options: Any) -> Any:
    client = SyncApiClient(configuration or Configuration("http://localhost"))
    return client.prepare_request(OPERATION.request(("s", "i"), options))


# ── limits ──

DEFAULT = Limits(connect=10, read=math.inf, total=1800)
OPTS = ConfigurationOptions


@pytest.mark.parametrize(
    ("options", "limits"),
    [
        ({}, DEFAULT),
        ({"_request_timeout": None}, DEFAULT),
        ({"_request_timeout": 5}, DEFAULT._replace(total=5)),
        ({"_request_timeout": 0.5}, DEFAULT._replace(total=0.5)),
        ({"_request_timeout": math.inf}, DEFAULT._replace(total=math.inf)),
        ({"_request_timeout": (3, 4)}, Limits(3, 4, 1800)),
        ({"_request_timeout": (3, math.inf)}, Limits(3, math.inf, 1800)),
        ({"_request_timeout": urllib3.Timeout(3)}, Limits(10, math.inf, 3)),
        ({"_request_timeout": urllib3.Timeout(connect=3)}, Limits(3, math.inf, 1800)),
        ({"_request_timeout": urllib3.Timeout(read=4)}, Limits(10, 4, 1800)),
        ({"_request_timeout": urllib3.Timeout(connect=3, read=4, total=5)}, Limits(3, 4, 5)),
        ({"opts": None}, DEFAULT),
        ({"opts": OPTS()}, DEFAULT),
        ({"opts": OPTS(total_timeout_ms=30_000)}, DEFAULT._replace(total=30)),
        ({"opts": OPTS(connect_timeout_ms=1500)}, DEFAULT._replace(connect=1.5)),
        ({"opts": OPTS(read_timeout_ms=1)}, DEFAULT._replace(read=0.001)),
        ({"opts": OPTS(total_timeout_ms=0)}, DEFAULT._replace(total=math.inf)),
        ({"opts": OPTS(0, 0, 0)}, Limits()),
        ({"opts": OPTS(total_timeout_ms=2000), "_request_timeout": (3, 4)}, Limits(3, 4, 2)),
        ({"opts": OPTS(total_timeout_ms=2000), "_request_timeout": 5}, DEFAULT._replace(total=2)),
        ({"opts": OPTS(total_timeout_ms=0), "_request_timeout": 5}, DEFAULT._replace(total=math.inf)),
        ({"opts": OPTS(read_timeout_ms=2000), "_request_timeout": (3, 4)}, Limits(3, 2, 1800)),
    ],
)
def test_each_limit_is_that_of_who_is_nearest(options: dict[str, Any], limits: Limits) -> None:
    assert prepared(**options).timeouts == limits


def test_the_configuration_beats_the_default() -> None:
    configuration = Configuration("http://x", timeouts=Timeouts(0, 1000, 2000))

    assert prepared(configuration).timeouts == Limits(1, 2, math.inf)
    assert prepared(configuration, _request_timeout=5).timeouts == Limits(1, 2, 5)
    assert prepared(configuration, opts=OPTS(connect_timeout_ms=0)).timeouts == Limits(math.inf, 2, math.inf)
    configuration.timeouts.read_timeout_ms = 0
    assert prepared(configuration).timeouts == Limits(1, math.inf, math.inf)


@pytest.mark.parametrize(("opts", "retries"), [(OPTS(), 3), (OPTS(rate_limit_retries=0), 0), (None, 3)])
def test_refusals_are_counted_by_call(opts: Any, retries: int) -> None:
    configuration = Configuration("http://x", rate_limit_retries=3)

    assert prepared(configuration, opts=opts).rate_limit_retries == retries
    assert configuration.rate_limit_retries == 3


def test_a_call_gives_up_when_its_options_say_so() -> None:
    with calling(late(reply(SESSION))) as c:
        with pytest.raises(ApiTimeoutError, match=r"0\.1 s for the call are over"):
            c.api.get_session("s", "i", opts=OPTS(total_timeout_ms=100), _request_timeout=60)
        with pytest.raises(ApiTimeoutError):
            c.api.get_session("s", "i", opts=OPTS(read_timeout_ms=100))
        assert len(c.server.requests) == 2


def test_a_call_is_refused_as_often_as_its_options_say() -> None:
    with calling(reply({}, status=429, Retry_After="3")) as c:
        for opts, sent in ((OPTS(rate_limit_retries=0), 1), (OPTS(rate_limit_retries=4), 5), (OPTS(), 3)):
            with pytest.raises(ApiException):
                c.api.start_session(START, opts=opts)  # type: ignore[arg-type]
            assert len(c.server.requests) == sent
            c.server.requests.clear()


def test_options_are_checked_when_they_are_set() -> None:
    opts = ConfigurationOptions()
    opts.total_timeout_ms = 30_000
    for wrong in (True, 1.5, "1"):
        with pytest.raises(TypeError, match="total_timeout_ms"):
            opts.total_timeout_ms = wrong  # type: ignore[assignment]
    with pytest.raises(ValueError, match="rate_limit_retries"):
        ConfigurationOptions(rate_limit_retries=-1)
    with pytest.raises(AttributeError):
        opts.total_timeout = 5  # type: ignore[attr-defined]

    assert opts == ConfigurationOptions(30_000)


# ── calls in threads ──


def test_a_call_in_a_thread() -> None:
    with calling(reply(SESSION), reply([METADATA]), reply(SESSION)) as c:
        first = c.api.get_session("s", "i", async_req=True)  # type: ignore[call-arg]
        first.wait(5)
        assert first.ready()
        assert first.successful()
        assert first.get(5) == first.get() == Session.from_dict(SESSION)
        second = c.api.list_sessions_with_http_info(async_req=True)  # type: ignore[call-arg]
        answer = second.get(timeout=5)
        raw = c.api.get_session_without_preload_content("s", "i", async_req=True).get(5)  # type: ignore[call-arg]
        assert b"host_id" in raw.data

    assert isinstance(answer, ApiResponse)
    assert answer.data == [ObjectMetadata.from_dict(METADATA)]
    assert len(c.server.requests) == 3


def test_a_call_in_a_thread_that_fails() -> None:
    with calling(reply({}, status=404)) as c:
        result = c.api.get_session("s", "i", async_req=True)  # type: ignore[call-arg]
        with pytest.raises(NotFoundException):
            result.get(5)
        assert not result.successful()
        with pytest.raises(pydantic.ValidationError):
            c.api.get_session("s", async_req=True)  # type: ignore[call-arg]


def test_a_result_that_is_not_there_yet() -> None:
    go_on = threading.Event()

    def waits(connection: Connection, request: Received) -> None:
        go_on.wait(10)
        connection.send(reply(SESSION))

    with calling(waits) as c:
        result = c.api.get_session("s", "i", async_req=True)  # type: ignore[call-arg]
        assert not result.ready()
        with pytest.raises(multiprocessing.TimeoutError):
            result.get(0.01)
        with pytest.raises(ValueError, match="not ready"):
            result.successful()
        go_on.set()
        assert result.get(10).host_id == "h1"


def test_so_many_threads_as_are_asked_for() -> None:
    together = threading.Barrier(3, timeout=10)

    def meets(connection: Connection, request: Received) -> None:
        together.wait()
        connection.send(reply(SESSION))

    with calling(meets, pool_threads=3) as c:
        results = [c.api.get_session("s", "i", async_req=True) for _ in range(3)]  # type: ignore[call-arg]
        assert {result.get(10).host_id for result in results} == {"h1"}


def test_leaving_waits_for_what_runs() -> None:
    with calling(reply(SESSION), pool_threads=1) as c:
        results = [c.api.get_session("s", "i", async_req=True) for _ in range(5)]  # type: ignore[call-arg]

    assert all(result.ready() for result in results)
    assert len(c.server.requests) == 5


def test_after_closing_a_call_starts_threads_anew() -> None:
    with calling(reply(SESSION)) as c:
        for _ in range(2):
            assert c.api.get_session("s", "i", async_req=True).get(5).host_id == "h1"  # type: ignore[call-arg]
            c.client.close()
            c.client.close()


def test_a_derived_client_leaves_the_threads_alone() -> None:
    with calling(reply(SESSION)) as c:
        assert c.api.get_session("s", "i", async_req=True).get(5).host_id == "h1"  # type: ignore[call-arg]
        with c.client.with_options(timeout=5) as derived:
            assert SessionsApi(derived).get_session("s", "i", async_req=True).get(5).host_id == "h1"  # type: ignore
        running = {thread.name for thread in threading.enumerate()}
        assert c.api.get_session("s", "i", async_req=True).get(5).host_id == "h1"  # type: ignore[call-arg]
        assert {thread.name for thread in threading.enumerate()} == running


def test_no_threads_before_the_first_call_and_none_after_the_last_reference() -> None:
    before = threading.active_count()
    with playing(reply(SESSION)) as server:
        client = SyncApiClient(Configuration(server.host))
        SessionsApi(client).get_session("s", "i")
        assert threading.active_count() <= before + 3  # the server's
        served = threading.active_count()
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            assert SessionsApi(client).get_session("s", "i", async_req=True).get(5)  # type: ignore[call-arg]
            assert threading.active_count() > served
            client.rest_client.close()
            del client
            gc.collect()
        assert threading.active_count() <= served + 1


def test_a_call_that_outlives_its_client() -> None:
    go_on = threading.Event()

    def waits(connection: Connection, request: Received) -> None:
        go_on.wait(10)
        connection.send(reply(SESSION))

    with playing(waits) as server:
        api = SessionsApi(SyncApiClient(Configuration(server.host)))
        client, result = weakref.ref(api.api_client), api.get_session("s", "i", async_req=True)  # type: ignore
        del api
        go_on.set()
        assert result.get(10).host_id == "h1"
        for thread in threading.enumerate():
            if thread.name.startswith("Thread-") and "worker" in thread.name:
                thread.join(10)
        gc.collect()
        assert client() is None


@pytest.mark.fault("Life cycle", "After a fork parent and child both call, over connections of their own")
@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
@pytest.mark.filterwarnings("ignore:This process")  # Python 3.12 warns of threads at a fork
def test_threads_after_a_fork() -> None:
    with calling(reply(SESSION)) as c:
        assert c.api.get_session("s", "i", async_req=True).get(5)  # type: ignore[call-arg]
        child = os.fork()
        if child == 0:  # pragma: no cover
            status = 1
            try:
                status = int(c.api.get_session("s", "i", async_req=True).get(5).host_id != "h1")  # type: ignore
            finally:
                os._exit(status)
        assert os.waitpid(child, 0)[1] == 0


def test_the_end_of_a_program_waits_for_what_runs() -> None:
    with playing(late(reply(b"", status=204), 0.3)) as server:
        script = (
            f"import atexit, sys; sys.path.insert(0, {str(ROOT)!r})\n"
            "atexit.register(lambda: print(result.ready()))\n"
            "from finbourne_candela import Configuration, SessionsApi, SyncApiClient\n"
            f"api = SessionsApi(SyncApiClient(Configuration({server.host!r})))\n"
            "result = api.stop_session(async_req=True)\n"
        )
        done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60)

    assert (done.returncode, done.stdout, done.stderr) == (0, "True\n", "")
    assert len(server.requests) == 1


@pytest.mark.parametrize("wrong", [0, -1, True, 1.5, "2", None])
def test_the_number_of_threads_is_checked(wrong: Any) -> None:
    with pytest.raises(ApiValueError, match="pool_threads"):
        SyncApiClient(Configuration("http://x"), pool_threads=wrong)


# ── the original's forms of a response ──


def test_a_response_undecoded() -> None:
    with calling(reply(b"not json")) as c:
        answer = c.api.get_session_with_http_info("s", "i", _preload_content=False)  # type: ignore[call-arg]

    assert (answer.status_code, answer.data, answer.raw_data) == (200, None, b"not json")
    assert answer.headers is not None
    assert answer.headers["content-LENGTH"] == "8"


@pytest.mark.parametrize("named", [{"x_request_id": "theirs"}, {}])
@pytest.mark.parametrize("options", [{}, {"_preload_content": False}])
def test_a_response_has_its_request_id(options: dict[str, Any], named: dict[str, str]) -> None:
    with calling(reply(SESSION, **named)) as c:
        answer = c.api.get_session_with_http_info("s", "i", **options)

    assert answer.request_id == ("theirs" if named else c.server.requests[0].headers["X-Request-ID"])
    assert pickle.loads(pickle.dumps(answer)).headers == answer.headers


def test_an_error_undecoded_is_an_error() -> None:
    with calling(reply({}, status=404)) as c, pytest.raises(NotFoundException):
        c.api.get_session_with_http_info("s", "i", _preload_content=False)  # type: ignore[call-arg]


@pytest.mark.parametrize(
    ("options", "kind"),
    [
        ({"_return_http_data_only": True}, Session),
        ({"_return_http_data_only": True, "_preload_content": False}, Session),
        ({"_return_http_data_only": False}, ApiResponse),
        ({"_return_http_data_only": None, "_preload_content": None}, ApiResponse),
        ({"_preload_content": True}, ApiResponse),
    ],
)
@pytest.mark.parametrize("in_thread", [False, True])
def test_the_form_of_a_response(options: dict[str, Any], kind: type, in_thread: bool) -> None:
    with calling(reply(SESSION)) as c:
        answer = c.api.get_session_with_http_info("s", "i", async_req=in_thread, **options)  # type: ignore
        answer = answer.get(5) if in_thread else answer
        assert isinstance(answer, kind)
        assert getattr(answer, "data", answer) == Session.from_dict(SESSION)


@pytest.mark.parametrize("value", [True, False, None])
def test_the_plain_form_always_decodes(value: Any) -> None:
    with calling(reply(SESSION)) as c:
        with pytest.raises(ValueError, match="_preload_content: call get_session_with_http_info with it"):
            c.api.get_session("s", "i", _preload_content=value)  # type: ignore[call-arg]
        assert c.server.requests == []
        assert c.api.get_session("s", "i", _return_http_data_only=value).host_id == "h1"  # type: ignore[call-arg]


@pytest.mark.parametrize("option", ["_preload_content", "_return_http_data_only"])
def test_the_raw_form_decodes_nothing(option: str) -> None:
    with calling(reply(SESSION)) as c, pytest.raises(ApiValueError, match=option):
        c.api.get_session_without_preload_content("s", "i", **{option: True})  # type: ignore[arg-type]

    assert c.server.requests == []


# ── headers, defaults ──


def test_each_call_names_the_sdk() -> None:
    with calling(reply(SESSION)) as c:
        c.api.get_session("s", "i")
        c.api.get_session("s", "i", _headers={"x-lusid-sdk-language": "Other"})

    first, second = c.server.requests
    assert first.headers["X-LUSID-SDK-Language"] == "Python"
    assert first.headers["X-LUSID-SDK-Version"] == finbourne_candela.__version__
    assert second.headers.get_all("X-LUSID-SDK-Language") == ["Other"]


def test_a_first_header_and_a_cookie() -> None:
    with calling(reply(SESSION)) as c:
        own = SyncApiClient(c.client.configuration, "X-LUSID-SDK-Language", "Other", "a=b")
        SessionsApi(own).get_session("s", "i")
        own.close()

    (request,) = c.server.requests
    assert request.headers.get_all("X-LUSID-SDK-Language") == ["Other"]
    assert request.headers["Cookie"] == "a=b"


def test_the_default_client_is_of_its_own() -> None:
    try:
        assert type(SessionsApi().api_client) is SyncApiClient
        assert SessionsApi().api_client is SyncApiClient.get_default()
        assert SyncApiClient.get_default() is not ApiClient.get_default()
        assert type(SyncApiClient.get_default().configuration) is Configuration
        assert SyncApiClient.get_default().configuration.host == "http://localhost"
    finally:
        for client in (SyncApiClient, ApiClient):
            client.set_default(None)
            client.configuration_type.set_default(None)


def test_another_client_is_refused() -> None:
    with ApiClient() as client, pytest.raises(ApiTypeError, match="api_client must be of type SyncApiClient"):
        SessionsApi(client)
    ApiClient.configuration_type.set_default(None)


def test_a_client_in_pickle_and_copy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CANDELA_TOKEN", "t1")
    with calling(reply(SESSION), access_token=EnvToken("CANDELA_TOKEN")) as c:
        c.client.set_default_header("CorrelationId", "c1")
        c.api.get_session("s", "i", async_req=True).get(5)  # type: ignore[call-arg]
        with pickle.loads(pickle.dumps(c.client)) as again:
            assert SessionsApi(again).get_session("s", "i").host_id == "h1"
            assert SessionsApi(again).get_session("s", "i", async_req=True).get(5)  # type: ignore[call-arg]
        assert SessionsApi(copy.copy(c.client)).get_session("s", "i").host_id == "h1"

    assert [r.headers["Authorization"] for r in c.server.requests] == ["Bearer t1"] * 4
    assert [r.headers["CorrelationId"] for r in c.server.requests] == ["c1"] * 4
    assert [r.headers["X-LUSID-SDK-Language"] for r in c.server.requests] == ["Python"] * 4


def test_a_secret_header_is_not_in_pickle() -> None:
    client = SyncApiClient(Configuration("http://x"), "X-Api-Key", "secret-2718281828")

    assert b"secret-2718281828" not in pickle.dumps(client)
    with pytest.raises(AuthenticationError, match="X-Api-Key"):
        SessionsApi(pickle.loads(pickle.dumps(client))).get_session("s", "i")


def test_attempts_are_logged_under_the_packages_name(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO", logger="finbourne_candela")
    with calling(closes, reply(SESSION)) as c:
        c.api.get_session("s", "i")

    assert [r.name for r in caplog.records] == ["finbourne_candela"]
    assert caplog.messages[0].startswith("get_session 200 in ")


def test_names_of_models_are_looked_up_in_the_package() -> None:
    client = SyncApiClient(Configuration("http://x"))

    assert client.deserialize('[{"scope": "s", "identifier": "i"}]', "List[ObjectId]")[0].scope == "s"
    assert isinstance(client.deserialize('{"type": "int"}', "Spec").actual_instance, finbourne_candela.DTOInt)
