"""What `help()` shows of an operation: its signature with the options, and its text."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator, Mapping
from functools import cache, cached_property
from typing import Any, Optional, get_type_hints

from portal_client.operation import Operation
from portal_client.options import Default

__all__ = ["Form", "argument_entries", "argument_texts", "arguments", "first_sentence"]

_REFUSED = "    pydantic.ValidationError, ApiValueError: An argument or option is wrong; nothing was sent."


def arguments(docstring: Optional[str]) -> dict[str, str]:
    """Return the entries of a docstring's `Args:`, each with its name in front and indented, by name."""
    section = inspect.cleandoc(docstring or "").partition("Args:\n")[2].partition("\n\n")[0]
    entries = re.split(r"\n(?=    \w)", section) if section else []
    return {entry.partition(":")[0].strip(): entry for entry in entries}


def argument_entries(cls: type) -> dict[str, str]:
    """Return the entries of a class and its bases, those of the class last."""
    entries: dict[str, str] = {}
    for base in reversed(cls.__mro__):
        entries |= arguments(base.__doc__)
    return entries


def argument_texts(cls: type) -> dict[str, str]:
    """Return what a class and its bases say of each argument, on one line and without the name."""
    entries = argument_entries(cls)
    return {name: " ".join(entry.partition(":")[2].split()) for name, entry in entries.items()}


def first_sentence(text: str) -> str:
    """Return what an argument is, without the values that Python takes for it behind a colon."""
    return text.partition(":")[0].rstrip(".") + "."


class Form:
    """One way to call an operation, as `help()` and `inspect` show it.

    A call form has it as its `__wrapped__`, so `inspect.signature` finds the signature here, also behind
    `functools.wraps` around a bound method, and `inspect.getsource` goes on to the stub.
    """

    def __init__(self, operation: Operation, returns: Any, note: str, raises: str) -> None:
        self.__wrapped__ = operation.stub
        self.operation = operation
        self.returns = returns
        self._note = note
        self._raises = raises

    @cached_property
    def __signature__(self) -> inspect.Signature:
        """The signature of the stub with the options as keywords, made when it is first asked for."""
        own = [p for p in self._parameters if p.kind is not p.VAR_KEYWORD]
        return inspect.Signature([*own, *_keywords(self.operation)], return_annotation=self.returns)

    def text(self, texts: Mapping[str, str]) -> str:
        """Return the docstring; `texts` holds those of the arguments by name."""
        sections = {
            "Args": [texts[p.name] for p in self._parameters if p.name in texts],
            "Options": _options(self.operation.unpacked).values(),
            "Returns": [f"    {self.returns}: {self._note}" if self._note else f"    {self.returns}"],
            "Raises": [_REFUSED, f"    ApiException: {self._raises}"],
        }
        parts = ["\n".join([f"{title}:", *entries]) for title, entries in sections.items() if entries]
        return "\n\n".join([inspect.cleandoc(self.__wrapped__.__doc__ or ""), *parts])

    @property
    def _parameters(self) -> list[inspect.Parameter]:
        return list(self.operation.signature.parameters.values())


def _keywords(operation: Operation) -> Iterator[inspect.Parameter]:
    """Yield the options of an operation as parameters, without those that are deprecated."""
    plain = get_type_hints(operation.unpacked) if operation.unpacked else {}
    for name, hint in operation.options.items():
        marks = getattr(hint, "__metadata__", ())
        if not any(getattr(mark, "deprecated", None) for mark in marks):
            default = next((mark.value for mark in marks if isinstance(mark, Default)), None)
            kind = inspect.Parameter.KEYWORD_ONLY
            yield inspect.Parameter(name, kind, default=default, annotation=plain[name])


@cache
def _options(unpacked: Any) -> dict[str, str]:
    """Return the entries of a TypedDict, those that it inherits first; an earlier base beats a later one."""
    found: dict[str, str] = {}
    for base in reversed(getattr(unpacked, "__orig_bases__", ())):
        found |= _options(base)
    return found | arguments(getattr(unpacked, "__doc__", None))
