"""What the site has besides docs/: the pages of the root, the reference, and links that lead there.

mkdocs calls these functions, see mkdocs.yml. The pages stay plain Markdown, readable where they lie.
"""

from __future__ import annotations

import inspect
import posixpath
import re
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]

#: The pages of the root, by their names on the site.
_PAGES = {"index.md": "README.md"} | {
    name: name for name in ("ARCHITECTURE.md", "CHANGELOG.md", "CONTRIBUTING.md", "SECURITY.md")
}
_CLIENT = "api.md"

_HEAD = """\
# The client

Clients, settings, tokens, streams, errors. The operations and models are [pages of their own](reference.md).
"""

#: A link, or code, which only looks like one.
_LINK = re.compile(r"^```.*?^```|`[^`\n]*`|\[([^\]\n]+)\]\((?!\w+:|#)([^)#\s]*)(#[^)\s]*)?\)", re.M | re.S)

#: The pages of this build as Markdown.
_texts: dict[str, str] = {}


def on_config(config: Any) -> None:
    """Add the pages of the operations to the navigation."""
    for title, folder in ("Reference", ""), ("Candela", "finbourne_candela/"):
        entries = next(section[title] for section in config.nav if title in section)
        entries.extend(f"{folder}{path.name}" for path in sorted((ROOT / "docs" / folder).glob("*Api.md")))


def on_files(files: Any, config: Any) -> Any:
    """Add the pages that do not lie in docs/."""
    from mkdocs.structure.files import File

    for name, path in _PAGES.items():
        files.append(File.generated(config, name, content=(ROOT / path).read_text("utf-8")))
    names = [*_documented("portal_client"), *_documented("finbourne_candela")]
    reference = "\n".join(f"::: {name}\n" for name in names)
    files.append(File.generated(config, _CLIENT, content=f"{_HEAD}\n{reference}"))
    return files


def on_page_markdown(markdown: str, page: Any, config: Any, files: Any) -> str:
    """Have the links of a page lead to pages of the site, and name the files that are none."""
    here = page.file.src_uri
    pages = {_lies(file.src_uri): file.src_uri for file in files}
    folder = posixpath.dirname(_lies(here))

    def led(link: re.Match[str]) -> str:
        text, path, anchor = link.groups()
        if not path:
            return link[0]
        target = posixpath.normpath(posixpath.join(folder, path))
        if (there := pages.get(target)) is not None:
            return f"[{text}]({posixpath.relpath(there, posixpath.dirname(here) or '.')}{anchor or ''})"
        return f"`{target}`" if text == path else f"{text} (`{target}`)"

    _texts[here] = _LINK.sub(led, markdown)
    return _texts[here]


def on_post_build(config: Any) -> None:
    """Write llms.txt, which names the pages, llms-full.txt, which holds them, and the pages as Markdown."""
    site = Path(config.site_dir)
    index = [f"# {config.site_name}", f"> {config.site_description}"]
    full: list[str] = []
    for title, names in _sections(config.nav):
        entries: list[str] = []
        for name in names:
            text = _texts[name]
            if "\n::: " in text:  # made of docstrings, as HTML
                continue
            (site / name).parent.mkdir(parents=True, exist_ok=True)
            (site / name).write_text(text, "utf-8")
            heading, summary = _about(text)
            entries.append(f"- [{heading}]({name}): {summary}")
            full.append(text)
        index.append("\n".join([f"## {title}", "", *entries]))
    (site / "llms.txt").write_text("\n\n".join(index) + "\n", "utf-8")
    (site / "llms-full.txt").write_text("\n\n".join(full), "utf-8")


def _sections(nav: list[dict[str, list[Any]]]) -> Iterator[tuple[str, list[str]]]:
    """Yield the sections of the navigation with their pages."""
    for section in nav:
        ((title, pages),) = section.items()
        yield title, [page if isinstance(page, str) else str(*page.values()) for page in pages]


def _about(text: str) -> tuple[str, str]:
    """Return the heading of a page and its first sentence, without links."""
    heading, _, rest = text.partition("\n")
    sentence = re.split(r"(?<=[.:])\s", rest.strip(), maxsplit=1)[0]
    plain = re.sub(r"\[([^\]]+)\]\([^)]*\)", r"\1", sentence)
    return heading.lstrip("# "), " ".join(plain.split()).rstrip(":.") + "."


def _lies(page: str) -> str:
    """Return where a page lies in the repository."""
    return _PAGES.get(page, f"docs/{page}")


def _documented(package: str) -> list[str]:
    """Return the public classes and functions of a package that have no page of their own."""
    there = import_module(package)
    with_page = {path.stem for path in (ROOT / "docs").rglob("*.md")}
    public = [getattr(there, name) for name in there.__all__ if name not in with_page]
    return [f"{each.__module__}.{each.__qualname__}" for each in public if inspect.isclass(each)]
