"""Every operation as a command: what the server receives, and what is printed."""

from __future__ import annotations

import json
import re
import ssl
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import pytest

from cli.commands import COMMANDS, TOKEN, Command, arguments, response
from cli.conftest import Ended
from portal_client.cli.exits import Exit
from portal_client.cli.failures import described
from portal_client.exceptions import ApiConnectionError
from portal_client.transport.tls import explained
from support.scripted import Received, chunk, content, playing, reply

Portal = Callable[..., Ended]


def check_request(command: Command, request: Received, sent: dict[str, Any]) -> None:
    """Compare a request with the declaration and with what was given."""
    operation = command.operation
    target = urlsplit(request.target)
    by_place: dict[str, dict[str, Any]] = {place: {} for place in ("path", "query", "form", "file", "body")}
    for parameter in operation.parameters:
        by_place[parameter.place][parameter.name] = sent[parameter.name]

    assert (request.method, unquote(target.path)) == (
        operation.method,
        operation.path.format(**by_place["path"]),
    )
    assert parse_qs(target.query) == {name: [value] for name, value in by_place["query"].items()}
    assert request.headers["Authorization"] == (f"Bearer {TOKEN}" if operation.secured else None)
    if by_place["body"]:
        assert json.loads(request.body) == next(iter(by_place["body"].values()))
    elif operation.consumes:
        parts = {part.get_param("name", header="content-disposition"): part for part in request.parts}
        fields = {name: value.encode() for name, value in by_place["form"].items()}
        assert {str(name): content(part) for name, part in parts.items()} == {**fields, **by_place["file"]}


def read(command: Command, text: str) -> Any:
    """Read JSON as the data of an operation: a date is the same date, however it is written."""
    return command.operation.returns.validator.validate_json(text)


@pytest.mark.parametrize("command", COMMANDS, ids=str)
def test_every_operation_is_a_command(command: Command, portal: Portal, tmp_path: Path) -> None:
    given, sent = arguments(command, tmp_path)
    answered = response(command)

    with playing(reply(answered if answered is not None else b"null")) as server:
        ended = portal(*command.words, *given, "--json", host=server.host)

    assert (ended.code, ended.err) == (0, "")
    assert read(command, ended.out) == read(command, json.dumps(answered))
    (request,) = server.requests
    check_request(command, request, sent)


@pytest.mark.parametrize("command", COMMANDS, ids=str)
def test_every_command_has_a_help(command: Command, portal: Portal) -> None:
    ended = portal(*command.words, "--help")

    summary = (command.operation.stub.__doc__ or "").partition("\n")[0]
    words = re.findall(r"\w+", ended.out)
    assert ended.code == 0
    assert set(re.findall(r"\w+", summary)) <= set(words)
    for parameter in command.operation.parameters:
        shown = {"path": parameter.name.upper(), "body": "FILE", "file": "--file"}
        assert shown.get(parameter.place, f"--{parameter.name.replace('_', '-')}") in ended.out


def events(*lines: Any) -> bytes:
    body = b"".join(json.dumps(line).encode() + b"\n" for line in lines)
    head = b"HTTP/1.1 200 OK\r\nContent-Type: application/x-ndjson\r\nTransfer-Encoding: chunked\r\n\r\n"
    return head + chunk(body) + chunk(b"")


STREAMS = [command for command in COMMANDS if hasattr(command.api, f"{command.operation.name}_stream")]


@pytest.mark.parametrize("command", STREAMS, ids=str)
def test_a_stream_is_printed_event_by_event(command: Command, portal: Portal, tmp_path: Path) -> None:
    given, sent = arguments(command, tmp_path)
    event = response(command)
    event = event if isinstance(event, dict) else {"progress": 50}

    with playing(events(event, event)) as server:
        ended = portal(*command.words, *given, "--stream", "--idle-timeout", "5", "--json", host=server.host)

    assert (ended.code, ended.err) == (0, "")
    read = getattr(command.api, f"{command.operation.name}_stream").operation.returns.validator.validate_json
    assert [read(line) for line in ended.out.splitlines()] == [read(json.dumps(event))] * 2
    check_request(command, server.requests[0], sent)


