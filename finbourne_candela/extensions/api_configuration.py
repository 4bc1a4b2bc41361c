"""The settings of the service and the Configuration that is made of them."""

from __future__ import annotations

import re
import socket
from collections import UserString
from collections.abc import Callable, Sequence
from typing import Any, Optional, Union

from finbourne_candela.configuration import Configuration, Timeouts
from finbourne_candela.extensions.configuration_options import ConfigurationOptions
from finbourne_candela.extensions.proxy_config import ProxyConfig
from finbourne_candela.extensions.refreshing_token import RefreshingToken
from finbourne_candela.extensions.settings import Provenance
from portal_client.auth import AccessToken, TokenResponse
from portal_client.credential import strip_bearer
from portal_client.exceptions import ApiValueError
from portal_client.secret import Secrets, SecretSetting
from portal_client.settings import Settings
from portal_client.transport.keep_alive import keep_alive_socket_options

#: The settings of the token endpoint.
OAUTH = ("token_url", "username", "password", "client_id", "client_secret")
#: The timeouts of a call, in milliseconds.
TIMEOUTS = ("total_timeout_ms", "connect_timeout_ms", "read_timeout_ms")
_OKTA_ISSUER = re.compile(r"https?://[^/]+\.okta\.com/oauth2/.+", re.IGNORECASE)
_TOKEN_PATH = re.compile(r"/v\d+/token/?$", re.IGNORECASE)

SocketOptions = Sequence[tuple[int, int, Union[int, bytes]]]
Handler = Callable[[TokenResponse], object]


