"""The checks for what docs/migrating.md says."""

from __future__ import annotations

import ast
import math
from collections.abc import Callable, Iterator, Mapping
from typing import Any, get_args

from pydantic import ValidationError

from portal_client.api_client import ApiClient
from portal_client.configuration import Configuration
from portal_client.exceptions import ApiException, ApiTypeError, ApiValueError
from portal_client.fields import MayBeNull
from portal_client.migrate.finding import Severity
from portal_client.migrate.names import attributes, signature
from portal_client.migrate.page import MIGRATING, Page, Places, Row, Rows, refused
from portal_client.migrate.values import UNKNOWN, Event, Value
from portal_client.model import Model
from portal_client.operation import Request
from portal_client.spelling import SIMILAR, hint
from portal_client.wire import prepare

ERROR, CHANGE, NOTE = Severity
_STRICTER, _DIFFERENTLY = "it-is-stricter", "it-fails-differently"
_LESS, _OUT, _TIMEOUT = "it-shows-less", "it-leaves-out", "_request_timeout"
_WORKS, _ONCE = "it-works-where-the-original-failed", "it-sends-a-prompt-once"
_SERVER = "server_index server_variables server_operation_index server_operation_variables"
#: The settings of the original that nothing here reads.
WITHOUT_EFFECT = "client_side_validation datetime_format date_format temp_folder_path"


# ── calls and errors ──


def _complaints(error: ValidationError, given: Mapping[Any, Value]) -> Iterator[tuple[Any, ast.AST, str]]:
    """Yield the names that an error is about, with place and reason, where their values are written out."""
    for each in error.errors():
        name, *path = each["loc"] or (None,)
        value = given.get(name, UNKNOWN)
        for key in path:
            value = value.parts.get(key, value)
        if value.given is not ... and each["type"] != "missing":  # which was refused before, too
            yield name, value.node, refused(str(name), each["msg"])


def _refusals(call: Event) -> Iterator[tuple[str, ast.AST, str]]:
    """Yield what the code that a call passes through says of its arguments, by their place."""
    operation: Any = call.operation
    told = set[Any]()
    places = {p.name: p.place for p in operation.parameters} | dict.fromkeys(operation.options, "options")
    # Whether there is a file of that path, only a run shows.
    paths = [v for n, v in call.given.items() if places.get(n) == "file" and isinstance(v.tried, (str, list))]
    given: dict[Any, Value] = {**call.given, **dict(enumerate(call.positional))}
    given = {name: UNKNOWN if value in paths else value for name, value in given.items()}
    try:
        positional = [given[at].tried for at in range(len(call.positional))]
        operation.request(positional, {name: given[name].tried for name in call.named})
    except ValidationError as error:
        for name, node, why in _complaints(error, given):
            told.add(name)
            yield places.get(name, "argument"), node, why
        for each in error.errors() if call.whole else ():
            if each["type"] == "missing" and len(each["loc"]) == 1:
                yield "argument", call.node, f"{operation.name} needs the argument {each['loc'][0]}"
    for name, node, value in _written(call):
        place: Any = places.get(name)
        if name not in told and place in ("path", "options"):
            try:  # what is asked for follows from one argument alone, and nothing is sent
                request: Any = {place: {name: value}}
                prepare(Request(operation, **request), Configuration(), {}, None)
            except (ApiValueError, ApiTypeError) as error:
                yield place, node, refused(name, str(error))


def _written(call: Event) -> Iterator[tuple[str, ast.AST, Any]]:
    for name, value in call.given.items():
        if name == "_headers" and value.parts:  # each by itself
            for key, part in value.parts.items():
                yield name, part.node, {key: "" if part.given is ... else part.given}
        elif value.given is not ...:
            yield name, value.node, value.given


def _refused(where: str) -> Callable[[Event], Places]:
    return lambda call: ((node, why) for place, node, why in _refusals(call) if place in where.split())


def _seconds(call: Event) -> bool:
    seconds = call.get(_TIMEOUT).given
    return type(seconds) in (int, float) and 0 < seconds < math.inf


def _repeated(call: Any) -> bool:
    return not call.operation.idempotent and call.operation.method in ("GET", "PUT", "DELETE")


def _let_through(caught: Event) -> bool:
    """Whether an error is of a library whose errors the originals let through."""
    return caught.call is not None and caught.name.startswith(("urllib3.", "aiohttp.", "requests."))


