"""What a worker executes: one attempt, and the wait for a session, wherever it runs."""

from __future__ import annotations

import json
import pickle
import time
from pathlib import Path
from typing import Any, Optional

import pytest

from batch.conftest import Running
from portal_client import ApiConnectionError, ApiException, EnvToken, SessionsApi, TooManyRequestsException
from portal_client.batch import work
from portal_client.batch.item import inputs_of
from portal_client.batch.outcome import Outcome, outcome_of
from portal_client.batch.work import Attempt, Calls, NotBegun, NotSent, Repeated, submit, wait
from support.clients import TOKEN, calling, client_of, failing, server_tls
from support.portal import BEGINNING, Portal, dropped, refused
from support.scripted import Connection, Received, playing, reply


def attempt(
    files: Any = None, handed_out: float = 0.0, seconds: float = 20.0, claims: bool = False
) -> Attempt:
    inputs, contents = inputs_of("a1", "one", files)
    given = tuple(None if file.path else contents[file.sha256] for file in inputs.files)
    return Attempt("token", inputs, given, handed_out or time.time(), seconds, claims)


def test_an_attempt_starts_a_session_and_tells_the_servers_date(running: Running) -> None:
    started = submit(Calls(running.api), attempt(files=b"abc"))

    assert started.session_id == "s0"
    assert started.date == BEGINNING.timestamp() + 10


@pytest.mark.fault("Batches", "Each attempt of a batch is one request")
@pytest.mark.parametrize("fault", [refused(429, Retry_After="0"), refused(503), refused(500), dropped])
def test_the_client_repeats_nothing_by_itself(running: Running, fault: Any) -> None:
    running.portal.faults["one"] = [fault]
    failing(lambda: submit(Calls(running.api), attempt()))

    assert running.portal.prompts == ["one"]


def test_a_refused_connection_is_not_repeated_either(running: Running) -> None:
    client = running.api.api_client.with_options(host="http://127.0.0.1:9", retries=9)
    error = failing(lambda: submit(Calls(SessionsApi(client)), attempt()))

    assert isinstance(error, ApiConnectionError)
    assert error.call is not None
    assert error.call.attempts == 1


def elsewhere(error: ApiException) -> ApiException:
    """An error as a ProcessPoolExecutor hands it over: the cause is a traceback of the process."""
    again: ApiException = pickle.loads(pickle.dumps(error))
    again.__cause__ = RuntimeError("Traceback (most recent call last): …")
    return again


@pytest.mark.fault("Batches", "A certificate that is not trusted ends the run, in processes too")
def test_an_error_of_a_process_tells_whether_the_next_attempt_may_succeed(running: Running) -> None:
    with playing(reply({}), tls=server_tls()) as server, client_of(server.host) as client:
        untrusted = failing(lambda: submit(Calls(SessionsApi(client)), attempt()))
    away = running.api.api_client.with_options(host="http://127.0.0.1:9")
    unreachable = failing(lambda: submit(Calls(SessionsApi(away)), attempt()))

    assert outcome_of(elsewhere(untrusted)) is Outcome.STOP
    assert outcome_of(elsewhere(unreachable)) is Outcome.UNREACHABLE


def test_what_the_user_said_of_retries_holds_for_the_rest(running: Running) -> None:
    calls = Calls(running.api)

    assert calls.api is running.api
    assert calls.once.api_client.configuration.rate_limit_retries == 0
    assert running.api.api_client.configuration.rate_limit_retries == 2


def test_an_attempt_is_not_begun_too_late(running: Running) -> None:
    with pytest.raises(
        NotBegun, match=r"^the attempt was handed out too long ago, by the clock of the worker$"
    ):
        submit(Calls(running.api), attempt(handed_out=time.time() - 21))

    assert running.portal.paths == []


