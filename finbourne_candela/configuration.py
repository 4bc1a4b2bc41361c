"""The configuration of a client: the host, the credentials, and timeouts in milliseconds."""

from __future__ import annotations

import math
import ssl
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import ClassVar, NoReturn, Optional, Self, Union, cast

import urllib3

from portal_client import configuration
from portal_client.auth import AccessToken
from portal_client.exceptions import ApiTypeError, ApiValueError
from portal_client.explanation import argument, attribute
from portal_client.hooks import Hooks
from portal_client.middleware import Middleware
from portal_client.timeouts import TimeoutArgument
from portal_client.timeouts import Timeouts as TimeoutsInSeconds


def nonnegative_int(name: str, value: object) -> int:
    """Return an int of at least 0. Raises ApiTypeError or ApiValueError, which name the argument."""
    if isinstance(value, bool) or not isinstance(value, int):
        raise ApiTypeError(f"{name} must be an int, not {type(value).__name__}")
    if value < 0:
        raise ApiValueError(f"{name} must be at least 0, not {value}")
    return value


def in_seconds(timeout_ms: int) -> float:
    """Return a timeout in seconds; infinity for 0 ms, which is no limit."""
    return timeout_ms / 1000 if timeout_ms else math.inf


@dataclass(slots=True)
class Timeouts:
    """The timeouts of a call in milliseconds; 0 is no limit.

    `total_timeout_ms` limits the whole call, retries and waits included, `connect_timeout_ms` one attempt
    to connect, `read_timeout_ms` each wait for data. Raises ApiTypeError or ApiValueError for anything but an
    int of at least 0.
    """

    total_timeout_ms: int
    connect_timeout_ms: int
    read_timeout_ms: int

    def __setattr__(self, name: str, value: int) -> None:
        object.__setattr__(self, name, nonnegative_int(name, value))

    @staticmethod
    def get_default() -> Timeouts:
        """Return the default: 30 minutes for a call, 10 seconds to connect."""
        c = Configuration
        return Timeouts(c.DEFAULT_TOTAL_TIMEOUT_MS, c.DEFAULT_CONNECT_TIMEOUT_MS, c.DEFAULT_READ_TIMEOUT_MS)

    @staticmethod
    def from_seconds(timeouts: TimeoutsInSeconds) -> Timeouts:
        """Return timeouts in seconds as milliseconds, rounded up."""
        connect_ms, read_ms, total_ms = (
            0 if timeout == math.inf else math.ceil(timeout * 1000) for timeout in timeouts
        )
        return Timeouts(total_ms, connect_ms, read_ms)

    def to_seconds(self) -> TimeoutsInSeconds:
        """Return the timeouts in seconds."""
        return TimeoutsInSeconds(
            connect=in_seconds(self.connect_timeout_ms),
            read=in_seconds(self.read_timeout_ms),
            total=in_seconds(self.total_timeout_ms),
        )


def with_timeout(timeout: TimeoutArgument, defaults: TimeoutsInSeconds) -> TimeoutsInSeconds:
    """Return the defaults with a timeout in their place: a number is the total, a pair is (connect, read)."""
    if timeout is None:
        return defaults
    timeouts = TimeoutsInSeconds.of(timeout, defaults)
    if isinstance(timeout, urllib3.Timeout):  # infinity stands for what it does not set
        return TimeoutsInSeconds(
            *(default if each == math.inf else each for each, default in zip(timeouts, defaults, strict=True))
        )
    if isinstance(timeout, (tuple, list)):
        return timeouts._replace(total=defaults.total)
    return defaults._replace(total=timeouts.total)


