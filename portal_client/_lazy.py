"""Packages whose names are imported when they are first used (PEP 562)."""

from __future__ import annotations

import sys
from importlib import import_module

TYPE_CHECKING = False  # `import typing` alone would cost more than the whole package
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, Optional


def lazy(
    package: str, origins: dict[str, str], instead: Optional[dict[str, str]] = None
) -> tuple[Callable[[str], Any], Callable[[], list[str]], list[str]]:
    """Give a package its `__getattr__`, `__dir__` and `__all__`; `origins` maps each name to its module.

    `instead` tells what there is in place of names that are looked for in vain.

    Submodules count as attributes too, so `portal_client.rest` works after a plain `import portal_client`.
    """

    def __getattr__(name: str) -> Any:
        origin = origins.get(name)
        if origin is not None:
            value = getattr(import_module(origin), name)
            setattr(sys.modules[package], name, value)
            return value
        submodule = f"{package}.{name}"
        if name.isidentifier() and not name.startswith("_"):
            try:
                return import_module(submodule)
            except ModuleNotFoundError as error:
                if error.name != submodule:
                    raise
        offered = (instead or {}).get(name, "")
        if name.endswith("Api"):
            offered = "; it offers " + ", ".join(sorted(n for n in origins if n.endswith("Api")))
        raise AttributeError(f"module {package!r} has no attribute {name!r}{offered}")

    def __dir__() -> list[str]:
        return sorted({*vars(sys.modules[package]), *origins})

    return __getattr__, __dir__, list(origins)
