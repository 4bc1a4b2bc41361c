"""The names of groups and commands, made from those of classes and operations."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable


def group_name(module: str) -> str:
    """Return the name of a tag's group: `tool-modules` for the module `tool_modules_api`."""
    return _kebab(module.removesuffix("_api"))


def command_names(group: str, operations: Iterable[str]) -> dict[str, str]:
    """Return the names of a group's commands by those of its operations.

    A command does not repeat what its group is about: `get_tool_module_metadata` is `tool-modules
    get-metadata`. To get the plural is to list: `get_grouped_sessions` is `sessions list-grouped`. Where a
    short name would stand for two operations, both keep their whole one.
    """
    whole = {name: _kebab(name) for name in operations}
    short = {name: _kebab(_short(name, group.replace("-", "_"))) for name in whole}
    uses = Counter(short.values()) + Counter(set(whole.values()))
    return {
        name: short[name] if uses[short[name]] == 1 + (short[name] == whole[name]) else whole[name]
        for name in whole
    }


def _short(operation: str, noun: str) -> str:
    singular = _singular(noun)
    found = re.search(rf"(?:^|_)(?:to_)?({noun}|{singular})(?=_|$)", operation)
    if found is None:
        return operation
    left = (operation[: found.start()] + operation[found.end() :]).strip("_")
    if found[1] == noun != singular:
        left = re.sub(r"^get(?=_|$)", "list", left)
    return left or operation


def _singular(noun: str) -> str:
    if noun.endswith("ies"):
        return f"{noun[:-3]}y"
    return noun[:-1] if noun.endswith("s") and not noun.endswith("ss") else noun


def _kebab(name: str) -> str:
    return name.replace("_", "-")