def _text_of_an_error(event: Event) -> bool:
    """Whether the text of an error is compared or searched."""
    searched = event.name in (".find", ".index", ".split", ".partition", ".startswith", ".endswith")
    made = [each.source for each in (event.value, event.other) if searched or event.kind == "compare"]
    return any(each.name == "builtins.str" and each.first.is_a(ApiException) for each in made)


# ── settings and clients ──


def _no_argument(made: Event) -> Places:
    parameters = signature(made.cls)
    several = any(p.kind in (p.VAR_KEYWORD, p.VAR_POSITIONAL) for p in parameters.values())
    for name, value in made.named.items() if parameters and not several else ():
        if name not in parameters:
            yield value.node, f"{made.cls.__name__} has no argument {name}{hint(name, parameters)}"


def _misspelt(set_: Event) -> Places:
    names = [name for name in attributes(set_.cls) if name.islower() and not name.startswith("_")]
    if set_.name not in attributes(set_.cls) and (meant := hint(set_.name, names, SIMILAR)):
        yield set_.node, f"a warning names the setting that this is close to{meant}"


def _is_assigned(set_: Event) -> bool:
    """Whether an attribute is set, and not an argument of a constructor given."""
    return isinstance(getattr(set_.node, "ctx", None), ast.Store)


def _may_be_empty(set_: Event) -> bool:
    made = set_.value.source
    default = made.positional[1:2] if made.name in ("os.environ.get", "os.getenv") else [set_.value]
    return any(each.given == "" for each in default)


def _retries(set_: Event) -> bool:
    made = set_.value.source
    policy = made.name.endswith(".Retry") and made.whole and "allowed_methods" not in made.named
    return policy or set_.value.given not in (..., False, None)


# ── models ──


def _compared_with_none(event: Event) -> bool:
    """Whether the result of an operation that promises a model is tested, or compared with None."""
    value = event.value
    promised = value.source.plain and value.is_a(Model) and type(None) not in get_args(value.type)
    return promised and (event.kind == "test" or event.other.given is None)


def nullable(cls: Any) -> list[str]:
    """Return the fields of a model that may be null and may be left out, as they are sent."""
    return [
        field.alias or name
        for name, field in cls.model_fields.items()
        if any(isinstance(mark, MayBeNull) for mark in field.metadata) and not field.is_required()
    ]


def _no_items(event: Event) -> Places:
    """Yield what is read of a model as of a dict."""
    classes = event.value.classes
    if not classes or not all(isinstance(cls, type) and issubclass(cls, Model) for cls in classes):
        return
    model = " or ".join(cls.__name__ for cls in classes)
    if event.kind == "item":
        yield event.node, f"a {model} has no items: its fields are attributes, .{event.name}"
    elif hasattr(dict, event.name) and not any(_has(cls, event.name) for cls in classes):
        yield event.node, f"a {model} has no {event.name}(): its fields are attributes, to_dict() a dict"


def _has(cls: type[Model], name: str) -> bool:
    return name in cls.model_fields or hasattr(cls, name)


def _may_be_absent(item: Event) -> bool:
    made = item.value.source
    return made.name == "to_dict" and issubclass(made.cls, Model) and item.name in nullable(made.cls)


def _no_field(event: Event) -> Places:
    """Yield fields that a model does not have: those that are close to one, and those that were dropped."""
    given: list[tuple[Any, Mapping[Any, Value]]] = [(event.cls, event.named)]
    if event.operation is not None:
        given = [(p.type, event.get(p.name).parts) for p in event.operation.parameters if p.place == "body"]
    for cls, values in given if event.operation or issubclass(event.cls, Model) else ():
        names = {*cls.model_fields, *(f.alias for f in cls.model_fields.values()), "additional_properties"}
        left = [name for name in cls.model_fields if name not in values]
        for name in [name for name in values if name not in names]:
            if (meant := hint(str(name), left, SIMILAR)) or event.package == "portal_client":
                yield values[name].node, f"{cls.__name__} has no field {name}: it is sent all the same{meant}"


def _refused_fields(made: Event) -> Places:
    try:
        made.cls.model_validate({name: value.tried for name, value in made.given.items()})
    except ValidationError as error:
        yield from ((node, f"{made.cls.__name__}: {why}") for _, node, why in _complaints(error, made.given))


def _refused_attribute(set_: Event) -> Places:
    """Yield why a setting or a field is refused: making a Configuration reads and sends nothing."""
    cls, name, model = set_.cls, set_.name, issubclass(set_.cls, Model)
    try:
        if name not in ("debug", "logger_file"):  # which would have effects
            setattr(cls.model_construct() if model else cls(), name, set_.value.given)
    except (AttributeError, TypeError, ValueError) as error:
        ours = model or isinstance(error, (ApiTypeError, ApiValueError))
        if ours and (set_.value.given is not ... or name not in attributes(cls)):
            why = error.errors()[0]["msg"] if isinstance(error, ValidationError) else str(error)
            yield set_.node, refused(name, why)


