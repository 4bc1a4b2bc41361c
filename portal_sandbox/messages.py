"""Messages: prompts, answers and copies as rows of a session."""

from collections.abc import Iterable, Sequence

from sqlalchemy.orm import Session

from portal_sandbox import blobs
from portal_sandbox.agents import Message
from portal_sandbox.database import max_text_size
from portal_sandbox.prompt import Prompt
from portal_sandbox.tables import FileRow, MessageRow, SessionRow
from portal_sandbox.wire import MessageRole, SessionStatus


def digests(prompt: Prompt) -> Sequence[blobs.Digest]:
    """Return the digests of a prompt's files; before the transaction, which blocks other writers."""
    return [blobs.digest(upload.file) for upload in prompt.uploads]


def add_prompt(db: Session, row: SessionRow, prompt: Prompt, digests: Sequence[blobs.Digest]) -> None:
    """Add a prompt with its files to a session."""
    files: list[FileRow] = []
    for upload, digest in zip(prompt.uploads, digests, strict=True):
        blobs.put(db, upload.file, digest.sha256)
        files.append(_file(upload.name, upload.content_type, digest.size, digest.sha256))
    row.messages.append(MessageRow(role=MessageRole.USER.value, text=prompt.text, files=files))


def add_answer(db: Session, row: SessionRow, text: str, failed: bool) -> None:
    """Add an answer to a session, or replace its last one; where it `failed`, `text` is the reason."""
    last = row.messages[-1]
    if last.role == MessageRole.USER:
        row.messages.append(message_row(Message(MessageRole.ASSISTANT, text), row.agent_id))
    else:
        last.text = _with_reason(db, last.text, text) if failed else text


def message_row(message: Message, agent_id: str) -> MessageRow:
    """Return the row of a message, with the id of the agent where it wrote the message."""
    author = agent_id if message.role == MessageRole.ASSISTANT else None
    return MessageRow(role=str(message.role), text=message.text, agent_id=author)


def copied(message: MessageRow) -> MessageRow:
    """Return a copy of a message and its files for another session."""
    files = [_file(file.name, file.content_type, file.size, file.sha256) for file in message.files]
    return MessageRow(role=message.role, text=message.text, agent_id=message.agent_id, files=files)


def last_prompt(row: SessionRow) -> MessageRow:
    """Return the last prompt of a session."""
    return next(message for message in reversed(row.messages) if message.role == MessageRole.USER)


def completed(row: SessionRow) -> Sequence[MessageRow]:
    """Return the messages of a session without an answer that is still growing."""
    growing = row.status == SessionStatus.RUNNING and row.messages[-1].role == MessageRole.ASSISTANT
    return row.messages[:-1] if growing else row.messages


def first_text(row: SessionRow) -> str:
    """Return the text with which a session begins."""
    return row.messages[0].text if row.messages else ""


def latest_answer(rows: Iterable[SessionRow]) -> str:
    """Return the last answer in sessions, given newest first, that is complete; "" where there is none."""
    texts = (
        message.text
        for row in rows
        if row.status == SessionStatus.READY
        for message in reversed(row.messages)
        if message.role == MessageRole.ASSISTANT
    )
    return next(texts, "")


def _with_reason(db: Session, part: str, reason: str) -> str:
    """Return a part of an answer with the reason at its end; the reason alone where both are too long."""
    text = f"{part}\n\n{reason}"
    return text if len(text.encode()) < max_text_size(db) else reason


def _file(name: str, content_type: str, size: int, sha256: str) -> FileRow:
    return FileRow(name=name, content_type=content_type, size=size, sha256=sha256)
