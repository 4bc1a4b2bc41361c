"""The client of the Candela service."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar, Optional

from finbourne_candela import __version__
from finbourne_candela.configuration import Configuration, overlaid, seconds
from finbourne_candela.extensions.threads import Threads
from portal_client import configuration
from portal_client.api_client import ApiClient
from portal_client.api_response import ApiResponse
from portal_client.decoding import api_response, raise_for_status
from portal_client.exceptions import ApiValueError
from portal_client.operation import Request
from portal_client.request import HTTPRequest

#: Headers that hold no secret, so that a client in pickle keeps them.
_TOLD = {"x-lusid-sdk-language", "x-lusid-sdk-version", "x-lusid-application", "correlationid"}


class SyncApiClient(ApiClient):
    """Sends the calls of the API classes; safe to share between threads.

    Without a configuration it uses the default one. As a context manager it closes its connections at
    the end, unread answers included; a call after that opens new ones. `header_name` and `header_value`
    are a first default header, `cookie` is sent with every call. `pool_threads` is the number of threads
    for calls with `async_req=True`.
    """

    models: ClassVar[str] = "finbourne_candela.models"
    configuration_type: ClassVar[type[configuration.Configuration]] = Configuration

    def __init__(
        self,
        configuration: Optional[Configuration] = None,
        header_name: Optional[str] = None,
        header_value: Optional[str] = None,
        cookie: Optional[str] = None,
        pool_threads: int = 1,
    ) -> None:
        super().__init__(configuration, header_name, header_value, cookie)
        sdk = {"X-LUSID-SDK-Language": "Python", "X-LUSID-SDK-Version": __version__}
        self.default_headers = {**sdk, **self.default_headers}
        self._threads = Threads(pool_threads)

    def close(self) -> None:
        """Wait for the calls that run in threads, then close all connections."""
        if not self._shares_pool:
            self._threads.close()
        super().close()

    def __getstate__(self) -> dict[str, Any]:
        told = {name: value for name, value in self.default_headers.items() if name.lower() in _TOLD}
        return {**super().__getstate__(), "_told": told}

    def __setstate__(self, state: dict[str, Any]) -> None:
        told = state.pop("_told")
        super().__setstate__(state)
        self.default_headers.update(told)

    # ── the three call forms ──

    def data(self, request: Request) -> Any:
        """Send a request and answer its data. Raises ApiException."""
        if "_preload_content" in request.options:
            form = f"{request.operation.name}_with_http_info"
            raise ApiValueError(f"_preload_content: call {form} with it, and read raw_data of its answer")
        return self._called(super().data, request)

    def response(self, request: Request) -> Any:
        """Send a request and answer status, headers and data. Raises ApiException.

        With `_return_http_data_only=True` it answers the data alone, and with `_preload_content=False` the
        body undecoded, as `raw_data`.
        """
        if request.options.get("_return_http_data_only"):
            return self._called(super().data, request)
        if request.options.get("_preload_content") is False:
            return self._called(self._undecoded, request)
        return self._called(super().response, request)

    def raw(self, request: Request) -> Any:
        """Send a request and answer the raw response of any status, unread."""
        for option in ("_preload_content", "_return_http_data_only"):
            if option in request.options:
                raise ApiValueError(f"{option}: this form answers the raw response, whose body is unread")
        return self._called(super().raw, request)

    def _called(self, call: Callable[[Request], Any], request: Request) -> Any:
        return self._threads.start(call, request) if request.options.get("async_req") else call(request)

    def _undecoded(self, request: Request) -> ApiResponse[None]:
        prepared = self.prepare_request(request)
        response = self.rest_client.send(prepared)
        raise_for_status(response, prepared, self.models)
        return api_response(response, prepared, None)

    def prepare_request(self, request: Request) -> HTTPRequest:
        """Return a request as it goes over the wire, within the limits of its call.

        Raises ApiValueError for an option or header that cannot be used.
        """
        sent = super().prepare_request(request)
        sent.timeouts = overlaid(request.options.get("_request_timeout"), self.configuration.timeout)
        opts = request.options.get("opts")
        if opts is not None:
            given = {
                "total": opts.total_timeout_ms,
                "connect": opts.connect_timeout_ms,
                "read": opts.read_timeout_ms,
            }
            limits = {name: seconds(limit) for name, limit in given.items() if limit is not None}
            sent.timeouts = sent.timeouts._replace(**limits)
            if opts.rate_limit_retries is not None:
                sent.rate_limit_retries = opts.rate_limit_retries
        return sent
