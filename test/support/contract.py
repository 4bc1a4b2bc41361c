"""Compares what a package declares with the OpenAPI document that it is written for.

Both sides are brought into the same plain form, dicts of phrases such as "in path" or "array[string]", and
the forms are compared. Each comparison returns a list of differences, empty where the sides agree; a
difference names its place: `get_session: parameter session_id: in path here, in query in the contract`.
Nothing here knows a particular service, so any package on this core can be compared with its document.
"""

from __future__ import annotations

import types
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime
from enum import Enum
from typing import Annotated, Any, ForwardRef, Literal, Optional, Union, get_args, get_origin, get_type_hints

from pydantic import RootModel
from pydantic.fields import FieldInfo

from openapi import EXTENSION, arguments, operations, placed, reachable
from portal_client.fields import MayBeNull
from portal_client.operation import Operation
from portal_client.streaming import EventStream
from portal_client.union import ByType

#: The suffixes of the forms in which an operation is called.
FORMS = ("", "_with_http_info", "_without_preload_content")

Contract = Mapping[str, Any]
Models = Mapping[str, Any]

_JSON = "application/json"
_LINES = "application/x-ndjson"
#: The error bodies that the core reads as a model, by status.
_ERRORS = {"422": "HTTPValidationError"}
_BASIC: dict[Any, str] = {str: "string", int: "integer", float: "number", bool: "boolean"}
_EXACT: dict[Any, str] = {datetime: "date-time", date: "date", type(None): "null", Any: "anything"}


# ── the comparisons ──


def operation_differences(
    contract: Contract, apis: Sequence[type], models: Models, forms: Sequence[str] = FORMS
) -> list[str]:
    """Compare the operations of some API classes, in all their call forms, with those of the contract."""
    contract = placed(contract)
    declared = {name: (api, operation) for api in apis for name, operation in _declared(api, forms)}
    here = {name: _declaration(api, operation, models) for name, (api, operation) in declared.items()}
    promised = list(operations(contract))
    there = {
        operation["operationId"]: _promise(contract, *place, operation) for *place, operation in promised
    }
    differences = compare("", here, there)
    for name in here.keys() & there.keys():
        differences += _order_differences(name, here[name], there[name])
    for name, (api, operation) in declared.items():
        differences += _form_differences(name, api, operation, forms)
    for *_, operation in promised:
        differences += _error_differences(operation)
    events = {operation["operationId"]: _events(operation) for *_, operation in promised}
    for api in apis:
        differences += _stream_differences(api, models, events)
    return differences


def model_differences(contract: Contract, models: Models) -> list[str]:
    """Compare the models of a package, by name, with the schemas of the contract."""
    contract = placed(contract)
    here = {name: _model(model, models) for name, model in models.items()}
    schemas = contract["components"]["schemas"].items()
    there = {name: _schema(schema) for name, schema in schemas if not schema.get(EXTENSION)}
    return compare("", here, there)


def configuration_differences(contract: Contract, configuration: Any) -> list[str]:
    """Compare where a configuration with a token sends calls, and how it sends the token."""
    contract = placed(contract)
    here = {"server": configuration.host, "version": configuration.api_version}
    for name, setting in configuration.auth_settings().items():
        here[f"security {name}"] = f"{setting['type']} in {setting['in']} {setting['key']}"
    there = {"server": contract["servers"][0]["url"], "version": contract["info"]["version"]}
    for name, scheme in contract["components"].get("securitySchemes", {}).items():
        there[f"security {name}"] = _scheme(scheme)
    return compare("", here, there)


def compare(where: str, here: Any, there: Any) -> list[str]:
    """Return the differences between two plain forms: dicts key by key, tuples item by item."""
    if here == there:
        return []
    if here is None:
        return [f"{where}: missing here"]
    if there is None:
        return [f"{where}: not in the contract"]
    if isinstance(here, dict) and isinstance(there, dict):
        prefix = f"{where}: " if where else ""
        both = [(f"{prefix}{key}", here.get(key), there.get(key)) for key in {**there, **here}]
        return [difference for item in both for difference in compare(*item)]
    if isinstance(here, tuple) and isinstance(there, tuple):
        pairs = zip(here, there, strict=True)
        return [difference for pair in pairs for difference in compare(where, *pair)]
    return [f"{where}: {here} here, {there} in the contract"]


