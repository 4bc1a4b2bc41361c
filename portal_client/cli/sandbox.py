"""Runs a sandbox."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module

from portal_client.cli.exits import Exit


def sandbox(arguments: Sequence[str]) -> int:
    """Run a local sandbox of the service, until Ctrl-C; `portal sandbox --help` shows its options."""
    code: int = import_module("portal_sandbox.__main__").main(arguments)
    return Exit.USAGE if code == 1 else code  # 1: it cannot start
