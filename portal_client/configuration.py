"""The settings of a client: host, credentials, TLS, proxy, timeouts, retries, logging."""

from __future__ import annotations

import logging
import ssl
from base64 import b64encode
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property, partial
from typing import Any, ClassVar, Optional, Self, Union, cast

import urllib3

from portal_client.credential import AccessToken, Credential, check_header, strip_bearer
from portal_client.exceptions import ApiValueError
from portal_client.flight_recorder import RecordsCalls
from portal_client.hooks import Hooks, log_to_file
from portal_client.middleware import Middleware, check_middleware
from portal_client.secret import Hidden, Lost, Secret, SecretSetting, TLSContextSetting
from portal_client.settings import (
    CheckedSetting,
    HasDefault,
    check_base_url,
    check_count,
    check_retries,
    unawaited,
)
from portal_client.sources import HasSources, arguments_of
from portal_client.timeouts import TimeoutArgument, Timeouts


class Configuration(HasSources, RecordsCalls, HasDefault):
    """The settings of a client.

    `access_token` is a string, a callable that is called before each request, EnvToken(name),
    FileToken(path) or OAuth2Password(...); after a 401 it is called once more, by its
    `renew(refused)` if it has one. `timeout` is the total of a call in seconds, a pair (connect, read)
    or a urllib3.Timeout; the default is 10 s to connect and 600 s of silence, since agents are slow.
    `retries` is how often a call that may be repeated is repeated (3), False for never, or a
    urllib3.Retry; `rate_limit_retries` (2) how often after a 429 with Retry-After. `max_response_size`
    bounds a decompressed body in bytes; that of an error is cut there, and at 16 MiB.
    `connection_pool_maxsize` bounds the connections to one host. `trust_env` honours the proxy and CA
    variables of the environment. `truststore` lets the system verify certificates, by the package of the
    extra [truststore], in place of the CA variables; `ssl_ca_cert` is trusted besides. `ssl_context`, an
    ssl.SSLContext of your own, replaces all of these; pickle leaves it out. `hooks` are told of each attempt,
    `middleware` is around it, the first one outermost, and `flight_recorder` is how many of the last calls
    `to_debug_report` tells of. Making a Configuration does no I/O and reads no environment: `from_env` and
    `from_profile` do, and `explain` tells where each setting is from.

    Raises ApiValueError for a value that cannot be used.
    """

    default_host: ClassVar[str] = "http://localhost"
    default_timeout: ClassVar[Timeouts] = Timeouts(connect=10, read=600)
    default_retries: ClassVar[int] = 3
    api_version: ClassVar[str] = "0.1.0"
    package: ClassVar[str] = "portal_client"

    api_key: SecretSetting[dict[str, str]] = SecretSetting(Mapping)
    username: SecretSetting[Optional[str]] = SecretSetting(str)
    password: SecretSetting[Optional[str]] = SecretSetting(str)
    proxy: SecretSetting[Optional[str]] = SecretSetting(str)
    proxy_headers: SecretSetting[Optional[dict[str, str]]] = SecretSetting(Mapping)
    ssl_context: TLSContextSetting = TLSContextSetting()
    host: CheckedSetting[str] = CheckedSetting(check_base_url)
    connection_pool_maxsize: CheckedSetting[int] = CheckedSetting(partial(check_count, least=1))
    retries: CheckedSetting[Union[int, urllib3.Retry, None]] = CheckedSetting(check_retries)
    rate_limit_retries: CheckedSetting[int] = CheckedSetting(check_count)
    max_response_size: CheckedSetting[int] = CheckedSetting(partial(check_count, least=1))
    middleware: CheckedSetting[list[Middleware]] = CheckedSetting(check_middleware)

    refresh_api_key_hook: Optional[Callable[[Configuration], None]] = None
    assert_hostname: Union[str, bool, None] = None
    tls_server_name: Optional[str] = None
    socket_options: Optional[list[tuple[int, int, Union[int, bytes]]]] = None
    safe_chars_for_path_param: str = ""
    #: Whether large responses are decoded with the cyclic collector paused.
    pause_gc: bool = True
    logger_format: str = "%(asctime)s %(levelname)s %(message)s"
    _logger_file: Optional[str] = None
    _debug: bool = False

    # Scripts for the original may set them; nothing here reads them.
    client_side_validation: bool = True
    datetime_format: str = "%Y-%m-%dT%H:%M:%S.%f%z"
    date_format: str = "%Y-%m-%d"
    temp_folder_path: Optional[str] = None

    def __init__(
        self,
        host: Optional[str] = None,
        api_key: Optional[Mapping[str, str]] = None,
        api_key_prefix: Optional[Mapping[str, str]] = None,
        username: Optional[str] = None,
        password: Optional[str] = None,
        access_token: AccessToken = None,
        server_index: Optional[int] = None,
        server_variables: Optional[Mapping[str, str]] = None,
        server_operation_index: Optional[Mapping[str, int]] = None,
        server_operation_variables: Optional[Mapping[str, Mapping[str, str]]] = None,
        ssl_ca_cert: Optional[str] = None,
        *,
        timeout: TimeoutArgument = None,
        retries: Union[int, urllib3.Retry, None] = None,
        rate_limit_retries: int = 2,
        verify_ssl: bool = True,
        cert_file: Optional[str] = None,
        key_file: Optional[str] = None,
        proxy: Optional[str] = None,
        trust_env: bool = True,
        truststore: bool = False,
        ssl_context: Optional[ssl.SSLContext] = None,
        max_response_size: int = 256 * 1024 * 1024,
        connection_pool_maxsize: int = 100,
        hooks: Sequence[Hooks] = (),
        middleware: Sequence[Middleware] = (),
        flight_recorder: int = 0,
    ) -> None:
        given = arguments_of(Configuration.__init__, locals())
        self.server_index: Optional[int] = 0 if server_index is None and host is None else server_index
        self.server_variables: dict[str, str] = dict(server_variables or {})
        self.server_operation_index: dict[str, int] = dict(server_operation_index or {})
        self.server_operation_variables: dict[str, Mapping[str, str]] = dict(server_operation_variables or {})
        if host is None:
            host = self.get_host_from_settings(self.server_index or 0, self.server_variables)
        self.host = host

        if isinstance(cast(object, api_key), str):
            raise ApiValueError("api_key is a mapping of names to keys; a bearer token is access_token=...")
        self.api_key = dict(api_key or {})
        self.api_key_prefix: dict[str, str] = dict(api_key_prefix or {})
        self.username = username
        self.password = password
        self.access_token = access_token

        self.verify_ssl = verify_ssl
        self.ssl_ca_cert = ssl_ca_cert
        self.cert_file = cert_file
        self.key_file = key_file
        self.proxy = proxy
        self.proxy_headers = None
        self.trust_env = trust_env
        self.truststore = truststore
        self.ssl_context = ssl_context
        self.connection_pool_maxsize = connection_pool_maxsize

        self.timeout = timeout
        self.retries = retries
        self.rate_limit_retries = rate_limit_retries
        self.max_response_size = max_response_size
        self.hooks: list[Hooks] = list(hooks)
        self.middleware = check_middleware("middleware", middleware)
        self.flight_recorder = flight_recorder
        self._sources = given

    # ── host ──

    def get_host_settings(self) -> list[dict[str, Any]]:
        """Return the servers of the contract."""
        return [{"url": self.default_host, "description": "No description provided"}]

    def get_host_from_settings(
        self,
        index: int,
        variables: Optional[Mapping[str, str]] = None,
        servers: Optional[Sequence[Mapping[str, Any]]] = None,
    ) -> str:
        """Return the URL of a server of the contract, its variables filled in.

        Raises ApiValueError for an index or a variable that cannot be used.
        """
        servers = self.get_host_settings() if servers is None else servers
        if index not in range(len(servers)):
            raise ApiValueError(f"server_index {index!r} is not one of the {len(servers)} servers")
        url: str = servers[index]["url"]
        for name, known in servers[index].get("variables", {}).items():
            value: str = (variables or {}).get(name) or known["default_value"]
            if known.get("enum_values") and value not in known["enum_values"]:
                raise ApiValueError(f"server variable {name} must be one of {known['enum_values']}")
            url = url.replace("{" + name + "}", value)
        return url

    # ── credentials ──

    @property
    def access_token(self) -> AccessToken:
        """The bearer token, or the callable that returns it before each request.

        White space around a token and a "Bearer " in front are left out; an empty one is none.
        """
        return self._access_token.reveal() if isinstance(self._access_token, Secret) else self._access_token

    @access_token.setter
    def access_token(self, value: AccessToken) -> None:
        if isinstance(value, str):
            check_header("access_token", Hidden(strip_bearer(value)))
            self._access_token: Any = Secret("access_token", strip_bearer(value))
        elif value is None or callable(value):
            self._access_token = value
        else:
            awaited = ", which is to be awaited" if unawaited(value) else ""
            raise ApiValueError(
                f"access_token must be a str or a callable, not {type(value).__name__}{awaited}"
            )

    @property
    def credential(self) -> Optional[Credential]:
        """The credential of secured operations: the bearer token, or None without one."""
        if (token := self.access_token) is None or token == "":
            return None
        return Credential("header", "Authorization", token if callable(token) else f"Bearer {token}")

    def get_api_key_with_prefix(self, identifier: str, alias: Optional[str] = None) -> Optional[str]:
        """Return an API key, its prefix in front, or None; `alias` is used when `identifier` is absent."""
        if self.refresh_api_key_hook is not None:
            self.refresh_api_key_hook(self)
        key = self.api_key.get(identifier, self.api_key.get(alias) if alias is not None else None)
        if isinstance(key, Lost):
            key()
        prefix = self.api_key_prefix.get(identifier)
        return f"{prefix} {key}" if key and prefix else key

    def get_basic_auth_token(self) -> str:
        """Return the value of a basic Authorization header for `username` and `password`."""
        return "Basic " + b64encode(f"{self.username or ''}:{self.password or ''}".encode()).decode()

    def auth_settings(self) -> dict[str, dict[str, Any]]:
        """Return what each security scheme of the contract sends; `value` may be a callable."""
        if (c := self.credential) is None:
            return {}
        return {"HTTPBearer": {"type": "bearer", "in": c.place, "key": c.key, "value": c.value}}

    # ── timeouts ──

    @property
    def timeout(self) -> Timeouts:
        """The limits of a call in seconds; it is set to what the constructor takes."""
        return self._timeout

    @timeout.setter
    def timeout(self, value: TimeoutArgument) -> None:
        self._timeout = Timeouts.of(value, self.default_timeout)

    # ── logging ──

    @cached_property
    def logger(self) -> dict[str, logging.Logger]:
        """The loggers of this package and of urllib3."""
        names = {"package_logger": self.package, "urllib3_logger": "urllib3"}
        return {key: logging.getLogger(name) for key, name in names.items()}

    @property
    def debug(self) -> bool:
        """Whether each attempt is logged; headers and bodies never are."""
        return self._debug

    @debug.setter
    def debug(self, value: bool) -> None:
        self._debug = bool(value)
        for logger in self.logger.values():
            logger.setLevel(logging.DEBUG if value else logging.WARNING)

    @property
    def logger_file(self) -> Optional[str]:
        """The path of a file that log lines are appended to; None for none."""
        return self._logger_file

    @logger_file.setter
    def logger_file(self, value: Optional[str]) -> None:
        for logger in self.logger.values():
            log_to_file(logger, value, self._logger_file, self.logger_format)
        self._logger_file = value

    def to_debug_report(self) -> str:
        """Return lines about this machine, the package and its libraries for the report of a fault.

        They hold no secret. With a `flight_recorder` there is a line for each of its calls, too.
        """
        from portal_client.debug_report import debug_report

        return debug_report(self.api_version, self.recorded_calls())

    def __repr__(self) -> str:
        return f"{type(self).__name__}(host={self.host!r})"

    @classmethod
    def get_default_copy(cls) -> Self:
        """Return the default configuration itself: the original makes no copy either."""
        return cls.get_default()
