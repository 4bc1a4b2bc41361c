"""Runs a sandbox."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib import import_module

from portal_client.cli.exits import Exit


def sandbox(arguments: Sequence[str]) -> int:
    """Run a local sandbox of the service, until Ctrl-C; `portal sandbox --help` shows its options."""
    try:
        command = import_module("portal_sandbox.__main__")
    except ImportError as error:
        print(f'portal: it needs {error.name}: pip install "portal-client[sandbox]"', file=sys.stderr)
        return Exit.USAGE
    code: int = command.main(arguments)
    return Exit.USAGE if code == 1 else code  # 1: it cannot start