class ApiConfiguration(Settings):
    """The settings of the service and of its token endpoint.

    With an `access_token`, a string or a callable, the other credentials are not used; without one all of
    `token_url`, `username`, `password`, `client_id` and `client_secret` are needed. `token_url` may be the
    issuer of an Okta server. `certificate_filename` is a file of CA certificates; timeouts are in
    milliseconds, and 0 is no limit.
    """

    username: SecretSetting[Optional[str]] = SecretSetting()
    password: SecretSetting[Optional[str]] = SecretSetting()
    client_secret: SecretSetting[Optional[str]] = SecretSetting()
    access_token: SecretSetting[AccessToken] = SecretSetting()

    def __init__(
        self,
        token_url: Optional[str] = None,
        api_url: Optional[str] = None,
        username: Optional[str] = None,
        password: Optional[str] = None,
        client_id: Optional[str] = None,
        client_secret: Optional[str] = None,
        app_name: Optional[str] = None,
        certificate_filename: Optional[str] = None,
        proxy_config: Optional[ProxyConfig] = None,
        access_token: AccessToken = None,
        total_timeout_ms: Optional[int] = None,
        connect_timeout_ms: Optional[int] = None,
        read_timeout_ms: Optional[int] = None,
        rate_limit_retries: Optional[int] = None,
    ) -> None:
        self.token_url = token_url
        self.api_url = api_url
        self.username = username
        self.password = password
        self.client_id = client_id
        self.client_secret = client_secret
        self.app_name = app_name
        self.certificate_filename = certificate_filename
        self.proxy_config = proxy_config
        self.access_token = access_token
        self.total_timeout_ms = total_timeout_ms
        self.connect_timeout_ms = connect_timeout_ms
        self.read_timeout_ms = read_timeout_ms
        self.rate_limit_retries = rate_limit_retries
        self.provenance = Provenance(())

    @property
    def token_url(self) -> Optional[str]:
        """The URL of the token endpoint; for an Okta issuer, that of its endpoint."""
        return self._token_url

    @token_url.setter
    def token_url(self, value: Optional[str]) -> None:
        if isinstance(value, str) and _OKTA_ISSUER.match(value) and not _TOKEN_PATH.search(value):
            value = value.rstrip("/") + "/v1/token"
        self._token_url = value

    @property
    def has_token(self) -> bool:
        """Whether there is an access token, so that none is fetched; an empty one does not count."""
        token: Any = self.access_token
        return bool(strip_bearer(token)) if issubclass(type(token), str) else token is not None

    def get_access_token(self, id_provider_response_handler: Optional[Handler] = None) -> AccessToken:
        """Return the access token if there is one, else a RefreshingToken.

        Raises ApiValueError, which names each setting that is missing for it.
        """
        if self.has_token:
            return self.access_token
        return RefreshingToken(self, id_provider_response_handler=id_provider_response_handler)

    def build_api_client_config(
        self,
        tcp_keep_alive: bool = True,
        socket_options: Optional[SocketOptions] = None,
        id_provider_response_handler: Optional[Handler] = None,
        opts: Optional[ConfigurationOptions] = None,
    ) -> Configuration:
        """Return the Configuration of a client; `opts` override the settings. Nothing is sent.

        Raises ApiValueError, which names each missing setting, or the invalid one.
        """
        self._require("api_url", *(() if self.has_token else OAUTH))
        configuration = self.transport(opts)
        token: Any = self.get_access_token(id_provider_response_handler)
        if isinstance(token, UserString):  # such as the token of a sister library, fetched when it is used
            token = token.__str__
        with self.provenance.naming_source("api_url"):
            configuration.host = self.api_url or ""
        with self.provenance.naming_source("access_token"):
            configuration.access_token = token
        self._name_sources(configuration, host="api_url", access_token="access_token")
        if tcp_keep_alive:
            configuration.socket_options = list(socket_options or keep_alive_socket_options())
        else:
            configuration.socket_options = [(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)]
        return configuration

    def transport(self, opts: Optional[ConfigurationOptions] = None) -> Configuration:
        """Return a Configuration with the timeouts, certificates and proxy, but no host and credentials."""
        opts, defaults = opts or ConfigurationOptions(), Timeouts.get_default()
        timeouts = {name: _first(name, opts, self, defaults) for name in TIMEOUTS}
        retries = opts.rate_limit_retries
        retries = self.rate_limit_retries if retries is None else retries
        configuration = Configuration(
            ssl_ca_cert=self.certificate_filename,
            timeouts=Timeouts(**timeouts),
            rate_limit_retries=Configuration.DEFAULT_RATE_LIMIT_RETRIES if retries is None else retries,
        )
        if self.proxy_config is not None:
            configuration.proxy = self.proxy_config.address
            configuration.proxy_headers = self.proxy_config.headers
            if self.proxy_config.address.startswith("socks"):  # it takes no headers
                configuration.proxy = self.proxy_config.format_proxy_schema()["https"]
        self._name_sources(configuration, ssl_ca_cert="certificate_filename", proxy="proxy_address")
        return configuration

    def _name_sources(self, configuration: Configuration, **settings: str) -> None:
        """Tell a Configuration where its settings are from, by the names of ours."""
        for name, setting in settings.items():
            if setting in self.provenance.values_of:
                configuration.set_sources(name, self.provenance.values_of[setting])

    def oauth(self) -> dict[str, Any]:
        """Return the settings of the token endpoint. Raises ApiValueError, which names each missing one."""
        self._require(*OAUTH)
        return Secrets({name: getattr(self, name) for name in OAUTH})

    def _require(self, *names: str) -> None:
        missing = [name for name in names if not getattr(self, name)]
        if missing:
            text = f"settings are missing:\n{self.provenance.missing(missing)}"
            if set(missing) & set(OAUTH):
                text += f"\n(an access_token would do in place of {', '.join(OAUTH)})"
            raise ApiValueError(text)

    def __repr__(self) -> str:
        return f"ApiConfiguration(api_url={self.api_url!r})"


def _first(name: str, *objects: object) -> int:
    """Return the first value of an attribute that is not None."""
    values: list[Optional[int]] = [getattr(each, name) for each in objects]
    return next(value for value in values if value is not None)