def test_there_are_streams() -> None:
    assert [str(command) for command in STREAMS] == [
        "sessions-subscribe",
        "candela-models-add",
        "candela-sessions-submit-prompt-to-agent",
    ]


def test_a_group_is_listed_by_the_docstring_of_its_module(portal: Portal) -> None:
    out = portal("--help").out

    assert "The agents that one can talk to." in out
    assert "The Candela service" in out


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["sesions"], "No such command 'sesions'. Did you mean 'sessions'?"),
        (["sessions", "lst"], "No such command 'lst'. Did you mean 'list'?"),
        (["sessions", "list"], "Missing option '--agent-id'"),
        (["sessions", "get"], "Missing argument 'SESSION_ID'"),
        (
            ["sessions", "create-from-replay", "--session-id", "s", "--last-message-index", "x"],
            "--last-message-index",
        ),
        (["candela", "apps", "add", "none.json"], "none.json: No such file or directory"),
        (["sessions", "get", "s1", "--timeout", "0"], "greater than 0"),
        (["sessions", "get", ""], "SESSION_ID must not be ''"),
    ],
)
def test_a_mistake_is_told_before_anything_is_sent(words: list[str], said: str, portal: Portal) -> None:
    with playing(reply()) as server:
        ended = portal(*words, host=server.host)

    assert (ended.code, ended.out, server.requests) == (2, "", [])
    assert said in " ".join(ended.err.replace("│", "").split())


YAML = """\
agent_id: a1
name: Weekly
requirements: |
  What has changed?
  Since when?
interval: 2026-01-02
"""


def test_a_body_is_yaml_too(portal: Portal, tmp_path: Path) -> None:
    path = tmp_path / "routine.yaml"
    path.write_text(YAML, "utf-8")
    command = next(each for each in COMMANDS if str(each) == "routines-create")

    with playing(reply(response(command))) as server:
        ended = portal("routines", "create", str(path), host=server.host)

    assert ended.code == 0
    assert json.loads(server.requests[0].body) == {
        "agent_id": "a1",
        "name": "Weekly",
        "requirements": "What has changed?\nSince when?\n",
        "interval": "2026-01-02",
    }


def test_a_misspelt_field_is_told_in_one_line(portal: Portal, tmp_path: Path) -> None:
    path = tmp_path / "routine.json"
    path.write_text('{"agent_id": "a1", "nam": "n", "requirements": "r", "interval": "i"}', "utf-8")

    ended = portal("routines", "create", str(path))

    assert (ended.code, ended.out) == (2, "")
    assert ended.err == f"portal: {path}: name: Field required\n"


def test_a_help_shows_no_type_of_a_flag(portal: Portal) -> None:
    for words in ([], ["sessions"], ["sessions", "create"]):
        ended = portal(*words, "--help")
        assert (ended.code, ended.err) == (0, "")
        assert "bool" not in ended.out
    assert re.search(r"--agent-id +TEXT +The agent to talk to", ended.out)


@pytest.mark.parametrize(
    "words", [["--profile", "work"], ["--host=http://h"], ["--json"], ["--timeout", "1"]]
)
def test_an_option_before_the_command_is_said_to_stand_behind_it(words: list[str], portal: Portal) -> None:
    for group in ([], ["agents"]):
        ended = portal(*group, *words, "list")

        assert (ended.code, ended.out) == (2, "")
        said = " ".join(ended.err.replace("│", "").split())
        assert f"No such option: {words[0].partition('=')[0]} here: it stands behind the command." in said


def test_an_error_calls_arguments_as_the_user_does(portal: Portal) -> None:
    positive = "must be greater than 0, not 0.0; no limit is inf\n"
    for words, said in (
        (
            ["agents", "list", "--timeout", "0"],
            "--timeout: a timeout must be greater than 0, not 0.0; no limit is inf\n",
        ),
        (["ask", "a1", "Go", "--timeout", "0"], f"--timeout {positive}"),
        (["candela", "ask", "Hi", "--app", "a", "--model", "m", "--timeout", "0"], f"--timeout {positive}"),
        (["sessions", "subscribe", "s1", "--stream", "--idle-timeout", "0"], f"--idle-timeout {positive}"),
        (["sessions", "subscribe", "s1", "--idle-timeout", "5"], "--idle-timeout is for --stream alone\n"),
        (["agents", "list", "--host", "x"], "--host must be a URL"),
        (["ask", "a\udcff", "Go"], "AGENT holds a lone surrogate"),
        (["sessions", "create", "--agent-id", "a1", "--text-prompt", "\udcff"], "--text-prompt holds a lone"),
    ):
        ended = portal(*words)
        assert (ended.code, ended.out) == (2, "")
        assert ended.err.startswith(f"portal: {said}")


