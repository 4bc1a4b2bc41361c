"""The whole path of one call: build, authorize, send, decode."""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from functools import partial
from typing import Any, ClassVar, Optional, Self, Union, cast

import urllib3
from pydantic import TypeAdapter, ValidationError
from typing_extensions import TypedDict, Unpack

from portal_client import __version__, serialization, wire
from portal_client.api_response import ApiResponse
from portal_client.configuration import Configuration
from portal_client.credential import AccessToken, check_header, check_header_name
from portal_client.exceptions import ApiResponseError, ApiTypeError, error_for
from portal_client.nesting import explained
from portal_client.operation import Operation, Request
from portal_client.recording import recording
from portal_client.request import HTTPRequest
from portal_client.rest import ApiException, RESTClientObject, RESTResponse
from portal_client.secret import SecretSetting
from portal_client.settings import HasDefault
from portal_client.spelling import hint
from portal_client.streaming import EventStream
from portal_client.timeouts import TimeoutArgument
from portal_client.transport.errors import error_context, error_context_so_far
from portal_client.transport.redirect import REDIRECTS
from portal_client.transport.response import HTTPResponse
from portal_client.transport.retry import retry_after

#: Made once, and asked without the class: either costs more than the rest of making the answer.
_answer = TypeAdapter(ApiResponse[Any]).validator.validate_python


class ClientOptions(TypedDict, total=False):
    """What `ApiClient.with_options` can change."""

    host: str
    access_token: AccessToken
    timeout: TimeoutArgument
    retries: Union[int, urllib3.Retry, None]
    rate_limit_retries: int
    max_response_size: int
    default_headers: Mapping[str, str]
    cookie: Optional[str]


