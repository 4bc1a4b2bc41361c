"""Settings, their sources, and the client that they make."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from finbourne_candela.extensions.api_client import SyncApiClient as SyncApiClient
else:
    from portal_client._lazy import lazy

    __getattr__, __dir__, __all__ = lazy(
        __name__,
        {
            "SyncApiClient": "finbourne_candela.extensions.api_client",
        },
    )
