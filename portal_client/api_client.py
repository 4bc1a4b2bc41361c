"""The client: the path of a call, from a request to its data, and what all its calls share."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from typing import Any, ClassVar, Optional, Self, Union, cast

import urllib3
from typing_extensions import TypedDict, Unpack

from portal_client import __version__, parsing, serialization, wire
from portal_client.api_response import ApiResponse
from portal_client.configuration import Configuration
from portal_client.credential import AccessToken, check_header, check_header_name
from portal_client.decoding import api_response, context, decode, event_source, raise_for_status
from portal_client.exceptions import ApiTypeError
from portal_client.hooks import Hooks
from portal_client.operation import Request
from portal_client.recording import recording
from portal_client.request import HTTPRequest, UnderWay
from portal_client.rest import RESTClientObject, RESTResponse
from portal_client.secret import SecretSetting
from portal_client.settings import HasDefault
from portal_client.spelling import hint
from portal_client.streaming import EventStream
from portal_client.timeouts import TimeoutArgument
from portal_client.transport.exchange import Exchange
from portal_client.transport.response import HTTPResponse


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
    the end, those of unread responses too; a call after that opens new ones. `header_name` and `header_value`
    are a first default header, `cookie` is sent with every call.
    """

    #: The package of the models that `deserialize` and error bodies name.
    models: ClassVar[str] = "portal_client.models"
    configuration_type: ClassVar[type[Configuration]] = Configuration

    configuration: Configuration
    rest_client: RESTClientObject
    cookie: SecretSetting[Optional[str]] = SecretSetting(str)
    default_headers: SecretSetting[dict[str, str]] = SecretSetting(Mapping)

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

    # ── opening, closing, copying ──

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *failure: object) -> None:
        self.close()

    def close(self) -> None:
        """Close all connections; a client from `with_options` leaves them to the one it comes from."""
        if not self._shares_pool:
            self.rest_client.close()

    def with_options(self, **options: Unpack[ClientOptions]) -> Self:
        """Return a client with other settings on the same connections; this one stays as it is.

        The options are `host`, `access_token`, `timeout`, `retries`, `rate_limit_retries`,
        `max_response_size`, `default_headers` and `cookie`; `default_headers` are added to those of this
        client. Raises TypeError for an unknown option.
        """
        unknown = set(options) - set(ClientOptions.__annotations__)
        if unknown:
            name = min(unknown)
            known = hint(name, ClientOptions.__annotations__)
            raise TypeError(f"with_options() got an unexpected option {name!r}{known}")
        derived = object.__new__(type(self))
        vars(derived).update(vars(self), configuration=copy.copy(self.configuration), _shares_pool=True)
        derived.default_headers = {**self.default_headers, **options.pop("default_headers", {})}
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
        """Send a header with every call; it overrides those of operations, and `_headers` overrides it.

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
        """Send a request and return its data.

        Raises ApiException.
        """
        prepared = self.prepare_request(request)
        return self._decoded(request, self.rest_client.send(prepared), prepared)

    def response(self, request: Request) -> ApiResponse[Any]:
        """Send a request and return status, headers and data.

        Raises ApiException.
        """
        prepared = self.prepare_request(request)
        response = self.rest_client.send(prepared)
        return api_response(response, prepared, self._decoded(request, response, prepared))

    def observed(
        self, request: Request, *hooks: Hooks, watch: Optional[Callable[[UnderWay], object]] = None
    ) -> tuple[Any, dict[str, Any]]:
        """Send a request with hooks of its own; return its data, and what an error tells of such a call.

        The latter are arguments of ApiException; `watch` is given each attempt. Raises ApiException.
        """
        prepared = self.prepare_request(request)
        prepared.watch = watch
        prepared.hooks = (*prepared.hooks, *hooks)
        response = self.rest_client.send(prepared)
        return self._decoded(request, response, prepared), context(response, prepared)

    def raw(self, request: Request) -> urllib3.BaseHTTPResponse:
        """Send a request and return the response unread, whatever its status."""
        response: Any = self.rest_client.open(self.prepare_request(request))
        response.exchange.call_ended(response)
        return cast(urllib3.BaseHTTPResponse, response)

    def stream(self, request: Request) -> EventStream[Any]:
        """Send a request and return its events as they come.

        Raises ApiException, and OSError where the file `tee` cannot be opened.
        """
        prepared = self.prepare_request(request)
        tee = request.options.get("tee")
        with ExitStack() as on_error:
            record = None if tee is None else recording(tee, on_error)
            response = self.rest_client.stream(prepared)
            exchange: Exchange = cast(Any, response).exchange
            on_error.push(exchange.call_failed)
            if isinstance(response, RESTResponse):
                raise_for_status(response, prepared, self.models)
            if record is not None and record.seekable():
                record.truncate(0)  # only now: a refused call leaves an earlier recording
            source = event_source(cast(HTTPResponse, response), prepared)
            validate = request.operation.returns.validator.validate_json
            events: EventStream[Any] = EventStream(source, validate, tee=record)
            on_error.pop_all()
        self.rest_client.keep(events)
        return events

    def prepare_request(self, request: Request) -> HTTPRequest:
        """Return a request as it goes over the wire.

        Raises ApiValueError for an option or header that cannot be used.
        """
        return wire.prepare(request, self.configuration, self.default_headers, self.cookie)

    def _decoded(self, request: Request, response: RESTResponse, prepared: HTTPRequest) -> Any:
        exchange = response.exchange
        try:
            raise_for_status(response, prepared, self.models)
            data = decode(request.operation, response, prepared, self.configuration.pause_gc)
        except BaseException as error:
            exchange.call_ended(error=error)
            raise
        exchange.call_ended(data)
        return data

    # ── for scripts ──

    def sanitize_for_serialization(self, obj: Any) -> Any:
        """Return models, dates and enums, within plain data too, as JSON values.

        Raises ApiTypeError and ApiValueError, which name the place, for a value that JSON cannot hold.
        """
        return serialization.sanitize(obj)

    def deserialize(self, response_text: str, response_type: Any) -> Any:
        """Read JSON text as a type or the name of one, such as `List[Session]`; null gives None.

        Raises pydantic.ValidationError for text of another type, ApiValueError for an unknown name.
        """
        if response_text.strip() == "null":
            return None
        validate = parsing.adapter(response_type, self.models).validate_json
        return parsing.parse_json(validate, response_text)

    def parameters_to_url_query(self, params: Any, collection_formats: Optional[Mapping[str, str]]) -> str:
        """Return the quoted query of a dict or pairs of parameters; None is left out.

        `collection_formats` names for each list how it is joined: csv (the default), ssv, tsv, pipes, or
        multi for a parameter for each item. Raises ApiTypeError and ApiValueError, which name the parameter,
        for a value that cannot be sent and for an unknown format.
        """
        return serialization.query_string(params, collection_formats)

    def select_header_accept(self, accepts: Sequence[str]) -> Optional[str]:
        """Return the first type that is JSON, else the first one."""
        return next((a for a in accepts if "json" in a.lower()), accepts[0] if accepts else None)

    def select_header_content_type(self, content_types: Sequence[str]) -> Optional[str]:
        """Return the first type that is JSON, else the first one."""
        return self.select_header_accept(content_types)
