"""The page of all commands, docs/commands.md, made of the commands themselves."""

from __future__ import annotations

from collections.abc import Iterator
from inspect import cleandoc
from pathlib import Path
from typing import Any

from typer.core import TyperGroup

from portal_client.cli.root import tree
from portal_client.cli.shell import PANEL

PAGE = Path(__file__).parents[1] / "docs" / "commands.md"

_HEAD = """\
# Commands of `portal`

This page is made of the commands. [In a shell](guides/shell.md) shows how to use them, and what the exit
codes say. Every command takes `--help`, `--json` and `--debug`; those that talk to a service take
`--timeout SECONDS`, `--host URL` and, for Portal, `--profile NAME`, too.
"""


def pages() -> dict[Path, str]:
    """Return the page as it should be."""
    return {PAGE: "\n".join([_HEAD, *_group("portal", tree(), 2)])}


def _group(words: str, group: TyperGroup, level: int) -> Iterator[str]:
    """Yield the lines about a group: its own commands first, then the groups in it."""
    commands = {name: group.commands[name] for name in group.commands}
    for name, each in commands.items():
        if not isinstance(each, TyperGroup):
            yield from _command(f"{words} {name}", each, level + (words != "portal"))
    for name, each in commands.items():
        if isinstance(each, TyperGroup):
            yield from (f"{'#' * level} {words} {name}", "", f"{each.help}", "")
            yield from _group(f"{words} {name}", each, level)


def _command(words: str, command: Any, level: int) -> Iterator[str]:
    own = [p for p in command.params if getattr(p, "rich_help_panel", None) != PANEL]
    required = [f"{p.opts[0]} {_metavar(p)}" for p in own if p.param_type_name == "option" and p.required]
    positional = [
        p.metavar if p.required else f"[{p.metavar}]" for p in own if p.param_type_name == "argument"
    ]
    yield from (f"{'#' * level} {words}", "", cleandoc(command.help or ""), "")
    yield from ("```sh", " ".join([words, *positional, *required]), "```", "")
    if own:
        yield from ("| argument | what it is |", "|---|---|")
        yield from (f"| {_name(p)} | {_cell(p.help or '')} |" for p in own)
        yield ""


def _name(parameter: Any) -> str:
    if parameter.param_type_name == "argument":
        return f"`{parameter.metavar}`"
    names = " ".join([*parameter.opts, *parameter.secondary_opts])
    return f"`{names}`" if parameter.is_flag else f"`{names} {_metavar(parameter)}`"


def _metavar(option: Any) -> str:
    return str(option.name.upper() if option.metavar in (None, "TEXT", "NUMBER") else option.metavar)


def _cell(text: str) -> str:
    return text.replace("|", "\\|")
