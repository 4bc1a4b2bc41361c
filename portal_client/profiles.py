"""The file of profiles: settings under names, read from the platform's configuration folder."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Optional, ParamSpec, TypeVar, cast

from portal_client.exceptions import ApiValueError
from portal_client.explanation import Sourced
from portal_client.references import absolute, read_reference
from portal_client.secret import Hidden, HiddenBytes, Secret, Secrets
from portal_client.settings import check_base_url
from portal_client.spelling import hint, warn
from portal_client.text import exact

P = ParamSpec("P")
V = TypeVar("V")

_PLACE = re.compile(r"\(at (line \d+, column \d+)\)\Z")


def config_file() -> Path:
    """Return the path of config.toml, whether it is there or not.

    Raises ApiValueError where the package of the extra [profiles] is not installed.
    """
    try:
        from platformdirs import user_config_path
    except ImportError:
        why = 'profiles: their folder is found by a package of pip install "portal-client[profiles]"'
        raise ApiValueError(why) from None
    return user_config_path("portal-client", appauthor=False) / "config.toml"


class Profiles:
    """The profiles in a file, by default config.toml; none where there is no such file.

    Raises ApiValueError, which names the file, for one that cannot be read and, with the line, for one that
    is not valid TOML. Warns of a file that other users may read or change.
    """

    def __init__(self, path: Optional[Path] = None) -> None:
        self.path: Path = config_file() if path is None else path
        self._tables = self._parsed(self._text())

    @property
    def names(self) -> list[str]:
        """The names of the profiles, in the order of the file.

        Raises ApiValueError for a file that has something else than profiles.
        """
        for key in self._tables:
            if key != "profiles":
                known = hint(key, ["profiles"]) or "; a profile is a table such as [profiles.work]"
                raise ApiValueError(f"{self.path}: {key} is unknown{known}")
        return list(_table(f"{self.path}: profiles", self._tables.get("profiles", {})))

    def settings(self, name: str) -> dict[str, Sourced]:
        """Return the settings of a profile by their names in a Configuration.

        Raises ApiValueError for a name that is not there, a key that is unknown, and a value of another type.
        """
        if not self.path.exists():
            raise ApiValueError(f"no profile {name!r}: there is no file {self.path}")
        if name not in self.names:
            near = hint(str(name), self.names)
            raise ApiValueError(f"{self.path} has no profile {name!r}, but {_listed(self.names)}{near}")
        profile = f"{self.path}: profiles.{name}"
        settings: dict[str, Sourced] = {}
        table = _table(profile, self._tables["profiles"][name])
        for key in table:
            where = f"{profile}.{key}"
            if key not in KEYS:
                near = hint(key, KEYS) or f"; known are {_listed(KEYS)}"
                raise ApiValueError(f"{where} is no setting{near}")
            setting = "access_token" if key == "token" else key
            value = KEYS[key](where, Secret(key, table[key]), self.path.parent)
            settings[setting] = Sourced(value, where, "file")
        return settings

    def _text(self) -> HiddenBytes:
        try:
            with open(self.path, "rb") as file:
                mode = os.fstat(file.fileno()).st_mode & 0o777
                content = HiddenBytes(file.read())
        except (FileNotFoundError, NotADirectoryError):
            return HiddenBytes()
        except OSError as error:
            problem = type(error).__name__
        else:
            if mode & 0o077 and os.name != "nt":
                warn(f"{self.path}: other users may read or change it (mode {mode:04o}); chmod 600 helps")
            return content
        raise ApiValueError(f"{self.path} cannot be read: {problem}")

    def _parsed(self, content: HiddenBytes) -> Secrets:
        """Return the tables of the file; an error quotes nothing of it, and has no cause that does."""
        import tomllib

        try:
            return Secrets(tomllib.loads(content.decode("utf-8-sig")))
        except UnicodeDecodeError as error:
            problem = f", line {_lines(content[: error.start])}: this is not UTF-8"
        except RecursionError:
            problem = " is nested too deeply"
        except ValueError as error:
            found = _PLACE.search(str(error))
            place = found[1] if found else f"line {_lines(content)}"
            problem = f", {place}: this is not valid TOML, in which texts are quoted"
        raise ApiValueError(f"{self.path}{problem}")


def _lines(content: bytes) -> int:
    return content.count(b"\n") + 1


def _table(where: str, value: object) -> Secrets:
    if not isinstance(value, dict):
        raise ApiValueError(f"{where} must be a table, not {type(value).__name__}")
    return Secrets(value)


def _listed(names: Iterable[str]) -> str:
    return ", ".join(names) or "none"


# ── the keys of a profile: their values hide, since tools print the variables of a traceback ──


def _as_it_is(where: str, value: Secret, folder: Path) -> object:
    return value.reveal()  # the Configuration checks it


def _flag(where: str, value: Secret, folder: Path) -> object:
    if not isinstance(cast(object, value.reveal()), bool):
        raise ApiValueError(f"{where} must be true or false, not {type(value.reveal()).__name__}")
    return value.reveal()


def _text(where: str, value: Secret, folder: Path) -> Hidden:
    text = cast(object, value.reveal())
    if not isinstance(text, str) or not text:
        kind = type(text).__name__ if text else "empty"
        del text
        raise ApiValueError(f"{where} must be a str, not {kind}")
    return Hidden(text)


def _path(where: str, value: Secret, folder: Path) -> str:
    return absolute(_text(where, value, folder), folder)


def _proxy(where: str, value: Secret, folder: Path) -> Secret:
    return Secret("proxy", exact(_text(where, value, folder)))


def _host(where: str, value: Secret, folder: Path) -> str:
    return _named(where, check_base_url, "host", _text(where, value, folder))


def _token(where: str, value: Secret, folder: Path) -> object:
    text = _text(where, value, folder)
    return _named(where, read_reference, text, folder) or Secret("access_token", exact(text))


def _named(where: str, read: Callable[P, V], *arguments: P.args, **named: P.kwargs) -> V:
    """Call what reads a value; an error names the key, and nothing leads from it to the value."""
    try:
        return read(*arguments, **named)
    except ApiValueError as error:
        problem = str(error)
    raise ApiValueError(f"{where}: {problem}")


#: The keys of a profile, named after the settings of a Configuration, and what reads the value of each.
KEYS: dict[str, Callable[[str, Secret, Path], object]] = {
    "host": _host,
    "token": _token,
    "timeout": _as_it_is,
    "retries": _as_it_is,
    "rate_limit_retries": _as_it_is,
    "verify_ssl": _flag,
    "ssl_ca_cert": _path,
    "cert_file": _path,
    "key_file": _path,
    "proxy": _proxy,
    "trust_env": _flag,
    "truststore": _flag,
    "max_response_size": _as_it_is,
    "connection_pool_maxsize": _as_it_is,
}
