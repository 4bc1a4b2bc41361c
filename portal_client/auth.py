"""The sources of tokens: an environment variable, a file, an OAuth2 server."""

from __future__ import annotations

import os
import stat
from typing import Union

from portal_client.credential import AccessToken as AccessToken
from portal_client.credential import token_error
from portal_client.exceptions import AuthenticationError
from portal_client.oauth2 import OAuth2Password as OAuth2Password
from portal_client.pasted import described_path, trimmed
from portal_client.token_endpoint import TokenResponse as TokenResponse


class EnvToken:
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


class FileToken:
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