def _order_differences(name: str, here: Mapping[str, Any], there: Mapping[str, Any]) -> list[str]:
    # Arguments may be given by position, so their order is a promise too: the required ones come first.
    ours, theirs = _arguments(here), sorted(_arguments(there), key=lambda argument: argument[1])
    if ours == theirs or sorted(ours) != sorted(theirs):
        return []
    (ours_, theirs_) = (", ".join(argument for argument, _ in side) for side in (ours, theirs))
    return [f"{name}: parameters in the order {ours_} here, {theirs_} in the contract"]


def _arguments(form: Mapping[str, Any]) -> list[tuple[str, bool]]:
    """Return the names of an operation's arguments, and whether each may be left out."""
    keys = [key for key in form if key.startswith("parameter ")]
    return [(key.removeprefix("parameter "), form[key][1] == "optional") for key in keys]


def _form_differences(name: str, api: type, operation: Operation, forms: Sequence[str]) -> list[str]:
    return [
        f"{name}: {name}{suffix} is not a form of it here"
        for suffix in forms
        if getattr(getattr(api, name + suffix, None), "operation", None) is not operation
    ]


def _stream_differences(api: type, models: Models, events: Mapping[str, Optional[str]]) -> Iterator[str]:
    """Yield where the form that returns events differs from its operation."""
    for name in dir(api):
        stream = getattr(getattr(api, name), "operation", None)
        if stream is None or stream.stream_of is None:
            continue
        whole = stream.stream_of
        if name != f"{whole.name}_stream":
            yield f"{whole.name}: its stream is called {name} here"
        here, there = _declaration(api, stream, models), _declaration(api, whole, models)
        event = events.get(whole.name) or there["response"]
        there |= {"name": name, "response": f"EventStream[{event}]"}
        yield from compare(name, here, there)


def _events(operation: Contract) -> Optional[str]:
    """Return the shape of the lines of an operation's response, None where the contract names none."""
    contents = [response.get("content", {}) for response in operation["responses"].values()]
    return next((_shape_in_contract(each[_LINES]["schema"]) for each in contents if _LINES in each), None)


def _error_differences(operation: Contract) -> list[str]:
    responses = operation["responses"].items()
    read = [
        (status, _body(response))
        for status, response in responses
        if status[0] != "2" and not response.get(EXTENSION)
    ]
    return [
        f"{operation['operationId']}: response {status} is {shape} in the contract, which is not read here"
        for status, shape in read
        if shape not in ("nothing", _ERRORS.get(status))
    ]


def of_tag(contract: Contract, tag: str) -> Contract:
    """Return the operations of one tag in a contract, with the schemas that they refer to."""
    paths: dict[str, Any] = {}
    for method, path, item, operation in operations(contract):
        if tag in operation["tags"]:
            shared = {"parameters": item["parameters"]} if "parameters" in item else {}
            paths.setdefault(path, shared)[method.lower()] = operation
    named = reachable(contract, paths)
    used = {name: schema for name, schema in contract["components"]["schemas"].items() if name in named}
    return {**contract, "paths": paths, "components": {**contract["components"], "schemas": used}}


# ── the operations here ──


def _declared(api: type, forms: Sequence[str]) -> Iterator[tuple[str, Operation]]:
    others = tuple(suffix for suffix in forms if suffix)
    for name in dir(api):
        operation = getattr(getattr(api, name), "operation", None)
        if operation is not None and operation.stream_of is None and not name.endswith(others):
            yield name, operation


def _declaration(api: type, operation: Operation, models: Models) -> dict[str, Any]:
    returned = get_type_hints(operation.stub, include_extras=True)["return"]
    form: dict[str, Any] = {
        "class": api.__name__,
        "name": operation.name,
        "method": operation.method,
        "path": operation.path,
        "body": operation.consumes or "no body",
        "security": "with a token" if operation.secured else "without a token",
        "repetition": _repetition(
            None if operation.idempotent is (operation.method == "GET") else operation.idempotent
        ),
        "accept": (operation.stream_of or operation).accept or "nothing",
        "response": "nothing" if returned is type(None) else _shape(returned, models),
    }
    for name, place, required, kind, default in operation.parameters:
        shape = "array[binary]" if place == "file" else _shape(kind, models)
        form[f"parameter {name}"] = _parameter(place, required, shape, default)
    return form


