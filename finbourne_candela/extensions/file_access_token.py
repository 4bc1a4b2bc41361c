"""A token in a file that another program updates."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from typing import Any, NamedTuple, Optional, Union

from finbourne_candela.extensions.token_string import TokenString
from portal_client.auth import FileToken
from portal_client.exceptions import ApiValueError
from portal_client.references import Reference
from portal_client.secret import Secret


class _Read(NamedTuple):
    token: Secret
    state: object
    until: float


class FileAccessToken(TokenString, Reference):
    """The token in a file: read when it is first used, and again when the file has changed.

    It is also read again after `expiry_time` seconds, and after a 401. White space around it is dropped. A
    client calls it before each request; it can also be used as a string. Raises ApiValueError for an empty
    location, and AuthenticationError when there is no token to read.
    """

    def __init__(
        self,
        access_token_location: Union[str, os.PathLike[str]],
        expiry_time: float = 120,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        if not access_token_location:
            raise ApiValueError("access_token_location must be the path of a file")
        self._file = FileToken(access_token_location)
        self._expiry_time = expiry_time
        self._now = now
        self._last: Optional[_Read] = None

    def __call__(self) -> str:
        """Return the token. Raises AuthenticationError."""
        last, state = self._last, self._state()
        if last is None or last.state != state or self._now() >= last.until:
            until = self._now() + self._expiry_time
            last = self._last = _Read(Secret("access_token", self._file()), state, until)
        return last.token.reveal()

    def renew(self, refused: str) -> str:
        """Read and return the token again, after one was refused."""
        self._last = None
        return self()

    def _state(self) -> object:
        """Return a value that changes with the file; taken before reading it, so that no change is missed."""
        try:
            found = os.stat(self._file.path)
        except OSError:
            return None  # reading it raises
        return found.st_mtime_ns, found.st_size, found.st_ino

    def __repr__(self) -> str:
        return f"FileAccessToken({self._file.path!r})"

    def __getstate__(self) -> dict[str, Any]:
        return {**vars(self), "_last": None}
