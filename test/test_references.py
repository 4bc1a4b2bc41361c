"""References to secrets: what they are read from, what they carry, and the texts that stand for them."""

from __future__ import annotations

import copy
import os
import pickle
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import keyring
import keyring.errors
import pytest
from keyring.backend import KeyringBackend

from portal_client import ApiValueError, AuthenticationError, EnvToken, FileToken, KeyringToken
from portal_client.references import Reference, read_reference
from support.clients import call, calling, shown
from support.scripted import playing, reply

TOKEN = "tok-3141592653"


class Locker(KeyringBackend):
    """A keyring in memory, which counts how often it is read."""

    priority = 1  # type: ignore[assignment]

    def __init__(self) -> None:
        super().__init__()
        self.kept: dict[tuple[str, str], str] = {}
        self.reads = 0
        self.failure: Exception | None = None

    def get_password(self, service: str, username: str) -> str | None:
        self.reads += 1
        if self.failure is not None:
            raise self.failure
        return self.kept.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        self.kept[service, username] = password


@pytest.fixture
def locker() -> Iterator[Locker]:
    before, mine = keyring.get_keyring(), Locker()
    keyring.set_keyring(mine)
    yield mine
    keyring.set_keyring(before)


# ── files ──

READS = "import sys; from portal_client import FileToken; print(ascii(FileToken(sys.argv[1])()))"


def test_a_file_is_utf_8_whatever_the_locale(tmp_path: Path) -> None:
    path = tmp_path / "token"
    path.write_bytes("\ufefftök\n".encode())
    read = subprocess.run(
        [sys.executable, "-X", "utf8=0", "-c", READS, str(path)],
        env={**os.environ, "LC_ALL": "C", "PYTHONCOERCECLOCALE": "0"},
        capture_output=True,
        text=True,
        timeout=60,
    )

    assert (read.stdout, read.stderr) == (ascii("tök") + "\n", "")


@pytest.mark.skipif(not Path(os.devnull).is_char_device(), reason="needs a device in the file system")
def test_a_device_is_refused_with_what_to_do_instead() -> None:
    with pytest.raises(AuthenticationError) as info:
        FileToken(os.devnull)()

    assert info.value.reason == (
        f"the token file {os.devnull} cannot be read before each request: "
        "it is not a regular file; read it once yourself, and give the text"
    )


# ── the keyring ──


def test_a_token_of_the_keyring_reaches_the_server_and_is_read_once(locker: Locker) -> None:
    keyring.set_password("portal-client", "ann", f" {TOKEN}\n")
    source = KeyringToken("portal-client", "ann")
    assert locker.reads == 0
    with calling(reply(), access_token=source) as c:
        c.api.get_session("s1")
        c.api.get_session("s1")

    assert shown(c.server) == [f"Bearer {TOKEN}"] * 2
    assert locker.reads == 1


def test_a_rotated_token_is_read_after_a_401(locker: Locker) -> None:
    keyring.set_password("portal-client", "ann", "old")
    source = KeyringToken("portal-client", "ann")
    assert source() == "old"
    keyring.set_password("portal-client", "ann", TOKEN)
    with calling(reply({}, status=401), reply(), access_token=source) as c:
        c.api.create_session("a1", "Hello")
        c.api.get_session("s1")

    assert shown(c.server) == ["Bearer old", f"Bearer {TOKEN}", f"Bearer {TOKEN}"]
    assert locker.reads == 2


@pytest.mark.fault("Tokens", "Without a token nothing is sent")
@pytest.mark.parametrize(
    ("failure", "reason"),
    [
        (None, "the keyring has no password of 'ann' for 'portal-client'"),
        (keyring.errors.NoKeyringError(TOKEN), r"\('portal-client', 'ann'\) cannot be read: NoKeyringError"),
        (keyring.errors.KeyringLocked(TOKEN), "cannot be read: KeyringLocked"),
        (RuntimeError(TOKEN), "cannot be read: RuntimeError"),
    ],
)
def test_a_keyring_without_the_token(locker: Locker, failure: Exception | None, reason: str) -> None:
    locker.failure = failure
    with playing(reply()) as server, pytest.raises(AuthenticationError, match=reason) as info:
        call(server.host, KeyringToken("portal-client", "ann"))

    assert (info.value.status, info.value.request_sent, server.connections) == (0, False, 0)
    assert TOKEN not in str(info.value)


