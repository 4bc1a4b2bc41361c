"""The settings: their names, their variables and keys, and the sources of their values."""

from __future__ import annotations

from collections import UserString
from collections.abc import Callable, Iterable, Mapping
from typing import NamedTuple, Optional, Protocol

from finbourne_candela.configuration import nonnegative_int
from portal_client import explanation
from portal_client.exceptions import ApiTypeError
from portal_client.explanation import Sourced, revealed
from portal_client.secret import Secret, Secrets
from portal_client.spelling import hint


class Setting(NamedTuple):
    """A setting; the first of its variables that is set is used, and the first of its keys."""

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
    """A source of settings; None and the empty string count as not set.

    Errors and `explain` name it by `str()`, and a setting of it by `where(setting)`, if it has that method.
    """

    def load_config(self) -> Mapping[str, object]:
        """Return the settings by their names: token_url, api_url, username, password and so on."""
        ...


class Provenance(explanation.Provenance):
    """The values of each setting, in the order of their sources; the last one wins.

    Raises ApiTypeError and ApiValueError for an unknown setting and an invalid value.
    """

    def __init__(self, loaders: Iterable[ConfigurationLoader]) -> None:
        super().__init__()
        self._loaders: list[ConfigurationLoader] = []
        for loader in loaders:
            if isinstance(loader, type) or not hasattr(loader, "load_config"):
                raise ApiTypeError(f"config_loaders: {loader!r} is no loader, which has load_config()")
            self._loaders.append(loader)
            loaded = Secrets(loader.load_config())
            for name in loaded:
                self._load(loader, name, loaded)

    def _load(self, loader: ConfigurationLoader, name: str, loaded: Mapping[str, object]) -> None:
        if loaded[name] is None or (type(loaded[name]) is str and not loaded[name]):
            return
        setting = BY_NAME.get(name)
        if setting is None:
            raise ApiTypeError(f"{label(loader)} has {name}, which is no setting{hint(name, BY_NAME)}")
        where = _where(loader, setting)
        if setting.number:
            nonnegative_int(where, loaded[name])
        elif not isinstance(loaded[name], (str, UserString)) and not (
            name == "access_token" and callable(loaded[name])
        ):
            raise ApiTypeError(f"{where} must be a str, not {type(loaded[name]).__name__}")
        hides = setting.secret and type(loaded[name]) is str
        value = Secret(name, str(loaded[name])) if hides else loaded[name]
        self.add(name, Sourced(value, where, getattr(loader, "kind", "argument")))

    def overridden(self, name: str) -> list[str]:
        """Return the variables of the environment that a file overrides with another value."""
        *before, last = self.values_of.get(name, [Sourced(None, "", "")])
        if last.kind != "file":
            return []
        return [g.where for g in before if g.kind == "environment" and not _same(g.value, last.value)]

    def missing(self, names: Iterable[str]) -> str:
        """Return a text with the places of missing settings."""
        lines = [f"  {name}: {', '.join(self._places(BY_NAME[name]))}" for name in names]
        loaders = ", ".join(map(label, self._loaders))
        return "\n".join([*lines, f"looked in {loaders}; the last one wins" if loaders else ""]).rstrip()

    def _places(self, setting: Setting) -> list[str]:
        if not self._loaders:
            return [f"the argument {setting.name}"]
        return [place for loader in self._loaders if (place := _where(loader, setting))]


def label(loader: ConfigurationLoader) -> str:
    """Return the name of a source."""
    return str(loader) if hasattr(loader, "where") else type(loader).__name__


def _where(loader: ConfigurationLoader, setting: Setting) -> str:
    """Return the name of a setting in a source; empty where the source has no such setting."""
    where: Optional[Callable[[Setting], str]] = getattr(loader, "where", None)
    return where(setting) if where else f"{setting.name} of {label(loader)}"


def _same(one: object, other: object) -> bool:
    # Strings and numbers only: a token is not fetched to be compared.
    one, other = revealed(one), revealed(other)
    return type(one) is type(other) in (str, int) and one == other
