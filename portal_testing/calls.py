"""The calls that a server has received, for the assertions of a test."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl


@dataclass(slots=True)
class SentFile:
    """A file that came with a call; `size` is in bytes, `sha256` in hexadecimal digits.

    `content` is None for a file of more than 1 MiB. In a cassette there is none, and of a stream of unknown
    length only the name.
    """

    argument: str
    name: str
    content_type: str
    size: int | None = 0
    sha256: str = ""
    content: bytes | None = field(default=b"", repr=False)


@dataclass(slots=True)
class Call:
    """One request, as the server has received it.

    `operation` is the name of the method of the client, None for a request that is for no operation.
    `in_path`, `query` and `form` hold its arguments, each as a str, a list where one is repeated; `arguments`
    holds all of them. `body` is a JSON body. `headers` have names in lower case, without those of
    credentials. `agent` is the one that was asked, `user` the one of the token. `status` is None until there
    is a response, and stays so where the reply is `lost`.
    """

    operation: str | None
    method: str
    path: str
    in_path: dict[str, Any] = field(default_factory=dict[str, Any])
    query: dict[str, Any] = field(default_factory=dict[str, Any])
    form: dict[str, Any] = field(default_factory=dict[str, Any])
    body: Any = None
    files: list[SentFile] = field(default_factory=list[SentFile])
    headers: dict[str, str] = field(default_factory=dict[str, str], repr=False)
    user: str | None = None
    agent: str | None = None
    status: int | None = None
    lost: bool = False

    @property
    def arguments(self) -> dict[str, Any]:
        """The arguments of the path, the query and the form."""
        return {**self.in_path, **self.query, **self.form}

    def __str__(self) -> str:
        outcome = "reply lost" if self.lost else "no response yet" if self.status is None else self.status
        return f"{self.operation or f'{self.method} {self.path}'}: {outcome}"


def add(arguments: dict[str, Any], name: str, value: str) -> None:
    """Add an argument; several of one name make a list."""
    if name not in arguments:
        arguments[name] = value
    elif isinstance(arguments[name], list):
        arguments[name].append(value)
    else:
        arguments[name] = [arguments[name], value]


def decoded(encoded: str) -> dict[str, Any]:
    """Return the arguments of a query, or of a form in that encoding."""
    arguments: dict[str, Any] = {}
    for name, value in parse_qsl(encoded, keep_blank_values=True):
        add(arguments, name, value)
    return arguments
