"""The checks for what docs/finbourne_candela/migrating.md says; `portal_client.migrate` finds them here."""

from __future__ import annotations

import inspect
from typing import Any

from pydantic import BaseModel, ValidationError

from finbourne_candela.extensions.configuration_loaders import ArgsConfigurationLoader
from finbourne_candela.extensions.configuration_options import ConfigurationOptions
from finbourne_candela.extensions.proxy_config import ProxyConfig
from finbourne_candela.extensions.token_string import TokenString
from portal_client.exceptions import ApiTypeError, ApiValueError
from portal_client.migrate.checks import nullable
from portal_client.migrate.finding import Severity
from portal_client.migrate.names import attributes
from portal_client.migrate.page import MIGRATING, Page, Places, Row, Rows, refused
from portal_client.migrate.values import Event
from portal_client.model import Model, Wrapper
from portal_client.spelling import hint
from portal_client.token_endpoint import TokenEndpoint

ERROR, CHANGE, NOTE = Severity
_ASYNCIO, _CALLS, _MODELS, _TIME, _OUT = "within-asyncio", "calls", "models", "time", "it-leaves-out"
_TOKENS, _PRELOAD = "finbourne_candela-settings-and-tokens", "_preload_content"


def _is_decoded(read: Event) -> bool:
    call = read.value.source
    return call.operation is not None and call.get(_PRELOAD).given is not False


def _deprecated(call: Event) -> Places:
    found = inspect.getattr_static(BaseModel, call.name, None)
    instead: Any = getattr(getattr(found, "__func__", found), "__deprecated__", None)
    if instead is not None:
        yield call.node, str(instead).replace("`", "").partition(". ")[0].rstrip(".")


def _null_not_sent(call: Event) -> Places:
    names = [name for name in nullable(call.cls) if call.first.parts and name not in call.first.parts]
    if names:
        yield call.node, f"without {', '.join(names)} nothing is sent for it; the original sent null"


def _required(call: Event) -> Places:
    try:
        call.cls.model_validate(call.first.tried)
    except ValidationError as error:
        for each in error.errors():
            if each["type"] == "missing" and len(each["loc"]) == 1:
                yield call.first.node, f"{call.cls.__name__}.from_dict needs {each['loc'][0]}"


def _refused_option(set_: Event) -> Places:
    cls, name, given = set_.cls, set_.name, set_.value.given
    if name not in attributes(cls):
        yield set_.node, f"{cls.__name__} has no {name}{hint(name, attributes(cls))}"
    elif given is not ...:
        least: dict[str, Any] = {"address": "http://localhost"} if cls is ProxyConfig else {}
        try:
            cls(**{**least, name: given})
        except (ApiTypeError, ApiValueError) as error:
            yield set_.node, refused(name, str(error))


def _is_limit(set_: Event) -> bool:
    return set_.value.given not in (..., None, 0)


def _token_url(set_: Event) -> Places:
    url = set_.value.given
    try:
        TokenEndpoint(url if isinstance(url, str) and url else "https://localhost")
    except ApiValueError as error:
        yield set_.node, refused("token_url", str(error))


OWN: Rows = {
    Row("awaited", ERROR, _ASYNCIO, "await"): (
        "{e.name} is not awaited: await asyncio.to_thread(api.{e.name}, ...)"
    ),
    Row("async-with", ERROR, _ASYNCIO, "enter-async"): "it is entered by `with`, not by `async with`",
    Row("undecoded-data", ERROR, _CALLS, "operation", when=lambda e: e.plain and _PRELOAD in e.given): (
        "{e.name}_with_http_info takes _preload_content, {e.name} does not"
    ),
    Row("bytes-of-a-body", CHANGE, _CALLS, "read", names="raw_data", when=_is_decoded): (
        "raw_data is bytes; the original made it a text where it had decoded it"
    ),
    Row("error-of-arguments", CHANGE, _CALLS, "catch", ApiTypeError, when=lambda e: e.call): (
        "an unknown keyword is a pydantic.ValidationError here, and no ApiTypeError"
    ),
    Row("error-of-pydantic-1", CHANGE, _MODELS, "catch", names="pydantic.v1.ValidationError"): (
        "a call and a model raise pydantic.ValidationError, not that of pydantic.v1"
    ),
    Row("method-of-pydantic-1", CHANGE, _MODELS, "method", BaseModel): _deprecated,
    Row("null-that-is-not-sent", CHANGE, _MODELS, "method", Model, "from_dict"): _null_not_sent,
    Row("required-field", ERROR, _MODELS, "method", Model, "from_dict"): _required,
    Row("text-of-a-model", CHANGE, _MODELS, "show", (Model, Wrapper), "str repr"): (
        "the text of a model is pydantic's; the laid-out dict is to_str()"
    ),
    Row("printed-model", NOTE, _MODELS, "show", (Model, Wrapper), "print"): (
        "a model prints as pydantic has it; the laid-out dict is to_str()"
    ),
    Row("total-of-a-call", CHANGE, _TIME, "set", names="total_timeout_ms", when=_is_limit): (
        "the total is the end of the call; it was the limit of each wait"
    ),
}
SHARED: Rows = {
    Row("refused-client-option", ERROR, _TOKENS, "set", (ConfigurationOptions, ProxyConfig)): _refused_option,
    Row("token-url-in-clear", ERROR, _TOKENS, "set", names="token_url"): _token_url,
    Row(
        "empty-setting", CHANGE, _TOKENS, "set", ArgsConfigurationLoader, when=lambda e: e.value.given == ""
    ): ("an empty {e.name} counts as not set; the original let it beat one that is"),
    Row("token-that-is-shown", CHANGE, _TOKENS, "show", TokenString, "repr"): (
        "repr() of a token does not show it: use str(token)"
    ),
}
_THREADS = (_ASYNCIO, "use the synchronous one, and asyncio.to_thread for its calls")
_GONE = (_OUT, "call the operation, or its `_with_http_info` form")
_CLIENT = (_OUT, "the client is finbourne_candela.SyncApiClient, its errors are in exceptions")
WORDS = {
    **dict.fromkeys(("ApiClientFactory", "finbourne_candela.ApiClient"), _THREADS),
    **dict.fromkeys(("finbourne_candela.rest", "finbourne_candela.api_client"), _CLIENT),
    **dict.fromkeys(("call_api", "request", "last_response"), _GONE),
}
_SYNCHRONOUS = (
    ("finbourne_candela.ApiClientFactory", "SyncApiClientFactory"),
    ("finbourne_candela.ApiClient", "SyncApiClient"),
)
PAGES = (
    Page("docs/finbourne_candela/migrating.md", "finbourne_candela", OWN, WORDS, _SYNCHRONOUS),
    Page(MIGRATING, "finbourne_candela", SHARED),
)
