"""Many prompts, from a journal that survives anything."""

from __future__ import annotations

import json
import os
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Annotated, Any, Optional, cast

import typer

from portal_client.cli.documents import lines_of, parse, read_text, shown
from portal_client.cli.exits import Exit
from portal_client.cli.lazy import Maker, leaf
from portal_client.cli.portal import connect
from portal_client.cli.shell import Shell

if TYPE_CHECKING:
    from portal_client.batch import Batch
    from portal_client.batch.result import Counts, Result

_JOURNAL = typer.Argument(metavar="JOURNAL", help="The file of the journal, on a local disk.")
#: The arguments of an item; the first two are required.
_FIELDS = ("agent_id", "text_prompt", "files", "key")

_KEY = typer.Argument(metavar="KEY", help="The key of the item, as `portal batch results` shows it.")

Journal = Annotated[str, _JOURNAL]


def add(
    shell: Shell,
    journal: Journal,
    items: Annotated[
        Optional[str],
        typer.Argument(
            metavar="ITEMS",
            help='A file with an item on each line, such as {"agent_id": "a1", "text_prompt": "Hello"}; '
            "one may have files and a key, too. - is standard input.",
        ),
    ] = None,
    agent_id: Annotated[
        Optional[str], typer.Option(metavar="AGENT", help="The agent of the items that name none.")
    ] = None,
    text_prompt: Annotated[
        Optional[str], typer.Option("--prompt", metavar="TEXT", help="The prompt of a single item.")
    ] = None,
    files: Annotated[
        Optional[list[str]], typer.Option("--file", "-f", metavar="PATH", help="A file of a single item.")
    ] = None,
    key: Annotated[Optional[str], typer.Option(metavar="NAME", help="The key of a single item.")] = None,
) -> None:
    """Add items to a journal, which is made where it is missing; what is in it already is left as it is."""
    from portal_client.exceptions import ApiValueError

    if (items is None) == (text_prompt is None):
        raise ApiValueError("give ITEMS, or a single item with --prompt")
    given: Iterator[Any]
    if text_prompt is None:
        given = _items(str(items), agent_id)
        for field in _FIELDS:
            shell.names.pop(field, None)  # an error is about that of an item
    elif agent_id is None:
        raise ApiValueError("--agent-id is missing")
    else:
        text = read_text(text_prompt)
        given = iter([{"agent_id": agent_id, "text_prompt": text, "files": files, "key": key}])
    with _batch(shell, journal, new=True) as batch:
        added = batch.add_many(given)
        shell.output.data({"added": added, "items": batch.counts.total})


def _items(path: str, agent_id: Optional[str]) -> Iterator[Any]:
    """Yield the items of a file, each a line of JSON. Raises ApiValueError, which names the line."""
    from portal_client.exceptions import ApiValueError

    name = shown(path)
    for number, line in lines_of(path):
        if not line.strip():
            continue
        item = parse(line.rstrip(), name, number)
        if not isinstance(item, dict):
            raise ApiValueError(f"{name}, line {number}: an item is an object such as {{...}}")
        item = {**({} if agent_id is None else {"agent_id": agent_id}), **cast("dict[str, Any]", item)}
        if wrong := _wrong(item):
            raise ApiValueError(f"{name}, line {number}: {wrong}")
        yield item


def _wrong(item: dict[str, Any]) -> str:
    """Return what is wrong with the fields of an item; an empty text for nothing."""
    from portal_client.spelling import hint

    for name, value in item.items():
        if name not in _FIELDS:
            return f"an item has no {name}{hint(name, _FIELDS)}"
        if name == "files" and isinstance(value, list):
            value = next((each for each in cast("list[Any]", value) if not isinstance(each, str)), "")
        if not isinstance(value, str) and (value is not None or name in _FIELDS[:2]):
            return f"{name} must be {'a list of paths' if name == 'files' else 'a text'}"
    return next((f"{name} is missing" for name in _FIELDS[:2] if name not in item), "")


def run(
    shell: Shell,
    journal: Journal,
    workers: Annotated[int, typer.Option(metavar="NUMBER", help="Items under way at once.")] = 16,
    per_minute: Annotated[
        Optional[float],
        typer.Option(metavar="NUMBER", help="Prompts that are sent in a minute; each attempt counts."),
    ] = None,
    attempts: Annotated[
        int, typer.Option(metavar="NUMBER", help="How often a prompt is sent, where it had no effect.")
    ] = 5,
    timeout: Annotated[
        float, typer.Option(metavar="SECONDS", help="The time of each session; then it is in doubt.")
    ] = 3600,
) -> int:
    """Send what is pending and wait for the sessions, until nothing is left; go on from an earlier run.

    Nothing is sent twice on a guess: what may have been sent is looked for first. The exit code is 1 where
    items have failed, and 5 where some are in doubt.
    """
    shell.advice[Exit.INTERRUPTED] = f"To go on: {shell.hint('batch', 'run', journal)}"
    with _batch(shell, journal) as batch:
        counts = batch.run(
            workers=workers, per_minute=per_minute, attempts=attempts, timeout=timeout, progress=True
        )
    shell.output.data(counts._asdict())
    return code_of(counts)