# ── the operations in the contract ──


def _promise(
    contract: Contract, method: str, path: str, item: Contract, operation: Contract
) -> dict[str, Any]:
    secured = bool(operation.get("security", contract.get("security")))
    body = operation.get("requestBody", {})
    responses = {_body(response) for status, response in operation["responses"].items() if status[0] == "2"}
    form: dict[str, Any] = {
        "class": ", ".join(f"{tag}Api" for tag in operation["tags"]),
        "name": operation["operationId"],
        "method": method,
        "path": path,
        "body": ", ".join(body.get("content", ())) or "no body",
        "security": "with a token" if secured else "without a token",
        "repetition": _repetition(operation.get("x-client-repeats")),
        "accept": operation.get("x-client-accept", _JSON) or "nothing",
        "response": _union(responses),
    }
    for name, place, required, schema, _ in arguments(item, operation):
        default = None
        if place in ("path", "query"):
            default = schema.get("x-client-default", schema.get("default"))  # what the client sends, if other
        form[f"parameter {name}"] = _parameter(place, required, _shape_in_contract(schema), default)
    return form


def _repetition(idempotent: Optional[bool]) -> str:
    return "by its method" if idempotent is None else "repeated" if idempotent else "sent once"


def _parameter(place: str, required: bool, shape: str, default: Any) -> tuple[str, str, str, str]:
    # None stands for an argument that is left out, so it says nothing about an optional one.
    shape = shape if required else shape.removesuffix(" | null")
    return f"in {place}", "required" if required else "optional", shape, _default(default)


def _default(value: Any) -> str:
    return "no default" if value is None else f"default {value!r}"


def _body(response: Contract) -> str:
    """Return the shape of a response; content types other than JSON stand for themselves.

    The same response in another form of JSON adds nothing. What is marked as an extension is the sandbox's
    own, and a client need not know it.
    """
    if response.get("x-client-returns") == "none":  # the original does not read it
        return "nothing"
    content = {kind: each for kind, each in response.get("content", {}).items() if not each.get(EXTENSION)}
    if _JSON not in content:
        return ", ".join(content) or "nothing"
    shape = _shape_in_contract(content[_JSON].get("schema", {}))
    return _union([shape, *(kind for kind in content if "json" not in kind)])


def _scheme(scheme: Contract) -> str:
    if scheme["type"] == "http":
        return f"{scheme['scheme'].lower()} in header Authorization"
    return f"{scheme['type']} in {scheme.get('in')} {scheme.get('name')}"


# ── the models ──


def _model(model: Any, models: Models) -> dict[str, Any]:
    if issubclass(model, Enum):
        return {"kind": "enum", **{f"member {member.name}": repr(member.value) for member in model}}
    if issubclass(model, RootModel):
        model.model_rebuild()  # until it is built, it does not know its variants
        return {"kind": "one of several", "variants": _shape(_annotation(model.model_fields["root"]), models)}
    fields = {field.alias or name: _field(field, models) for name, field in model.model_fields.items()}
    return {"kind": "object", **{f"field {name}": field for name, field in fields.items()}}


def _field(field: FieldInfo, models: Models) -> tuple[str, str, str, str]:
    shape = _shape(_annotation(field), models)
    required = field.is_required()
    nullable = any(isinstance(mark, MayBeNull) for mark in field.metadata)
    if nullable or not required:  # a plain Optional field may be absent, but not null on the wire
        shape = shape.removesuffix(" | null")
    default = None if required else field.get_default(call_default_factory=True)
    return _described(required, nullable, shape, default)


def _annotation(field: FieldInfo) -> Any:
    # pydantic keeps the marks of an annotation apart from it.
    return Annotated[(field.annotation, *field.metadata)] if field.metadata else field.annotation