class Configuration(configuration.Configuration):
    """The settings of a client: those of the core, and timeouts in milliseconds.

    `access_token` is a string, a callable that is called before each request, EnvToken(name) or
    FileToken(path). `timeouts` limits calls in milliseconds, `timeout` in seconds: a total, a pair
    (connect, read) or a urllib3.Timeout; a part that is not given is as in `Timeouts.get_default()`.
    `rate_limit_retries` is the number of retries after a 429 with Retry-After, `retries` that of all other
    retries of a call that may be repeated (3), False for none, or a urllib3.Retry.
    `max_response_size` limits a decompressed body in bytes, `connection_pool_maxsize` the connections to one
    host. `trust_env` honours the proxy and CA variables of the environment, `truststore` verifies
    certificates with the system's trust store (the extra [truststore]), and `ssl_context`, an ssl.SSLContext
    of your own, overrides both; pickle leaves it out. `hooks` are told of each attempt, `middleware` is
    around it, the first one outermost, and `flight_recorder` is how many of the last calls
    `to_debug_report` tells of.

    Raises ApiValueError or ApiTypeError for an invalid value.
    """

    DEFAULT_TOTAL_TIMEOUT_MS: ClassVar[int] = 1_800_000
    DEFAULT_CONNECT_TIMEOUT_MS: ClassVar[int] = 10_000
    DEFAULT_READ_TIMEOUT_MS: ClassVar[int] = 0
    DEFAULT_RATE_LIMIT_RETRIES: ClassVar[int] = 2

    package: ClassVar[str] = "finbourne_candela"

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
        timeouts: Optional[Timeouts] = None,
        rate_limit_retries: int = DEFAULT_RATE_LIMIT_RETRIES,
        *,
        timeout: TimeoutArgument = None,
        retries: Union[int, urllib3.Retry, None] = None,
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
        super().__init__(
            host,
            api_key,
            api_key_prefix,
            username,
            password,
            access_token,
            server_index,
            server_variables,
            server_operation_index,
            server_operation_variables,
            ssl_ca_cert,
            timeout=timeout,
            retries=retries,
            rate_limit_retries=rate_limit_retries,
            verify_ssl=verify_ssl,
            cert_file=cert_file,
            key_file=key_file,
            proxy=proxy,
            trust_env=trust_env,
            truststore=truststore,
            ssl_context=ssl_context,
            max_response_size=max_response_size,
            connection_pool_maxsize=connection_pool_maxsize,
            hooks=hooks,
            middleware=middleware,
            flight_recorder=flight_recorder,
        )
        if timeouts is not None:
            if timeout is not None:
                raise ApiValueError("timeouts and timeout set the same limits: give one of them")
            self.timeouts = timeouts
            self.set_sources("timeout", [argument("timeouts")])

    @classmethod
    def from_env(cls, **arguments: object) -> NoReturn:
        """Raise ApiTypeError: SyncApiClientFactory reads the settings of this service."""
        raise ApiTypeError("SyncApiClientFactory() reads the settings of Candela from the environment")

    @classmethod
    def from_profile(cls, name: str, **arguments: object) -> NoReturn:
        """Raise ApiTypeError: SyncApiClientFactory reads the settings of this service."""
        raise ApiTypeError("SyncApiClientFactory() reads the settings of Candela, which have no profiles")

    def __copy__(self) -> Self:
        """Return a configuration whose settings can be changed in place, the timeouts included."""
        copied = super().__copy__()
        vars(copied)["_timeouts"] = replace(self.timeouts)
        return copied

    @property
    def timeouts(self) -> Timeouts:
        """The timeouts of a call in milliseconds; each of them can be set."""
        return self._timeouts

    @timeouts.setter
    def timeouts(self, value: Timeouts) -> None:
        if not isinstance(cast(object, value), Timeouts):
            raise ApiTypeError(f"timeouts must be a Timeouts, not {type(value).__name__}")
        self._timeouts = value
        self.set_sources("timeout", [attribute("timeouts")])

    @property
    def timeout(self) -> TimeoutsInSeconds:
        """The timeouts of a call in seconds; set them as in the constructor."""
        return self._timeouts.to_seconds()

    @timeout.setter
    def timeout(self, value: TimeoutArgument) -> None:
        self._timeouts = Timeouts.from_seconds(with_timeout(value, Timeouts.get_default().to_seconds()))