def test_a_second_run_of_an_attempt_says_so_though_it_is_late(
    running: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    # That it is too late to be begun says nothing of the first run.
    monkeypatch.setattr(work, "claimed", lambda token: False)
    with pytest.raises(Repeated, match=r"^the attempt was begun before, by a worker that was lost$"):
        submit(Calls(running.api), attempt(handed_out=time.time() - 21, claims=True))

    assert running.portal.paths == []


def test_an_attempt_is_over_in_time(running: Running) -> None:
    with calling(lambda connection, request: running.portal and c.server.hang(connection, request)) as c:
        error = failing(lambda: submit(Calls(c.api), attempt(seconds=0.2)))

    assert "the 0.2 s for the call are over" in str(error)


def test_a_missing_file_is_not_sent(running: Running, tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text("abc")
    late = attempt(files=path)
    path.unlink()
    with pytest.raises(NotSent, match="FileNotFoundError"):
        submit(Calls(running.api), late)

    assert running.portal.paths == []


def test_a_wait_ends_with_the_last_state(running: Running) -> None:
    id = running.portal.add("one")
    running.portal.statuses["one"] = ["Running", "Odd", "Flushed"]
    ended = wait(Calls(running.api), id, 20, 0, "token")

    assert ended is not None
    assert (ended.status, ended.final, ended.said) == ("Flushed", True, "Answer to one")


def test_a_wait_ends_in_time_and_when_nobody_waits_any_longer(running: Running) -> None:
    id = running.portal.add("one", status="Running")
    calls = Calls(running.api)
    ended = wait(calls, id, 0.05, 0, "token")
    assert ended is not None
    assert (ended.status, ended.final) == ("Running", False)

    calls.stopped = True
    assert wait(calls, id, 600, 0, "token") is not None


def test_a_reading_that_hangs_is_given_up_and_made_again(
    running: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    def hangs(portal: Portal, connection: Connection, request: Received) -> bool:
        connection.sock.recv(1)  # until the client gives up
        return False

    monkeypatch.setattr(work, "_READ_SECONDS", 0.1)
    running.portal.reading = [hangs]
    ended = wait(Calls(running.api), running.portal.add("one"), 5, 0, "token")

    assert ended is not None
    assert ended.final


@pytest.mark.parametrize(
    ("said", "prompt", "last"),
    [
        ([("assistant", "Welcome"), ("user", "one"), ("assistant", "1"), ("user", "two")], "one", "two"),
        ([("assistant", "Welcome"), ("assistant", "You there?")], None, "You there?"),
        ([], None, ""),
    ],
)
def test_what_a_session_was_asked_and_what_it_said_last(
    running: Running, said: list[tuple[str, str]], prompt: Optional[str], last: str
) -> None:
    messages = [{"role": role, "text": text, "agent": None} for role, text in said]
    id = running.portal.add("one", messages=messages)
    running.portal.reading = [
        lambda portal, connection, request: portal.send(connection, portal.sessions[id])
    ]
    ended = wait(Calls(running.api), id, 20, 0, "token")

    assert ended is not None
    assert (ended.prompt, ended.said) == (prompt, last)
    assert ended.created_at == BEGINNING.timestamp()
    assert [each["text"] for each in json.loads(ended.session)["messages"]] == [text for _, text in said]


def test_a_wait_without_a_reading(running: Running) -> None:
    running.portal.reading = [refused(503)] * 99

    assert wait(Calls(running.api), "s0", 0.05, 0, "token") is None


def test_each_process_restores_the_calls_once(running: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BEARER_TOKEN", TOKEN)
    running.api.api_client.configuration.access_token = EnvToken("BEARER_TOKEN")
    calls = Calls(running.api)
    first, second = (pickle.loads(pickle.dumps(calls)) for _ in range(2))

    assert first is second
    assert TOKEN.encode() not in pickle.dumps(calls)
    assert submit(first, attempt()).session_id == "s0"
    with first.api.api_client:
        pass


def test_a_429_tells_when_to_come_back(running: Running) -> None:
    running.portal.faults["one"] = [refused(429, Retry_After="7")]
    error: ApiException = failing(lambda: submit(Calls(running.api), attempt()))

    assert isinstance(pickle.loads(pickle.dumps(error)), TooManyRequestsException)
    assert error.retry_after == 7
