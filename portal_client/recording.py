"""The file that a stream is recorded in."""

from __future__ import annotations

import os
from contextlib import ExitStack, suppress
from typing import BinaryIO, Union


def recording(path: Union[str, os.PathLike[str]], on_error: ExitStack) -> BinaryIO:
    """Open the file of a recording for appending; where the call fails, it stays as it was, or absent.

    Raises OSError.
    """
    if not os.path.exists(path):
        on_error.callback(_remove, os.path.realpath(path))
    return on_error.enter_context(open(path, "ab"))


def _remove(path: str) -> None:
    with suppress(OSError):
        os.remove(path)
