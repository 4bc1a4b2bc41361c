"""The verbs of conversations, against a sandbox and against a server from a script."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from cli.commands import TOKEN
from cli.conftest import Ended
from portal_client import ApiClient, Configuration, SessionsApi
from support.scripted import SESSION, Connection, Received, playing, reply

Portal = Callable[..., Ended]

WORDS = "The \x1b[31mnorth\x1b[0m [bold]grew[/bold]."


def writer(conversation: Any, files: Any) -> Iterator[str]:
    yield from re.findall(r"\S+ ?", WORDS)


def reader(conversation: Any, files: Any) -> str:
    return f"{conversation[-1].text}: " + ", ".join(f"{file.name} {file.read().decode()}" for file in files)


def broken(conversation: Any, files: Any) -> str:
    raise ValueError("on purpose")


def slow(conversation: Any, files: Any) -> Iterator[str]:
    while True:
        yield "and "


@pytest.fixture(scope="module")
def box() -> Iterator[Any]:
    server = pytest.importorskip("portal_sandbox.server", reason="the sandbox is not installed")
    agents = {"writer": writer, "reader": reader, "broken": broken, "slow": slow}
    with server.running(agents=agents, tokens={TOKEN: "me"}, pace=0.02) as box:
        yield box


@pytest.fixture
def api(box: Any) -> Iterator[SessionsApi]:
    with ApiClient(Configuration(box.host, access_token=TOKEN)) as client:
        yield SessionsApi(client)


def session_of(ended: Ended) -> str:
    found = re.search(r"^session (\w+)$", ended.err, re.MULTILINE)
    assert found, ended
    return found[1]


@pytest.mark.parametrize("verb", ["run", "ask"])
def test_ctrl_c_counts_as_soon_as_the_id_is_there(portal: Portal, compiled: list[Any], verb: str) -> None:
    """Pydantic may drop one that comes while it compiles a validator."""
    at_start: list[int] = []

    def start(connection: Connection, request: Received) -> None:
        at_start.append(len(compiled))
        connection.send(reply({"session_id": "s1"}))

    states = iter({**SESSION, "messages": [], "status": status} for status in ("Running", "Ready"))
    script = by_target(
        POST_async=start, GET_s1=lambda c, r: c.send(reply(next(states))), GET_subscribe=reply()
    )
    with playing(script) as server:
        ended = portal(verb, "a1", "Go", *["--wait"] * (verb == "run"), host=server.host)

    assert (ended.code, at_start) == (0, [len(compiled)])


def test_ask_prints_the_words_alone_and_as_they_came(portal: Portal, box: Any, api: SessionsApi) -> None:
    ended = portal("ask", "writer", "Which region grew?", host=box.host)

    assert (ended.code, ended.out) == (0, f"{WORDS}\n")
    session = api.get_session(session_of(ended))
    assert [message.text for message in session.messages] == ["Which region grew?", WORDS]


def test_ask_sends_files_and_prints_json(
    portal: Portal, box: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("a.txt", "b.txt"):
        (tmp_path / name).write_text(f"of {name}", "utf-8")

    ended = portal(
        "ask", "reader", "Read", "--file", str(tmp_path / "a.txt"), "-f", str(tmp_path / "b.txt"), "--json",
        host=box.host,
    )  # fmt: skip

    assert ended.code == 0
    session = json.loads(ended.out)
    assert session["messages"][-1]["text"] == "Read: a.txt of a.txt, b.txt of b.txt"
    assert session["id"] == session_of(ended)


def test_a_session_is_continued(portal: Portal, box: Any) -> None:
    first = session_of(portal("ask", "reader", "One", host=box.host))
    ended = portal("continue", first, "Two", host=box.host)

    assert (ended.code, ended.out) == (0, "Two: \n")
    assert session_of(ended) == first


def test_run_prints_the_id_to_wait_for(portal: Portal, box: Any) -> None:
    started = portal("run", "writer", "Go", host=box.host)
    waited = portal("wait", started.out.strip(), "--json", host=box.host)

    assert (started.code, waited.code) == (0, 0)
    assert started.out.strip() == session_of(started)
    assert json.loads(waited.out)["status"] == "Ready"


def test_run_can_wait(portal: Portal, box: Any) -> None:
    ended = portal("run", "writer", "Go", "--wait", "--json", host=box.host)

    assert ended.code == 0
    assert json.loads(ended.out)["messages"][-1]["text"] == WORDS
    assert portal("run", "writer", "Go", "--json", host=box.host).out.startswith('{\n  "session_id": "')


def test_follow_prints_words_or_a_line_for_each_state(portal: Portal, box: Any) -> None:
    session = session_of(portal("run", "writer", "Go", host=box.host))

    states = [
        json.loads(line) for line in portal("follow", session, "--json", host=box.host).out.splitlines()
    ]
    words = portal("follow", session, host=box.host)

    assert states[-1]["status"] == "Ready"
    assert {state["id"] for state in states} == {session}
    assert (words.code, words.out) == (0, f"{WORDS}\n")


@pytest.mark.parametrize("verb", ["ask", "run"])
def test_an_agent_that_fails(verb: str, portal: Portal, box: Any) -> None:
    ended = portal(verb, "broken", "Go", *(["--wait"] if verb == "run" else []), host=box.host)

    assert ended.code == 1
    assert f"portal: the agent failed in session {session_of(ended)}\n" in ended.err
    assert portal("wait", session_of(ended), host=box.host).code == 1
    assert portal("follow", session_of(ended), host=box.host).code == 1


def test_a_wait_that_is_over_names_the_session(portal: Portal, box: Any, api: SessionsApi) -> None:
    ended = portal("ask", "slow", "Go", "--timeout", "0.5", host=box.host)

    session = session_of(ended)
    assert ended.code == 124
    assert ended.err.endswith(
        f"portal: the wait for session {session} is over\n  The agent goes on: portal wait {session}\n"
    )
    assert api.get_session(session).status == "Running"
    assert portal("wait", session, "--timeout", "0.2", host=box.host).code == 124
    assert portal("follow", session, "--timeout", "0.2", host=box.host).code == 124


def test_a_session_is_exported(portal: Portal, box: Any, tmp_path: Path) -> None:
    session, path = session_of(portal("ask", "writer", "Go", host=box.host)), tmp_path / "session.json"

    printed = portal("export", session, host=box.host)
    written = portal("export", session, "--to", "json", "--output", str(path), host=box.host)

    assert (printed.code, written.code, written.out) == (0, 0, "")
    assert json.loads(printed.out) == json.loads(path.read_text("utf-8"))
    assert json.loads(printed.out)["messages"][-1]["text"] == WORDS


def test_export_has_one_form(portal: Portal) -> None:
    ended = portal("export", "s1", "--to", "md", "--json")

    assert (ended.code, ended.err) == (2, "portal: --json and --to md are two forms: choose one\n")


@pytest.mark.parametrize(("form", "start"), [("md", "# "), ("html", "<!DOCTYPE html>")])
def test_a_session_is_exported_to_be_read(portal: Portal, box: Any, form: str, start: str) -> None:
    session = session_of(portal("ask", "writer", "Go", host=box.host))

    printed = portal("export", session, "--to", form, host=box.host)

    assert printed.code == 0
    assert printed.out.startswith(start)
    assert WORDS.split()[0] in printed.out


def test_no_session_no_id(portal: Portal, box: Any) -> None:
    ended = portal("ask", "nobody", "Go", host=box.host)

    assert (ended.code, ended.out) == (3, "")
    assert "nobody" in ended.err
    assert "session " not in ended.err.partition("\n")[0]


# ── when the service fails ──


def by_target(**answers: Any) -> Callable[[Connection, Received], Any]:
    """Respond by the method and the end of the path."""

    def answer(connection: Connection, request: Received) -> Any:
        name = f"{request.method}_{request.target.rpartition('/')[2]}"
        chosen = answers[name]
        return connection.send(chosen) if isinstance(chosen, bytes) else chosen(connection, request)

    return answer


def test_what_helps_goes_to_the_same_service(
    portal: Portal, box: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("platformdirs", reason="the extra [profiles] is not installed")
    portal("config", "init", "my work", "--host", "http://127.0.0.1:9", "--token-from", "env:WORK")

    waited = portal(
        "ask", "slow", "Go", "--timeout", "0.3", "--profile", "my work", "--host", box.host, host=""
    )
    with playing(lambda connection, request: False) as server:
        lost = portal("ask", "a1", "Go", "--host", server.host)

    same = f"--profile 'my work' --host {box.host}"
    assert waited.code == 124
    assert waited.err.endswith(f"  The agent goes on: portal wait {session_of(waited)} {same}\n")
    assert lost.err.endswith(f" portal sessions list --agent-id a1 --host {server.host}\n")


@pytest.mark.fault("Sent once", "A command whose prompt may have arrived ends in 5, and says where to look")
def test_a_prompt_without_a_reply_is_in_doubt(portal: Portal) -> None:
    with playing(lambda connection, request: False) as server:
        ended = portal("ask", "a1", "Go", host=server.host)

    assert (ended.code, ended.out, len(server.requests)) == (5, "", 1)
    assert ended.err.endswith(
        "  The prompt may have arrived: look before you repeat it, with portal sessions list --agent-id a1\n"
    )


@pytest.mark.fault("Sent once", "A command whose prompt may have arrived ends in 5, and says where to look")
@pytest.mark.parametrize("status", [401, 404])
def test_what_fails_behind_the_prompt_is_no_reason_to_send_it_again(status: int, portal: Portal) -> None:
    script = by_target(POST_async=reply({"session_id": "s1"}), GET_s1=reply({"detail": "No"}, status))
    with playing(script) as server:
        ended = portal("ask", "a1", "Go", host=server.host)
        waited = portal("wait", "s1", host=server.host)

    assert ended.code == 5
    assert ended.err.endswith("  The agent goes on: portal wait s1\n")
    assert [request.method for request in server.requests].count("POST") == 1
    assert waited.code == 3


def test_a_state_from_before_the_prompt_is_not_its_answer(
    portal: Portal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("portal_client.cli.conversations._PAUSE", 0.01)
    says = [*SESSION["messages"], {"text": "More", "role": "user", "agent": None}]
    said = [*says, {"text": "Yes", "role": "assistant", "agent": None}]
    after = reply({**SESSION, "messages": said, "updated_at": "2026-01-02T03:05:00Z"})
    reads = iter([reply(), reply(), reply(), *[after] * 20])
    script = by_target(
        PUT_async=reply({"session_id": "s1"}),
        GET_s1=lambda connection, request: connection.send(next(reads)),
        GET_subscribe=reply({"detail": "No"}, 404),
    )
    with playing(script) as server:
        ended = portal("continue", "s1", "More", host=server.host)

    assert (ended.code, ended.out) == (0, "Yes\n")


def test_an_id_of_a_server_is_quoted(portal: Portal) -> None:
    script = by_target(
        POST_async=reply({"session_id": "s1; \x1b[1mrm"}),
        **{"GET_s1%3B%20%1B%5B1mrm": reply({"detail": "No"}, 404)},
    )
    with playing(script) as server:
        ended = portal("ask", "a1", "Go", host=server.host)

    assert "\x1b" not in ended.err
    assert "portal wait 's1; \\x1b[1mrm'" in ended.err
