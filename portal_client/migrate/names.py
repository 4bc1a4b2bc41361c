"""The names that these packages have, which are asked for them."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from enum import Enum
from functools import cache
from importlib import import_module
from types import FunctionType, ModuleType
from typing import Any, TypeVar, cast, get_type_hints

from pydantic import BaseModel

from portal_client.api_response import ApiResponse
from portal_client.migrate.values import UNKNOWN, Event, Value, package_of


class Absent(Exception):
    """A name that is not there; the text is what Python's own error adds to that, or empty."""


def member(owner: Value, name: str) -> Value:
    """Return what a module, a class or an instance has under a name. Raises Absent."""
    if isinstance(owner.thing, ModuleType):
        return _of_module(owner.thing, name)
    if isinstance(owner.thing, type):
        return _of_class(owner, owner.thing, name)
    if owner.path:
        return Value(path=f"{owner.path}.{name}")
    if owner.cls is None:
        return UNKNOWN
    return _of_class(owner, owner.cls, name) if package_of(owner.cls) else Value(path=f".{name}", owner=owner)


def _of_module(module: ModuleType, name: str) -> Value:
    try:
        return _wrapped(getattr(module, name))
    except AttributeError as error:
        reason = str(error).partition(f"has no attribute {name!r}")[2]
    except ImportError:  # an extra that is not installed
        return UNKNOWN
    path = f"{module.__name__}.{name}"
    try:
        return Value(thing=import_module(path))
    except ImportError as error:
        if error.name != path or name.startswith("__"):
            return UNKNOWN
    raise Absent(reason)


def _of_class(owner: Value, cls: Any, name: str) -> Value:
    within = owner.thing is None
    if within and issubclass(cls, Enum):
        return UNKNOWN
    if name not in attributes(cls) and not hasattr(cls, name):
        if name.startswith("__") or (within and _is_open(cls)):
            return UNKNOWN
        raise Absent
    if within and name in getattr(cls, "model_fields", ()):
        return Value(type=cls.model_fields[name].annotation)
    found: Any = inspect.getattr_static(cls, name, None)
    function = getattr(found, "__func__", found)
    if isinstance(function, FunctionType):
        return Value(thing=function, owner=owner)
    if not within:
        return _wrapped(found)
    hint = hints(cls).get(name)  # what a descriptor returns is not what it is
    return UNKNOWN if isinstance(hint, TypeVar) or hasattr(found, "__set__") else Value(type=hint)


def _wrapped(value: Any) -> Value:
    if isinstance(value, Enum) and package_of(type(value)):
        return Value(given=value, thing=value)
    if isinstance(value, (ModuleType, type, FunctionType)) and package_of(value):
        return Value(thing=value)
    return Value(path=value.__name__) if isinstance(value, ModuleType) else UNKNOWN


@cache
def attributes(cls: Any) -> frozenset[str]:
    """Return the names of the attributes of a class and of its instances."""
    names = {*dir(cls), *signature(cls)}
    for base in cls.__mro__:
        names |= {*inspect.get_annotations(base), *getattr(base, "model_fields", ())}
        for function in cast("dict[str, object]", vars(base)).values():
            names |= {*function.__code__.co_names} if isinstance(function, FunctionType) else set()
    return frozenset(names)


def _is_open(cls: Any) -> bool:
    """Whether instances may have other attributes than those of their class."""
    extra = issubclass(cls, BaseModel) and cls.model_config.get("extra") == "allow"
    return extra or any("__getattr__" in vars(base) for base in cls.__mro__ if base is not BaseModel)


@cache
def signature(function: Any) -> Mapping[str, inspect.Parameter]:
    """Return the parameters of a function or a constructor, none where they are not known."""
    try:
        return inspect.signature(function).parameters
    except (TypeError, ValueError):
        return {}


@cache
def hints(thing: Any) -> dict[str, Any]:
    """Return the annotations of a function or class as types; none where only checkers know a name."""
    try:
        return get_type_hints(thing)
    except Exception:
        return {}


def returned(call: Event, function: Any) -> Any:
    """Return the type of what a function or method of these packages returns; None if unknown."""
    if (operation := call.operation) is not None:
        if "async_req" in call.given and call.get("async_req").given is not False:
            return None
        if call.name.endswith("_with_http_info"):
            return cast(Any, ApiResponse)[operation.promised]
        return operation.promised if call.plain else None
    if function is None:
        return str if call.name in ("builtins.str", "builtins.repr") else _of_dict(call)
    hint = hints(function).get("return")
    if str(hint).endswith(".Self"):
        return call.cls
    if isinstance(hint, TypeVar):  # one of its arguments is the class that it makes
        made = [
            each.thing for each in (*call.positional, *call.named.values()) if isinstance(each.thing, type)
        ]
        return made[0] if len(made) == 1 else None
    return hint


def _of_dict(call: Event) -> Any:
    """Return the type of what a method of a dict returns; None for another method."""
    item: Any = call.value.item.type
    if call.value.cls is not dict or item is None:
        return None
    several = cast(Any, list)
    found = {".get": item, ".pop": item, ".values": several[item], ".items": several[tuple[Any, item]]}
    return found.get(call.name)
