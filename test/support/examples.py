"""Data that a contract allows, made of its schemas."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from openapi import reachable, target

#: All that there may be; null and empty lists where they may be; without what may be left out or null.
Form = Literal["whole", "null", "absent"]
FORMS: tuple[Form, ...] = ("whole", "null", "absent")

SCALARS: dict[str, Any] = {"string": "Grüße 世界", "integer": 5, "number": 1.5, "boolean": True}
DATE = "2026-01-02T03:04:05Z"


def example(contract: Mapping[str, Any], schema: Mapping[str, Any], form: Form = "whole") -> Any:
    """Return data that a schema of a contract allows."""
    if "$ref" in schema:
        return example(contract, contract["components"]["schemas"][target(schema)], form)
    if form != "whole" and _nullable(schema):
        return None
    if "enum" in schema:
        return schema.get("default", schema["enum"][0])
    if variants := [each for each in _variants(schema) if each.get("type") != "null"]:
        # Of the models of a union, the one that leads to the fewest others: some hold themselves.
        return example(contract, min(variants, key=lambda each: len(reachable(contract, each))), form)
    kinds = schema.get("type", "anything")
    kind = kinds if isinstance(kinds, str) else kinds[0]
    if kind == "anything":
        return {"any": [1, "ü", None, True]}
    if kind == "array":
        return [example(contract, schema["items"], form)] if form == "whole" else []
    if kind == "object":
        return _object(contract, schema, form)
    return DATE if schema.get("format") == "date-time" else SCALARS[kind]


def _object(contract: Mapping[str, Any], schema: Mapping[str, Any], form: Form) -> dict[str, Any]:
    fields = schema.get("properties")
    if fields is None:
        values = schema.get("additionalProperties", True)
        return {"clé": example(contract, values if isinstance(values, dict) else {}, form)}
    needed = schema.get("required", ())
    return {
        name: example(contract, field, form)
        for name, field in fields.items()
        if form != "absent" or (name in needed and not _nullable(field))
    }


def _variants(schema: Mapping[str, Any]) -> list[Any]:
    return [*schema.get("oneOf", ()), *schema.get("anyOf", ())]


def _nullable(schema: Mapping[str, Any]) -> bool:
    return "null" in schema.get("type", ()) or {"type": "null"} in _variants(schema)