CORE: Rows = {
    Row("refused-argument", ERROR, _DIFFERENTLY, "operation"): _refused("argument form query body file"),
    Row("refused-option", ERROR, _STRICTER, "operation"): _refused("options"),
    Row("id-that-calls-another-url", ERROR, _WORKS, "operation"): _refused("path"),
    Row("timeout-of-the-whole-call", CHANGE, _STRICTER, "operation", when=_seconds): (
        "_request_timeout is the end of the whole call, retries included; it was the limit of each wait"
    ),
    Row("sent-once", NOTE, _ONCE, "operation", when=_repeated): (
        "{e.name} is sent once; the original repeated it after a lost connection"
    ),
    Row("errors-of-other-libraries", CHANGE, _DIFFERENTLY, "catch", when=_let_through): (
        "{e.call.name} raises no {e.name}, but ApiConnectionError or ApiTimeoutError"
    ),
    Row("text-of-an-error", CHANGE, _DIFFERENTLY, "compare outside", when=_text_of_an_error): (
        "the text of an error is another: read e.status, e.reason, e.body and e.headers"
    ),
    Row("unknown-setting", ERROR, _STRICTER, "make"): _no_argument,
    Row("refused-setting", ERROR, _STRICTER, "set", Configuration): _refused_attribute,
    Row("misspelt-setting", CHANGE, _STRICTER, "set", Configuration): _misspelt,
    Row("empty-token", CHANGE, _STRICTER, "set", Configuration, "access_token", _may_be_empty): (
        'an empty token is none: no Authorization is sent, where the original sent "Bearer "'
    ),
    Row("retries-of-urllib3", CHANGE, _ONCE, "set", Configuration, "retries", _retries): (
        "a prompt is sent once all the same; a urllib3.Retry with allowed_methods is taken at its word"
    ),
    Row("debug-output", CHANGE, _LESS, "set", Configuration, "debug", lambda e: e.value.given is True): (
        "attempts are logged to the handlers that you set up; http.client prints no headers"
    ),
    Row("setting-without-effect", CHANGE, _OUT, "set", Configuration, WITHOUT_EFFECT): (
        "{e.name} may be set and does nothing"
    ),
    Row("server-of-the-contract", CHANGE, _OUT, "set", Configuration, _SERVER, _is_assigned): (
        "{e.name} counts when the Configuration is made, and only then: set host"
    ),
    Row("closed-at-the-end", NOTE, _WORKS, "enter", ApiClient): (
        "its connections are closed at the end of the block; the original closed nothing"
    ),
    Row("result-of-none", CHANGE, _STRICTER, "compare test", when=_compared_with_none): (
        "{e.value.call.name} never returns None: it raises ApiResponseError for another response"
    ),
    Row("item-of-a-model", ERROR, "it-reads-more", "item read"): _no_items,
    Row("field-that-may-be-absent", CHANGE, _STRICTER, "item", when=_may_be_absent): (
        "{e.name} is absent where the server leaves it out, a KeyError: .get({e.name!r})"
    ),
    Row("unknown-field", CHANGE, _STRICTER, "make operation"): _no_field,
    Row("refused-field", ERROR, _STRICTER, "make", Model): _refused_fields,
    Row("refused-attribute", ERROR, _STRICTER, "set", Model, when=_is_assigned): _refused_attribute,
}
PORTAL: Rows = {
    Row("timeout-of-none", CHANGE, _STRICTER, "operation", when=lambda e: e.get(_TIMEOUT).given is None): (
        "None is the client's default limit, where it was no limit: that is math.inf"
    ),
}
_GONE = ("alerts_api", "onboarding_api", "test_api", "AlertsApi", "OnboardingApi", "TestApi")
_OWN = (_OUT, "no operation uses it: its responses could not be read")
_PLUMBING = (_OUT, "call the operation, its `_with_http_info` or its `_without_preload_content` form")
WORDS: dict[str, tuple[str, str]] = {
    **dict.fromkeys(_GONE, _OWN),
    **dict.fromkeys(["call_api", "param_serialize", "response_deserialize"], _PLUMBING),
}
PAGES = (Page(MIGRATING, None, CORE), Page(MIGRATING, "portal_client", PORTAL, WORDS))
