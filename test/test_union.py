"""A union is chosen by `type`: from a model, a dict, JSON or another union; whatever it is, it comes back."""

from __future__ import annotations

import copy
import json
import pickle
from contextlib import suppress
from typing import Annotated, Any, Optional
from unittest import mock

import pydantic
import pytest
from pydantic import BaseModel, StrictBool, StrictInt, StrictStr, TypeAdapter

from portal_client.model import Model, Nullable, Wrapper
from portal_client.union import ByType


class Circle(Model):
    """Needs a radius."""

    type: Optional[StrictStr] = "circle"
    radius: StrictInt
    note: Optional[StrictStr] = None


class Ring(Model):
    """Needs what a circle needs, and more."""

    type: Optional[StrictStr] = "ring"
    radius: StrictInt
    hole: StrictInt


class Flag(Model):
    """Needs nothing."""

    type: Optional[StrictStr] = "flag"
    on: Nullable[StrictBool] = None
    size: Nullable[StrictInt] = None


class Label(Model):
    """Needs nothing either."""

    type: Optional[StrictStr] = "label"
    on: Nullable[StrictStr] = None
    size: Nullable[StrictInt] = None


class Shape(Wrapper[Annotated[Any, ByType(__name__, "Circle | Ring | Flag | Label | Group")]]):
    """One of the five."""


class Round(Wrapper[Annotated[Any, ByType(__name__, "Circle | Ring")]]):
    """One of two of them."""


class Group(Model, defer_build=True):
    """Holds shapes, and is one."""

    type: Optional[StrictStr] = "group"
    shapes: dict[str, Shape]
    first: Optional[Shape] = None
    rest: Optional[list[Shape]] = None


class Square(Model):
    """Is none of them."""

    type: Optional[StrictStr] = "circle"
    radius: StrictInt = 1


CIRCLE = Circle(radius=1)
RING = {"type": "ring", "radius": 2, "hole": 1}

# ── what it is made from ──


@pytest.mark.parametrize(
    "given",
    [
        CIRCLE,
        {"type": "circle", "radius": 1},
        {"radius": 1},
        Shape(CIRCLE),
        Round(CIRCLE),
        Round({"type": "circle", "radius": 1}),
    ],
)
def test_it_is_made_from_a_model_a_dict_or_a_union(given: Any) -> None:
    for shape in (Shape(given), Shape(actual_instance=given), Shape.from_dict(given)):
        assert type(shape) is Shape
        assert shape.actual_instance == CIRCLE
        assert shape == Shape(CIRCLE)


def test_it_is_made_from_json() -> None:
    assert Shape.from_json('{"type": "ring", "radius": 2, "hole": 1}').actual_instance == Ring(
        radius=2, hole=1
    )
    assert Shape.from_json('{"radius": 1}') == Shape(CIRCLE)
    assert TypeAdapter(list[Shape]).validate_json('[{"radius": 1}]') == [Shape(CIRCLE)]


def test_a_model_stays_the_same() -> None:
    assert Shape(CIRCLE).actual_instance is CIRCLE
    shape = Shape(CIRCLE)
    assert Group(shapes={"a": shape}).shapes["a"] is shape


def test_a_model_is_chosen_by_its_class() -> None:
    class Wheel(Circle):
        """A circle with spokes."""

        spokes: StrictInt = 8

    odd = Circle(type="ring", radius=1)
    assert Shape(odd).actual_instance is odd
    assert Shape(Wheel(radius=1)).to_dict() == {"type": "circle", "radius": 1, "spokes": 8}


def test_within_a_model_it_is_taken_in_each_form() -> None:
    group = Group(
        shapes={"a": CIRCLE, "b": RING, "c": Shape(CIRCLE), "d": Round(RING)},  # type: ignore[dict-item]
        first={"radius": 3},  # type: ignore[arg-type]
        rest=[CIRCLE, RING],  # type: ignore[list-item]
    )

    assert {type(shape) for shape in group.shapes.values()} == {Shape}
    assert group.shapes["a"].actual_instance is CIRCLE
    assert group.shapes["b"] == group.shapes["d"] == Shape(Ring(radius=2, hole=1))
    assert group.to_dict() == {
        "type": "group",
        "shapes": {
            "a": {"type": "circle", "radius": 1},
            "b": RING,
            "c": {"type": "circle", "radius": 1},
            "d": RING,
        },
        "first": {"type": "circle", "radius": 3},
        "rest": [{"type": "circle", "radius": 1}, RING],
    }
    assert Group.from_dict(group.to_dict()) == Group.from_json(group.to_json()) == group


