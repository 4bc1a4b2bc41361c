"""Groups whose commands are made when they are asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cached_property
from typing import Any, Literal, Optional, Union, cast

import typer
from typer.core import TyperCommand, TyperGroup
from typer.main import get_command

from portal_client.cli.shell import Connect, command

#: Makes a command, or a group.
Maker = Callable[[], Union[TyperCommand, TyperGroup]]

#: What is often written before the command.
_OF_COMMANDS = ("--profile", "--host", "--timeout", "--json", "--debug")

#: Help is Markdown, as docstrings are.
_MARKUP: Literal["markdown"] = "markdown"


class Commands(Mapping[str, Any]):
    """The commands of a group by name: the names are looked up at the first use, each command at its own."""

    def __init__(self, listed: Callable[[], Iterable[tuple[str, Maker]]]) -> None:
        self._listed = listed
        self._made: dict[str, Any] = {}

    @cached_property
    def _makers(self) -> dict[str, Maker]:
        return dict(self._listed())

    def __getitem__(self, name: str) -> Any:
        if name not in self._made:
            self._made[name] = self._makers[name]()
        return self._made[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._makers)

    def __len__(self) -> int:
        return len(self._makers)


def _without_types(params: list[Any]) -> list[Any]:
    """Return parameters whose flags show no type in a help: they take no value."""
    for each in params:
        if getattr(each, "is_flag", False) and each.metavar is None:
            each.metavar = ""
    return params


class Group(TyperGroup):
    """A group of lazy commands."""

    def list_commands(self, ctx: Any) -> list[str]:
        """Return the names of the commands, without making them."""
        return list(self.commands)

    def get_params(self, ctx: Any) -> list[Any]:
        """Return the options."""
        return _without_types(super().get_params(ctx))

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Read the options; in the error of one that belongs to the commands, say so."""
        try:
            return super().parse_args(ctx, args)
        except Exception as error:
            if getattr(error, "option_name", None) in _OF_COMMANDS:
                cast(Any, error).message += " here: it stands behind the command."
            raise


class Command(TyperCommand):
    """A command."""

    def get_params(self, ctx: Any) -> list[Any]:
        """Return the options and arguments."""
        return _without_types(super().get_params(ctx))


def group(name: str, text: str, commands: Commands, panel: Optional[str] = None) -> Group:
    """Return a group with its line of help, in a panel of the help above it."""
    return Group(
        name=name,
        help=text,
        commands=cast(Any, commands),
        rich_markup_mode=_MARKUP,
        rich_help_panel=panel,
        no_args_is_help=True,
    )


def leaf(
    name: str,
    function: Callable[..., Optional[int]],
    connect: Optional[Connect] = None,
    panel: Optional[str] = None,
) -> TyperCommand:
    """Return a command made of a function that takes a Shell and its arguments."""
    app = typer.Typer(add_completion=False, rich_markup_mode=_MARKUP)
    app.command(name, cls=Command, rich_help_panel=panel)(command(function, connect))
    made = get_command(app)
    assert isinstance(made, TyperCommand)
    return made


def foreign(name: str, function: Callable[[list[str]], int], panel: Optional[str] = None) -> TyperCommand:
    """Return a command that leaves all its arguments, --help too, to a function, and ends with its code."""

    def run(context: typer.Context) -> None:
        raise typer.Exit(function(context.args))

    app = typer.Typer(add_completion=False, rich_markup_mode=_MARKUP)
    everything = {"ignore_unknown_options": True, "allow_extra_args": True}
    app.command(
        name, help=function.__doc__, context_settings=everything, add_help_option=False, rich_help_panel=panel
    )(run)
    made = get_command(app)
    assert isinstance(made, TyperCommand)
    return made
