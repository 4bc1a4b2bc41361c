"""The operations of the Candela service, one class per tag."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from finbourne_candela.api.sessions_api import SessionsApi as SessionsApi
else:
    from portal_client._lazy import lazy

    __getattr__, __dir__, __all__ = lazy(
        __name__,
        {
            "SessionsApi": "finbourne_candela.api.sessions_api",
        },
    )