def test_it_is_assigned() -> None:
    group = Group(shapes={})
    group.first = CIRCLE  # type: ignore[assignment]
    assert group.first == Shape(CIRCLE)
    assert group.first is not None
    group.first.actual_instance = RING
    assert group.to_dict()["first"] == RING
    with pytest.raises(pydantic.ValidationError):
        group.first.actual_instance = 5
    assert group.first.actual_instance == Ring(radius=2, hole=1)


# ── an unknown type ──


@pytest.mark.parametrize(
    "data", [{"type": "cube", "edge": {"a": [1, None]}}, {"type": ""}, {"type": "Circle"}]
)
def test_an_unknown_type_stays_a_dict(data: dict[str, Any]) -> None:
    shape = Shape(data)

    assert shape.actual_instance == data
    assert type(shape.actual_instance) is dict
    assert shape.to_dict() == data
    assert json.loads(shape.to_json()) == data
    assert Shape.from_json(json.dumps(data)) == Shape(shape) == shape
    assert Group(shapes={"a": shape}).to_dict()["shapes"]["a"] == data


def test_it_does_not_share_the_callers_dict() -> None:
    data = {"type": "cube"}
    shape = Shape(data)
    shape.actual_instance["more"] = 1

    assert data == {"type": "cube"}


# ── no type ──


@pytest.mark.parametrize(
    ("data", "model"),
    [
        ({"radius": 1}, Circle),
        ({"radius": 1, "hole": 1}, Ring),
        ({"radius": 1, "note": "x"}, Circle),
        ({"shapes": {}}, Group),
        ({"on": True}, Flag),
        ({"on": "yes"}, Label),
        ({"on": "yes", "size": 1}, Label),
    ],
)
def test_without_a_type_the_model_that_fits(data: dict[str, Any], model: type[Model]) -> None:
    assert Shape(data).actual_instance == model(**data)
    assert Shape.from_json(json.dumps(data)).actual_instance == model(**data)
    assert Shape(data).to_dict() == {**data, "type": model.model_fields["type"].default}


def test_null_is_no_type() -> None:
    assert Shape({"type": None, "radius": 1}).to_dict() == {"radius": 1}


def test_a_model_that_knows_all_fields_goes_first() -> None:
    assert type(Round({"radius": 1, "hole": 1}).actual_instance) is Ring
    assert type(Round({"radius": 1, "colour": "red"}).actual_instance) is Circle


@pytest.mark.parametrize(
    "data",
    [
        {},
        {"size": 1},
        {"on": None},
        {"on": 5},
        {"radius": 1, "hole": 1, "colour": "red"},
        {"colour": "red"},
    ],
)
def test_without_a_type_more_or_none_that_fit(data: dict[str, Any]) -> None:
    for make in (lambda: Shape(data), lambda: Shape.from_json(json.dumps(data))):
        with pytest.raises(pydantic.ValidationError, match="it should fit exactly one of them") as info:
            make()
        assert len(info.value.errors()) == 1


def test_a_wrong_field_of_the_one_that_fits_is_named() -> None:
    with pytest.raises(pydantic.ValidationError, match=r"circle\.radius\n  Input should be a valid integer"):
        Shape({"radius": "1"})


# ── errors ──


@pytest.mark.parametrize(
    "wrong",
    [None, 5, "circle", '{"radius": 1}', [], [CIRCLE], b"x", Square(), {"type": 5}, {"type": ["circle"]}],
)
def test_what_is_none_of_them(wrong: Any) -> None:
    expected = "Input should be a dict or one of Circle, Ring, Flag, Label, Group"
    for make in (lambda: Shape(wrong), lambda: Group(shapes={"a": wrong})):
        with pytest.raises(pydantic.ValidationError, match=expected) as info:
            make()
        assert [e["type"] for e in info.value.errors()] == ["one_of"]


def test_another_unions_model_may_be_none_of_them() -> None:
    with pytest.raises(pydantic.ValidationError, match="one of Circle, Ring;"):
        Round(Shape({"type": "flag"}))
    with pytest.raises(pydantic.ValidationError, match="one of Circle, Ring;"):
        Round(Shape(Flag()))
    assert Round({"type": "flag"}).actual_instance == {"type": "flag"}


def test_an_error_tells_the_whole_path_once() -> None:
    data = {"shapes": {"a": {"type": "group", "shapes": {"b": {"type": "ring", "radius": "x"}}}}}
    for make in (lambda: Group.from_dict(data), lambda: Group.from_json(json.dumps(data))):
        with pytest.raises(pydantic.ValidationError) as info:
            make()
        assert [e["loc"] for e in info.value.errors()] == [
            ("shapes", "a", "group", "shapes", "b", "ring", "radius"),
            ("shapes", "a", "group", "shapes", "b", "ring", "hole"),
        ]


def test_a_key_that_is_no_text() -> None:
    with pytest.raises(pydantic.ValidationError):
        Shape({"type": "cube", 5: 1})


