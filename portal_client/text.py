"""Foreign text as an error or a log may hold it: printable, cut, without secrets."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from enum import Enum
    from typing import Any


def exact(text: Any) -> str:
    """Return a text as a plain str; for a member of a str enum its value, unlike str()."""
    return str.__str__(text) if issubclass(type(text), str) else str(text)


def name_of(member: Enum) -> str:
    """Return a member of an enumeration as text: its value where that is one, else the last of its names."""
    if isinstance(member, str):
        return exact(member)
    names = [name for name, each in type(member).__members__.items() if each is member]
    return names[-1] if names else member.name


def printable(text: str, keep: str = "") -> str:
    """Return the text with control and invisible characters as escapes, except those in `keep`."""
    if text.isprintable():
        return text
    return "".join(
        character
        if character.isprintable() or character in keep
        else character.encode("unicode_escape", "surrogatepass").decode()
        for character in text
    )


def plain_lines(text: str) -> str:
    """Return the text with a line feed at the end of each line, as a service may store it."""
    return text.replace("\r\n", "\n").replace("\r", "\n")


def shortened(text: str, max_length: int) -> str:
    """Return the text, cut behind `max_length` characters and ended by … there."""
    return text if len(text) <= max_length else f"{text[:max_length]}…"


def masked(text: str, secrets: Iterable[str]) -> str:
    """Return the text with *** for each secret, as it is or in one of the forms in which it is sent.

    A secret of fewer than eight characters is masked only as a whole word.
    """
    known = tuple(dict.fromkeys(filter(None, secrets)))
    if not known:
        return text
    from portal_client.echoes import echoes

    parts: list[str] = []
    done = 0
    for begin, end, _ in sorted(echoes(text, known)):
        if begin >= done:
            parts += (text[done:begin], "***")
        done = max(done, end)
    return "".join((*parts, text[done:]))


def masked_data(value: Any, secrets: Sequence[str]) -> Any:
    """Return JSON, bytes, headers or a model with *** for each secret."""
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
    """Return the secrets that the text holds in some form."""
    known = tuple(dict.fromkeys(filter(None, secrets)))
    if not known:
        return ()
    from portal_client.echoes import echoes

    found = {secret for _, _, secret in echoes(text, known)}
    return tuple(secret for secret in known if secret in found)
