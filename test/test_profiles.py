"""The file of profiles: what it may hold, how it is read, and what its errors say and do not say."""

from __future__ import annotations

import os
import sys
import warnings
from pathlib import Path
from typing import Any

import platformdirs
import pytest

from portal_client import ApiValueError, EnvToken, FileToken
from portal_client.profiles import KEYS, Profiles, config_file
from portal_client.secret import Secret
from portal_client.sources import Arguments
from support.clients import own_frames

TOKEN = "tok-3141592653"


def written(folder: Path, text: str | bytes, mode: int = 0o600) -> Path:
    path = folder / "config.toml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    path.chmod(mode)
    return path


def refused(path: Path, name: Any = "work") -> str:
    """What the error says about a profile; nothing before it says more, and no tool shows the token."""
    with pytest.raises(ApiValueError) as info:
        Profiles(path).settings(name)

    assert (info.value.__cause__, info.value.__context__) == (None, None)
    assert TOKEN not in own_frames(info.value)
    return str(info.value).replace(str(path), "FILE")


# ── where it is ──


def test_it_is_in_the_platforms_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    assert config_file() == Path(platformdirs.user_config_dir("portal-client", False)) / "config.toml"
    if sys.platform == "linux":
        monkeypatch.setenv("XDG_CONFIG_HOME", "/home/ann/.settings")
        assert str(config_file()) == "/home/ann/.settings/portal-client/config.toml"


def test_without_its_package_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "platformdirs", None)
    with pytest.raises(ApiValueError, match=r'pip install "portal-client\[profiles\]"'):
        Profiles()


def test_no_file_has_no_profiles(tmp_path: Path) -> None:
    for path in (tmp_path / "no" / "config.toml", written(tmp_path, "") / "config.toml"):
        assert Profiles(path).names == []
        assert refused(path) == "no profile 'work': there is no file FILE"


# ── what it holds ──

ALL = """
[profiles.home]
host = "http://127.0.0.1:8000"

[profiles.work]
host = "https://portal.example.com"
token = "env:WORK_TOKEN"
timeout = [5, 60.5]
retries = false
rate_limit_retries = 0
verify_ssl = true
ssl_ca_cert = "ca.pem"
cert_file = "/etc/client.pem"
key_file = "keys/client.key"
proxy = "http://proxy.example.com:3128"
trust_env = false
truststore = true
max_response_size = 1024
connection_pool_maxsize = 4
"""


@pytest.mark.skipif(sys.platform == "win32", reason="paths of POSIX")
def test_each_setting_of_a_profile(tmp_path: Path) -> None:
    path = written(tmp_path, ALL)
    profiles = Profiles(path)
    settings = profiles.settings("work")
    values = {name: sourced.value for name, sourced in settings.items()}
    token, proxy = values.pop("access_token"), values.pop("proxy")

    assert profiles.names == ["home", "work"]
    assert isinstance(token, EnvToken)
    assert token.name == "WORK_TOKEN"
    assert isinstance(proxy, Secret)
    assert proxy.reveal() == "http://proxy.example.com:3128"
    assert values == {
        "host": "https://portal.example.com",
        "timeout": [5, 60.5],
        "retries": False,
        "rate_limit_retries": 0,
        "verify_ssl": True,
        "ssl_ca_cert": f"{tmp_path}/ca.pem",
        "cert_file": "/etc/client.pem",
        "key_file": f"{tmp_path}/keys/client.key",
        "trust_env": False,
        "truststore": True,
        "max_response_size": 1024,
        "connection_pool_maxsize": 4,
    }
    assert {name: sourced.where for name, sourced in settings.items()} == {
        "access_token" if key == "token" else key: f"{path}: profiles.work.{key}" for key in KEYS
    }
    assert {sourced.kind for sourced in settings.values()} == {"file"}


def test_each_key_but_token_is_called_as_the_argument_is() -> None:
    assert set(KEYS) - {"token"} <= set(Arguments.__annotations__)


def test_a_literal_token_hides(tmp_path: Path) -> None:
    token = Profiles(written(tmp_path, f'[profiles.work]\ntoken = "{TOKEN}"')).settings("work")[
        "access_token"
    ]

    assert isinstance(token.value, Secret)
    assert token.value.reveal() == TOKEN
    assert TOKEN not in f"{token}"