# ── there and back ──


@pytest.mark.parametrize("value", [CIRCLE, RING, {"type": "cube"}, Group(shapes={"a": CIRCLE})])  # type: ignore[dict-item]
def test_it_survives_copy_and_pickle(value: Any) -> None:
    shape = Shape(value)

    assert pickle.loads(pickle.dumps(shape)) == copy.deepcopy(shape) == copy.copy(shape) == shape
    assert Shape.from_dict(shape.to_dict()) == Shape.from_json(shape.to_json()) == shape


def test_it_is_printed_as_it_is_made() -> None:
    assert repr(Shape(CIRCLE)) == "Shape(Circle(type='circle', radius=1, note=None))"
    assert repr(Shape({"type": "cube"})) == "Shape({'type': 'cube'})"


def test_it_is_as_fast_as_its_parts() -> None:
    with mock.patch.object(Wrapper, "__init__") as wrapper, mock.patch.object(Model, "__init__") as model:
        Group.from_json('{"shapes": {"a": {"radius": 1}}}')

    assert not wrapper.called
    assert not model.called
    assert not any(cls.__pydantic_custom_init__ for cls in (Shape, Circle, Group))  # type: ignore[attr-defined]


# ── nesting ──


def nested(levels: int, core: Any = RING) -> Any:
    for _ in range(levels):
        core = {"type": "group", "shapes": {"a": core}}
    return core


def test_sixty_levels() -> None:
    group = Group.from_dict(nested(60))

    assert Group.from_json(json.dumps(nested(60))) == group
    assert group.to_dict() == json.loads(group.to_json()) == nested(60)
    assert pickle.loads(pickle.dumps(group)) == copy.deepcopy(group) == group
    assert "Ring(" in str(group)
    assert repr(group).startswith("Group(")


@pytest.mark.parametrize("levels", [70, 10_000, pytest.param(1_000_000, marks=pytest.mark.slow)])
def test_more_levels_are_an_error_that_says_so(levels: int) -> None:
    deep = nested(levels)
    for make in (
        lambda: Shape(deep),
        lambda: Group.from_dict(deep),
        lambda: Group(shapes={"a": deep}),
        lambda: Group(shapes={}, rest=[deep]),
        lambda: Shape({"type": "cube", "more": deep}),
    ):
        with pytest.raises(pydantic.ValidationError, match="Nested more than 128 levels deep") as info:
            make()
        assert len(str(info.value)) < 1000
    text = '{"type":"group","shapes":{"a":' * levels + '{"radius":1}' + "}}" * levels
    with pytest.raises(pydantic.ValidationError, match="Nested "):
        Group.from_json(text)


def test_constructors_cannot_go_deeper() -> None:
    shape: Any = CIRCLE
    levels = 0
    with suppress(pydantic.ValidationError):
        while levels < 10_000:
            shape = Group(shapes={"a": shape})
            levels += 1
    with pytest.raises(pydantic.ValidationError, match="Nested more than 128 levels deep"):
        Group(shapes={"a": shape})

    assert 60 < levels < 70


def test_assigning_can_and_writing_says_so() -> None:
    top = inner = Group(shapes={})
    for _ in range(10_000):
        deeper = Group(shapes={})
        inner.first = deeper  # type: ignore[assignment]
        inner = deeper

    with pytest.raises(ValueError, match="Group is nested more than 128 levels deep"):
        top.to_json()
    with pytest.raises(pydantic.ValidationError, match="Nested more than 128 levels deep"):
        Shape(top)
    assert repr(top).startswith("Group(")


def test_what_is_within_itself() -> None:
    cycle: dict[str, Any] = {"type": "group", "shapes": {}}
    cycle["shapes"]["a"] = cycle

    with pytest.raises(pydantic.ValidationError, match="Nested more than 128 levels deep"):
        Group(shapes={"a": cycle})


def test_the_nesting_is_looked_at_once() -> None:
    with mock.patch("portal_client.union.too_deep", return_value=False) as looked:
        Group.from_dict({"shapes": {"a": nested(10), "b": nested(5)}})
    assert looked.call_count == 2

    with pytest.raises(pydantic.ValidationError):
        Group.from_dict({"shapes": {"a": nested(3, {"type": "ring"})}})
    with mock.patch("portal_client.union.too_deep", return_value=False) as looked:
        Shape(RING)  # after a failure too
    assert looked.call_count == 1


def test_it_is_a_part_of_other_models() -> None:
    class Page(BaseModel):
        """A user's own model."""

        shape: Shape

    assert Page.model_validate({"shape": RING}).shape == Shape(RING)
    assert Page.model_json_schema()["$defs"]["Group"]["required"] == ["shapes"]
