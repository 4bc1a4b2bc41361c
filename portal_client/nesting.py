"""Bounds of data: how deep it may be nested, and that its validation ends at the first wrong item."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Annotated, Any, cast

from pydantic import BaseModel, GetCoreSchemaHandler, RootModel, TypeAdapter, ValidationError
from pydantic_core import CoreSchema, InitErrorDetails, PydanticCustomError

#: Levels of objects and arrays; all JSON parsers in use read so many.
MAX_DEPTH = 128

TOO_DEEP = f"nested more than {MAX_DEPTH} levels deep"

#: Types that hold no other values.
SCALARS = frozenset({str, int, float, bool, type(None)})
_CONTAINERS: tuple[type, ...] = (dict, list, tuple, BaseModel, Mapping)
#: Core schemas of what holds any number of items.
_COLLECTIONS = ("list", "tuple", "set", "frozenset", "dict")
#: The types of pydantic-core's errors for it, in a dict or in JSON.
_RECURSION = ("recursion_loop", "recursion_depth_exceeded")


def too_deep(value: Any) -> bool:
    """Whether data, models within it included, is nested too deeply, or in itself."""
    # Level by level and each container once, so that neither depth nor a cycle makes it recurse.
    level = [value]
    for _ in range(MAX_DEPTH):
        inner = {id(item): item for outer in level for item in _inside(outer) if type(item) not in SCALARS}
        if not inner:
            return False
        level = list(inner.values())
    return any(isinstance(item, _CONTAINERS) for item in level)


def _inside(outer: Any) -> Iterable[Any]:
    if isinstance(outer, RootModel):
        outer = cast("RootModel[Any]", outer).root  # no level of its own
    if isinstance(outer, dict):
        return cast("dict[Any, Any]", outer).values()
    if isinstance(outer, BaseModel):
        return [*vars(outer).values(), *(outer.model_extra or {}).values()]
    if isinstance(outer, (list, tuple)):
        return cast("list[Any]", outer)
    return cast("Mapping[Any, Any]", outer).values() if isinstance(outer, Mapping) else ()


def clarified(error: ValidationError) -> ValidationError:
    """Return the error itself, or a clear one where the parser reached its limit of nesting."""
    found = error.errors(include_url=False)
    if not any(map(_is_recursion, found)):
        return error
    reason = PydanticCustomError("nesting", "Nested too deeply to be read")
    lines = [InitErrorDetails(type=reason, loc=e["loc"], input=None) for e in found if _is_recursion(e)]
    return ValidationError.from_exception_data(error.title, lines, hide_input=True)


def type_adapter(kind: Any) -> TypeAdapter[Any]:
    """Return the validator of a type, which ends at the first wrong item of each list and dict.

    Else a body of a million wrong items would cost hundreds of times its size in errors. For dicts this needs
    pydantic 2.12.
    """
    return TypeAdapter(cast(Any, Annotated[kind, _FailFast()]))


class _FailFast:
    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return fail_fast(handler(source), handler)


def fail_fast(schema: CoreSchema, handler: GetCoreSchemaHandler) -> CoreSchema:
    """Return the schema of a type whose lists and dicts end at their first wrong item."""
    inner: list[Any] = [handler.resolve_ref_schema(schema)]
    while inner:
        part = inner.pop()
        if isinstance(part, dict):
            known = cast("dict[str, Any]", part)
            if known.get("type") in _COLLECTIONS:
                known["fail_fast"] = True
            inner += [value for name, value in known.items() if name not in ("default", "metadata")]
        elif isinstance(part, (list, tuple)):
            inner += cast("list[Any]", part)
    return schema


def _is_recursion(line: Any) -> bool:
    return line["type"] in _RECURSION or (line["type"] == "json_invalid" and "recursion limit" in line["msg"])
