"""The command: `python -m portal_client.migrate script.py`."""

from __future__ import annotations

import argparse
import io
import json
import os
import sys
from collections import Counter
from collections.abc import Sequence
from typing import Any, Optional, cast

from portal_client.migrate.finding import Finding, Severity
from portal_client.migrate.review import review
from portal_client.migrate.script import Unreadable, files, read
from portal_client.text import printable

_DESCRIPTION = """\
Tell what is different here for scripts of the original clients, by place and with the section of the page
that explains it. Scripts are read, and nothing of them is run or imported. Each finding is an error (it fails
here), a change (it behaves differently) or a note (it works better now)."""

_EPILOG = """\
It ends with 0 where there is nothing, with 1 where there are errors or changes, and with 2 where a file
cannot be read."""


def run() -> int:
    """Run the command as a process does, whose output may be closed or hold few characters."""
    stdout: object = sys.stdout
    if isinstance(stdout, io.TextIOWrapper):
        cast("io.TextIOWrapper[Any]", stdout).reconfigure(errors="backslashreplace")
    try:
        code = main()
        sys.stdout.flush()
    except BrokenPipeError:  # nobody reads on: what is still to be written goes nowhere
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    return code


def main(arguments: Optional[Sequence[str]] = None) -> int:
    """Run the command with arguments, by default those of the process, and return its exit code."""
    parser = argparse.ArgumentParser("python -m portal_client.migrate", None, _DESCRIPTION, _EPILOG)
    several = "a script, a notebook, a folder of them, or - for stdin"
    parser.add_argument("paths", nargs="+", metavar="script", help=several)
    parser.add_argument("--notes", action="store_true", help="print also what works better now")
    parser.add_argument("--json", action="store_true", dest="as_json", help="print one JSON document")
    options = parser.parse_args(arguments)
    found: list[Finding] = []
    unread: list[str] = []
    paths = list(dict.fromkeys(files(options.paths)))
    for path in paths:
        try:
            found += review(read(path))
        except Unreadable as error:
            unread.append(str(error))
    count = len(paths) - len(unread)
    shown = [each for each in found if options.notes or each.severity is not Severity.NOTE]
    if options.as_json:
        document = {"files": count, "unread": unread, "findings": [each.to_dict() for each in shown]}
        print(json.dumps(document, indent=2))
    else:
        print("".join(f"{printable(str(each))}\n" for each in shown), end="")
    for problem in unread:
        print(printable(f"cannot read {problem}"), file=sys.stderr)
    print(_summary(found, count, options.notes), file=sys.stderr)
    return 2 if unread else int(any(each.severity is not Severity.NOTE for each in found))


def _summary(found: Sequence[Finding], files: int, notes: bool) -> str:
    counts = Counter(each.severity for each in found)
    text = f"{_many(counts[Severity.ERROR], 'error')} and {_many(counts[Severity.CHANGE], 'change')}"
    text += f" in {_many(files, 'file')}"
    if better := counts[Severity.NOTE]:
        text += f", and {_many(better, 'note')}" + ("" if notes else ": --notes shows them")
    return text


def _many(count: int, noun: str) -> str:
    return f"{count} {noun}{'' if count == 1 else 's'}"
