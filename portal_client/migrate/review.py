"""What the checks find in a script."""

from __future__ import annotations

import warnings
from functools import cache
from importlib import import_module

from portal_client.migrate.checks import PAGES
from portal_client.migrate.finding import Finding, Severity
from portal_client.migrate.page import Page
from portal_client.migrate.reading import Reader
from portal_client.migrate.script import Script, Unreadable
from portal_client.migrate.values import PACKAGES, Event


@cache
def pages() -> tuple[Page, ...]:
    """Return the pages with their checks: those of the core, and those that a service brings."""
    services = [import_module(f"{package}.migrate").PAGES for package in PACKAGES[1:]]
    return tuple(page for found in (PAGES, *services) for page in found)


def review(script: Script) -> list[Finding]:
    """Return what is different here for a script, in the order of its lines.

    Raises Unreadable for one that is nested too deeply.
    """
    found = set[Finding]()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of names that are deprecated, and of values that are tried
        try:
            reader = Reader(script.modules, {old: new for page in pages() for old, new in page.stand_ins})
        except RecursionError:
            raise Unreadable(f"{script.name}: it is nested too deeply") from None
        for event in reader.events:
            if event.kind == "missing":
                anchor, message = _absence(event)
                found.add(Finding(script.place(event.node), Severity.ERROR, "absent-name", message, anchor))
            for page in pages():
                for row, node, message in page.find(event):
                    anchor = f"{page.path}#{row.section}"
                    found.add(Finding(script.place(node), row.severity, row.check, message, anchor))
    return sorted(found)


def _absence(event: Event) -> tuple[str, str]:
    """Return the section on a name that is not there, and what it says of it."""
    owner = event.value.label
    text = f"{owner} has no {event.name}"
    for page in sorted(pages(), key=lambda page: page.package not in (None, event.package)):
        for key in (f"{owner}.{event.name}", event.name, owner):
            if key in page.words:
                section, instead = page.words[key]
                return f"{page.path}#{section}", f"{text}: {instead}"
    hint = str(event.other.given).strip(" :;.")
    path = next(page.path for page in pages() if page.package == event.package)
    return f"{path}#it-leaves-out", text + (f": {hint}" if hint else "")
