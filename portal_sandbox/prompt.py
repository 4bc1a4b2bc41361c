"""A prompt: a text and its files on their way into the store."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import BinaryIO


@dataclass(frozen=True)
class Upload:
    """A file on its way into the store; `file` is read from its beginning, more than once."""

    name: str
    content_type: str
    file: BinaryIO


@dataclass(frozen=True)
class Prompt:
    """The text of a user and the files attached to it."""

    text: str
    uploads: Sequence[Upload] = ()
