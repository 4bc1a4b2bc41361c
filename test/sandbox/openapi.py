"""An OpenAPI document in a plain form, in which those of an app and of a contract can be compared.

A type is a phrase such as "array[ObjectMetadata]" or "string | null". Objects with properties go by their
names and are compared one by one; other named schemas, such as unions, are written out where they are used.
"""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from openapi import placed

Json = dict[str, Any]

CONTRACTS = Path(__file__).parents[2] / "contracts"


def contract(name: str) -> Json:
    """Return the contract in a file; what it lacks is told by its place."""
    document: Json = placed(json.loads((CONTRACTS / name).read_text("utf-8")))
    return document


def outline(document: Json) -> Json:
    """Return the parts of a document, by name."""
    return {
        "operations": set(operations(document)),
        "objects": set(objects(document)),
        "security": document["components"]["securitySchemes"],
        **{name: document["info"][name] for name in ("title", "version")},
    }


def operations(document: Json) -> Json:
    """Each operation, by method and path."""
    return {
        f"{method.upper()} {path}": _operation(operation, document)
        for path, item in document["paths"].items()
        for method, operation in item.items()
    }


def objects(document: Json) -> Json:
    """Each object with properties, by name; without those that FastAPI makes of the fields of a form."""
    return {
        name: {
            "extension": schema.get("x-extension", False),
            **{
                name: (name in schema.get("required", ()), _type(each, document), each.get("default"))
                for name, each in schema["properties"].items()
            },
        }
        for name, schema in document["components"]["schemas"].items()
        if "properties" in schema and not name.startswith("Body_")
    }


def _operation(operation: Json, document: Json) -> Json:
    body = operation.get("requestBody", {"content": {}})
    return {
        "operationId": operation["operationId"],
        "summary": operation["summary"],
        "description": " ".join(operation["description"].split()),
        "tags": operation["tags"],
        "parameters": {
            (each["name"], each["in"]): _parameter(each, document) for each in operation.get("parameters", [])
        },
        "body": (
            body.get("required"),
            {kind: _body(kind, each["schema"], document) for kind, each in body["content"].items()},
        ),
        "security": operation.get("security"),
        "responses": {
            status: (
                response["description"],
                response.get("x-extension", False),
                {kind: _type(each["schema"], document) for kind, each in response.get("content", {}).items()},
            )
            for status, response in operation["responses"].items()
        },
    }


def _parameter(parameter: Json, document: Json) -> tuple[Any, ...]:
    schema, required = parameter["schema"], parameter["required"]
    # None stands for an argument that is left out.
    kind = _type(schema, document) if required else _type(schema, document).removesuffix(" | null")
    return required, kind, schema.get("default"), parameter["description"]


def _body(kind: str, schema: Json, document: Json) -> Any:
    """JSON goes by its type, a form by its fields, whatever it is called."""
    if kind == "application/json":
        return _type(schema, document)
    fields = _target(schema, document)
    return sorted(fields["required"]), {
        name: (_type(each, document), each["description"], each.get("minLength"))
        for name, each in fields["properties"].items()
    }


def _target(schema: Json, document: Json) -> Json:
    while "$ref" in schema:
        schema = document["components"]["schemas"][schema["$ref"].rsplit("/", 1)[1]]
    return schema


def _type(schema: Json, document: Json) -> str:
    target = _target(schema, document)
    if "$ref" in schema and "properties" in target:
        return str(schema["$ref"].rsplit("/", 1)[1])
    variants = target.get("anyOf") or target.get("oneOf")
    if variants is not None:
        return _union(_type(each, document) for each in variants)
    kinds = target.get("type")
    if kinds is None:
        return "anything"
    if isinstance(kinds, list):
        return _union(_type({**target, "type": kind}, document) for kind in kinds)
    values = [target["const"]] if "const" in target else target.get("enum")
    if kinds == "string" and values is not None:
        return "one of " + ", ".join(sorted(repr(value) for value in values if value is not None))
    if kinds == "array":
        return f"array[{_type(target['items'], document)}]"
    if kinds == "object":
        held = target.get("additionalProperties", True)
        return "map[anything]" if held is True else f"map[{_type(held, document)}]"
    if kinds == "null":
        return "null"
    form = target.get("format") or ("contentMediaType" in target and "binary")
    return f"{kinds} {form}" if form else str(kinds)


def _union(kinds: Iterable[str]) -> str:
    """Sorted, since the order says nothing, but for null, which stands last."""
    return " | ".join(sorted(set(kinds), key=lambda kind: (kind == "null", kind)))
