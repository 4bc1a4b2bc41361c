"""The agents of the soak test, for its sandbox to import."""

import hashlib
from collections.abc import Iterator, Sequence

from portal_sandbox import File, Message


def digests(conversation: Sequence[Message], files: Sequence[File]) -> str:
    """Return the prompt, and the digest of each file as it is stored."""
    return "\n".join([conversation[-1].text, *(hashlib.sha256(file.read()).hexdigest() for file in files)])


def spell(conversation: Sequence[Message], files: Sequence[File]) -> Iterator[str]:
    """Yield the prompt, a few characters at a time."""
    text = conversation[-1].text
    yield from (text[at : at + 4] for at in range(0, len(text), 4))


def heard(conversation: Sequence[Message], files: Sequence[File]) -> list[str]:
    """Return each prompt of the session."""
    return [message.text for message in conversation if message.role == "user"]
