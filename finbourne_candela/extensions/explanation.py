"""What is set, by whom and over whom: a table for people, rows for programs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from finbourne_candela.extensions.api_configuration import OAUTH, ApiConfiguration
from finbourne_candela.extensions.file_access_token import FileAccessToken
from finbourne_candela.extensions.settings import BY_NAME, Given
from portal_client.auth import EnvToken, FileToken, OAuth2Password

_REFERENCES = (EnvToken, FileAccessToken, FileToken, OAuth2Password)  # their repr shows no secret


class Row(NamedTuple):
    """One setting: its value as it may be shown, who has won, who was beaten, and what is odd about it."""

    setting: str
    value: str
    source: str
    overrode: tuple[str, ...] = ()
    warning: str = ""


class Explanation(tuple[Row, ...]):
    """A Row for each setting; it prints as a table, with warnings below."""

    __slots__ = ()

    @property
    def warnings(self) -> list[str]:
        """What is odd: variables of the environment that a file overrides, settings that are not used."""
        return [f"{row.setting}: {row.warning}" for row in self if row.warning]

    def __str__(self) -> str:
        head = ("setting", "value", "source", "overrode")
        lines = [head, *((r.setting, r.value, r.source, ", ".join(r.overrode)) for r in self)]
        widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
        table = ["  ".join(map(str.ljust, line, widths)).rstrip() for line in lines]
        return "\n".join([*table, *(f"warning: {warning}" for warning in self.warnings)])

    __repr__ = __str__


def explained(settings: ApiConfiguration, others: Mapping[str, Sequence[Given]]) -> Explanation:
    """Explain settings; `others` have a say, too, and the last word is theirs unless they are defaults."""
    names = [*BY_NAME, *(name for name in others if name not in BY_NAME)]
    return Explanation(_row(settings, name, others.get(name, ())) for name in names)


def _row(settings: ApiConfiguration, name: str, others: Sequence[Given]) -> Row:
    said = [*settings.provenance.given.get(name, ()), *others]
    said.sort(key=lambda given: given.kind != "default")
    if not said:
        return Row(name, "", "not set")
    *beaten, last = said
    value = last.value
    if name == "token_url":
        value = str(settings.token_url).partition("?")[0]
    elif name == "proxy_address" and settings.proxy_config is not None:
        value = settings.proxy_config.address  # without name and password
    overrode = tuple(given.where for given in beaten if given.kind != "default")
    return Row(name, _shown(name, value), last.where, overrode, _warning(settings, name, last))


def _warning(settings: ApiConfiguration, name: str, last: Given) -> str:
    if name in OAUTH and settings.has_token:
        return "not used, as there is an access_token"
    if name in ("proxy_username", "proxy_password") and settings.proxy_config is None:
        return "not used, as there is no proxy_address"
    if last.kind == "file" and (variables := settings.provenance.overridden(name)):
        return f"{last.where} overrides {', '.join(variables)}, which is set"
    return ""


def _shown(name: str, value: object) -> str:
    if name in BY_NAME and BY_NAME[name].secret:
        return repr(value) if isinstance(value, _REFERENCES) else "***"
    return str(value)
