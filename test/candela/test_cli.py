"""Candela in a shell: a question, its answer as it comes, and the end of the session."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest

pytest.importorskip("typer", reason="the extra [cli] is not installed")

from cli.commands import TOKEN
from cli.conftest import Ended
from cli.conftest import portal as portal
from finbourne_candela import ArgsConfigurationLoader, ObjectId, SyncApiClientFactory, UserSlotsApi
from finbourne_candela.cli import named
from portal_client.exceptions import ApiValueError

Portal = Callable[..., Ended]


def writer(conversation: Any, files: Any) -> Iterator[Any]:
    yield {"event_type": "info", "content": "thinking\x1b[1m"}
    yield from ("The ", "north \x1b[31m[bold]grew.")


def counter(conversation: Any, files: Any) -> Any:
    return {"north": 3}


def broken(conversation: Any, files: Any) -> Iterator[Any]:
    yield "The "
    raise ValueError("on purpose")


def slow(conversation: Any, files: Any) -> Iterator[Any]:
    while True:
        yield "and "


@pytest.fixture(scope="module")
def box() -> Iterator[Any]:
    server = pytest.importorskip("portal_sandbox.server", reason="the sandbox is not installed")
    agents = {"writer": writer, "counter": counter, "broken": broken, "slow": slow}
    with server.running(agents=agents, tokens={TOKEN: "me"}, pace=0.02) as box:
        yield box


def ask(portal: Portal, box: Any, app: str, *more: str) -> Ended:
    return portal("candela", "ask", "Which?", "--app", app, "--model", "m", *more, host=box.candela_url)


def has_slot(box: Any) -> bool:
    loader = ArgsConfigurationLoader(api_url=box.candela_url, access_token=TOKEN)
    with SyncApiClientFactory([loader]) as factory:
        return factory.build(UserSlotsApi).user_has_slot()


def test_the_words_of_an_agent(portal: Portal, box: Any) -> None:
    ended = ask(portal, box, "default/writer")

    assert (ended.code, ended.out) == (0, "The north \x1b[31m[bold]grew.\n")
    first, second = ended.err.splitlines()
    assert first.startswith("session default/")
    assert second == "info: thinking\\x1b[1m"
    assert not has_slot(box)


def test_a_result_that_was_not_said_before(portal: Portal, box: Any) -> None:
    assert ask(portal, box, "counter").out == '{"north": 3}\n'


def test_events_as_json(portal: Portal, box: Any) -> None:
    kinds = [json.loads(line)["event_type"] for line in ask(portal, box, "writer", "--json").out.splitlines()]

    assert kinds == ["info", "chat", "chat", "result"]


def test_an_agent_that_fails(portal: Portal, box: Any) -> None:
    ended = ask(portal, box, "broken")

    assert (ended.code, ended.out) == (1, "The \n")
    assert "sys: " in ended.err
    assert not has_slot(box)


def test_the_time_is_over(portal: Portal, box: Any) -> None:
    ended = ask(portal, box, "slow", "--timeout", "1.5")

    assert ended.code == 124
    assert ended.out.startswith("and and ")
    assert ended.err.endswith("portal: the time is over; the session is stopped\n")
    assert not has_slot(box)


def test_an_app_that_is_not_there(portal: Portal, box: Any) -> None:
    ended = ask(portal, box, "nothing/there")

    assert (ended.code, ended.out) == (3, "")
    assert not has_slot(box)


@pytest.mark.parametrize(
    ("name", "wanted"),
    [
        ("a", ("default", "a", None)),
        ("s/a", ("s", "a", None)),
        ("s/a:1.0", ("s", "a", "1.0")),
        ("a:2", ("default", "a", "2")),
        ("s/t/a", ("s/t", "a", None)),
    ],
)
def test_names(name: str, wanted: tuple[str, str, str | None]) -> None:
    scope, identifier, version = wanted
    assert named("--app", name) == ObjectId(scope=scope, identifier=identifier, version=version)


@pytest.mark.parametrize("name", ["", "s/", ":1"])
def test_no_name(name: str) -> None:
    with pytest.raises(ApiValueError, match="--app is a name such as scope/identifier"):
        named("--app", name)


def test_explain_shows_what_counts_though_settings_are_missing(
    portal: Portal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FBN_PASSWORD", TOKEN)
    monkeypatch.delenv("FBN_ACCESS_TOKEN")
    table = portal("candela", "config", "explain", host="http://127.0.0.1:9")
    document = portal("candela", "config", "explain", "--host", "http://other", "--json", host="http://one")

    assert (table.code, document.code, document.err) == (0, 0, "")
    assert "api_url\thttp://127.0.0.1:9\tFBN_CANDELA_URL" in table.out
    assert "password\t***\tFBN_PASSWORD" in table.out
    assert table.err.startswith("(not set: token_url, username, ")
    assert TOKEN not in table.out + document.out
    rows = {row["setting"]: row for row in json.loads(document.out)}
    assert (rows["api_url"]["value"], rows["api_url"]["overrode"]) == ("http://other", ["FBN_CANDELA_URL"])
    assert (rows["token_url"]["value"], rows["token_url"]["source"]) == ("", "not set")
    assert rows["rate_limit_retries"]["source"] == "default"
