"""References to secrets: a variable, a file, an entry of the keyring, which are read when they are needed."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Optional, Union

from portal_client.credential import token_error
from portal_client.exceptions import ApiValueError, AuthenticationError
from portal_client.pasted import described_path, trimmed
from portal_client.secret import Hidden, Secret
from portal_client.spelling import SIMILAR, hint


class Reference:
    """A source of a secret; its repr names the place of the secret and shows none of it."""


class EnvToken(Reference):
    """A token that is read from an environment variable before each request.

    Raises AuthenticationError when the variable is missing or empty.
    """

    def __init__(self, name: str) -> None:
        self.name = name

    def __call__(self) -> str:
        """Return the token, without white space around it."""
        token = trimmed(os.environ.get(self.name, ""))
        if not token:
            raise token_error(f"the environment variable {self.name} is missing or empty")
        return token

    def __repr__(self) -> str:
        return f"EnvToken({self.name!r})"


class FileToken(Reference):
    """A token that is read from a file before each request, so that a rotated one is used at once.

    The file is UTF-8; white space and a byte order mark around the token are left out. A pipe, such as
    /dev/stdin or `<(command)`, is refused, since it can be read only once: read it yourself, and give the
    text. Raises AuthenticationError when the file cannot be read, or is empty.
    """

    def __init__(self, path: Union[str, os.PathLike[str]]) -> None:
        self.path: str = os.fspath(path)

    def __call__(self) -> str:
        """Return the token, without what is around it."""
        named = described_path(self.path)
        try:
            mode = os.stat(self.path).st_mode
            if not stat.S_ISREG(mode) and not stat.S_ISDIR(mode):  # opening a pipe would wait
                why = "it is not a regular file; read it once yourself, and give the text"
                raise token_error(f"the token file {named} cannot be read before each request: {why}")
            with open(self.path, encoding="utf-8") as file:
                token = trimmed(file.read())
        except AuthenticationError:
            raise
        except (OSError, ValueError) as error:
            raise token_error(f"the token file {named} cannot be read: {type(error).__name__}") from None
        if not token:
            raise token_error(f"the token file {named} is empty")
        return token

    def __repr__(self) -> str:
        return f"FileToken({self.path!r})"


class KeyringToken(Reference):
    """A token that is read from the system's keyring when it is first used, and again after a 401.

    `keyring set SERVICE USERNAME` stores one; the command is part of the package that reads it, which comes
    with the extra [keyring]. A copy or a pickle has the two names alone. Raises AuthenticationError when the
    package is not installed, and when the keyring cannot be read or has no such entry.
    """

    def __init__(self, service: str, username: str) -> None:
        self.service = service
        self.username = username
        self._last: Optional[Secret] = None

    def __call__(self) -> str:
        """Return the token, without white space around it."""
        last = self._last or Secret("access_token", self._read())
        self._last = last
        return last.reveal()

    def renew(self, refused: str) -> str:
        """Read and return the token again, after one was refused."""
        self._last = None
        return self()

    def _read(self) -> str:
        try:
            from keyring import get_password
        except ImportError:
            why = 'the keyring: its package comes with pip install "portal-client[keyring]"'
            raise token_error(why) from None
        try:
            token = Hidden(trimmed(get_password(self.service, self.username) or ""))
        except Exception as error:  # each system has errors of its own
            raise token_error(f"{self!r} cannot be read: {type(error).__name__}") from error
        if not token:
            raise token_error(f"the keyring has no password of {self.username!r} for {self.service!r}")
        return token

    def __reduce__(self) -> tuple[type[KeyringToken], tuple[str, str]]:
        return type(self), (self.service, self.username)

    def __repr__(self) -> str:
        return f"KeyringToken({self.service!r}, {self.username!r})"


def read_reference(text: str, folder: Path) -> Union[EnvToken, FileToken, KeyringToken, None]:
    """Return the reference that a text stands for; None for any other text, which may be the secret itself.

    The texts are "env:NAME", "file:PATH", where a relative path starts from `folder` and ~ is the home, and
    "keyring:SERVICE/USERNAME". Raises ApiValueError, which shows nothing of the text, for one that is almost
    a reference.
    """
    scheme, found, place = map(trimmed, text.partition(":"))
    if not found:
        return None
    if scheme not in _FORMS:
        if near := hint(scheme, _FORMS, SIMILAR):
            raise ApiValueError(f"it begins like a reference{near}")
        return None
    form, make = _FORMS[scheme]
    if (reference := make(place, folder) if place else None) is None:
        raise ApiValueError(f"a reference of this kind is {form}")
    return reference


def absolute(path: str, folder: Path) -> str:
    """Return a path that starts from a folder, or from the home for ~, as an absolute one."""
    return str(folder.absolute() / os.path.expanduser(path))


def _of_keyring(place: str, folder: Path) -> Optional[KeyringToken]:
    service, _, username = place.rpartition("/")
    return KeyringToken(service, username) if service and username else None


_FORMS: dict[str, tuple[str, Callable[[str, Path], Union[EnvToken, FileToken, KeyringToken, None]]]] = {
    "env": ('"env:NAME", with the name of a variable', lambda place, _: EnvToken(place)),
    "file": ('"file:PATH"', lambda place, folder: FileToken(absolute(place, folder))),
    "keyring": ('"keyring:SERVICE/USERNAME"', _of_keyring),
}