def test_an_empty_entry_is_no_token(locker: Locker) -> None:
    keyring.set_password("portal-client", "ann", " \n")
    with pytest.raises(AuthenticationError, match="has no password of 'ann'"):
        KeyringToken("portal-client", "ann")()


def test_without_its_package_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "keyring", None)
    with playing(reply()) as server, pytest.raises(AuthenticationError) as info:
        call(server.host, KeyringToken("portal-client", "ann"))

    assert info.value.reason == 'the keyring: its package comes with pip install "portal-client[keyring]"'
    assert server.connections == 0


def test_copies_and_pickles_have_the_names_alone(locker: Locker) -> None:
    keyring.set_password("portal-client", "ann", TOKEN)
    source = KeyringToken("portal-client", "ann")
    assert source() == TOKEN
    data = pickle.dumps(source)

    assert TOKEN.encode() not in data
    assert TOKEN not in f"{source!r} {vars(source)}"
    assert repr(source) == "KeyringToken('portal-client', 'ann')"
    for again in (pickle.loads(data), copy.copy(source), copy.deepcopy(source)):
        assert (again.service, again.username) == ("portal-client", "ann")
        assert again() == TOKEN
    assert locker.reads == 4


# ── the texts that stand for references ──


@pytest.mark.parametrize(
    ("text", "reference"),
    [
        ("env:MY_TOKEN", "EnvToken('MY_TOKEN')"),
        (" env : MY_TOKEN ", "EnvToken('MY_TOKEN')"),
        ("file:token", "FileToken('/etc/portal/token')"),
        ("file:../token", "FileToken('/etc/portal/../token')"),
        ("file:/run/secrets/token", "FileToken('/run/secrets/token')"),
        ("file:~/token", "FileToken('/home/ann/token')"),
        ("keyring:portal-client/ann", "KeyringToken('portal-client', 'ann')"),
        ("keyring:https://portal.example/ann", "KeyringToken('https://portal.example', 'ann')"),
    ],
)
@pytest.mark.skipif(sys.platform == "win32", reason="paths of POSIX")
def test_texts_of_references(text: str, reference: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/ann")

    assert repr(read_reference(text, Path("/etc/portal"))) == reference


@pytest.mark.parametrize(
    "text", [TOKEN, "a.b.c==", "user:secret", "key:secret", "https://x", ":x", "", "environment"]
)
def test_any_other_text_is_none(text: str) -> None:
    assert read_reference(text, Path("/")) is None


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("env:", '"env:NAME"'),
        ("env: ", '"env:NAME"'),
        ("file:", '"file:PATH"'),
        ("keyring:", '"keyring:SERVICE/USERNAME"'),
        (f"keyring:{TOKEN}", '"keyring:SERVICE/USERNAME"'),
        (f"keyring:/{TOKEN}", '"keyring:SERVICE/USERNAME"'),
        (f"keyring:{TOKEN}/", '"keyring:SERVICE/USERNAME"'),
        (f"ENV:{TOKEN}", "begins like a reference; did you mean env\\?"),
        (f"envv:{TOKEN}", "did you mean env\\?"),
        (f"fiel:{TOKEN}", "did you mean file\\?"),
        (f"key-ring:{TOKEN}", "did you mean keyring\\?"),
    ],
)
def test_texts_that_are_almost_references(text: str, why: str) -> None:
    with pytest.raises(ApiValueError, match=why) as info:
        read_reference(text, Path("/"))

    assert TOKEN not in str(info.value)


def test_each_reference_is_known_as_one() -> None:
    known: list[Any] = [EnvToken("X"), FileToken("x"), KeyringToken("s", "u")]

    assert all(isinstance(each, Reference) for each in known)
