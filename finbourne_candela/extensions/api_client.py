"""The client of the Candela service."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar, Optional

from finbourne_candela import __version__
from finbourne_candela.configuration import Configuration, in_seconds, with_timeout
from finbourne_candela.extensions.threads import Threads
from portal_client import configuration
from portal_client.api_client import ApiClient
from portal_client.api_response import ApiResponse
from portal_client.decoding import api_response, raise_for_status
from portal_client.exceptions import ApiValueError
from portal_client.operation import Request
from portal_client.request import HTTPRequest

#: The default headers without secrets, which pickle keeps.
_PICKLED = {"x-lusid-sdk-language", "x-lusid-sdk-version", "x-lusid-application", "correlationid"}


class SyncApiClient(ApiClient):
    """Sends the calls of the API classes; safe to share between threads.

    Without a configuration it uses the default one. As a context manager it closes its connections at the
    end, unread responses included; a call after that opens new ones. `header_name` and `header_value` are a
    first default header, `cookie` is sent with every call. `pool_threads` is the number of threads for calls
    with `async_req=True`.
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
        headers = {name: value for name, value in self.default_headers.items() if name.lower() in _PICKLED}
        return {**super().__getstate__(), "_pickled_headers": headers}

    def __setstate__(self, state: dict[str, Any]) -> None:
        headers = state.pop("_pickled_headers")
        super().__setstate__(state)
        self.default_headers.update(headers)

    # ── the three call forms ──

    def data(self, request: Request) -> Any:
        """Send a request and return its data. Raises ApiException."""
        if "_preload_content" in request.options:
            form = f"{request.operation.name}_with_http_info"
            raise ApiValueError(f"_preload_content: call {form} with it, and read raw_data of its response")
        return self._run(super().data, request)

    def response(self, request: Request) -> Any:
        """Send a request and return status, headers and data. Raises ApiException.

        With `_return_http_data_only=True` it returns the data alone, and with `_preload_content=False` the
        body undecoded, as `raw_data`.
        """
        if request.options.get("_return_http_data_only"):
            return self._run(super().data, request)
        if request.options.get("_preload_content") is False:
            return self._run(self._undecoded, request)
        return self._run(super().response, request)

    def raw(self, request: Request) -> Any:
        """Send a request and return the raw response of any status, unread."""
        for option in ("_preload_content", "_return_http_data_only"):
            if option in request.options:
                raise ApiValueError(f"{option}: this form returns the raw response, whose body is unread")
        return self._run(super().raw, request)

    def _run(self, call: Callable[[Request], Any], request: Request) -> Any:
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
        sent.timeouts = with_timeout(request.options.get("_request_timeout"), self.configuration.timeout)
        opts = request.options.get("opts")
        if opts is not None:
            timeouts_ms = {
                "total": opts.total_timeout_ms,
                "connect": opts.connect_timeout_ms,
                "read": opts.read_timeout_ms,
            }
            timeouts = {name: in_seconds(each) for name, each in timeouts_ms.items() if each is not None}
            sent.timeouts = sent.timeouts._replace(**timeouts)
            if opts.rate_limit_retries is not None:
                sent.rate_limit_retries = opts.rate_limit_retries
        return sent
