"""Text of others: what is meant, and what an error or a log may hold: printable, cut, without secrets."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from typing import Any

#: A secret of so many characters is masked wherever it stands, a shorter one where it is a word of its own.
_UNMISTAKABLE = 8


def exact(text: Any) -> str:
    """Return a text as a str and nothing else: of an enum's member its value, which str() does not give."""
    return str.__str__(text) if issubclass(type(text), str) else str(text)


def printable(text: str, keep: str = "") -> str:
    """Return the text with what a terminal would obey, or nobody would see, as escapes; but for `keep`."""
    if text.isprintable():
        return text
    return "".join(
        character
        if character.isprintable() or character in keep
        else character.encode("unicode_escape", "surrogatepass").decode()
        for character in text
    )


def shortened(text: str, longest: int) -> str:
    """Return the text, cut behind `longest` characters, with a sign that it was."""
    return text if len(text) <= longest else f"{text[:longest]}…"


def masked(text: str, secrets: Iterable[str]) -> str:
    """Return the text with *** in place of each secret, as it is or in one of the forms in which it is sent.

    A secret of fewer than eight characters is masked only as a whole word: one letter would spoil the text,
    and show what it hides.
    """
    for secret in sorted(filter(None, secrets), key=len, reverse=True):
        for form in _forms(secret):
            if len(secret) >= _UNMISTAKABLE:
                text = text.replace(form, "***")
            elif form in text:
                import re

                text = re.sub(rf"(?<!\w)(?<!\w['’-]){re.escape(form)}(?!\w)(?!['’-]\w)", "***", text)
    return text


def masked_data(value: Any, secrets: Sequence[str]) -> Any:
    """Return JSON, bytes, headers or a model with *** in place of each secret."""
    kind: Any = value.__class__
    if issubclass(kind, str):
        return masked(value, secrets)
    if issubclass(kind, bytes):
        return masked(value.decode("latin-1"), secrets).encode("latin-1")
    if issubclass(kind, list):
        return [masked_data(item, secrets) for item in value]
    if hasattr(kind, "items"):
        return kind((masked_data(name, secrets), masked_data(item, secrets)) for name, item in value.items())
    return kind.from_dict(masked_data(value.to_dict(), secrets)) if hasattr(kind, "to_dict") else value


def occurring(text: str, secrets: Iterable[str]) -> tuple[str, ...]:
    """Return those of the secrets that the text holds in some form."""
    return tuple(secret for secret in secrets if secret and any(form in text for form in _forms(secret)))


def _forms(secret: str) -> dict[str, None]:
    """The ways in which a secret may come back: as it is, in a URL, in a form, in JSON, in HTML."""
    if secret.isalnum():
        return {secret: None}
    import json
    import re
    from html import escape
    from urllib.parse import quote, quote_plus

    urls = (quote(secret), quote(secret, safe=""), quote_plus(secret))
    lower = (re.sub("%..", lambda code: code[0].lower(), url) for url in urls)
    quoted = json.dumps(secret)[1:-1]
    return dict.fromkeys((secret, *urls, *lower, escape(secret), quoted, quoted.replace("/", r"\/")))
