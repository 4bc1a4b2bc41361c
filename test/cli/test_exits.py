"""Exit codes: what a command ends with, by what its call met."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from pydantic import TypeAdapter, ValidationError

from cli.conftest import Ended
from portal_client.cli.exits import Exit, exit_code
from portal_client.exceptions import (
    ApiConnectionError,
    ApiException,
    ApiStreamError,
    ApiValueError,
    AuthenticationError,
    NotFoundException,
    ServiceException,
    SessionFailed,
    TooManyRequestsException,
    WaitTimeout,
)
from support.clients import closes, resets
from support.scripted import Answer, playing, reply

Portal = Callable[..., Ended]

READ = ("sessions", "get", "s1")
PROMPT = ("sessions", "create", "--agent-id", "a1", "--text-prompt", "Hello")
STOP = ("candela", "sessions", "stop")  # a GET that must not be repeated


def invalid() -> ValidationError:
    with pytest.raises(ValidationError) as caught:
        TypeAdapter(int).validate_python("x")
    return caught.value


def caused(error: ApiException, cause: ApiException) -> ApiException:
    error.__cause__ = cause
    return error


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (KeyboardInterrupt(), Exit.INTERRUPTED),
        (BrokenPipeError(), Exit.PIPE_CLOSED),
        (SessionFailed(200, "failed"), Exit.AGENT_FAILED),
        (WaitTimeout(reason="over"), Exit.WAIT_OVER),
        (ApiValueError("wrong"), Exit.USAGE),
        (invalid(), Exit.USAGE),
        (FileNotFoundError(2, "No such file", "x"), Exit.USAGE),
        (ImportError("no rich"), Exit.USAGE),
        (NotFoundException(404), Exit.REFUSED),
        (TooManyRequestsException(429), Exit.REFUSED),
        (ServiceException(503), Exit.UNREACHABLE),
        (ApiConnectionError(reason="refused", request_sent=False), Exit.UNREACHABLE),
        (AuthenticationError(reason="PORTAL_TOKEN is missing", request_sent=False), Exit.USAGE),
        (AuthenticationError(401, "no token", request_sent=False), Exit.REFUSED),
        (AuthenticationError(503, "no token", request_sent=False), Exit.UNREACHABLE),
        (
            caused(
                AuthenticationError(reason="no token", request_sent=False), ApiConnectionError(reason="down")
            ),
            Exit.UNREACHABLE,
        ),
        (ZeroDivisionError(), Exit.FAULT),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, BaseException) else str(int(value)),
)
def test_the_code_of_an_exception(error: BaseException, code: Exit) -> None:
    assert exit_code(error, lambda error: False) == code


@pytest.mark.parametrize(
    "error", [ApiConnectionError(reason="cut"), ServiceException(500), ApiStreamError(reason="cut")]
)
def test_what_may_have_had_an_effect_is_in_doubt(error: ApiException) -> None:
    assert exit_code(error, lambda error: True) == Exit.IN_DOUBT


def test_the_codes_are_those_that_scripts_rely_on() -> None:
    assert [int(code) for code in Exit] == [0, 1, 2, 3, 4, 5, 70, 124, 130, 141]


@pytest.mark.parametrize(
    ("words", "answer", "code", "requests"),
    [
        (READ, reply({"detail": "Not found"}, 404), 3, 1),
        (PROMPT, reply({"detail": "Not found"}, 404), 3, 1),
        (READ, reply({"detail": "Failed"}, 500), 4, 1),
        (PROMPT, reply({"detail": "Failed"}, 500), 5, 1),
        (READ, reply({"unexpected": 1}), 4, 1),
        (PROMPT, reply({"unexpected": 1}), 5, 1),
        (PROMPT, closes, 5, 1),
        (PROMPT, resets, 5, 1),
        (PROMPT, reply({"detail": "Too late"}, 408), 5, 1),
        (STOP, closes, 5, 1),
        (STOP, reply({"detail": "No"}, 500), 5, 1),
        (STOP, reply({"detail": "No"}, 409), 3, 1),
    ],
)
def test_a_call_ends_in_its_code(
    words: tuple[str, ...], answer: Answer, code: int, requests: int, portal: Portal
) -> None:
    with playing(answer) as server:
        ended = portal(*words, host=server.host)

    assert (ended.code, ended.out, len(server.requests)) == (code, "", requests)
    assert ended.err.startswith("portal: ")
    assert "Traceback" not in ended.err


def test_a_service_that_is_not_there(portal: Portal) -> None:
    assert portal(*PROMPT).code == portal(*READ).code == 4


def test_a_fault_of_the_program_names_itself(portal: Portal, monkeypatch: pytest.MonkeyPatch) -> None:
    from portal_client.cli.output import Output

    monkeypatch.setattr(Output, "data", lambda *_: 1 / 0)
    with playing(reply({"agents": []})) as server:
        ended = portal("agents", "list", host=server.host)
        shown = portal("agents", "list", "--debug", host=server.host)

    assert ended.code == shown.code == 70
    advice = "This is a fault of portal-client; --debug shows where."
    assert ended.err == f"portal: ZeroDivisionError: division by zero\n  {advice}\n"
    assert "Traceback" in shown.err


def test_a_fault_outside_of_a_command_names_itself(portal: Portal, monkeypatch: pytest.MonkeyPatch) -> None:
    from portal_client.cli import root

    monkeypatch.setattr(root, "tree", lambda: 1 / 0)
    ended = portal("agents", "list")

    assert (ended.code, ended.out) == (70, "")
    assert ended.err == f"portal: ZeroDivisionError: division by zero\n  {root.FAULT}\n"
    with pytest.raises(ZeroDivisionError):
        portal("agents", "list", "--debug")


@pytest.mark.parametrize(
    ("words", "doctor"), [(["agents"], "portal doctor"), (["candela", "models"], "portal candela doctor")]
)
def test_the_doctor_of_the_service_is_named(
    words: list[str], doctor: str, portal: Portal, monkeypatch: pytest.MonkeyPatch
) -> None:
    with playing(reply({"detail": "No"}, 401)) as server:
        refused = portal(*words, "list", host=server.host)
    unreached = portal(*words, "list", "--host", server.host)
    monkeypatch.setenv("PORTAL_TOKEN", "one\ntwo")
    unusable = portal("agents", "list")

    assert (refused.code, unreached.code, unusable.code) == (3, 4, 2)
    assert unusable.err.endswith("  `portal doctor` looks at the token.\n")
    assert refused.err.endswith(f"  `{doctor}` looks at the token.\n")
    assert unreached.err.endswith(f"  `{doctor} --host {server.host}` looks for the reason.\n")


@pytest.mark.fault("Sent once", "Output that cannot be written is no reason to send a prompt again")
def test_output_that_cannot_be_written(portal: Portal, monkeypatch: pytest.MonkeyPatch) -> None:
    from portal_client.cli.output import Output

    monkeypatch.setattr(Output, "data", lambda *_: exec("raise OSError(28, 'No space left', 'x')"))
    with playing(reply()) as server:
        prompt, read = portal(*PROMPT, host=server.host), portal(*READ, host=server.host)

    assert (prompt.code, read.code) == (5, 2)
    assert prompt.err.startswith("portal: x: No space left\n")


def test_the_codes_are_in_the_guide() -> None:
    guide = (Path(__file__).parents[2] / "docs/guides/shell.md").read_text("utf-8")

    for code in Exit:
        assert f"| `{int(code)}` |" in guide
