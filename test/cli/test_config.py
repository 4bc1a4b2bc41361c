"""Settings in a shell: profiles are added and listed, and no token is taken or shown."""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from cli.commands import TOKEN
from cli.conftest import Ended
from support.scripted import playing, reply

pytest.importorskip("platformdirs")
Portal = Callable[..., Ended]
HOST = "https://portal.example.com"


@pytest.fixture
def file(tmp_path: Path, portal: Portal) -> Path:
    """The configuration file, which is not there."""
    from portal_client.profiles import config_file

    assert tmp_path in config_file().parents
    return config_file()


def test_a_profile_is_added(file: Path, portal: Portal) -> None:
    first = portal("config", "init", "--host", f"{HOST}/", "--token-from", "env:WORK")
    second = portal("config", "init", "at home", "--host", "http://localhost")

    assert (first.code, second.code, first.out) == (0, 0, "")
    assert first.err == f"{file}: use it with --profile default or PORTAL_PROFILE=default\n"
    assert file.read_text("utf-8") == (
        f'[profiles.default]\nhost = "{HOST}"\ntoken = "env:WORK"\n\n[profiles."at home"]\nhost = "http://localhost"\n'
    )
    if os.name != "nt":
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert os.listdir(file.parent) == [file.name]


def test_profiles_are_listed(file: Path, portal: Portal, monkeypatch: pytest.MonkeyPatch) -> None:
    portal("config", "init", "work", "--host", HOST, "--token-from", "env:WORK")
    portal("config", "init", "plain", "--host", HOST)
    monkeypatch.setenv("PORTAL_PROFILE", "work")

    ended = portal("config", "profiles", "--json")

    assert ended.err == f"{file}\n"
    assert json.loads(ended.out) == [
        {"name": "work", "host": HOST, "token": "EnvToken('WORK')", "used": True},
        {"name": "plain", "host": HOST, "token": "", "used": False},
    ]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["work", "--host", HOST], "has a profile 'work' already"),
        (["new", "--host", "portal.example.com"], "--host must be a URL"),
        (["new", "--host", HOST, "--token-from", TOKEN], "--token-from is env:NAME, file:PATH or keyring"),
        (["new", "--host", HOST, "--token-from", "env:"], "env:NAME"),
    ],
)
def test_a_profile_that_cannot_be_used_is_not_added(
    words: list[str], said: str, file: Path, portal: Portal
) -> None:
    portal("config", "init", "work", "--host", HOST)
    before = file.read_bytes()

    ended = portal("config", "init", *words)

    assert (ended.code, ended.out) == (2, "")
    assert said in ended.err
    assert TOKEN not in ended.err
    assert file.read_bytes() == before


def test_a_link_to_the_file_stays_one(file: Path, portal: Portal, tmp_path: Path) -> None:
    real = tmp_path / "dotfiles.toml"
    real.write_text("# mine\n", "utf-8")
    real.chmod(0o600)
    file.parent.mkdir(parents=True)
    file.symlink_to(real)

    assert portal("config", "init", "--host", HOST).code == 0

    assert file.is_symlink()
    assert real.read_text("utf-8") == f'# mine\n\n[profiles.default]\nhost = "{HOST}"\n'


def test_explain_masks_tokens_and_names_sources(file: Path, portal: Portal) -> None:
    file.parent.mkdir(parents=True)
    file.write_text(f'[profiles.work]\nhost = "{HOST}"\ntoken = "{TOKEN}"\nretries = 5\n', "utf-8")
    file.chmod(0o600)

    ended = portal("config", "explain", "--profile", "work", "--host", "http://localhost", "--json")

    rows = {row["setting"]: row for row in json.loads(ended.out)}
    assert (ended.code, TOKEN in ended.out + ended.err) == (0, False)
    assert (rows["host"]["value"], rows["host"]["source"]) == ("http://localhost", "the argument host")
    assert rows["host"]["overrode"] == [f"{file}: profiles.work.host", "PORTAL_HOST"]
    assert rows["access_token"]["source"] == "PORTAL_TOKEN"
    assert rows["retries"]["value"] == "5"
    assert rows["proxy"]["source"] == "not set"


def test_explain_lists_what_is_set_and_names_the_rest(portal: Portal) -> None:
    ended = portal("config", "explain", host=HOST)

    lines = [line.split("\t")[:3] for line in ended.out.splitlines()]
    assert ["host", HOST, "PORTAL_HOST"] in lines
    assert ["retries", "3", "default"] in lines
    assert all(line[1] for line in lines)
    assert ended.err.startswith("(not set: api_key, api_key_prefix, username, password, ")


def test_explain_names_a_variable_that_is_not_read(portal: Portal, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PORTAL_HOTS", HOST)
    ended = portal("config", "explain")
    as_json = portal("config", "explain", "--json")

    assert "PORTAL_HOTS\t\tnot read\t\tit is not read; did you mean PORTAL_HOST?\n" in ended.out
    assert "PORTAL_HOTS" not in ended.err
    assert json.loads(as_json.out)[-1]["warning"] == "it is not read; did you mean PORTAL_HOST?"


def test_a_profile_is_used(file: Path, portal: Portal, monkeypatch: pytest.MonkeyPatch) -> None:
    with playing(reply({"agents": []})) as server:
        portal("config", "init", "work", "--host", server.host, "--token-from", "env:WORK")
        monkeypatch.setenv("WORK", "of-work")
        monkeypatch.delenv("PORTAL_TOKEN")
        ended = portal("agents", "list", "--profile", "work", host="")
        other = portal("agents", "list", "--profile", "wrok", host="")

    assert (ended.code, server.requests[0].headers["Authorization"]) == (0, "Bearer of-work")
    assert (other.code, len(server.requests)) == (2, 1)
    assert "did you mean work" in other.err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["", "--host", HOST], "NAME must not be empty"),
        (["a\nb", "--host", HOST], "NAME holds a character that is not seen"),
        (["--host", "portal.test"], "--host must be a URL"),
        (["--host", HOST, "--token-from", "en:X"], "--token-from: it begins like a reference; did"),
        (["--host", HOST, "--token-from", "env:"], "--token-from: a reference of this kind is"),
        (["--host", HOST, "--token-from", "tok-1"], "--token-from is env:NAME, file:PATH or keyring"),
    ],
)  # fmt: skip
def test_init_refuses_what_no_profile_can_have(
    words: list[str], said: str, file: Path, portal: Portal
) -> None:
    ended = portal("config", "init", *words)

    assert (ended.code, ended.out) == (2, "")
    assert ended.err.startswith(f"portal: {said}")
    assert not file.exists()


def test_init_prints_a_document(file: Path, portal: Portal) -> None:
    ended = portal("config", "init", "work", "--host", HOST, "--json")

    assert (ended.code, ended.err) == (0, "")
    assert json.loads(ended.out) == {"profile": "work", "path": str(file)}
