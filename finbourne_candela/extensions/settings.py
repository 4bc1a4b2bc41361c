"""The settings: how each is called, where it is looked for, and who has given it."""

from __future__ import annotations

from collections import UserString
from collections.abc import Callable, Generator, Iterable, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Optional, Protocol

from finbourne_candela.configuration import whole
from portal_client.exceptions import ApiTypeError, ApiValueError
from portal_client.secret import Secret, Secrets
from portal_client.spelling import hint


class Setting(NamedTuple):
    """One setting; the first of its variables that is set counts, and the first of its keys that is there."""

    name: str
    variables: tuple[str, ...]
    keys: tuple[str, ...]
    number: bool = False
    secret: bool = False


SETTINGS = (
    Setting("token_url", ("FBN_TOKEN_URL",), ("api.tokenUrl",)),
    Setting(
        "api_url",
        ("FBN_CANDELA_URL", "FBN_FINBOURNE_CANDELA_API_URL"),
        ("api.candelaUrl", "api.finbourne_candelaUrl"),
    ),
    Setting("username", ("FBN_USERNAME",), ("api.username",)),
    Setting("password", ("FBN_PASSWORD",), ("api.password",), secret=True),
    Setting("client_id", ("FBN_CLIENT_ID",), ("api.clientId",)),
    Setting("client_secret", ("FBN_CLIENT_SECRET",), ("api.clientSecret",), secret=True),
    Setting("app_name", ("FBN_APP_NAME",), ("api.applicationName",)),
    Setting("certificate_filename", ("FBN_CLIENT_CERTIFICATE",), ("api.clientCertificate",)),
    Setting("proxy_address", ("FBN_PROXY_ADDRESS",), ("proxy.address",)),
    Setting("proxy_username", ("FBN_PROXY_USERNAME",), ("proxy.username",)),
    Setting("proxy_password", ("FBN_PROXY_PASSWORD",), ("proxy.password",), secret=True),
    Setting("access_token", ("FBN_ACCESS_TOKEN",), ("api.accessToken",), secret=True),
    Setting("total_timeout_ms", ("FBN_TOTAL_TIMEOUT_MS",), ("api.totalTimeoutMs",), number=True),
    Setting("connect_timeout_ms", ("FBN_CONNECT_TIMEOUT_MS",), ("api.connectTimeoutMs",), number=True),
    Setting("read_timeout_ms", ("FBN_READ_TIMEOUT_MS",), ("api.readTimeoutMs",), number=True),
    Setting("rate_limit_retries", ("FBN_RATE_LIMIT_RETRIES",), ("api.rateLimitRetries",), number=True),
)
BY_NAME = {setting.name: setting for setting in SETTINGS}


class ConfigurationLoader(Protocol):
    """A source of settings; None and the empty text count as not set.

    It may say by `where(setting)` which of its names a setting has, and by `str()` what it is.
    """

    def load_config(self) -> Mapping[str, object]:
        """The settings by their names: token_url, api_url, username, password and so on."""
        ...


@dataclass(frozen=True, slots=True)
class Given:
    """A value for a setting, and who has given it; `kind` is "environment", "file" or "argument"."""

    value: object = field(repr=False)
    where: str
    kind: str


class Provenance:
    """What each source has given for each setting, in the order in which they were asked; the last one wins.

    Raises ApiTypeError and ApiValueError for what is no setting, and for what none can be.
    """

    def __init__(self, loaders: Iterable[ConfigurationLoader]) -> None:
        self.given: dict[str, list[Given]] = {}
        self._asked: list[ConfigurationLoader] = []
        for loader in loaders:
            if isinstance(loader, type) or not hasattr(loader, "load_config"):
                raise ApiTypeError(f"config_loaders: {loader!r} is no loader, which has load_config()")
            self._asked.append(loader)
            found = Secrets(loader.load_config())
            for name in found:
                self._take(loader, name, found)

    def _take(self, loader: ConfigurationLoader, name: str, found: Mapping[str, object]) -> None:
        if found[name] is None or (type(found[name]) is str and not found[name]):
            return
        setting = BY_NAME.get(name)
        if setting is None:
            raise ApiTypeError(f"{label(loader)} gives {name}, which is no setting{hint(name, BY_NAME)}")
        where = _where(loader, setting)
        if setting.number:
            whole(where, found[name])
        elif not isinstance(found[name], (str, UserString)) and not (
            name == "access_token" and callable(found[name])
        ):
            raise ApiTypeError(f"{where} must be a text, not {type(found[name]).__name__}")
        hides = setting.secret and type(found[name]) is str
        value = Secret(name, str(found[name])) if hides else found[name]
        self.given.setdefault(name, []).append(Given(value, where, getattr(loader, "kind", "argument")))

    def values(self) -> dict[str, Any]:
        """The value of each setting that was given."""
        return Secrets({name: _revealed(given[-1].value) for name, given in self.given.items()})

    def where(self, name: str) -> str:
        """Who has given a setting."""
        return self.given[name][-1].where if name in self.given else name

    def overridden(self, name: str) -> list[str]:
        """The variables of the environment that a file beats with another value."""
        *before, last = self.given.get(name, [Given(None, "", "")])
        if last.kind != "file":
            return []
        return [g.where for g in before if g.kind == "environment" and not _same(g.value, last.value)]

    @contextmanager
    def blamed(self, *names: str) -> Generator[None, None, None]:
        """Add to an error who has given the setting that it is about; the error begins with its name."""
        try:
            yield
            return
        except ApiValueError as error:
            said = str(error)
        name = next((name for name in names if said.startswith(name)), names[0])
        raise ApiValueError(f"{self.where(name)}: {said}")

    def missing(self, names: Iterable[str]) -> str:
        """A text that says where settings were looked for in vain."""
        lines = [f"  {name}: {', '.join(self._places(BY_NAME[name]))}" for name in names]
        asked = ", ".join(map(label, self._asked))
        return "\n".join([*lines, f"looked in {asked}; the last one wins" if asked else ""]).rstrip()

    def _places(self, setting: Setting) -> list[str]:
        if not self._asked:
            return [f"the argument {setting.name}"]
        return [place for loader in self._asked if (place := _where(loader, setting))]


def label(loader: ConfigurationLoader) -> str:
    """What a source is called."""
    return str(loader) if hasattr(loader, "where") else type(loader).__name__


def _where(loader: ConfigurationLoader, setting: Setting) -> str:
    """What a setting is called in a source; empty where the source cannot give it."""
    where: Optional[Callable[[Setting], str]] = getattr(loader, "where", None)
    return where(setting) if where else f"{setting.name} of {label(loader)}"


def _revealed(value: object) -> object:
    return value.reveal() if isinstance(value, Secret) else value


def _same(one: object, other: object) -> bool:
    # Texts and numbers only: a token that is fetched when it is used is not fetched to be compared.
    one, other = _revealed(one), _revealed(other)
    return type(one) is type(other) in (str, int) and one == other
