"""What pyproject.toml cannot say: the README as an index shows it, where a link to a file would be dead."""

import re
from pathlib import Path

from setuptools import setup

_TO_A_FILE = re.compile(r"\[([^]\n]+)\]\((?!\w+:|#)([^)#\s]+)(?:#[^)\s]*)?\)")


def _named(link: "re.Match[str]") -> str:
    text, path = link.groups()
    return f"`{path}`" if text == path else f"{text} (`{path}`)"


readme = Path(__file__).with_name("README.md").read_text(encoding="utf-8")
setup(long_description=_TO_A_FILE.sub(_named, readme), long_description_content_type="text/markdown")
