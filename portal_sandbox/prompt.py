"""What a user asks: a text, and the files on their way into the store."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import BinaryIO


@dataclass(frozen=True)
class Upload:
    """A file on its way into the store; `file` is read from its beginning, and more than once."""

    name: str
    content_type: str
    file: BinaryIO


@dataclass(frozen=True)
class Prompt:
    """What a user asks: a text and the files attached to it."""

    text: str
    uploads: Sequence[Upload] = ()
