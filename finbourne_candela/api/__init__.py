"""The operations of the Candela service, one class per tag."""

from __future__ import annotations

from portal_client._lazy import TYPE_CHECKING, lazy

if TYPE_CHECKING:
    from finbourne_candela.api.sessions_api import SessionsApi as SessionsApi
else:
    __getattr__, __dir__ = lazy(
        __name__,
        {
            "finbourne_candela.api.sessions_api": "SessionsApi",
        },
    )
