"""The `portal` command."""

from __future__ import annotations

import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Optional


def main(arguments: Optional[Sequence[str]] = None) -> int:
    """Run the command with arguments, by default those of the process, and return its exit code."""
    try:
        try:
            import rich as rich
            import typer as typer
        except ImportError as error:
            print(f'portal: it needs {error.name}: pip install "portal-client[cli]"', file=sys.stderr)
            return 2
        from portal_client.cli.root import run

        return run(sys.argv[1:] if arguments is None else arguments)
    except KeyboardInterrupt:  # before a command has begun
        return 130
