"""The client of the Portal service, made of options and settings."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Optional

import typer

if TYPE_CHECKING:
    from portal_client.api_client import ApiClient

_PANEL = "Options of every command"


def connect(
    *,
    profile: Annotated[
        Optional[str], typer.Option(metavar="NAME", help="The profile to use.", rich_help_panel=_PANEL)
    ] = None,
    host: Annotated[
        Optional[str], typer.Option(metavar="URL", help="Where the service is.", rich_help_panel=_PANEL)
    ] = None,
) -> ApiClient:
    """Return a client by the settings of the environment or a profile; `host` overrides theirs."""
    import os

    from portal_client.api_client import ApiClient
    from portal_client.configuration import Configuration

    return ApiClient(
        Configuration(host or os.environ["PORTAL_HOST"], access_token=os.environ.get("BEARER_TOKEN"))
    )
