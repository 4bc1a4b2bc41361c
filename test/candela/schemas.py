"""Data that the Candela contract allows, drawn by hypothesis, and what a model makes of it."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

from hypothesis import strategies as st

CONTRACT = Path(__file__).parents[2] / "contracts" / "candela.openapi.json"
SCHEMAS: dict[str, Any] = {
    name: schema
    for name, schema in json.loads(CONTRACT.read_text(encoding="utf-8"))["components"]["schemas"].items()
    if not schema.get("x-extension")  # the sandbox's own
}

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
#: What `event_type` and its like may be is not enforced, so any text will do, but for the key of a union.
UNKNOWN = TEXT.map(lambda text: f"x-{text}")
ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**60), 2**60) | TEXT,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(TEXT, inner, max_size=2),
    max_leaves=5,
)
SCALARS: dict[str, st.SearchStrategy[Any]] = {
    "string": TEXT,
    "boolean": st.booleans(),
    "integer": st.integers(-(2**60), 2**60),
    "number": st.integers(-(2**60), 2**60) | st.floats(allow_nan=False, allow_infinity=False),
    "null": st.none(),
}
DATES = st.datetimes().map(lambda date: date.replace(microsecond=0).isoformat() + "Z")


def named(schema: Any) -> Any:
    return SCHEMAS[schema["$ref"].rpartition("/")[2]] if "$ref" in schema else schema


def recursive(schema: Any) -> bool:
    return any("$ref" in json.dumps(field) for field in named(schema).get("properties", {}).values())


@cache
def data_for(name: str, depth: int = 2) -> st.SearchStrategy[Any]:
    """What a named schema allows; its unions go `depth` levels deep, and then have no more within."""
    return _data(SCHEMAS[name], depth)


def _data(schema: Any, depth: int) -> st.SearchStrategy[Any]:
    if "$ref" in schema:
        return data_for(schema["$ref"].rpartition("/")[2], depth)
    if "oneOf" in schema:  # a union by type
        variants = [v for v in schema["oneOf"] if depth > 0 or not recursive(v)]
        typed = [_variant(named(v), depth - 1) for v in variants]
        return st.one_of(*typed) | st.builds(lambda t, more: {"more": more, "type": t}, UNKNOWN, ANYTHING)
    if "anyOf" in schema:
        return st.one_of(*(_data(v, depth) for v in schema["anyOf"]))
    kinds = schema.get("type")
    if kinds is None:
        return ANYTHING
    if isinstance(kinds, list):
        return st.one_of(*(_data({**schema, "type": kind}, depth) for kind in kinds))
    if kinds == "array":
        return st.lists(_data(schema["items"], depth), max_size=2)
    if kinds == "object" and "properties" not in schema:
        values = schema.get("additionalProperties", True)
        return st.dictionaries(TEXT, ANYTHING if values is True else _data(values, depth), max_size=2)
    if kinds == "object":
        return _fields(schema, depth)
    return DATES if schema.get("format") == "date-time" else SCALARS[kinds]


def _fields(schema: Any, depth: int) -> st.SearchStrategy[dict[str, Any]]:
    fields = {name: _data(field, depth) for name, field in schema["properties"].items()}
    required = {name: fields.pop(name) for name in schema.get("required", ())}
    known = st.fixed_dictionaries(required, optional=fields)
    unknown = st.dictionaries(UNKNOWN, ANYTHING, max_size=1)
    return st.builds(lambda known, unknown: known | unknown, known, unknown)


def _variant(schema: Any, depth: int) -> st.SearchStrategy[dict[str, Any]]:
    key = schema["properties"]["type"]["default"]
    return _fields(schema, depth).map(lambda data: {**data, "type": key})


def with_defaults(schema: Any, data: Any) -> Any:
    """The data as a model sends it: with the defaults of the fields that it lacks."""
    if isinstance(data, list):
        return [with_defaults(schema.get("items", {}), item) for item in data]
    if not isinstance(data, dict):
        return data
    schema = named(schema)
    if "oneOf" in schema:
        by_key = {named(v)["properties"]["type"]["default"]: named(v) for v in schema["oneOf"]}
        return with_defaults(by_key.get(data["type"], {}), data)
    if "anyOf" in schema:
        schema = named(schema["anyOf"][0])
    fields, values = schema.get("properties", {}), schema.get("additionalProperties")
    values = values if isinstance(values, dict) else {}
    filled = {name: with_defaults(fields.get(name, values), value) for name, value in data.items()}
    return {name: field["default"] for name, field in fields.items() if "default" in field} | filled