def test_a_file_starts_from_the_folder_of_the_profiles(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = written(tmp_path, '[profiles.work]\ntoken = "file:token"')
    (tmp_path / "token").write_text(TOKEN)
    monkeypatch.chdir("/")
    source = Profiles(path).settings("work")["access_token"].value

    assert isinstance(source, FileToken)
    assert source() == TOKEN


@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
def test_it_is_utf_8_with_or_without_a_mark(tmp_path: Path, mark: bytes) -> None:
    path = written(tmp_path, mark + '[profiles."Büro"]\r\nhost = "http://büro"'.encode())

    assert Profiles(path).settings("Büro")["host"].value == "http://büro"


# ── files that are broken ──

#: A file, and the line of it that is broken.
BROKEN = {
    f"[profiles.work]\ntoken = {TOKEN}": ", line 2, column 9",
    f'[profiles.work]\ntoken = "{TOKEN}': ", line 2",
    f'[profiles.work]\ntoken = "{TOKEN}\n': ", line 2, column 24",
    f'[profiles.work]\n\ntoken "{TOKEN}"': ", line 3, column 7",
    f'[profiles.work]\ntoken = "\\q{TOKEN}"': ", line 2, column",
    f'[profiles.work\ntoken = "{TOKEN}"': ", line 1, column 15",
    f"[profiles.{TOKEN}]\n[profiles.{TOKEN}]": ", line 2, column 25",
    f"a = {{{TOKEN} = 1, {TOKEN} = 2}}": ", line 1, column",
    f'[profiles.work]\ntoken = "{TOKEN}"\n{TOKEN}': ", line 3",
    f'"{TOKEN}" = 1\n["{TOKEN}".x]': ", line 2",
    f"{TOKEN} = {'1' * 5000}": ", line 1",
}


@pytest.mark.fault("Secrets", "A broken file of profiles is named with its line, and nothing of it is shown")
@pytest.mark.parametrize("text", BROKEN)
def test_a_broken_file_is_named_with_its_line(tmp_path: Path, text: str) -> None:
    said = refused(written(tmp_path, text))

    assert said.startswith(f"FILE{BROKEN[text]}")
    assert "this is not valid TOML" in said


@pytest.mark.fault("Secrets", "A broken file of profiles is named with its line, and nothing of it is shown")
def test_a_file_in_another_encoding(tmp_path: Path) -> None:
    text = f'[profiles.work]\ntoken = "{TOKEN}"\nhost = "http://büro"'

    assert refused(written(tmp_path, text.encode("latin-1"))) == "FILE, line 3: this is not UTF-8"
    assert "this is not valid TOML" in refused(written(tmp_path, b"\0"))


def test_a_file_that_is_nested_too_deeply(tmp_path: Path) -> None:
    assert refused(written(tmp_path, "x = " + "[" * 100_000)) == "FILE is nested too deeply"


def test_a_file_that_cannot_be_read(tmp_path: Path) -> None:
    (tmp_path / "config.toml").mkdir()

    assert "FILE cannot be read: " in refused(tmp_path / "config.toml")


# ── names and types that are wrong ──


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[profile.work]\n", "FILE: profile is unknown; did you mean profiles?"),
        ("[work]\n", "FILE: work is unknown; a profile is a table such as [profiles.work]"),
        ("profiles = 5", "FILE: profiles must be a table, not int"),
        ("[profiles]\nwork = 5", "FILE: profiles.work must be a table, not int"),
        ("[[profiles.work]]\n", "FILE: profiles.work must be a table, not list"),
        ("[profiles.work]\nhots = 'x'", "FILE: profiles.work.hots is no setting; did you mean host?"),
        (
            "[profiles.work]\naccess_token = 'x'",
            "profiles.work.access_token is no setting; did you mean token?",
        ),
        (
            "[profiles.work]\ntime_out = 5",
            "FILE: profiles.work.time_out is no setting; did you mean timeout?",
        ),
        ("[profiles.work]\nzzz = 5", "profiles.work.zzz is no setting; known are host, token, timeout, "),
    ],
)
def test_a_name_that_is_unknown(tmp_path: Path, text: str, said: str) -> None:
    assert said in refused(written(tmp_path, text))


def test_a_profile_that_is_not_there(tmp_path: Path) -> None:
    path = written(tmp_path, ALL)

    assert refused(path, "wrok") == "FILE has no profile 'wrok', but home, work; did you mean work?"
    assert refused(path, "x") == "FILE has no profile 'x', but home, work"
    assert refused(path, "") == "FILE has no profile '', but home, work"
    assert refused(path, 5) == "FILE has no profile 5, but home, work"
    assert refused(path, ["work"]) == "FILE has no profile ['work'], but home, work; did you mean work?"
    assert refused(written(tmp_path, "")) == "FILE has no profile 'work', but none"


@pytest.mark.parametrize(
    ("key", "value", "said"),
    [
        *((key, "5", "must be a str, not int") for key in ("token", "ssl_ca_cert", "cert_file", "key_file")),
        *((key, "''", "must be a str, not empty") for key in ("token", "ssl_ca_cert", "proxy")),
        ("proxy", f"['{TOKEN}']", "must be a str, not list"),
        ("token", f"['{TOKEN}']", "must be a str, not list"),
        ("token", f"{{env = '{TOKEN}'}}", "must be a str, not dict"),
        *((key, "'false'", "must be true or false, not str") for key in ("verify_ssl", "trust_env")),
        ("truststore", "1", "must be true or false, not int"),
        ("token", f"'fiel:{TOKEN}'", "it begins like a reference; did you mean file?"),
        ("token", "'env:'", 'a reference of this kind is "env:NAME", with the name of a variable'),
    ],
)
def test_a_value_of_another_type(tmp_path: Path, key: str, value: str, said: str) -> None:
    found = refused(written(tmp_path, f"[profiles.work]\n{key} = {value}"))

    assert found.replace(": ", " ").removeprefix("FILE ") == f"profiles.work.{key} {said}"


# ── who may read it ──


@pytest.mark.fault("Secrets", "A file of profiles that others may read or change is warned of")
@pytest.mark.skipif(os.name == "nt", reason="needs modes of files")
@pytest.mark.parametrize("mode", [0o644, 0o640, 0o620, 0o602])
def test_a_file_of_others_is_warned_of(tmp_path: Path, mode: int) -> None:
    path = written(tmp_path, f'[profiles.work]\ntoken = "{TOKEN}"', mode)
    with pytest.warns(
        UserWarning, match=rf"{path}: other users may .*\(mode {mode:04o}\); chmod 600"
    ) as found:
        Profiles(path)

    assert [each.filename for each in found] == [__file__]
    assert TOKEN not in str(found[0].message)


@pytest.mark.parametrize("mode", [0o600, 0o400, 0o700])
def test_a_file_of_ones_own_is_not(tmp_path: Path, mode: int) -> None:
    path = written(tmp_path, ALL, mode)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        Profiles(path)
