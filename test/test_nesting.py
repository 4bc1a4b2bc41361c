"""How deep data may be nested is told without recursion, whatever it is made of."""

from __future__ import annotations

import json
from datetime import datetime
from types import MappingProxyType
from typing import Any

import pydantic
import pytest
from pydantic import BaseModel, TypeAdapter

from portal_client import ApiClient, ApiResponseError, ApiValueError, Configuration, GroupedSessionsResponse
from portal_client.model import Model, Wrapper
from portal_client.nesting import MAX_DEPTH, clarified, too_deep
from portal_client.serialization import sanitize, to_json
from support.scripted import reply
from test_endpoint import shelf


class Box(Model):
    """Holds anything."""

    inside: Any = None


class Bag(Wrapper[Any]):
    """Holds anything, and is no level of its own."""


LAYERS = {
    "lists": lambda inner: [inner],
    "tuples": lambda inner: (inner,),
    "dicts": lambda inner: {"a": inner},
    "mappings": lambda inner: MappingProxyType({"a": inner}),
    "models": lambda inner: Box(inside=inner),
    "unknown fields": lambda inner: Box(more=inner),
    "wrapped dicts": lambda inner: Bag({"a": inner}),
    "wrapped models": lambda inner: Bag(Box(inside=inner)),
}


def nested(levels: int, layer: Any, core: Any = 1) -> Any:
    for _ in range(levels):
        core = layer(core)
    return core


@pytest.mark.parametrize("layer", LAYERS.values(), ids=list(LAYERS))
@pytest.mark.parametrize("core", [1, None, "text", datetime(2026, 1, 2)])
def test_the_limit_is_exact(layer: Any, core: Any) -> None:
    assert not too_deep(nested(MAX_DEPTH, layer, core))
    assert too_deep(nested(MAX_DEPTH + 1, layer, core))
    assert too_deep(nested(MAX_DEPTH, layer, {}))
    assert not too_deep(nested(MAX_DEPTH - 1, layer, {}))


@pytest.mark.parametrize("layer", LAYERS.values(), ids=list(LAYERS))
def test_a_million_levels(layer: Any) -> None:
    assert too_deep(nested(1_000_000 if layer is LAYERS["lists"] else 10_000, layer))


@pytest.mark.parametrize("value", [1, "x", b"x", None, 1.5, [], {}, (), Box(), Bag(1), datetime(2026, 1, 2)])
def test_what_is_flat(value: Any) -> None:
    assert not too_deep(value)


def test_what_is_within_itself() -> None:
    cycle: dict[str, Any] = {}
    cycle["a"] = [cycle, cycle]
    box = Box()
    box.inside = [box]

    assert too_deep(cycle)
    assert too_deep(box)


def test_what_is_shared_is_looked_at_once() -> None:
    shared: Any = 1
    for _ in range(MAX_DEPTH):
        shared = [shared, shared]  # 2 ** 128 leaves, if each were looked at

    assert not too_deep(shared)


# ── what is too deep to be written ──


def test_writing_says_so() -> None:
    models, lists = nested(10_000, LAYERS["models"]), Box(inside=nested(1_000_000, LAYERS["lists"]))
    writers: list[Any] = [Box.to_dict, Box.to_json, Box.to_str, sanitize, to_json]
    for write in writers:
        write(nested(60, LAYERS["models"]))
        with pytest.raises(ApiValueError, match="Box is nested more than 128 levels deep"):
            write(models)
        with pytest.raises(ApiValueError, match="nested more than 128 levels deep"):
            write(lists)


def test_a_wrapper_says_so_too() -> None:
    bag = Bag(nested(1000, LAYERS["dicts"]))
    for write in (bag.to_dict, bag.to_json, bag.to_str):
        with pytest.raises(ApiValueError, match="Bag is nested more than 128 levels deep"):
            write()


def test_scripts_are_told_as_well() -> None:
    client = ApiClient(Configuration("http://localhost"))
    with pytest.raises(ApiValueError, match="list is nested more than 128 levels deep"):
        client.sanitize_for_serialization(nested(1000, LAYERS["lists"]))


def test_a_printed_model_ends_where_python_does() -> None:
    box = nested(10_000, LAYERS["models"])

    assert repr(box).startswith("Box(inside=Box(inside=")
    assert "..." in repr(box)
    assert "..." in str(Bag(box))
    assert repr(nested(2, LAYERS["models"])) == "Box(inside=Box(inside=1))"


# ── what is too deep to be read ──


class Node(BaseModel):
    """A model within itself, of which pydantic-core has enough at some depth."""

    child: Node | None = None


def test_json_that_a_parser_gives_out_at() -> None:
    text = '{"time_to_sessions": {"a": ' + "[" * 100_000 + "]" * 100_000 + "}}"
    with pytest.raises(pydantic.ValidationError, match="Nested too deeply to be read") as info:
        GroupedSessionsResponse.from_json(text)

    assert len(str(info.value)) < 500
    assert info.value.errors()[0]["type"] == "nesting"


def test_data_that_pydantic_gives_out_at() -> None:
    with pytest.raises(pydantic.ValidationError) as info:
        Node.model_validate(nested(10_000, lambda inner: {"child": inner}, None))

    (line,) = clarified(info.value).errors()
    assert (line["type"], line["msg"]) == ("nesting", "Nested too deeply to be read")
    assert line["loc"][:2] == ("child", "child")


def test_another_error_stays_what_it_is() -> None:
    with pytest.raises(pydantic.ValidationError) as info:
        TypeAdapter(list[int]).validate_json('["x"')

    assert clarified(info.value) is info.value


def test_a_response_that_is_too_deep_is_no_text() -> None:
    with shelf(reply(b"[" * 10_000 + b"]" * 10_000)) as (api, server):
        with pytest.raises(ApiResponseError, match=r"books: .*Nested too deeply to be read"):
            api.books()
        assert len(server.requests) == 1
    with shelf(reply(json.dumps(nested(100, LAYERS["lists"])).encode())) as (api, _):
        assert api.books() == nested(100, LAYERS["lists"])
