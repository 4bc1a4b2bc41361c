"""The client of the Portal service, made of options and settings."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Optional

import typer

from portal_client.cli.shell import PANEL

if TYPE_CHECKING:
    from portal_client.api_client import ApiClient
    from portal_client.configuration import Configuration


def configuration(profile: Optional[str], host: Optional[str]) -> Configuration:
    """Return the settings of the environment and a profile; `host` overrides theirs."""
    from portal_client.configuration import Configuration

    if profile is not None:
        return Configuration.from_profile(profile, host=host)
    return Configuration.from_env(host=host)


def connect(
    *,
    profile: Annotated[
        Optional[str],
        typer.Option(metavar="NAME", help="The profile to use, else PORTAL_PROFILE.", rich_help_panel=PANEL),
    ] = None,
    host: Annotated[
        Optional[str],
        typer.Option(metavar="URL", help="Where the service is, else PORTAL_HOST.", rich_help_panel=PANEL),
    ] = None,
) -> ApiClient:
    """Return a client by the settings of the environment and a profile; `host` overrides theirs."""
    from portal_client.api_client import ApiClient

    return ApiClient(configuration(profile, host))
