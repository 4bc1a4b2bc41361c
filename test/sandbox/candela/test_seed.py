"""The seed: credentials stay the same at the next start where the seed does."""

import shlex
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

import portal_sandbox
from portal_sandbox import OAuth2
from portal_sandbox.candela.oauth2 import derived
from portal_sandbox.candela.seed import seed

from .conftest import running


def _secrets(**options: Any) -> tuple[str, str]:
    with portal_sandbox.running(**options) as box:
        api = box.secrets["api"]
        assert (api["username"], api["clientId"]) == ("sandbox-user", "sandbox-client")
        return api["password"], api["clientSecret"]


def test_without_tokens_and_a_file_secrets_are_random() -> None:
    found = [*_secrets(), *_secrets()]

    assert len(set(found)) == 4
    assert min(map(len, found)) >= 22


def test_with_the_same_tokens_they_stay_the_same() -> None:
    ann, bob = {"one": "ann"}, {"two": "bob"}

    assert _secrets(tokens={**ann, **bob}) == _secrets(tokens={**bob, **ann})
    assert len({*_secrets(tokens=ann), *_secrets(tokens=bob), *_secrets(tokens={**ann, **bob})}) == 6


def test_with_a_file_they_stay_the_same_whatever_the_tokens(tmp_path: Path) -> None:
    one, two = tmp_path / "one.sqlite", tmp_path / "two.sqlite"

    first = _secrets(db=one, tokens={"one": "ann"})

    assert _secrets(db=one) == _secrets(db=str(one), tokens={"two": "bob"}) == first
    assert len({*first, *_secrets(db=two, tokens={"one": "ann"})}) == 4
    assert not any(secret.encode() in one.read_bytes() for secret in first)


def test_a_token_lives_on_with_the_file(tmp_path: Path) -> None:
    db = tmp_path / "box.sqlite"

    def token(box: portal_sandbox.Sandbox) -> str:
        api = box.secrets["api"]
        form = {
            "grant_type": "password",
            "username": api["username"],
            "password": api["password"],
            "client_id": api["clientId"],
            "client_secret": api["clientSecret"],
        }
        response = before.http.request("POST", api["tokenUrl"], fields=form, encode_multipart=False)
        issued: str = response.json()["access_token"]
        return issued

    with running(db=db) as before:
        issued = token(before.box)
    with running(db=db) as after:
        assert after.with_token(issued).call("GET", "/sessions/list").status == 200


def test_a_file_of_before_has_room_for_it(tmp_path: Path) -> None:
    db = tmp_path / "box.sqlite"
    _secrets(db=db)
    with closing(sqlite3.connect(db)) as connection:
        connection.execute("DROP TABLE candela_seed")

    assert _secrets(db=db) == _secrets(db=db)


def test_what_is_given_is_kept() -> None:
    given = derived("seed", client_id="id", client_secret="secret", users={"ann": "p"}, lifetime=61)

    assert given == OAuth2({"ann": "p"}, "id", "secret", 61)


@pytest.mark.parametrize(
    ("tokens", "db"), [({}, None), ({"a b": "ann"}, None), (["one"], None), ({1: "ann"}, None), (None, 5)]
)
def test_what_makes_no_sense_is_refused(tokens: Any, db: Any) -> None:
    with pytest.raises(ValueError, match=r"token|db"):
        seed(tokens, db)


def test_a_file_that_cannot_be_used_is_said(tmp_path: Path) -> None:
    with pytest.raises(portal_sandbox.SandboxError, match="as a database: it is a directory"):
        seed(None, tmp_path)


def test_the_command_prints_the_same_for_the_same_tokens() -> None:
    def printed(*arguments: str) -> tuple[str, ...]:
        command = [sys.executable, "-m", "portal_sandbox", "--port", "0", *arguments]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
            try:
                assert process.stdout is not None
                line = next(line for line in iter(process.stdout.readline, "") if "FBN_" in line)
            finally:
                process.terminate()
        return tuple(each for each in shlex.split(line) if "PASSWORD" in each or "SECRET" in each)

    first = printed("--token", "dev-token")

    assert len(first) == 2
    assert printed("--token", "dev-token") == first
    assert printed("--token", "dev-token", "--user", "ann=p") == ("FBN_PASSWORD=p", first[1])
