"""Where the Candela service is, who calls it, and how; limits of time are in milliseconds."""

from __future__ import annotations

import math
import ssl
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import ClassVar, Optional, Self, Union, cast

import urllib3

from portal_client import configuration
from portal_client.auth import AccessToken
from portal_client.exceptions import ApiTypeError, ApiValueError
from portal_client.hooks import Hooks
from portal_client.timeouts import TimeoutArgument
from portal_client.timeouts import Timeouts as Limits


def whole(name: str, value: object) -> int:
    """Answer an int of at least 0. Raises ApiTypeError or ApiValueError, which name the argument."""
    if isinstance(value, bool) or not isinstance(value, int):
        raise ApiTypeError(f"{name} must be an int, not {type(value).__name__}")
    if value < 0:
        raise ApiValueError(f"{name} must be at least 0, not {value}")
    return value


def seconds(milliseconds: int) -> float:
    """A limit in seconds; 0 ms is none."""
    return milliseconds / 1000 if milliseconds else math.inf


@dataclass(slots=True)
class Timeouts:
    """The limits of a call in milliseconds; 0 is none.

    `total_timeout_ms` bounds the whole call, retries and waits included, `connect_timeout_ms` one attempt
    to connect, `read_timeout_ms` each silence. Raises ApiTypeError or ApiValueError for anything but an int
    of at least 0.
    """

    total_timeout_ms: int
    connect_timeout_ms: int
    read_timeout_ms: int

    def __setattr__(self, name: str, value: int) -> None:
        object.__setattr__(self, name, whole(name, value))

    @staticmethod
    def get_default() -> Timeouts:
        """30 minutes for a call, 10 seconds to connect."""
        c = Configuration
        return Timeouts(c.DEFAULT_TOTAL_TIMEOUT_MS, c.DEFAULT_CONNECT_TIMEOUT_MS, c.DEFAULT_READ_TIMEOUT_MS)

    @staticmethod
    def of(limits: Limits) -> Timeouts:
        """Limits in seconds as milliseconds, rounded up."""
        connect, read, total = (0 if limit == math.inf else math.ceil(limit * 1000) for limit in limits)
        return Timeouts(total, connect, read)

    @property
    def limits(self) -> Limits:
        """The same limits in seconds."""
        return Limits(
            connect=seconds(self.connect_timeout_ms),
            read=seconds(self.read_timeout_ms),
            total=seconds(self.total_timeout_ms),
        )


def overlaid(given: TimeoutArgument, under: Limits) -> Limits:
    """Limits with those replaced that are given: a number is the total, a pair is (connect, read)."""
    if isinstance(given, urllib3.Timeout):
        read = Limits.of(given, under)  # where it sets nothing, infinity
        return Limits(*(u if g == math.inf else g for g, u in zip(read, under, strict=True)))
    if isinstance(given, (tuple, list)):
        return Limits.of(given, under)._replace(total=under.total)
    return under if given is None else under._replace(total=Limits.of(given, under).total)


class Configuration(configuration.Configuration):
    """The settings of a client: those of the core, and limits in milliseconds.

    `access_token` is a string, a callable that is asked before each request, EnvToken(name) or
    FileToken(path). `timeouts` bounds calls in milliseconds, `timeout` in seconds: a total, a pair
    (connect, read) or a urllib3.Timeout; what is not given of them is as in `Timeouts.get_default()`.
    `rate_limit_retries` is how often a call is tried again after a 429 with Retry-After, `retries` how often
    what may be repeated is repeated otherwise (3), False for never, or a urllib3.Retry.
    `max_response_size` bounds a decompressed body in bytes, `connection_pool_maxsize` the connections to one
    host. `trust_env` honours the proxy and CA variables of the environment, `truststore`
    lets the system judge certificates (the extra [truststore]), and `ssl_context`, an ssl.SSLContext of
    one's own, beats both; pickle leaves it out.

    Raises ApiValueError or ApiTypeError for a value that cannot be used.
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
        )
        if timeouts is not None:
            if timeout is not None:
                raise ApiValueError("timeouts and timeout bound the same: give one of them")
            self.timeouts = timeouts

    def __copy__(self) -> Self:
        """Make a configuration whose settings can be changed in place, the limits included."""
        made = super().__copy__()
        made.timeouts = replace(self.timeouts)
        return made

    @property
    def timeouts(self) -> Timeouts:
        """The limits of a call in milliseconds; each of them can be set."""
        return self._timeouts

    @timeouts.setter
    def timeouts(self, value: Timeouts) -> None:
        if not isinstance(cast(object, value), Timeouts):
            raise ApiTypeError(f"timeouts must be a Timeouts, not {type(value).__name__}")
        self._timeouts = value

    @property
    def timeout(self) -> Limits:
        """The limits of a call in seconds; set it as the constructor takes it."""
        return self._timeouts.limits

    @timeout.setter
    def timeout(self, value: TimeoutArgument) -> None:
        self._timeouts = Timeouts.of(overlaid(value, Timeouts.get_default().limits))