@pytest.mark.parametrize(
    ("setting", "said"),
    [
        ("timeout = 0", "a timeout must be greater than 0, not 0; no limit is inf"),
        ("retries = true", "retries must be a whole number of at least 0, not true"),
        ("retries = false\ncert_file = 5", "cert_file must be a text, not int"),
    ],
)
def test_an_error_about_a_profile_is_in_the_words_of_its_file(
    setting: str, said: str, portal: Portal, tmp_path: Path
) -> None:
    file = tmp_path / "portal-client" / "config.toml"
    file.parent.mkdir()
    file.write_text(f"[profiles.work]\n{setting}\n", "utf-8")
    file.chmod(0o600)

    ended = portal("agents", "list", "--profile", "work")

    assert (ended.code, ended.out) == (2, "")
    assert ended.err.startswith(f"portal: {file}: profiles.work.")
    assert ended.err.rstrip().endswith(said)


def test_an_error_about_missing_settings_names_what_a_shell_can_set(
    portal: Portal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("FBN_ACCESS_TOKEN")
    in_clear = {"TOKEN_URL": "http://token.example", **dict.fromkeys(["USERNAME", "PASSWORD"], "x")}
    for name, value in {**in_clear, **dict.fromkeys(["CLIENT_ID", "CLIENT_SECRET"], "x")}.items():
        monkeypatch.setenv(f"FBN_{name}", value)

    refused = portal("candela", "apps", "list")
    monkeypatch.delenv("FBN_TOKEN_URL")
    missing = portal("candela", "apps", "list")
    nowhere = portal("candela", "apps", "list", host="")

    assert refused.err.endswith("would get the password in clear; use https\n")
    assert "token_url: FBN_TOKEN_URL, secrets.json: api.tokenUrl\n" in missing.err
    assert "(not set), --host; the last one wins\n" in missing.err
    assert "api_url: FBN_CANDELA_URL, secrets.json: api.candelaUrl, --host\n" in nowhere.err
    assert [ended.code for ended in (refused, missing, nowhere)] == [2, 2, 2]
    assert "argument" not in refused.err + missing.err + nowhere.err


def test_an_authority_that_python_refuses_has_a_setting_of_a_profile() -> None:
    error = ssl.SSLCertVerificationError(1, "certificate verify failed")
    error.verify_code, error.verify_message = 86, "Missing Subject Key Identifier"
    failed = ApiConnectionError(reason=f"{explained(error).args[1]} (nothing was sent)", request_sent=False)

    assert described(failed, Exit.UNREACHABLE, None, {}) == (
        "portal: certificate verify failed: Missing Subject Key Identifier; Python refuses this from 3.13 "
        "on: set truststore = true in a profile (nothing was sent)"
    )


def test_what_the_user_has_written_is_left_as_it_is(portal: Portal, tmp_path: Path) -> None:
    journal = str(tmp_path / "journal")
    portal("batch", "add", journal, "--agent-id", "a1", "--prompt", "x")
    ended = portal("batch", "retry", journal, "a must be an int")

    assert "'a must be an int'" in ended.err


def test_the_words_of_a_service_are_left_as_they_are(portal: Portal) -> None:
    words = "a limit must be an int; no limit is math.inf"
    with playing(reply({"detail": words}, 422)) as server:
        ended = portal("agents", "list", host=server.host)

    assert ended.err.startswith(f"portal: 422 Reason: {words}\n")


def test_the_limit_is_that_of_the_call(portal: Portal) -> None:
    with playing(lambda connection, request: server.hang(connection, request)) as server:
        ended = portal("agents", "list", "--timeout", "0.2", host=server.host)

    assert ended.code == 4
    assert "0.2 s" in ended.err
