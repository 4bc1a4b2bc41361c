"""The sources of the settings of a client: arguments, attributes, the environment, a profile."""

from __future__ import annotations

import logging
import os
import ssl
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import lru_cache
from inspect import signature
from typing import Any, ClassVar, Optional, Self, Union

import urllib3
from typing_extensions import TypedDict, Unpack

from portal_client.credential import AccessToken, split_url
from portal_client.exceptions import ApiValueError
from portal_client.explanation import (
    NOT_READ,
    Explanation,
    Provenance,
    Row,
    Sourced,
    argument,
    attribute,
    revealed,
    shown,
)
from portal_client.hooks import Hooks
from portal_client.middleware import Middleware
from portal_client.pasted import trimmed
from portal_client.profiles import KEYS, Profiles
from portal_client.references import EnvToken
from portal_client.secret import Hidden, Lost, Secret, Secrets
from portal_client.settings import Settings
from portal_client.spelling import SIMILAR, nearest
from portal_client.text import printable
from portal_client.timeouts import TimeoutArgument


class Arguments(TypedDict, total=False):
    """The arguments of a Configuration by keyword, which `explain` shows in this order."""

    host: Optional[str]
    api_key: Optional[Mapping[str, str]]
    api_key_prefix: Optional[Mapping[str, str]]
    username: Optional[str]
    password: Optional[str]
    access_token: AccessToken
    server_index: Optional[int]
    server_variables: Optional[Mapping[str, str]]
    server_operation_index: Optional[Mapping[str, int]]
    server_operation_variables: Optional[Mapping[str, Mapping[str, str]]]
    ssl_ca_cert: Optional[str]
    timeout: TimeoutArgument
    retries: Union[int, urllib3.Retry, None]
    rate_limit_retries: Optional[int]
    verify_ssl: Optional[bool]
    cert_file: Optional[str]
    key_file: Optional[str]
    proxy: Optional[str]
    trust_env: Optional[bool]
    truststore: Optional[bool]
    ssl_context: Optional[ssl.SSLContext]
    max_response_size: Optional[int]
    connection_pool_maxsize: Optional[int]
    hooks: Optional[Sequence[Hooks]]
    middleware: Optional[Sequence[Middleware]]
    flight_recorder: Optional[int]


#: The variables of the environment by the setting that they give; the last one that is set wins.
VARIABLES = {"host": ("PORTAL_HOST",), "access_token": ("BEARER_TOKEN", "PORTAL_TOKEN")}
_PREFIX = "PORTAL_"
_PROFILE = "PORTAL_PROFILE"
#: The variables by the names that others may be like.
_OF_NAME = {"profile": _PROFILE, "token": "PORTAL_TOKEN"} | {name: of[-1] for name, of in VARIABLES.items()}


