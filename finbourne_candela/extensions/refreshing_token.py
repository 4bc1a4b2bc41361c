"""A token that is fetched for a password, and renewed before it expires."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Optional

from finbourne_candela.extensions.asked_text import AskedText
from portal_client.auth import OAuth2Password, TokenResponse

if TYPE_CHECKING:
    from finbourne_candela.extensions.api_configuration import ApiConfiguration

SCOPE = "openid client groups offline_access"


class RefreshingToken(OAuth2Password, AskedText):
    """A token from the token endpoint of an ApiConfiguration.

    It is fetched when it is first used, and again `expiry_offset` seconds before it expires, by its refresh
    token and else by the password. A client asks it before each request; it can be used as a text, too.
    `id_provider_response_handler` is called with each TokenResponse of the endpoint before it is judged: an
    object with `status_code`, `headers`, `text` and `json()`.

    Raises ApiValueError where a setting is missing, and AuthenticationError when no token can be had.
    """

    def __init__(
        self,
        api_configuration: ApiConfiguration,
        expiry_offset: float = 60,
        id_provider_response_handler: Optional[Callable[[TokenResponse], object]] = None,
    ) -> None:
        given = api_configuration.oauth()
        with api_configuration.provenance.blamed(*given):
            super().__init__(
                **given,
                scope=SCOPE,
                leeway=expiry_offset,
                on_response=id_provider_response_handler,
                configuration=api_configuration.transport(),
            )
