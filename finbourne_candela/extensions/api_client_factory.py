"""The factory of API objects, which share a client made from settings."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from typing import Optional, Self, TypeVar, cast

from finbourne_candela.configuration import Configuration, Timeouts
from finbourne_candela.extensions.api_client import SyncApiClient
from finbourne_candela.extensions.api_configuration import TIMEOUTS, SocketOptions
from finbourne_candela.extensions.configuration_loaders import default_config_loaders, get_api_configuration
from finbourne_candela.extensions.configuration_options import ConfigurationOptions
from finbourne_candela.extensions.explanation import explain
from finbourne_candela.extensions.settings import ConfigurationLoader
from portal_client.auth import TokenResponse
from portal_client.endpoint import Api
from portal_client.exceptions import ApiTypeError
from portal_client.explanation import Explanation, Sourced

A = TypeVar("A", bound=Api)

_CORRELATION_ID = "FBN_CORRELATION_ID"


class SyncApiClientFactory:
    """Builds API objects that share one client; safe to share between threads.

    The settings come from `config_loaders`; the last one that has a setting wins: the environment, then
    secrets.json in the working directory, then the token file. `opts` override them. `app_name` and
    `correlation_id` are sent with each call; they override the loaders' app_name and FBN_CORRELATION_ID.
    `tcp_keep_alive` keeps idle connections alive, by `socket_options` or the default ones.
    `id_provider_response_handler` is called with each TokenResponse of the token endpoint. As a context
    manager the factory closes its connections at the end. Creating one sends nothing.

    Raises ApiValueError, which names the missing settings and the sources, or the invalid one; ApiTypeError
    for arguments of another type.
    """

    def __init__(
        self,
        config_loaders: Iterable[ConfigurationLoader] = default_config_loaders,
        id_provider_response_handler: Optional[Callable[[TokenResponse], object]] = None,
        tcp_keep_alive: bool = True,
        socket_options: Optional[SocketOptions] = None,
        correlation_id: Optional[str] = None,
        app_name: Optional[str] = None,
        opts: Optional[ConfigurationOptions] = None,
    ) -> None:
        if opts is not None and not isinstance(cast(object, opts), ConfigurationOptions):
            raise ApiTypeError(f"opts must be ConfigurationOptions, not {type(opts).__name__}")
        self._settings = get_api_configuration(config_loaders)
        self._other_sources = other_sources(opts, app_name, correlation_id)
        self._client = SyncApiClient(
            self._settings.build_api_client_config(
                tcp_keep_alive, socket_options, id_provider_response_handler, opts
            )
        )
        for header, value in (
            ("X-LUSID-Application", app_name or self._settings.app_name),
            ("CorrelationId", correlation_id or os.environ.get(_CORRELATION_ID)),
        ):
            if value:
                self._client.set_default_header(header, value)

    def build(self, metaclass: type[A]) -> A:
        """Return an object of an API class, such as SessionsApi, on the client of this factory.

        Raises ApiTypeError for any other class.
        """
        if not (isinstance(cast(object, metaclass), type) and any(map(_is_ours, metaclass.__mro__))):
            raise ApiTypeError(
                f"build() takes an API class of finbourne_candela, such as SessionsApi, not {metaclass!r}"
            )
        return metaclass(self._client)

    def explain(self) -> Explanation:
        """Return each setting with its value, secrets masked, its source, and the sources that it overrode.

        It prints as a table; its rows have the attributes `setting`, `value`, `source`, `overrode` and
        `warning`, for a variable of the environment that a file overrides and for a setting that is not used.
        """
        return explain(self._settings, self._other_sources)

    def close(self) -> None:
        """Close all connections; a call after that opens new ones."""
        self._client.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *failure: object) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"SyncApiClientFactory({self._client!r})"


def _is_ours(base: type) -> bool:
    return issubclass(base, Api) and base.__module__.startswith("finbourne_candela.")


def other_sources(
    opts: Optional[ConfigurationOptions] = None,
    app_name: Optional[str] = None,
    correlation_id: Optional[str] = None,
) -> dict[str, list[Sourced]]:
    """Return the values of the settings that have other sources than the loaders."""
    defaults = Timeouts.get_default()
    values = {name: getattr(defaults, name) for name in TIMEOUTS}
    values["rate_limit_retries"] = Configuration.DEFAULT_RATE_LIMIT_RETRIES
    sources = {name: [Sourced(value, "default", "default")] for name, value in values.items()}
    for name in values:
        if opts is not None and getattr(opts, name) is not None:
            sources[name].append(Sourced(getattr(opts, name), "opts", "argument"))
    sources["app_name"] = [Sourced(app_name, "the argument app_name", "argument")] if app_name else []
    sources["correlation_id"] = [
        Sourced(value, where, kind)
        for value, where, kind in (
            (os.environ.get(_CORRELATION_ID), _CORRELATION_ID, "environment"),
            (correlation_id, "the argument correlation_id", "argument"),
        )
        if value
    ]
    return sources
