"""Sources: the tools in the Python source of a tool module, which is read and never run."""

import ast
import warnings
from collections.abc import Iterator
from threading import Lock

#: The class on which tools are made.
BASE = "BaseTool"

_lock = Lock()


def tool_names(source: str) -> list[str]:
    """Return the names of the top-level classes that derive from BaseTool, or from another tool.

    Raises SyntaxError for what is not Python.
    """
    return list(dict.fromkeys(_tools(_parsed(source))))


def _parsed(source: str) -> ast.Module:
    # One at a time, for the filters of warnings belong to the process.
    with _lock, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return ast.parse(source)
        except (ValueError, RecursionError, MemoryError) as error:  # null bytes, or nested too deeply
            raise SyntaxError(str(error) or "nested too deeply") from None


def _tools(module: ast.Module) -> Iterator[str]:
    known = {BASE}
    for statement in module.body:
        if isinstance(statement, ast.ClassDef) and known.intersection(map(_name, statement.bases)):
            known.add(statement.name)
            yield statement.name


def _name(base: ast.expr) -> str | None:
    """Return the last part of the name of a base class, such as that of ``candela.BaseTool``."""
    if isinstance(base, ast.Subscript):
        base = base.value
    if isinstance(base, ast.Attribute):
        return base.attr
    return base.id if isinstance(base, ast.Name) else None
