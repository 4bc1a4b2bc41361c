"""What docstrings say of the arguments and options of an operation, for `help()` and for the pages."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any, Optional, get_args

__all__ = ["arguments", "described"]


def arguments(docstring: Optional[str]) -> dict[str, str]:
    """Return the entries of a docstring's `Args:`, each with its name in front and indented, by name."""
    section = inspect.cleandoc(docstring or "").partition("Args:\n")[2].partition("\n\n")[0]
    entries = re.split(r"\n(?=    \w)", section) if section else []
    return {entry.partition(":")[0].strip(): entry for entry in entries}


def described(stub: Callable[..., Any], said: Mapping[str, str]) -> str:
    """Return what `said` holds of a stub's arguments, and the entries of the options that it unpacks."""
    *own, last = inspect.signature(stub).parameters.values()
    options: dict[str, str] = {}
    if last.kind is last.VAR_KEYWORD:
        # Only this one is evaluated at import: the others may name what is not there yet.
        unpacked = last.annotation
        if isinstance(unpacked, str):
            unpacked = eval(unpacked, stub.__globals__)
        options = _options(*get_args(unpacked))
    else:
        own.append(last)
    parts = {"Args": [said[p.name] for p in own if p.name in said], "Options": list(options.values())}
    return "\n\n".join("\n".join([f"{title}:", *entries]) for title, entries in parts.items() if entries)


@cache
def _options(unpacked: Any) -> dict[str, str]:
    """Return the entries of a TypedDict, those that it inherits first; an earlier base beats a later one."""
    found: dict[str, str] = {}
    for base in reversed(getattr(unpacked, "__orig_bases__", ())):
        found |= _options(base)
    return found | arguments(unpacked.__doc__)
