"""The settings, their sources and what these overrode: a table for people, rows for programs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from finbourne_candela.extensions.api_configuration import OAUTH, ApiConfiguration
from finbourne_candela.extensions.file_access_token import FileAccessToken
from finbourne_candela.extensions.settings import BY_NAME, Sourced
from portal_client.auth import EnvToken, FileToken, OAuth2Password

_REFERENCES = (EnvToken, FileAccessToken, FileToken, OAuth2Password)  # their repr holds no secret


class Row(NamedTuple):
    """A setting: its value with secrets masked, its source, the sources that it overrode, and a warning."""

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
        """The warnings: variables of the environment that a file overrides, settings that are not used."""
        return [f"{row.setting}: {row.warning}" for row in self if row.warning]

    def __str__(self) -> str:
        head = ("setting", "value", "source", "overrode")
        lines = [head, *((r.setting, r.value, r.source, ", ".join(r.overrode)) for r in self)]
        widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
        table = ["  ".join(map(str.ljust, line, widths)).rstrip() for line in lines]
        return "\n".join([*table, *(f"warning: {warning}" for warning in self.warnings)])

    __repr__ = __str__


def explain(settings: ApiConfiguration, others: Mapping[str, Sequence[Sourced]]) -> Explanation:
    """Return a Row for each setting; values in `others` override the loaders, except defaults."""
    names = [*BY_NAME, *(name for name in others if name not in BY_NAME)]
    return Explanation(_row(settings, name, others.get(name, ())) for name in names)


def _row(settings: ApiConfiguration, name: str, others: Sequence[Sourced]) -> Row:
    values = [*settings.provenance.values_of.get(name, ()), *others]
    values.sort(key=lambda value: value.kind != "default")
    if not values:
        return Row(name, "", "not set")
    *overridden, last = values
    value = last.value
    if name == "token_url":
        value = str(settings.token_url).partition("?")[0]
    elif name == "proxy_address" and settings.proxy_config is not None:
        value = settings.proxy_config.address  # without name and password
    overrode = tuple(each.where for each in overridden if each.kind != "default")
    return Row(name, _masked(name, value), last.where, overrode, _warning(settings, name, last))


def _warning(settings: ApiConfiguration, name: str, last: Sourced) -> str:
    if name in OAUTH and settings.has_token:
        return "not used, as there is an access_token"
    if name in ("proxy_username", "proxy_password") and settings.proxy_config is None:
        return "not used, as there is no proxy_address"
    if last.kind == "file" and (variables := settings.provenance.overridden(name)):
        return f"{last.where} overrides {', '.join(variables)}, which is set"
    return ""


def _masked(name: str, value: object) -> str:
    if name in BY_NAME and BY_NAME[name].secret:
        return repr(value) if isinstance(value, _REFERENCES) else "***"
    return str(value)
