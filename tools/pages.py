"""Write the pages of docs/ and the tables of their indexes from the declarations: ``python tools/pages.py``.

The table in docs/reliability.md is made from the tests, see promises.py, docs/commands.md from the
commands, see commands.py, and the bill of materials from pyproject.toml, see sbom.py.
What stands between the summary of an operation and its parameters is written by hand and kept, and so is
an index around its tables; all else is generated. `pages` returns what should be there, `stale` where a
page differs; a test calls both.
"""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from importlib import import_module
from inspect import cleandoc
from itertools import zip_longest
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

import commands
import promises
import sbom
from declared import Package, Properties, Section, properties, sections
from openapi import placed

ROOT = Path(__file__).parents[1]

#: The templates of all that is written.
TEMPLATES = Environment(
    loader=FileSystemLoader(Path(__file__).with_name("templates")),
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
    keep_trailing_newline=True,
    autoescape=False,  # these are Markdown and Python
)
TEMPLATES.filters["tojson_text"] = partial(json.dumps, indent=2, ensure_ascii=False)
_REGION = re.compile(r"(?<=<!-- tables: generated -->\n).*?(?=<!-- end of the tables -->)", re.DOTALL)


def package(name: str, contract: str, docs: str, readme: str) -> Package:
    """Read a package and its contract; the paths are relative to the repository."""
    models = import_module(f"{name}.models")
    return Package(
        name,
        placed(json.loads((ROOT / "contracts" / contract).read_text("utf-8"))),
        ROOT / docs,
        ROOT / readme,
        {each: getattr(models, each) for each in models.__all__},
    )


def packages() -> list[Package]:
    """Return the packages that this repository documents."""
    candela = "docs/finbourne_candela"
    return [
        package("portal_client", "portal.openapi.json", "docs", "docs/reference.md"),
        package("finbourne_candela", "candela.openapi.json", candela, f"{candela}/README.md"),
    ]


def pages(package: Package) -> dict[Path, str]:
    """Return the pages of a package, each with the text that it should have."""
    made: dict[Path, str] = {}
    shown: dict[type, list[Section]] = {api: sections(package, api) for api in package.apis}
    for api, operations in shown.items():
        page = package.docs / f"{api.__name__}.md"
        text = page.read_text("utf-8") if page.exists() else ""
        made[page] = _render(
            "api.md.j2", package, page, api=api, prose=_prose(api), sections=operations, by_hand=by_hand(text)
        )
    models = [properties(package, model) for model in package.models.values()]
    used = _uses(shown, models)
    for model in models:
        page = package.docs / f"{model.name}.md"
        made[page] = _render(
            f"{model.kind}.md.j2", package, page, model=replace(model, used_by=used.get(model.name, ()))
        )
    tables = _render("readme.md.j2", package, package.readme, shown=shown, models=models)
    before = package.readme.read_text("utf-8")
    made[package.readme] = _REGION.sub(lambda _: f"\n{tables}\n", before, count=1)
    if not _REGION.search(before):
        raise ValueError(f"{package.readme.name} has no place for the tables")
    return made


def by_hand(text: str) -> dict[str, str]:
    """Return what is written by hand on a page of operations, by operation."""
    _, *parts = re.split(r"^# \*\*(\w+)\*\*\n", text, flags=re.MULTILINE)
    above = (section.partition("### Parameters\n")[0] for section in parts[1::2])
    # The call and the summary come first.
    return {name: "".join(lines.split("\n\n", 2)[2:]) for name, lines in zip(parts[::2], above, strict=True)}


def _prose(api: type) -> str:
    return cleandoc(api.__doc__ or "").partition("\n\nArgs:")[0]


def _uses(shown: Mapping[type, Sequence[Section]], models: Sequence[Properties]) -> dict[str, list[str]]:
    """Return where each model is used: in the response or an argument of an operation, or another model."""
    uses: dict[str, list[str]] = {}
    for api, operations in shown.items():
        for section in operations:
            for text in (section.returns, *(row.type for row in section.parameters)):
                for name in re.findall(r"\((\w+)\.md\)", text):
                    link = f"[{section.operation.name}]({api.__name__}.md#{section.operation.name})"
                    uses.setdefault(name, []).append(link)
    for model in models:
        for row in model.rows:
            for name in re.findall(r"\((\w+)\.md\)", row.type):
                link = f"[{model.name}]({model.name}.md)"
                if link not in uses.setdefault(name, []):
                    uses[name].append(link)
    return uses


def _render(template: str, package: Package, page: Path, **values: Any) -> str:
    # Where the README is, seen from the page, and where the pages are, seen from the README.
    readme = os.path.relpath(package.readme, page.parent).replace(os.sep, "/")
    docs = os.path.relpath(package.docs, package.readme.parent).replace(os.sep, "/")
    return TEMPLATES.get_template(template).render(package=package, readme=readme, docs=docs, **values)


# ── what is stale ──


def stale(page: Path, wanted: str) -> str:
    """Return the first place where a page is stale: file, line, headings, both texts; else ""."""
    shown = page.relative_to(ROOT)
    if not page.exists():
        return f"{shown}: missing; run `make pages`"
    place = difference(page.read_text("utf-8"), wanted)
    return place and f"{shown}:{place}; run `make pages`"


def difference(there: str, wanted: str) -> str:
    """Return the first line in which a text differs from the wanted one, with its headings; else ""."""
    above: dict[int, str] = {}
    code = False
    for number, (old, new) in enumerate(zip_longest(there.splitlines(), wanted.splitlines()), 1):
        code ^= (new or "").startswith("```")
        if not code and (heading := re.match(r"(#+) +(.*)", new or "")):
            level = len(heading[1])
            above = {k: v for k, v in above.items() if k < level} | {level: heading[2].strip("*")}
        if old != new:
            return f"{number} ({', '.join(above.values())}): {old!r} on the page, {new!r} by the declarations"
    return ""


def main() -> int:
    """Write every page anew and say which have changed."""
    for package in packages():
        package.docs.mkdir(exist_ok=True)
        _write(pages(package))
    _write(promises.pages())
    _write(commands.pages())
    _write(sbom.pages())
    return 0


def _write(wanted: Mapping[Path, str]) -> None:
    for page, text in wanted.items():
        if not page.exists() or page.read_text("utf-8") != text:
            page.write_text(text, "utf-8")
            print(f"written: {page.relative_to(ROOT)}")


if __name__ == "__main__":
    sys.exit(main())
