"""The table of settings, and the page that prints it."""

from __future__ import annotations

import inspect
import re
from pathlib import Path

from finbourne_candela.extensions import ArgsConfigurationLoader
from finbourne_candela.extensions.api_configuration import ApiConfiguration
from finbourne_candela.extensions.settings import BY_NAME, SETTINGS

PAGE = Path(__file__).parents[2] / "docs" / "finbourne_candela" / "settings.md"


def test_the_page_names_each_variable_and_key() -> None:
    rows = re.findall(r"^\| (`.*)\| (`.*) \| (`.*) \|$", PAGE.read_text("utf-8"), re.MULTILINE)
    printed = [tuple(tuple(re.findall(r"`([\w.]+)`", cell)) for cell in row) for row in rows]

    assert printed == [((s.name,), s.variables, s.keys) for s in SETTINGS]


def test_each_setting_is_an_argument_everywhere() -> None:
    arguments = list(inspect.signature(ArgsConfigurationLoader).parameters)
    made_of = set(inspect.signature(ApiConfiguration).parameters)

    assert arguments == list(BY_NAME)
    assert {name for name in BY_NAME if not name.startswith("proxy_")} == made_of - {"proxy_config"}


def test_secrets_are_known_as_such() -> None:
    assert {s.name for s in SETTINGS if s.secret} == {
        "password",
        "client_secret",
        "proxy_password",
        "access_token",
    }
    assert {s.name for s in SETTINGS if s.number} == {
        "total_timeout_ms",
        "connect_timeout_ms",
        "read_timeout_ms",
        "rate_limit_retries",
    }