class ApiClient(HasDefault):
    """Sends the calls of the API classes; safe to share between threads.

    Without a configuration it uses the default one. As a context manager it closes its connections at
    the end, unread answers included; a call after that opens new ones. `header_name` and `header_value`
    are a first default header, `cookie` is sent with every call.
    """

    #: Where model names in `deserialize` and in error bodies are looked up.
    models: ClassVar[str] = "portal_client.models"
    configuration_type: ClassVar[type[Configuration]] = Configuration

    configuration: Configuration
    rest_client: RESTClientObject
    cookie: SecretSetting[Optional[str]] = SecretSetting()
    default_headers: SecretSetting[dict[str, str]] = SecretSetting()

    def __init__(
        self,
        configuration: Optional[Configuration] = None,
        header_name: Optional[str] = None,
        header_value: Optional[str] = None,
        cookie: Optional[str] = None,
    ) -> None:
        if isinstance(cast(object, configuration), str):
            raise ApiTypeError("configuration must be a Configuration: ApiClient(Configuration(host))")
        self.configuration = self.configuration_type.get_default() if configuration is None else configuration
        self.default_headers = {}
        self.cookie = cookie
        self.user_agent = f"portal-client/{__version__}/python"
        if header_name is not None:
            self.set_default_header(header_name, header_value)
        self.rest_client = RESTClientObject(self.configuration)
        self._shares_pool = False

    # ── its life ──

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *failure: object) -> None:
        self.close()

    def close(self) -> None:
        """Close all connections; a client from `with_options` leaves them to the one it comes from."""
        if not self._shares_pool:
            self.rest_client.close()

    def with_options(self, **options: Unpack[ClientOptions]) -> Self:
        """A client with other settings on the same connections; this one stays as it is.

        The options are `host`, `access_token`, `timeout`, `retries`, `rate_limit_retries`,
        `max_response_size`, `default_headers` and `cookie`; `default_headers` are added to those of this
        client. Raises TypeError for an unknown option.
        """
        unknown = set(options) - set(ClientOptions.__annotations__)
        if unknown:
            name = min(unknown)
            known = hint(name, ClientOptions.__annotations__)
            raise TypeError(f"with_options() got an unexpected option {name!r}{known}")
        derived = copy.copy(self)
        derived.configuration = copy.copy(self.configuration)
        derived.default_headers = {**self.default_headers, **options.pop("default_headers", {})}
        derived.rest_client = self.rest_client
        derived._shares_pool = True
        if "cookie" in options:
            derived.cookie = options.pop("cookie")
        for name, value in options.items():
            setattr(derived.configuration, name, value)
        return derived

    def __getstate__(self) -> dict[str, Any]:
        return {name: value for name, value in self.__dict__.items() if name != "rest_client"}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state, _shares_pool=False)
        self.rest_client = RESTClientObject(self.configuration)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.configuration!r})"

    # ── headers of every call ──

    @property
    def user_agent(self) -> str:
        """The User-Agent header."""
        return self.default_headers["User-Agent"]

    @user_agent.setter
    def user_agent(self, value: str) -> None:
        self.set_default_header("User-Agent", value)

    def set_default_header(self, header_name: str, header_value: Any) -> None:
        """Send a header with every call; it beats what an operation sets, and `_headers` beats it.

        Raises ApiValueError for a name or value that a header cannot have.
        """
        check_header_name("header_name", header_name)
        header_value = check_header(
            header_name, str(header_value) if type(header_value) is int else header_value
        )
        same = (name for name in self.default_headers if name.lower() == header_name.lower())
        self.default_headers[next(same, header_name)] = header_value

    # ── the call forms ──

    def data(self, request: Request) -> Any:
        """Send a request and answer its data. Raises ApiException."""
        sent = self._prepared(request)
        return self._decoded(request.operation, self.rest_client.send(sent), sent)

    def response(self, request: Request) -> ApiResponse[Any]:
        """Send a request and answer status, headers and data. Raises ApiException."""
        sent = self._prepared(request)
        answer = self.rest_client.send(sent)
        return self._told(answer, sent, self._decoded(request.operation, answer, sent))

    def _told(self, answer: RESTResponse, sent: HTTPRequest, data: Any) -> ApiResponse[Any]:
        made: ApiResponse[Any] = _answer(
            {
                "status_code": answer.status,
                "headers": answer.headers,
                "data": data,
                "raw_data": answer.data,
                "request_id": answer.headers.get("x-request-id", sent.request_id),
            }
        )
        return made

    def raw(self, request: Request) -> urllib3.BaseHTTPResponse:
        """Send a request and answer the raw response of any status, unread."""
        return self.rest_client.open(self._prepared(request))

    def stream(self, request: Request) -> EventStream[Any]:
        """Send a request and answer its events as they come. Raises ApiException, and OSError for `tee`."""
        sent = self._prepared(request)
        tee = request.options.get("tee")
        with ExitStack() as on_error:
            record = None if tee is None else recording(tee, on_error)
            answer = self.rest_client.stream(sent)
            if isinstance(answer, RESTResponse):
                raise self._error(answer, sent)
            if record is not None and record.seekable():
                record.truncate(0)  # not before: a refused call should leave an earlier recording
            events: EventStream[Any] = EventStream(
                answer,
                request.operation.returns.validator.validate_json,
                answer.headers.get("content-type", ""),
                record,
                sent.described,
                answer.headers.get("x-request-id", sent.request_id),
                partial(error_context_so_far, sent, cast(HTTPResponse, answer).exchange),
            )
            on_error.pop_all()
        self.rest_client.keep(events)
        return events

    def _prepared(self, request: Request) -> HTTPRequest:
        return wire.prepare(request, self.configuration, self.default_headers, self.cookie)

    # ── from the wire to the answer ──

    def _decoded(self, operation: Operation, answer: RESTResponse, sent: HTTPRequest) -> Any:
        if not 200 <= answer.status <= 299:
            raise self._error(answer, sent)
        promised = operation.promised
        if promised is None or (promised is Any and answer.status == 204):
            return None
        content_type = answer.headers.get("content-type", "")
        validate = operation.returns.validator.validate_json
        try:
            return serialization.decode(validate, answer.data, content_type, self.configuration.pause_gc)
        except ValidationError as error:
            if promised is Any and explained(error) is error:
                return serialization.as_text(answer.data, content_type)
            reason = f"{operation.name}: not the answer it promises: {serialization.explain(error)}"
            failure = self._failure(ApiResponseError, answer, sent, reason=reason)
            raise failure from (None if failure.repeats_credentials else error)

    def _error(self, answer: RESTResponse, sent: HTTPRequest) -> ApiException:
        reason = answer.reason
        if answer.status in REDIRECTS:
            reason = f"{reason} (the redirect was not followed)"
        kind = error_for(answer.status)
        return self._failure(kind, answer, sent, reason=reason, data=self._error_data(answer))

    def _failure(
        self, kind: type[ApiException], answer: RESTResponse, sent: HTTPRequest, **described: Any
    ) -> ApiException:
        headers = answer.headers
        return kind(
            http_resp=answer,
            body=serialization.as_text(answer.data, headers.get("content-type", "")),
            retry_after=retry_after(headers),
            request=sent.described,
            request_id=headers.get("x-request-id", sent.request_id),
            **error_context(sent, answer.exchange),
            **described,
        )

    def _error_data(self, answer: RESTResponse) -> Any:
        model = serialization.adapter("HTTPValidationError", self.models) if answer.status == 422 else None
        return serialization.error_data(answer.data, answer.headers.get("content-type", ""), model)

    # ── for scripts ──

    def sanitize_for_serialization(self, obj: Any) -> Any:
        """Turn models, dates and enums within plain data into what JSON knows."""
        return serialization.sanitize(obj)

    def deserialize(self, response_text: str, response_type: Any) -> Any:
        """Read JSON text as a type or a name of one, such as `List[Session]`; null gives None.

        Raises pydantic.ValidationError.
        """
        if response_text.strip() == "null":
            return None
        validate = serialization.adapter(response_type, self.models).validate_json
        return serialization.validated(validate, response_text)

    def parameters_to_url_query(self, params: Any, collection_formats: Optional[Mapping[str, str]]) -> str:
        """The query for a dict or pairs of parameters; lists are joined as `collection_formats` says."""
        return serialization.query_string(params, collection_formats)

    def select_header_accept(self, accepts: Sequence[str]) -> Optional[str]:
        """The first type that is JSON, else the first one."""
        return next((a for a in accepts if "json" in a.lower()), accepts[0] if accepts else None)

    def select_header_content_type(self, content_types: Sequence[str]) -> Optional[str]:
        """The first type that is JSON, else the first one."""
        return self.select_header_accept(content_types)
