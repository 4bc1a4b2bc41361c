"""Offers agents and sessions as tools to a host of the Model Context Protocol."""

from __future__ import annotations

import sys
from typing import Annotated, Optional

import typer

from portal_client.cli.shell import Shell


def mcp(
    shell: Shell,
    read_only: Annotated[
        bool, typer.Option("--read-only", help="Offer those tools alone that change nothing.")
    ] = False,
    allow_files: Annotated[
        Optional[str],
        typer.Option(metavar="DIR", help="Offer to attach the files of this folder; without it, none."),
    ] = None,
    timeout: Annotated[
        float,
        typer.Option(metavar="SECONDS", help="The limit for each call; many hosts give up after a minute."),
    ] = 50,
) -> None:
    """Offer agents and sessions as tools to an MCP host, on the standard streams.

    A host such as an editor or a chat starts it, and ends it by closing them.
    """
    from portal_client.exceptions import ApiValueError
    from portal_client.timeouts import check_seconds

    try:
        from portal_client.mcp.server import serve
    except ImportError as error:
        raise ApiValueError(f'it needs {error.name}: pip install "portal-client[mcp]"') from None
    from portal_client.mcp.calls import Calls
    from portal_client.mcp.folder import Folder

    limit = check_seconds("timeout", timeout)
    folder = None if allow_files is None else Folder(allow_files)
    with (
        shell.connect() as client,
        Calls(client.configuration, read_only=read_only, folder=folder, timeout=limit) as calls,
    ):
        if sys.stdin.isatty():
            shell.output.note("Waiting for the messages of an MCP host; Ctrl-C ends it.")
        serve(calls)
