"""What a command prints: data on standard output, for people or for programs, and notes on standard error."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Generator
from contextlib import contextmanager
from typing import Any, cast

from portal_client.cli.rows import lines, plain
from portal_client.text import printable


def open_streams() -> None:
    """Open the standard streams that are closed, on nothing: a socket would take their place, or its data.

    Without standard error, print would write to standard output.
    """
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            descriptor = os.open(os.devnull, os.O_RDWR)
            setattr(sys, name, os.fdopen(descriptor, mode, encoding="utf-8", closefd=False))


def silence() -> None:
    """Let what is still to be written to standard output go nowhere: Python would complain at its end."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), cast(Any, sys.__stdout__).fileno())


@contextmanager
def naming_output() -> Generator[None]:
    """Name standard output in the error of what cannot be written to it, and write no more."""
    try:
        yield
    except OSError as error:
        error.filename = error.filename or "standard output"
        silence()
        raise


class Output:
    """The two streams of a command.

    With `as_json` data is printed as JSON. Without, it is for people: a table in a terminal, where text of
    others has its control characters escaped; elsewhere lines of cells with a tab in between, and text as it
    came.
    """

    def __init__(self, as_json: bool) -> None:
        self.as_json = as_json
        self._within_line = False
        self.terminal: bool = sys.stdout.isatty()
        # A sign that the encoding of the other side does not have is no reason to fail.
        for stream in (sys.stdout, sys.stderr):
            if hasattr(stream, "reconfigure"):
                cast(Any, stream).reconfigure(errors="backslashreplace")

    def data(self, value: Any) -> None:
        """Print the data of a call: one JSON document, or a table or a list of fields."""
        value = plain(value)
        if self.as_json:
            self.text(self._json(value, indent=2) + "\n")
        elif self.terminal:
            from portal_client.cli.tables import show

            with naming_output():
                remark = show(value)
                sys.stdout.flush()
            if remark:
                self.note(remark)
        else:
            self.text("".join(f"{line}\n" for line in lines(value)))

    def event(self, value: Any) -> None:
        """Print one event of a stream at once: as a line of JSON, or as `data` does."""
        if self.as_json:
            self.text(self._json(plain(value)) + "\n")
        else:
            self.data(value)

    def text(self, text: str) -> None:
        """Print text at once; in a terminal with its control characters escaped."""
        with naming_output():
            sys.stdout.write(printable(text, keep="\n\t") if self.terminal and not self.as_json else text)
            sys.stdout.flush()
        if text:
            self._within_line = not text.endswith("\n")

    def note(self, text: str) -> None:
        """Print a line on standard error; in a terminal it does not begin within a line of text."""
        if self.terminal and self._within_line:
            self.text("\n")
        print(printable(text, keep="\n"), file=sys.stderr, flush=True)

    def _json(self, value: Any, indent: Any = None) -> str:
        text = json.dumps(value, indent=indent, ensure_ascii=False)
        if not self.terminal or text.isprintable():
            return text
        return "".join(c if c.isprintable() or c == "\n" else json.dumps(c)[1:-1] for c in text)