class HasSources(Settings):
    """Settings that know their sources; the last one of a setting has won."""

    package: ClassVar[str]
    default_retries: ClassVar[int]
    _sources: dict[str, Sequence[Sourced]]
    _unread: Sequence[Row] = ()

    @classmethod
    def from_env(cls, **arguments: Unpack[Arguments]) -> Self:
        """Return a configuration from the environment.

        PORTAL_HOST is the host, PORTAL_TOKEN (else BEARER_TOKEN) the token, which is read again before each
        request. PORTAL_PROFILE names a profile that has further settings, as in `from_profile`. An argument
        wins over the environment, and that over the profile; None, or an empty variable, gives no setting.
        No other variable that begins with PORTAL_ is read; `explain` names those that are called like a
        setting of a profile.

        Raises ApiValueError, which names the source, for a setting that cannot be used.
        """
        name = _variable(_PROFILE)
        if not name:
            return cls._of(arguments, {})
        try:
            profile = Profiles().settings(name)
        except ApiValueError as error:
            raise ApiValueError(f"{_PROFILE}: {error}") from None
        return cls._of(arguments, profile)

    @classmethod
    def from_profile(cls, name: str, **arguments: Unpack[Arguments]) -> Self:
        """Return a configuration from a profile: the table [profiles.NAME] of config.toml.

        The file is in the folder `portal-client` among the platform's configuration, which the package of
        the extra [profiles] finds. An argument wins over PORTAL_HOST, PORTAL_TOKEN and BEARER_TOKEN, and
        these over the profile; None, or an empty variable, gives no setting.

        Raises ApiValueError, which names the source, for a setting that cannot be used.
        """
        return cls._of(arguments, Profiles().settings(name))

    @classmethod
    def _of(cls, arguments: Arguments, profile: Mapping[str, Sourced]) -> Self:
        given: Any = Secrets({name: value for name, value in arguments.items() if value is not None})
        configuration, provenance = cls(**given), Provenance()
        for name, sourced in (*profile.items(), *_of_environment()):
            provenance.add(name, sourced)
        for name, values in provenance.values_of.items():
            if name in given:
                values.append(argument(name))
            else:
                value = revealed(values[-1].value)
                if isinstance(value, str) and name in VARIABLES:
                    value = Hidden(value)  # a host, too: one that is refused may hold a password
                with provenance.naming_source(name):
                    setattr(configuration, name, value)
            configuration.set_sources(name, values)
        for warning in configuration.explain().warnings:
            logging.getLogger(cls.package).warning("%s", warning)
        configuration._unread = tuple(_unread())
        return configuration

    def set_sources(self, name: str, sources: Sequence[Sourced]) -> None:
        """Keep the sources of a setting, in their order; of the values only a profile's host is no secret."""
        known = ("host", "file")
        self._sources[name] = [
            each if (name, each.kind) == known else Sourced(None, each.where, each.kind) for each in sources
        ]

    def called(self, name: str) -> str:
        """Return the name that a setting has in its source, by which errors call it."""
        last = [argument(name), *self._sources.get(name, ())][-1]
        return name if last in (argument(name), attribute(name)) else last.where

    def __setattr__(self, name: str, value: object) -> None:
        try:
            super().__setattr__(name, value)
        except BaseException:
            del value  # as Settings does
            raise
        if name in Arguments.__annotations__ and "_sources" in vars(self):
            before = [each for each in self._sources.get(name, ()) if each != attribute(name)]
            self._sources[name] = [*before, attribute(name)]

    # ── what it says ──

    def explain(self) -> Explanation:
        """Return each setting with its value, secrets masked, its source, and the sources that it overrode.

        It prints as a table; its rows have the attributes `setting`, `value`, `source`, `overrode` and
        `warning`, for a token of a profile that goes to the host of a variable, and for a secret that pickle
        has left out. Where the environment was looked at, a row follows for each variable that is named like
        a setting and was not read, such as PORTAL_TIMEOUT; its warning says what there is.
        """
        token: Any = vars(self).get("_access_token")
        used = token.name if isinstance(token, EnvToken) else ""
        unread = [row for row in self._unread if row.setting != used]
        return Explanation([*map(self._row, Arguments.__annotations__), *unread])

    def _row(self, name: str) -> Row:
        value: Any = vars(self).get(f"_{name}")
        if not isinstance(value, (Secret, Secrets, Lost)):
            value = getattr(self, name)
        if name == "retries" and value is None:
            value = self.default_retries
        sources = self._sources.get(name, ())
        if not sources and value not in (None, "", {}, []):
            in_place = isinstance(value, (dict, list))  # for the defaults of these are empty
            sources = [attribute(name) if in_place else Sourced(None, "default", "default")]
        text = shown(value)
        if name == "proxy" and isinstance(value, Secret):
            text = split_url(value.reveal())[0].partition("?")[0]
        return Row.of(name, text, sources, self._warning(name, value))

    def _warning(self, name: str, value: object) -> str:
        if isinstance(value, Lost):
            return "pickle does not carry it; set it again"
        token, host = self._sources.get("access_token"), self._sources.get("host")
        if name == "access_token" and token and host:
            *before, last = host
            own = [each for each in before if each.kind == token[-1].kind == "file"]
            if own and last.kind == "environment" and own[0].value != vars(self)["host"]:
                return f"that of {token[-1].where} goes to the host of {last.where}"
        return ""


def arguments_of(init: Callable[..., None], given: Mapping[str, object]) -> dict[str, Sequence[Sourced]]:
    """Return the sources of the arguments of a constructor, without those that are its defaults."""
    return {n: [argument(n)] for n, default in _defaults(init).items() if given[n] is not default}


@lru_cache(maxsize=8)
def _defaults(init: Callable[..., None]) -> dict[str, object]:
    parameters = signature(init).parameters
    return {name: each.default for name, each in parameters.items() if name in Arguments.__annotations__}


def _variable(name: str) -> str:
    return trimmed(os.environ.get(name, ""))


def _of_environment() -> Iterator[tuple[str, Sourced]]:
    """Yield the settings of the environment, a token as a reference to its variable."""
    for name, variables in VARIABLES.items():
        for variable in variables:
            if text := _variable(variable):
                value = EnvToken(variable) if name == "access_token" else text
                yield name, Sourced(value, variable, "environment")


def _unread() -> Iterator[Row]:
    """Yield a row for each variable that is named like a setting of a profile and is not read."""
    for variable in sorted(os.environ):
        if not variable.startswith(_PREFIX) or variable in _OF_NAME.values() or not _variable(variable):
            continue
        name = variable.removeprefix(_PREFIX)
        begun = (each for each in _OF_NAME if name.lower().startswith(f"{each}_"))  # such as TOKEN_FILE
        name = next(begun, "") or nearest(name, [*_OF_NAME, *KEYS], SIMILAR)
        why = f": {name} is set in a profile, or as an argument"
        if name in _OF_NAME:
            why = f"; did you mean {_OF_NAME[name]}?"
        if name:  # else it is of another program
            yield Row(printable(variable), "", NOT_READ, (), f"it is not read{why}")
