"""What a command reads: text, and JSON or YAML, from a file or from standard input."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator
from contextlib import nullcontext
from pathlib import Path
from typing import Any, BinaryIO, cast

from portal_client.exceptions import ApiValueError

#: The name that stands for standard input.
STDIN = "-"
_STDIN = "standard input"


def read_text(given: str) -> str:
    """Return a text that was given, or for `-` what standard input holds, without a line break at its end."""
    return _decoded(_standard_input().read(), _STDIN).rstrip("\r\n") if given == STDIN else given


def read_document(path: str) -> Any:
    """Return what a JSON or YAML file holds, or standard input for `-`.

    Raises OSError for a file that cannot be read, ApiValueError for text that is neither.
    """
    if path == STDIN:
        return parse(_decoded(_standard_input().read(), _STDIN), _STDIN)
    return parse(_decoded(Path(path).read_bytes(), path), path)


def lines_of(path: str) -> Iterator[tuple[int, str]]:
    """Yield the lines of a file, or of standard input for `-`, with their numbers, as they are taken."""
    with nullcontext(_standard_input()) if path == STDIN else open(path, "rb") as file:
        for number, line in enumerate(file, 1):
            yield number, _decoded(line, shown(path), number)


def shown(path: str) -> str:
    """Return what an error calls a file, or standard input for `-`."""
    return _STDIN if path == STDIN else path


def files(paths: Iterable[str]) -> list[Any]:
    """Return the files of a form by their paths; `-` is standard input."""
    return [("stdin", _standard_input()) if path == STDIN else path for path in paths]


def parse(text: str, name: str, line: int = 1) -> Any:
    """Return the value of a JSON or YAML text; `name` is what an error calls it, `line` the first one.

    In YAML a date stays a text, as it is in JSON. Raises ApiValueError, which names the place.
    """
    try:
        return _value(text, name, line)
    except RecursionError:
        problem = f"{name}: it is nested too deeply"
    raise ApiValueError(problem)


def _value(text: str, name: str, line: int) -> Any:
    if not text.strip():
        raise ApiValueError(f"{name} is empty")
    try:
        return json.loads(text)
    except ValueError as error:
        if text.lstrip()[:1] in ("{", "[", '"') and not name.endswith((".yaml", ".yml")):
            raise _invalid("JSON", name, line, error) from None
    try:
        import yaml
    except ImportError:
        raise ApiValueError(f'{name}: to read YAML, pip install "portal-client[cli]"') from None

    class Loader(yaml.SafeLoader):
        """Reads what JSON can hold."""

    Loader.yaml_implicit_resolvers = {
        first: [(tag, pattern) for tag, pattern in rules if not tag.endswith(":timestamp")]
        for first, rules in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }

    try:
        return yaml.load(text, Loader)
    except (yaml.YAMLError, ValueError) as error:  # the second one is that of a number with too many digits
        raise _invalid("YAML", name, line, error) from None


def _invalid(kind: str, name: str, line: int, error: Any) -> ApiValueError:
    """Return the error of a text whose first line has this number, with the place where it is wrong."""
    if (mark := getattr(error, "problem_mark", None)) is not None:
        place = f", line {line + mark.line}, column {mark.column + 1}"
    elif isinstance(error, json.JSONDecodeError):
        place = f", line {line + error.lineno - 1}, column {error.colno}"
    else:
        place = ""
    problem = getattr(error, "problem", None) or getattr(error, "msg", None) or error
    return ApiValueError(f"{name}{place}: not valid {kind}: {' '.join(str(problem).split())}")


def _standard_input() -> BinaryIO:
    """Return standard input, which is taken away. Raises ApiValueError where that was done before."""
    try:
        stream: BinaryIO = cast(Any, sys.stdin).detach()
        return stream
    except ValueError:
        raise ApiValueError("- is standard input, which can be read only once") from None


def _decoded(raw: bytes, name: str, line: int = 1) -> str:
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line += raw.count(b"\n", 0, error.start)
    raise ApiValueError(f"{name}, line {line}: this is not UTF-8")
