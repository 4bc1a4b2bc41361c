"""A token that is fetched for a password, and renewed before it expires."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Optional, Protocol

from finbourne_candela.configuration import Configuration
from finbourne_candela.extensions.settings import Provenance
from finbourne_candela.extensions.token_string import TokenString
from portal_client.auth import OAuth2Password, TokenResponse

SCOPE = "openid client groups offline_access"


class TokenSettings(Protocol):
    """What a token is fetched with, and where each setting comes from; an ApiConfiguration has it."""

    provenance: Provenance

    def oauth(self) -> dict[str, Any]:
        """Return the token endpoint and the credentials. Raises ApiValueError where one is missing."""
        ...

    def transport(self) -> Configuration:
        """Return how the token endpoint is reached."""
        ...


class RefreshingToken(OAuth2Password, TokenString):
    """A token from the token endpoint of an ApiConfiguration.

    It is fetched when it is first used, and again `expiry_offset` seconds before it expires: by its refresh
    token, else by the password. A client asks for it before each request; it can also be used as a string.
    `id_provider_response_handler` is called with each TokenResponse of the endpoint before its status is
    checked: an object with `status_code`, `headers`, `text` and `json()`.

    Raises ApiValueError where a setting is missing, and AuthenticationError when no token can be had.
    """

    def __init__(
        self,
        api_configuration: TokenSettings,
        expiry_offset: float = 60,
        id_provider_response_handler: Optional[Callable[[TokenResponse], object]] = None,
    ) -> None:
        given = api_configuration.oauth()
        with api_configuration.provenance.naming_source(*given):
            super().__init__(
                **given,
                scope=SCOPE,
                leeway=expiry_offset,
                on_response=id_provider_response_handler,
                configuration=api_configuration.transport(),
            )