def _schema(schema: Contract) -> dict[str, Any]:
    if "enum" in schema:
        values = schema["enum"]
        names = schema.get("x-enum-varnames") or [str(value).upper() for value in values]
        members = dict(zip(names, values, strict=True))
        return {"kind": "enum", **{f"member {name}": repr(value) for name, value in members.items()}}
    if "anyOf" in schema or "oneOf" in schema:
        return {"kind": "one of several", "variants": _shape_in_contract(schema)}
    required = schema.get("required", ())
    form: dict[str, Any] = {"kind": "object"}
    for name, field in schema.get("properties", {}).items():
        shape = _shape_in_contract(field)
        plain = shape.removesuffix(" | null")
        nullable = plain != shape or plain == "anything"
        form[f"field {name}"] = _described(name in required, nullable, plain, field.get("default"))
    return form


def _described(required: bool, nullable: bool, shape: str, default: Any) -> tuple[str, str, str, str]:
    return (
        "required" if required else "optional",
        "nullable" if nullable else "not nullable",
        shape,
        _default(default),
    )


# ── types ──


def _shape(hint: Any, models: Models) -> str:
    """Return a Python type as a phrase; a `lax` one takes other types, too, such as "1" for an integer."""
    origin, arguments = get_origin(hint), get_args(hint)
    if origin is Annotated:
        for mark in arguments[1:]:
            if isinstance(mark, ByType):
                return _union(_shape(variant, models) for variant in mark.variants.values())
        strict = any(getattr(mark, "strict", None) for mark in arguments[1:])
        shape = _shape(arguments[0], models)
        return shape.removeprefix("lax ") if strict else shape
    if hint in _BASIC:
        return f"lax {_BASIC[hint]}"
    if hint in _EXACT:
        return _EXACT[hint]
    if origin in (Union, types.UnionType):
        return _union(_shape(argument, models) for argument in arguments)
    if origin is Literal:
        return _one_of(arguments)
    if origin is EventStream:
        return f"EventStream[{_shape(arguments[0], models)}]"
    if origin is list:
        return f"array[{_shape(arguments[0], models)}]"
    if origin is dict:
        return f"map[{_shape(arguments[1], models)}]"
    return _name(hint, models)


def _name(hint: Any, models: Models) -> str:
    if isinstance(hint, ForwardRef):
        return hint.__forward_arg__
    name = getattr(hint, "__name__", repr(hint))
    known = models.get(name)
    if known is not None and (known.__module__, known.__qualname__) == (hint.__module__, hint.__qualname__):
        return str(name)
    return f"{getattr(hint, '__module__', '')}.{name}"  # a class of the same name from elsewhere is another


def _shape_in_contract(schema: Any) -> str:
    """Return a schema as the same kind of phrase."""
    if schema is True or not schema.keys() - {"description", "x-client-reads"}:
        return "anything"
    if "$ref" in schema:
        return str(schema["$ref"].rsplit("/", 1)[1])
    variants = schema.get("anyOf") or schema.get("oneOf")
    if variants:
        return _union(map(_shape_in_contract, variants))
    kinds = schema.get("type", ())
    if not isinstance(kinds, str):
        return _union(_shape_in_contract({**schema, "type": kind}) for kind in kinds)
    # Values that the original client does not enforce are no part of the type.
    if kinds == "string" and "enum" in schema and schema.get("x-client-enforces-enum", True):
        return _one_of(value for value in schema["enum"] if value is not None)
    if kinds == "array":
        return f"array[{_shape_in_contract(schema.get('items'))}]"
    if kinds == "object":
        return f"map[{_shape_in_contract(schema.get('additionalProperties'))}]"
    return str(schema.get("format", kinds)) if kinds == "string" else kinds


def _one_of(values: Iterable[Any]) -> str:
    return "one of " + ", ".join(sorted(map(repr, values)))


def _union(shapes: Iterable[str]) -> str:
    """Join the shapes of a union, sorted with null at the end; a number makes an integer superfluous."""
    each = set(shapes)
    if "anything" in each:  # `OrAny`
        return "anything"
    if "number" in each:
        each.discard("integer")
    return " | ".join(sorted(each, key=lambda shape: (shape == "null", shape)))
