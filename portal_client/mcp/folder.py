"""The folder whose files may be attached."""

from __future__ import annotations

import os
from pathlib import Path

from portal_client.exceptions import ApiValueError
from portal_client.text import printable


class Folder:
    """A folder on this machine; nothing outside of it is sent.

    Raises OSError where there is no such folder.
    """

    def __init__(self, path: str) -> None:
        os.scandir(path).close()
        self._path = Path(path).resolve()

    def __str__(self) -> str:
        return str(self._path)

    def file(self, name: str) -> Path:
        """Return the path of a file in the folder, with symbolic links resolved.

        Raises ApiValueError for a path that leads out of the folder, and where there is no such file.
        """
        shown = f"files: {printable(name)!r}"
        try:
            found = (self._path / name).resolve()
            inside = found.is_relative_to(self._path)
            there = inside and found.is_file()
        except (OSError, ValueError, RuntimeError):  # a loop of links, a null character, a name too long
            raise ApiValueError(f"{shown} cannot be a file in {self}") from None
        if not inside:
            raise ApiValueError(f"{shown} is not in the folder {self}")
        if not there:
            raise ApiValueError(f"{shown}: there is no such file in {self}")
        return found
