"""Messages: how what is asked, said and copied is kept in a session."""

from collections.abc import Sequence

from sqlalchemy.orm import Session

from portal_sandbox import blobs
from portal_sandbox.agents import Message
from portal_sandbox.database import longest
from portal_sandbox.prompt import Prompt
from portal_sandbox.tables import FileRow, MessageRow, SessionRow
from portal_sandbox.wire import MessageRole, SessionStatus


def digested(prompt: Prompt) -> Sequence[blobs.Digest]:
    """The digests of the files; to be made before the transaction, which keeps others from writing."""
    return [blobs.digest(upload.file) for upload in prompt.uploads]


def ask(db: Session, row: SessionRow, prompt: Prompt, digests: Sequence[blobs.Digest]) -> None:
    """Add a prompt with its files to a session."""
    files: list[FileRow] = []
    for upload, digest in zip(prompt.uploads, digests, strict=True):
        blobs.put(db, upload.file, digest.sha256)
        files.append(_file(upload.name, upload.content_type, digest.size, digest.sha256))
    row.messages.append(MessageRow(role=MessageRole.USER.value, text=prompt.text, files=files))


def answer(db: Session, row: SessionRow, text: str, failed: bool) -> None:
    """Add an answer to a session, or let the last one be `text`; of one that failed `text` is the reason."""
    last = row.messages[-1]
    if last.role == MessageRole.USER:
        row.messages.append(said(Message(MessageRole.ASSISTANT, text), row.agent_id))
    else:
        last.text = _with_reason(db, last.text, text) if failed else text


def said(message: Message, agent_id: str) -> MessageRow:
    """A message as it is kept, of an agent with its name."""
    author = agent_id if message.role == MessageRole.ASSISTANT else None
    return MessageRow(role=str(message.role), text=message.text, agent_id=author)


def copied(message: MessageRow) -> MessageRow:
    """The same message with its files for another session."""
    files = [_file(file.name, file.content_type, file.size, file.sha256) for file in message.files]
    return MessageRow(role=message.role, text=message.text, agent_id=message.agent_id, files=files)


def last_prompt(row: SessionRow) -> MessageRow:
    """The last prompt of a session."""
    return next(message for message in reversed(row.messages) if message.role == MessageRole.USER)


def whole(row: SessionRow) -> Sequence[MessageRow]:
    """The messages of a session without an answer that is still growing."""
    growing = row.status == SessionStatus.RUNNING and row.messages[-1].role == MessageRole.ASSISTANT
    return row.messages[:-1] if growing else row.messages


def _with_reason(db: Session, said: str, reason: str) -> str:
    """A part of an answer that ends with why there is no more; only that where both would be too long."""
    whole = f"{said}\n\n{reason}"
    return whole if len(whole.encode()) < longest(db) else reason


def _file(name: str, content_type: str, size: int, sha256: str) -> FileRow:
    return FileRow(name=name, content_type=content_type, size=size, sha256=sha256)
