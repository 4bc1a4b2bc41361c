"""The traceback of an error in a notebook: the reason, the line of the user, and what the error tells."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path
from traceback import FrameSummary, StackSummary, walk_tb

from portal_client.text import printable

#: This package, and Python's own modules.
_PACKAGE = Path(__file__).parents[1]
_LIBRARY = Path(os.__file__).parent

_HINT = "The whole traceback: import sys, traceback; traceback.print_exception(sys.last_value)"


def lines(error: BaseException) -> list[str]:
    """Return the lines to show of an error: its reason comes first."""
    return [line for text in _texts(error) for line in text.split("\n")]


def _texts(error: BaseException) -> Iterator[str]:
    kind, text = type(error).__name__, str(error).rstrip("\n")
    yield f"{kind}: {getattr(error, 'reason', None) or text.partition(chr(10))[0]}"
    if frame := _frame_of_user(error):
        yield f"  at line {frame.lineno} of {_place(frame)}: {frame.line}"
    yield ""
    yield text
    for note in getattr(error, "__notes__", ()):
        yield printable(f"{note}", keep="\n\t")
    if cause := error.__cause__:
        yield f"Caused by {type(cause).__name__}: {printable(str(cause).partition(chr(10))[0])}"
    yield _HINT


def _frame_of_user(error: BaseException) -> FrameSummary | None:
    """Return the frame that has led to this package, not counting those of installed packages."""
    user: FrameSummary | None = None
    for frame in StackSummary.extract(walk_tb(error.__traceback__)):
        path = Path(frame.filename)
        if path.is_relative_to(_PACKAGE):
            break
        if not _is_installed(path):
            user = frame
    return user


def _is_installed(path: Path) -> bool:
    if path.is_relative_to(_LIBRARY) or "site-packages" in path.parts:
        return True
    beside = _PACKAGE.parent
    below = path.relative_to(beside).parts if path.is_relative_to(beside) else ()
    return bool(below) and (beside / below[0] / "__init__.py").is_file()


def _place(frame: FrameSummary) -> str:
    """Return where a frame is; a cell of a notebook is a file of which nobody knows the name."""
    shell = getattr(sys.modules.get("IPython"), "get_ipython", lambda: None)()
    named = getattr(getattr(shell, "compile", None), "format_code_name", None)
    return " ".join((named and named(frame.filename)) or (Path(frame.filename).name,))
