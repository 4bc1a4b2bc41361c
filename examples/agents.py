"""Agents for the sandbox: plain functions of the conversation and the attached files.

    $ python -m portal_sandbox --agent examples.agents:word_count --agent examples.agents:strict

Each agent is then there under its function's name: api.create_session("word_count", "Count", files=["a.txt"])
"""

from collections.abc import Iterator, Sequence

from portal_sandbox import File, Message


def word_count(conversation: Sequence[Message], files: Sequence[File]) -> str:
    """How many words each attached file has; without files, how many the prompt has."""
    if not files:
        return f"The prompt has {_words(conversation[-1].text)}."
    return "\n".join(f"{file.name} has {_words(file.read().decode(errors='replace'))}." for file in files)


def strict(conversation: Sequence[Message], files: Sequence[File]) -> str:
    """Fails unless a table is attached: the session's status is then Error, and the answer says why."""
    tables = [file for file in files if file.name.endswith(".csv")]
    if not tables:
        raise ValueError("attach a .csv file")
    return f"{tables[0].name} has {len(tables[0].read().splitlines())} lines."


def word_by_word(conversation: Sequence[Message], files: Sequence[File]) -> Iterator[str]:
    """The prompt again, a word at a time; ``--pace 0.3`` lets one see it grow."""
    for word in conversation[-1].text.split():
        yield f"{word} "


def _words(text: str) -> str:
    count = len(text.split())
    return f"{count:,} {'word' if count == 1 else 'words'}"
