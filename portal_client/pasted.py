"""What was pasted with a value, such as white space or quotes, or was not, such as the scheme of a URL."""

from __future__ import annotations

from collections.abc import Callable
from typing import Optional

from portal_client.text import exact


def trimmed(text: str) -> str:
    """Return a text without the white space and the byte order mark around it; of an enum, its value."""
    return exact(text).strip().strip("\ufeff\u200b").strip()


def url_hint(value: object, usable: Callable[[str], object]) -> str:
    """Return what keeps a text from being a URL, to be put behind an error; empty where that is not plain.

    The text is quoted only if it would be usable otherwise, and holds neither credentials nor a query.
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
    """Return a path as an error names it: quoted, and with the reason, where something stands around it."""
    text = str(path)
    wrong = _surplus(text)
    return f"{text!r}, which has {wrong}," if wrong else text


def _surplus(text: str) -> Optional[str]:
    """What stands around a text and does not belong to it."""
    if trimmed(text) != text:
        return "white space around it"
    return "quotes around it" if _unquoted(text) != text else None


def _unquoted(text: str) -> str:
    return trimmed(trimmed(text).strip("\"'"))
