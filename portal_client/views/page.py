"""A session as a page: one file without scripts, which loads nothing."""

from __future__ import annotations

from base64 import b64encode
from hashlib import sha256
from typing import Any

from portal_client.views.conversation import heading, talk
from portal_client.views.html import view
from portal_client.views.markup import element, text_of
from portal_client.views.style import PAGE_STYLE, STYLE

_CSS = PAGE_STYLE + STYLE


def page(session: Any) -> str:
    """Return the page of a session, with all that was said."""
    title = heading(session)
    style = b64encode(sha256(_CSS.encode()).digest()).decode()
    policy = f"default-src 'none'; style-src 'sha256-{style}'; base-uri 'none'; form-action 'none'"
    head = (
        element("meta", charset="utf-8"),
        element("meta", http_equiv="Content-Security-Policy", content=policy),
        element("meta", name="referrer", content="no-referrer"),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        element("title", title.title),
        element("style", _CSS),
    )
    body = element("body", element("main", view([title, talk(session.messages)])))
    return f"<!DOCTYPE html>\n{text_of(element('html', element('head', *head), body, lang='en'))}\n"
