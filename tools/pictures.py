"""Draw the pictures of docs/images: what commands print in a terminal, against a sandbox.

`python tools/pictures.py` draws those of the guide, `python tools/pictures.py FOLDER COLUMNS COMMAND...`
others.
"""

from __future__ import annotations

import fcntl
import io
import os
import pty
import re
import shlex
import struct
import subprocess
import sys
import tempfile
import termios
import uuid
from pathlib import Path

from rich.console import Console
from rich.text import Text

import portal_sandbox

IMAGES = Path(__file__).parents[1] / "docs" / "images"
COLUMNS = 90
_PORT = 8000

#: The pictures of the guide, each with its commands.
PICTURES = {
    "help": ["portal --help"],
    "ask": [
        'portal ask echo "Which region grew?"',
        'portal ask echo "And which one shrank?"',
        "portal sessions list --agent-id echo",
    ],
    "doctor": ["portal doctor --host http://127.0.0.1:9"],
}

# What differs from one run to the next.
_ID = re.compile(r"(?<![0-9a-f])[0-9a-f]{32}(?![0-9a-f])")
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}")


def shown(command: str, columns: int, environment: dict[str, str]) -> str:
    """Return what a command prints in a terminal of this width, its errors too."""
    end, other = pty.openpty()
    fcntl.ioctl(other, termios.TIOCSWINSZ, struct.pack("HHHH", 50, columns, 0, 0))
    words = [sys.executable, "-m", "portal_client", *shlex.split(command)[1:]]
    with subprocess.Popen(words, stdin=other, stdout=other, stderr=other, env=environment):
        os.close(other)
        found = b""
        while part := _read(end):
            found += part
    os.close(end)
    return found.decode().replace("\r\n", "\n")


def _read(end: int) -> bytes:
    try:
        return os.read(end, 65536)
    except OSError:  # the other end is closed
        return b""


def draw(path: Path, commands: list[str], columns: int, environment: dict[str, str]) -> None:
    """Draw what commands print as an SVG that loads nothing from elsewhere."""
    console = Console(record=True, width=columns, file=io.StringIO(), highlight=False, markup=False)
    ids: dict[str, str] = {}

    def steady(found: re.Match[str]) -> str:
        return ids.setdefault(found[0], uuid.uuid5(uuid.NAMESPACE_OID, str(len(ids))).hex)

    for command in commands:
        console.print(f"$ {command}", style="bold")
        text = _TIME.sub("2026-10-01T09:00:00.000000", shown(command, columns, environment))
        console.print(Text.from_ansi(_ID.sub(steady, text).rstrip()))
    svg = console.export_svg(title="", unique_id=path.stem)
    path.write_text(re.sub(r"@font-face \{.*?\}\s*", "", svg, flags=re.DOTALL), "utf-8")


def main(folder: str = "", columns: str = str(COLUMNS), *commands: str) -> None:
    """Draw the pictures."""
    pictures = {re.sub(r"\W+", "-", each): [each] for each in commands} or PICTURES
    with portal_sandbox.running(port=_PORT) as box, tempfile.TemporaryDirectory() as home:
        settings = {"PORTAL_HOST": box.host, "PORTAL_TOKEN": box.token, "XDG_CONFIG_HOME": home}
        plain = {"PATH": os.environ["PATH"], "TERM": "xterm-256color", "LANG": "C.UTF-8", "HOME": home}
        environment = {**plain, **settings, "PYTHONPATH": os.environ.get("PYTHONPATH", "")}
        for name, of_picture in pictures.items():
            draw(Path(folder or IMAGES) / f"{name}.svg", of_picture, int(columns), environment)


if __name__ == "__main__":
    main(*sys.argv[1:])
