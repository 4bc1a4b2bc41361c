"""The Candela service: circuits, apps, models and their sessions."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, Optional, cast

import typer

from portal_client.cli.lazy import Maker
from portal_client.cli.operations import groups

if TYPE_CHECKING:
    from finbourne_candela.extensions.api_client import SyncApiClient


def connect(
    *,
    host: Annotated[
        Optional[str],
        typer.Option(metavar="URL", help="Where the service is.", rich_help_panel="Options of every command"),
    ] = None,
) -> SyncApiClient:
    """Return a client by the settings of SyncApiClientFactory; `host` overrides its api_url."""
    from finbourne_candela.api.system_api import SystemApi
    from finbourne_candela.extensions.api_client_factory import SyncApiClientFactory
    from finbourne_candela.extensions.configuration_loaders import (
        ArgsConfigurationLoader,
        default_config_loaders,
    )

    loaders = [*default_config_loaders, ArgsConfigurationLoader(api_url=host)]
    return cast("SyncApiClient", SyncApiClientFactory(loaders).build(SystemApi).api_client)


def commands() -> Iterator[tuple[str, Maker]]:
    """Yield the commands of the service."""
    yield from groups("finbourne_candela.api", connect)
