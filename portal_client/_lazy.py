"""Packages whose names are imported when they are first used (PEP 562)."""

from __future__ import annotations

import sys
from importlib import import_module

TYPE_CHECKING = False  # `import typing` alone would cost more than the whole package
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from typing import Any, Optional


def lazy(
    package: str,
    origins: Mapping[str, str],
    whole: Sequence[str] = (),
    instead: Optional[Mapping[str, str]] = None,
) -> tuple[Callable[[str], Any], Callable[[], list[str]]]:
    """Return the `__getattr__` and `__dir__` of a package; the first also provides its `__all__`.

    Submodules are attributes too, so `portal_client.rest` works after a plain `import portal_client`.

    Args:
        package: The name of the package.
        origins: The names that a module provides, separated by spaces, by the name of that module.
        whole: The packages below this one, made in the same way, whose names it offers, too.
        instead: A hint for the error message, by the name that is not there.
    """
    modules = {name: module for module, names in origins.items() for name in names.split()}
    namespace = vars(sys.modules[package])

    def find(name: str) -> Any:
        if name == "__all__":
            value: Any = _names()
        elif name in modules:
            value = getattr(import_module(modules[name]), name)
        elif name.startswith("_") or not name.isidentifier():
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        else:
            value = _found(name)
        namespace[name] = value
        return value

    def listed() -> list[str]:
        return sorted({*_names(), *(below.rpartition(".")[2] for below in whole)})

    def _names() -> list[str]:
        return [*modules, *(name for below in whole for name in import_module(below).__all__)]

    def _found(name: str) -> Any:
        for below in map(import_module, whole):
            if name in below.__all__:
                return getattr(below, name)
        submodule = f"{package}.{name}"
        try:
            return import_module(submodule)
        except ModuleNotFoundError as error:
            if error.name != submodule:
                raise
        hint = (instead or {}).get(name, "")
        raise AttributeError(f"module {package!r} has no attribute {name!r}{hint}")

    return find, listed
