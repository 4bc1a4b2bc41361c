"""Scripts as the command that reads them has them."""

from __future__ import annotations

from textwrap import dedent

from portal_client.migrate.script import Script, parsed


def script_of(text: str, name: str = "script.py") -> Script:
    """Return a script that is written out in a test."""
    return Script(name, [parsed(name, dedent(text))])
