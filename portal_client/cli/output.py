"""What a command prints: data on standard output, for people or for programs, and notes on standard error."""

from __future__ import annotations

import json
import sys
from typing import Any, cast

from portal_client.cli.rows import lines, plain
from portal_client.text import printable


class Output:
    """The two streams of a command.

    With `as_json` data is printed as JSON. Without, it is for people: a table in a terminal, where text of
    others has its control characters escaped; elsewhere lines of cells with a tab in between, and text as it
    came.
    """

    def __init__(self, as_json: bool) -> None:
        self.as_json = as_json
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

            if remark := show(value):
                self.note(remark)
        else:
            self.text("".join(f"{line}\n" for line in lines(value)))
        sys.stdout.flush()

    def event(self, value: Any) -> None:
        """Print one event of a stream at once: as a line of JSON, or as `data` does."""
        if self.as_json:
            self.text(self._json(plain(value)) + "\n")
        else:
            self.data(value)

    def text(self, text: str) -> None:
        """Print text at once; in a terminal with its control characters escaped."""
        sys.stdout.write(printable(text, keep="\n\t") if self.terminal and not self.as_json else text)
        sys.stdout.flush()

    def note(self, text: str) -> None:
        """Print a line on standard error."""
        print(printable(text, keep="\n"), file=sys.stderr, flush=True)

    def _json(self, value: Any, indent: Any = None) -> str:
        text = json.dumps(value, indent=indent, ensure_ascii=False)
        if not self.terminal or text.isprintable():
            return text
        return "".join(c if c.isprintable() or c == "\n" else json.dumps(c)[1:-1] for c in text)