def code_of(counts: Counts) -> int:
    """Return the exit code of a batch: whether items are in doubt, or have failed."""
    if counts.in_doubt:
        return Exit.IN_DOUBT
    return Exit.AGENT_FAILED if counts.failed else Exit.DONE


def status(shell: Shell, journal: Journal) -> int:
    """Print the number of items in each state; the exit code is that of `run`."""
    with _reading(journal) as batch:
        counts = batch.counts
    shell.output.data(counts._asdict())
    return code_of(counts)


def results(
    shell: Shell,
    journal: Journal,
    failed: Annotated[
        bool, typer.Option("--failed", help="Those that have failed, with the reason.")
    ] = False,
    in_doubt: Annotated[
        bool, typer.Option("--in-doubt", help="Those whose fate is not known, with the evidence.")
    ] = False,
) -> None:
    """Print the items that are done, with the answers; with --json each is a line, with its session."""
    from portal_client.exceptions import ApiValueError

    if failed and in_doubt:
        raise ApiValueError("--failed or --in-doubt, not both")
    with _reading(journal) as batch:
        found = batch.failures() if failed else batch.in_doubt() if in_doubt else batch.results()
        if shell.output.as_json:
            for result in found:
                shell.output.event(_document(result))
        else:
            shell.output.data([_row(result) for result in found])


def _row(result: Result) -> dict[str, Any]:
    row = {"key": result.key, "agent_id": result.inputs.agent_id, "session_id": result.session_id}
    if result.error is not None:
        return {**row, "error": result.error}
    if result.evidence is not None:
        return {**row, "evidence": str(result.evidence)}
    return {**row, "answer": result.answer}


def _document(result: Result) -> dict[str, Any]:
    session = json.loads(result.session_json) if result.session_json else None
    evidence = None if result.evidence is None else str(result.evidence)
    return {
        **_row(result),
        "text_prompt": result.inputs.text_prompt,
        "state": result.state.value,
        "attempts": result.attempts,
        "error": result.error,
        "evidence": evidence,
        "session": session,
    }


def retry(
    shell: Shell,
    journal: Journal,
    keys: Annotated[
        Optional[list[str]], typer.Argument(metavar="KEY", help="The keys of the items.", show_default=False)
    ] = None,
) -> None:
    """Make items pending again: those with these keys, or all that have failed.

    For one in doubt it is your word that it may be sent again.
    """
    shell.names["key"] = shell.names["keys"]
    with _batch(shell, journal) as batch:
        shell.output.data({"pending again": batch.retry(*(keys or ()))})


def assign(
    shell: Shell,
    journal: Journal,
    key: Annotated[str, _KEY],
    session: Annotated[str, typer.Argument(metavar="SESSION", help="The id of the session.")],
) -> None:
    """Say which session is that of an item in doubt; the next run waits for it."""
    with _batch(shell, journal) as batch:
        batch.assign(key, session)


@contextmanager
def _batch(shell: Shell, journal: str, new: bool = False) -> Generator[Batch]:
    from portal_client.api.sessions_api import SessionsApi
    from portal_client.batch import Batch

    with _journal(journal, new), shell.open(SessionsApi) as api, Batch(journal, api) as batch:
        yield batch


@contextmanager
def _reading(journal: str) -> Generator[Batch]:
    from portal_client.batch import Batch

    with _journal(journal), Batch(journal) as batch:
        yield batch


@contextmanager
def _journal(path: str, new: bool = False) -> Generator[None]:
    """Name the file in an error of SQLite, and refuse one that is not there, unless it may be a new one."""
    import sqlite3

    from portal_client.exceptions import ApiValueError

    if not new and not os.path.exists(path):
        raise ApiValueError(f"there is no journal {path}; `portal batch add` makes one")
    try:
        yield
    except sqlite3.Error as error:
        raise ApiValueError(f"{path}: {error}") from error


def commands() -> Iterator[tuple[str, Maker]]:
    """Yield the commands of the group."""
    yield "add", partial(leaf, "add", add, connect)
    yield "run", partial(leaf, "run", run, connect)
    yield "status", partial(leaf, "status", status)
    yield "results", partial(leaf, "results", results)
    yield "retry", partial(leaf, "retry", retry, connect)
    yield "assign", partial(leaf, "assign", assign, connect)
