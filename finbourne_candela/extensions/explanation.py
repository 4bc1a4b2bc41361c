"""The settings, their sources and what these overrode: a table for people, rows for programs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from finbourne_candela.extensions.api_configuration import OAUTH, ApiConfiguration
from finbourne_candela.extensions.settings import BY_NAME
from portal_client.explanation import Explanation as Explanation
from portal_client.explanation import Row as Row
from portal_client.explanation import Sourced, shown


def explain(settings: ApiConfiguration, others: Mapping[str, Sequence[Sourced]]) -> Explanation:
    """Return a Row for each setting; values in `others` override the loaders, except defaults."""
    names = [*BY_NAME, *(name for name in others if name not in BY_NAME)]
    return Explanation(_row(settings, name, others.get(name, ())) for name in names)


def _row(settings: ApiConfiguration, name: str, others: Sequence[Sourced]) -> Row:
    values = [*settings.provenance.values_of.get(name, ()), *others]
    values.sort(key=lambda value: value.kind != "default")
    if not values:
        return Row(name, "", "not set")
    value = values[-1].value
    if name == "token_url":
        value = str(settings.token_url).partition("?")[0]
    elif name == "proxy_address" and settings.proxy_config is not None:
        value = settings.proxy_config.address  # without name and password
    secret = name in BY_NAME and BY_NAME[name].secret
    text = shown(value) if secret else str(value)
    return Row.of(name, text, values, _warning(settings, name, values[-1]))


def _warning(settings: ApiConfiguration, name: str, last: Sourced) -> str:
    if name in OAUTH and settings.has_token:
        return "not used, as there is an access_token"
    if name in ("proxy_username", "proxy_password") and settings.proxy_config is None:
        return "not used, as there is no proxy_address"
    if last.kind == "file" and (variables := settings.provenance.overridden(name)):
        return f"{last.where} overrides {', '.join(variables)}, which is set"
    return ""
