"""A text that is asked for whenever it is used."""

from __future__ import annotations

from abc import abstractmethod
from typing import Any


class AskedText:
    """Stands for a text in `str()`, f-strings, `+`, comparisons and wherever a method of str is called on it.

    Each use asks anew. Its repr does not show the text.
    """

    @abstractmethod
    def __call__(self) -> str:
        """The text of now."""

    @property
    def data(self) -> str:
        """The text of now."""
        return self()

    def __str__(self) -> str:
        return self()

    def __bool__(self) -> bool:
        return True  # without asking

    def __len__(self) -> int:
        return len(self())

    def __add__(self, other: object) -> str:
        return f"{self()}{other}"

    def __radd__(self, other: object) -> str:
        return f"{other}{self()}"

    def __eq__(self, other: object) -> bool:
        return self is other or (isinstance(other, (str, AskedText)) and self() == str(other))

    def __hash__(self) -> int:
        return hash(self())

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_") or not hasattr(str, name):
            raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")
        return getattr(self(), name)
