"""What an item asks: its inputs, their digest, and what its session is recognized by."""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, BinaryIO, NamedTuple, Optional

from portal_client.api.sessions_api import SessionsApi
from portal_client.exceptions import ApiValueError
from portal_client.files import BLOCK, Part
from portal_client.serialization import encoded

#: An agent and a first message, see `likeness`.
Likeness = tuple[str, str]

_LINE_END = re.compile("\r\n?")


class StoredFile(NamedTuple):
    """A file of an item: its name and type as they are sent, its size in bytes, and the digest of its bytes.

    `path` is None where the journal holds the bytes.
    """

    name: str
    content_type: str
    size: int
    sha256: str
    path: Optional[str] = None


@dataclass(frozen=True, slots=True)
class Inputs:
    """What an item asks an agent."""

    agent_id: str
    text_prompt: str
    files: tuple[StoredFile, ...] = ()

    @property
    def digest(self) -> bytes:
        """The digest of all that is sent: a file counts by name, type and content, wherever it lies."""
        files = [[file.name, file.content_type, file.size, file.sha256] for file in self.files]
        return hashlib.sha256(json.dumps([self.agent_id, self.text_prompt, files]).encode()).digest()

    @property
    def likeness(self) -> Likeness:
        """What its session has in common with those of other items, see `likeness`."""
        return likeness(self.agent_id, self.text_prompt)


def likeness(agent_id: str, text: str) -> Likeness:
    """Return an agent and a first message as they are compared: what a session shows of the inputs.

    A service may store a text with other ends of its lines, and without white space around it.
    """
    return agent_id, _LINE_END.sub("\n", text).strip()


def inputs_of(agent_id: str, text_prompt: str, files: Any) -> tuple[Inputs, Mapping[str, bytes]]:
    """Return checked inputs, and those contents that a journal has to keep, by their digests.

    Files are read once, as streams. Raises pydantic.ValidationError and ApiValueError, which name the
    argument, and OSError for a file that cannot be read.
    """
    named = {"agent_id": agent_id, "text_prompt": text_prompt, "files": files}
    request = SessionsApi.create_async_session.operation.request((), named)  # type: ignore[attr-defined]
    for name, text in request.form:
        encoded(name, text)
    contents: dict[str, bytes] = {}
    stored = tuple(_stored(part, contents) for _, part in request.files)
    return Inputs(agent_id, text_prompt, stored), contents


def _stored(part: Part, contents: dict[str, bytes]) -> StoredFile:
    if isinstance(part.source, str):
        path = os.path.abspath(part.source)
        with open(path, "rb", buffering=0) as file:
            digest, size = digest_of(file)
        return StoredFile(part.filename, part.content_type, size, digest, path)
    if not isinstance(part.source, memoryview):
        raise ApiValueError(
            f"files: {part.filename!r} is an open file, which a journal cannot keep; give a path or bytes"
        )
    content = bytes(part.source)
    digest = hashlib.sha256(content).hexdigest()
    contents[digest] = content
    return StoredFile(part.filename, part.content_type, len(content), digest)


def files_json(files: Sequence[StoredFile]) -> str:
    """Return files as the journal keeps them."""
    return json.dumps(files) if files else "[]"


def stored_files(text: str) -> tuple[StoredFile, ...]:
    """Return the files of a row."""
    return () if text == "[]" else tuple(StoredFile(*file) for file in json.loads(text))


def digest_of(file: BinaryIO) -> tuple[str, int]:
    """Return the digest of the rest of a file, in hexadecimal digits, and the number of its bytes."""
    digest, size = hashlib.sha256(), 0
    while block := file.read(BLOCK):
        digest.update(block)
        size += len(block)
    return digest.hexdigest(), size
