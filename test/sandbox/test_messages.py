"""Messages: the rows of prompts, answers and copies."""

from portal_sandbox import messages
from portal_sandbox.agents import Message
from portal_sandbox.database import Database
from portal_sandbox.tables import FileRow, MessageRow, SessionRow
from portal_sandbox.wire import SessionStatus


def _session(*said: tuple[str, str], status: SessionStatus = SessionStatus.RUNNING) -> SessionRow:
    return SessionRow(
        agent_id="echo",
        status=status.value,
        messages=[MessageRow(role=role, text=text) for role, text in said],
    )


def _texts(row: SessionRow) -> list[str]:
    return [message.text for message in row.messages]


def test_an_answer_follows_its_prompt_and_then_grows(database: Database) -> None:
    row = _session(("user", "hello"))

    with database.reading() as db:
        messages.add_answer(db, row, "one", failed=False)
        messages.add_answer(db, row, "one two", failed=False)

    assert _texts(row) == ["hello", "one two"]
    assert (row.messages[1].role, row.messages[1].agent_id) == ("assistant", "echo")


def test_a_part_of_an_answer_ends_with_the_reason(database: Database) -> None:
    row = _session(("user", "hello"), ("assistant", "one"))

    with database.reading() as db:
        messages.add_answer(db, row, "It failed", failed=True)

    assert _texts(row) == ["hello", "one\n\nIt failed"]


def test_an_answer_that_is_growing_is_not_whole() -> None:
    said = [("user", "hello"), ("assistant", "one")]

    assert len(messages.completed(_session(*said))) == 1
    assert len(messages.completed(_session(*said, status=SessionStatus.READY))) == 2
    assert len(messages.completed(_session(*said, ("user", "more")))) == 3


def test_the_last_prompt_is_that_before_a_growing_answer() -> None:
    row = _session(("user", "hello"), ("assistant", "one"), ("user", "more"), ("assistant", "tw"))

    assert messages.last_prompt(row).text == "more"


def test_only_an_agent_has_a_name() -> None:
    assert messages.message_row(Message("user", "hello"), "echo").agent_id is None
    assert messages.message_row(Message("assistant", "hello"), "echo").agent_id == "echo"


def test_a_copy_has_files_of_its_own() -> None:
    file = FileRow(name="a.txt", content_type="text/plain", size=1, sha256="0")
    message = MessageRow(role="user", text="hello", files=[file])

    copy = messages.copied(message)

    assert (copy.role, copy.text, copy.files[0].name, copy.files[0].sha256) == ("user", "hello", "a.txt", "0")
    assert copy.files[0] is not file
    assert message.files == [file]
