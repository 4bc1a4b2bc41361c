"""The settings and profiles of the client."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from functools import partial
from tempfile import NamedTemporaryFile
from typing import TYPE_CHECKING, Annotated, Any, Optional

import typer

from portal_client.cli.failures import quoted
from portal_client.cli.lazy import Maker, leaf
from portal_client.cli.portal import connect
from portal_client.cli.shell import Shell

if TYPE_CHECKING:
    from pathlib import Path

    from portal_client.explanation import Explanation

_KEY = re.compile(r"[\w-]+", re.ASCII)


def explain(shell: Shell) -> None:
    """Print each setting, where it comes from and what it overrides; secrets are masked.

    The names of those that are not set follow on standard error.
    """
    with shell.connect() as client:
        show(shell, client.configuration.explain())


def show(shell: Shell, explanation: Explanation) -> None:
    """Print the rows of an explanation that have a value or a warning, in JSON all of them.

    In a terminal the sources of a setting share a column, so that there is room for them.
    """
    if shell.output.as_json:
        shell.output.data([row._asdict() for row in explanation])
        return
    rows: list[dict[str, Any]] = []
    for row in explanation:
        if row.value and shell.output.terminal:
            source = ", over ".join([row.source, *row.overrode])
            rows.append({"setting": row.setting, "value": row.value, "source": source})
        elif not shell.output.terminal and (row.value or row.warning):
            rows.append({**row._asdict(), "overrode": ", ".join(row.overrode)})
    shell.output.data(rows)
    if shell.output.terminal:
        for warning in explanation.warnings:
            shell.output.note(f"warning: {warning}")
    unset = ", ".join(row.setting for row in explanation if not row.value and not row.warning)
    shell.output.note(f"(not set: {unset})")


def profiles(shell: Shell) -> None:
    """List the profiles of the configuration file; PORTAL_PROFILE names the one in use."""
    from portal_client.explanation import revealed, shown
    from portal_client.profiles import Profiles

    found = Profiles()
    shell.output.note(f"{found.path}")
    rows: list[dict[str, Any]] = []
    for name in found.names:
        values = {key: each.value for key, each in found.settings(name).items()}
        host, token = revealed(values.get("host")), values.get("access_token", "")
        used = os.environ.get("PORTAL_PROFILE") == name
        rows.append({"name": name, "host": host, "token": shown(token), "used": used})
    shell.output.data(rows)


def init(
    shell: Shell,
    host: Annotated[str, typer.Option(metavar="URL", help="Where the service is.")],
    name: Annotated[str, typer.Argument(metavar="NAME", help="The name of the profile.")] = "default",
    token_from: Annotated[
        Optional[str],
        typer.Option(
            metavar="REFERENCE",
            help="Where the token is: env:NAME, file:PATH or keyring:SERVICE/USER. Without it PORTAL_TOKEN "
            "counts. The token itself is not taken: others may see the arguments of a program.",
        ),
    ] = None,
) -> None:
    """Add a profile to the configuration file, which nobody else may read."""
    from portal_client.exceptions import ApiValueError
    from portal_client.profiles import Profiles
    from portal_client.references import read_reference
    from portal_client.settings import check_base_url

    if not name or not name.isprintable():
        wrong = "holds a character that is not seen" if name else "must not be empty"
        raise ApiValueError(f"NAME {wrong}")
    found = Profiles()
    if name in found.names:
        raise ApiValueError(f"{found.path} has a profile {name!r} already")
    settings = {"host": check_base_url("--host", host)}
    if token_from is not None:
        try:
            reference = read_reference(token_from, found.path.parent)
        except ApiValueError as error:
            raise ApiValueError(f"--token-from: {error}") from None
        if reference is None:
            raise ApiValueError("--token-from is env:NAME, file:PATH or keyring:SERVICE/USER")
        settings["token"] = token_from
    # Strings of JSON are strings of TOML.
    key = name if _KEY.fullmatch(name) else json.dumps(name)
    lines = [f"[profiles.{key}]", *(f"{setting} = {json.dumps(text)}" for setting, text in settings.items())]
    _append(found.path, "\n".join(lines) + "\n")
    if shell.output.as_json:
        shell.output.data({"profile": name, "path": str(found.path)})
    else:
        shell.output.note(
            f"{found.path}: use it with --profile {quoted(name)} or PORTAL_PROFILE={quoted(name)}"
        )


def _append(path: Path, lines: str) -> None:
    """Add lines to a file, or make it; it is replaced as a whole, by one that nobody else may read."""
    target = path.resolve()  # a link stays one
    target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    before = target.read_text("utf-8") if target.exists() else ""
    with NamedTemporaryFile("w", encoding="utf-8", dir=target.parent, delete=False) as file:
        file.write(f"{before.rstrip()}\n\n{lines}" if before.strip() else lines)
    os.replace(file.name, target)


def commands() -> Iterator[tuple[str, Maker]]:
    """Yield the commands of the group."""
    yield "explain", partial(leaf, "explain", explain, connect)
    yield "init", partial(leaf, "init", init)
    yield "profiles", partial(leaf, "profiles", profiles)
