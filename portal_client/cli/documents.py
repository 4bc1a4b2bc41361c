"""What a command reads: text, and JSON or YAML, from a file or from standard input."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator
from contextlib import nullcontext
from pathlib import Path
from typing import Any

from portal_client.exceptions import ApiValueError

#: The name that stands for standard input.
STDIN = "-"


def read_text(given: str) -> str:
    """Return a text that was given, or for `-` what standard input holds, without a line break at its end."""
    return _decoded(sys.stdin.buffer.read(), "standard input").rstrip("\r\n") if given == STDIN else given


def read_document(path: str) -> Any:
    """Return what a JSON or YAML file holds, or standard input for `-`.

    Raises OSError for a file that cannot be read, ApiValueError for text that is neither.
    """
    if path == STDIN:
        return parse(_decoded(sys.stdin.buffer.read(), "standard input"), "standard input")
    return parse(_decoded(Path(path).read_bytes(), path), path)


def lines_of(path: str) -> Iterator[str]:
    """Yield the lines of a file, or of standard input for `-`; the file is read as they are taken."""
    with nullcontext(sys.stdin.buffer) if path == STDIN else open(path, "rb") as file:
        for line in file:
            yield _decoded(line, "standard input" if path == STDIN else path)


def files(paths: Iterable[str]) -> list[Any]:
    """Return the files of a form by their paths; `-` is standard input."""
    return [("stdin", sys.stdin.buffer) if path == STDIN else path for path in paths]


def parse(text: str, name: str) -> Any:
    """Return the value of a JSON or YAML text; `name` is what an error calls it.

    In YAML a date stays a text, as it is in JSON. Raises ApiValueError, which names the place.
    """
    try:
        return json.loads(text)
    except ValueError as error:
        if text.lstrip()[:1] in ("{", "[", '"') and not name.endswith((".yaml", ".yml")):
            raise ApiValueError(f"{name}: not valid JSON: {error}") from None
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
    except yaml.YAMLError as error:
        raise ApiValueError(f"{name}: not valid YAML: {' '.join(str(error).split())}") from None


def _decoded(raw: bytes, name: str) -> str:
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ApiValueError(f"{name}: not UTF-8: {error}") from None
