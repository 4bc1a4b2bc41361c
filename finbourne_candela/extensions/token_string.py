"""A token that is used as a string."""

from __future__ import annotations

from abc import abstractmethod
from typing import Any


class TokenString:
    """An object with the methods of str, and with `str()`, f-strings, `+` and comparisons.

    Each use calls it for the current token. Its repr does not contain the token.
    """

    @abstractmethod
    def __call__(self) -> str:
        """Return the current token."""

    @property
    def data(self) -> str:
        """The current token."""
        return self()

    def __str__(self) -> str:
        return self()

    def __bool__(self) -> bool:
        return True  # without a call

    def __len__(self) -> int:
        return len(self())

    def __add__(self, other: object) -> str:
        return f"{self()}{other}"

    def __radd__(self, other: object) -> str:
        return f"{other}{self()}"

    def __eq__(self, other: object) -> bool:
        return self is other or (isinstance(other, (str, TokenString)) and self() == str(other))

    def __hash__(self) -> int:
        return hash(self())

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_") or not hasattr(str, name):
            raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")
        return getattr(self(), name)
