"""Pasted values: white space and quotes around them, a missing scheme, and hints about these for errors."""

from __future__ import annotations

from collections.abc import Callable
from typing import Optional

from portal_client.text import exact


def trimmed(text: str) -> str:
    """Return a text without white space and a byte order mark around it; for an enum, its value."""
    return exact(text).strip().strip("\ufeff\u200b").strip()


def url_hint(value: object, usable: Callable[[str], object]) -> str:
    """Return the end of an error message about a text that is no URL; empty where the reason is not plain.

    The text is quoted only if it would be `usable` otherwise, and holds neither credentials nor a query.
    """
    if not isinstance(value, str):
        return ""
    wrong, mended = _surplus(value), _unquoted(value)
    if "://" not in value:
        wrong, mended = "no scheme, such as http://", f"http://{mended}"
    if wrong is None or not usable(mended):
        return ""
    return f"; {'it' if set(value) & set('@?#') else repr(exact(value))} has {wrong}"


def described_path(path: object) -> str:
    """Return a path for an error message; quoted, and with the reason, where something is around it."""
    text = str(path)
    wrong = _surplus(text)
    return f"{text!r}, which has {wrong}," if wrong else text


def _surplus(text: str) -> Optional[str]:
    """Return what is around a text and does not belong to it; None where nothing is."""
    if trimmed(text) != text:
        return "white space around it"
    return "quotes around it" if _unquoted(text) != text else None


def _unquoted(text: str) -> str:
    return trimmed(trimmed(text).strip("\"'"))
