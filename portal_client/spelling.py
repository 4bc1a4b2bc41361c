"""Misspelt names: hints for errors, and warnings about names that are close to known ones."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Mapping
from inspect import currentframe
from typing import Any, cast

#: The similarity of names for a warning, from 0 to 1; that of `hots` and `host` just reaches it.
SIMILAR = 0.75


def hint(name: str, known: Iterable[str], alike: float = 0.6) -> str:
    """Return the end of an error message, such as "; did you mean scope?"; empty where no name is close."""
    meant = nearest(name, known, alike)
    return f"; did you mean {meant}?" if meant else ""


def nearest(name: str, known: Iterable[str], alike: float) -> str:
    """Return the known name that a name is closest to; empty where none is close."""
    from difflib import get_close_matches

    folded = {_folded(each): each for each in known}
    near = get_close_matches(_folded(name), folded, 1, alike)
    return folded[near[0]] if near else ""


def _folded(name: str) -> str:
    return name.replace("_", "").lower()


def warn(message: str, *packages: str) -> None:
    """Warn at the line outside of this package, pydantic and `packages` that the call comes from."""
    inside = {"portal_client", "pydantic", *packages}
    depth, frame = 1, currentframe()
    while frame is not None and frame.f_globals.get("__name__", "").partition(".")[0] in inside:
        depth, frame = depth + 1, frame.f_back
    warnings.warn(message, stacklevel=depth)


def warn_of_misspelt_fields(model: object, given: object) -> None:
    """Warn of unknown fields whose names are close to those of the model; `given` is what it was made of.

    Models within that were made before, perhaps from a response, are left out.
    """
    from pydantic import BaseModel, RootModel

    left, seen = [(model, given)], set[int]()
    while left:
        made, of = left.pop()
        if isinstance(made, RootModel):
            made = cast("RootModel[Any]", made).root
        if made is of or id(of) in seen:
            continue
        seen.add(id(of))
        if isinstance(made, list) and isinstance(of, (list, tuple)):
            left += zip(cast("list[Any]", made), cast("list[Any]", of), strict=False)
        elif isinstance(made, dict) and isinstance(of, Mapping):
            known = cast("Mapping[Any, Any]", of)
            left += [(inner, known.get(key)) for key, inner in cast("dict[Any, Any]", made).items()]
        elif isinstance(made, BaseModel) and isinstance(of, Mapping):
            _warn_of_extra(type(made), made.model_extra or {}, made.model_fields_set)
            left += [(getattr(made, name), of[name]) for name in type(made).model_fields if name in of]


def _warn_of_extra(cls: Any, extra: Mapping[str, Any], given: set[str]) -> None:
    absent = [name for name in cls.model_fields if name not in given]
    for name in extra:
        if meant := hint(name, absent, SIMILAR):
            warn(f"{cls.__name__} has no field {name}, which is kept and sent as it is{meant}")
