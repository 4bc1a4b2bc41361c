"""What an exception is to the reader of a terminal."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Mapping
from inspect import Parameter
from typing import Any, Optional

from typer.models import ArgumentInfo

from portal_client.cli.exits import Exit
from portal_client.text import printable

_NAME = re.compile(r"([a-z_]\w*)(?:: \1(?= ))?(\.|: | )")

#: What errors say as Python has it, and what it is in a shell and in a file of settings.
_SPELT = {
    r"(?<=no limit is )math\.inf$": "inf",
    r"`math\.inf`(?= is no limit)": "`inf`",
    r"(?<=must be )an int\b": "a whole number",
    r"(?<=must be )a str\b": "a text",
    r"(?<=, not )True$": "true",
    r"(?<=, not )False$": "false",
    r"\bthe argument api_url$|\bthe arguments(?=; the last one wins$)": "--host",
    r", the argument \w+$": "",
    r", or say allow_http=True .*": "",
    r"set ssl_context to .*, or truststore=True(?=$| \()": "set truststore = true in a profile",
}


def called(parameter: Parameter) -> str:
    """Return what the user of a command calls a parameter that is declared for typer."""
    info: Any = parameter.annotation.__metadata__[-1]
    if isinstance(info, ArgumentInfo):
        return str(info.metavar)
    long = (name for name in info.param_decls or () if name.startswith("--"))
    return next(long, f"--{parameter.name.replace('_', '-')}").partition("/")[0]


def described(error: BaseException, code: Exit, advice: Optional[str], names: Mapping[str, str]) -> str:
    """Return what a command prints on standard error: the reason, then what helps.

    It holds no control characters of others, and no credentials. `names` are those of the command's
    parameters, as the user knows them.
    """
    lines = [_renamed(line, names) for line in _lines(error, code)]
    first, *more = lines if getattr(error, "status", 0) else map(spelt, lines)  # those of a service stay
    more += map(printable, getattr(error, "__notes__", ()))
    if advice is not None:
        more.append(advice)
    return "\n".join([f"portal: {first}", *(f"  {line}" for line in more)])


def spelt(line: str) -> str:
    """Return a line of this package with the spellings of Python as the user of a shell knows them.

    What is in quotes stays: the user has written it.
    """
    for python, shell in _SPELT.items():
        found = re.search(python, line)
        if found is not None and line.count("'", 0, found.start()) % 2 == 0:
            line = line[: found.start()] + shell + line[found.end() :]
    return line


def _renamed(line: str, names: Mapping[str, str]) -> str:
    """Return a line with the name of the parameter that it begins with as the user knows it."""
    found = _NAME.match(line)
    if found is None or found[1] not in names:
        return line
    rest = line[found.end() :]
    return f"{names[found[1]]}{': ' if found[2] == '.' else found[2]}{rest}"


def _lines(error: BaseException, code: Exit) -> Iterator[str]:
    from portal_client.reasons import reasons

    if isinstance(error, KeyboardInterrupt):
        yield "interrupted"
    elif code is Exit.FAULT:
        yield printable(f"{type(error).__name__}: {error}")
    else:
        yield from reasons(error)


def quoted(text: str) -> str:
    """Return a text of others as a word of a shell."""
    return shlex.quote(printable(text))
