"""Names that are almost known ones: what was meant, and a warning where a person wrote them."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Iterable
from functools import lru_cache
from typing import TYPE_CHECKING, Any

#: How alike names are for a warning, from 0 to 1: `hots` and `host` just are.
ALIKE = 0.75
_OURS = {"portal_client", "finbourne_candela", "pydantic"}


def hint(name: str, known: Iterable[str], alike: float = 0.6) -> str:
    """Return what to put behind an error, such as "; did you mean scope?"; empty where no name is near."""
    from difflib import get_close_matches

    folded = {_folded(each): each for each in known}
    near = get_close_matches(_folded(name), folded, 1, alike)
    return f"; did you mean {folded[near[0]]}?" if near else ""


def _folded(name: str) -> str:
    return name.replace("_", "").lower()


def warn(message: str) -> None:
    """Warn at the line of the user's code that led here."""
    depth, frame = 2, sys._getframe(1)
    while frame.f_back is not None and frame.f_globals.get("__name__", "").partition(".")[0] in _OURS:
        depth, frame = depth + 1, frame.f_back
    warnings.warn(message, stacklevel=depth)


class Spelled:
    """An object whose settings are declared in its class: to set one that almost has such a name warns."""

    if not TYPE_CHECKING:  # the signature of __init__ is that of the class

        def __new__(cls, *args: object, **given: object) -> Any:
            if given and (known := _arguments(cls)):
                for name in given:
                    if name not in known:
                        wrong = f"{cls.__name__}() got an unexpected keyword argument {name!r}"
                        raise TypeError(wrong + hint(name, known))
            return super().__new__(cls)

    def __setattr__(self, name: str, value: object) -> None:
        cls = type(self)
        if name not in _declared(cls) and name[:1] != "_" and (meant := hint(name, _settings(cls), ALIKE)):
            warn(f"{cls.__name__} has no setting {name}{meant}")
        super().__setattr__(name, value)


@lru_cache(maxsize=64)
def _arguments(cls: type) -> tuple[str, ...]:
    """The names of the arguments of a constructor; none where it takes any."""
    from inspect import signature

    parameters = list(signature(cls).parameters.values())
    return () if any(p.kind is p.VAR_KEYWORD for p in parameters) else tuple(p.name for p in parameters)


@lru_cache(maxsize=64)
def _declared(cls: type) -> frozenset[str]:
    from inspect import get_annotations

    return frozenset(dir(cls)).union(*map(get_annotations, cls.__mro__))


def _settings(cls: type) -> list[str]:
    """What can be set: neither methods nor constants."""
    return [name for name in _declared(cls) if name.islower() and not callable(getattr(cls, name, None))]
