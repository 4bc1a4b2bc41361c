"""All commands of operations, with arguments that they take and responses that fit."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from functools import cache
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic import BaseModel

from declared import Package, properties
from pages import packages
from portal_client.cli.naming import command_names, group_name
from portal_client.cli.operations import api_class, operations_of
from portal_client.files import Files
from portal_client.operation import Operation, Parameter

ROOT = Path(__file__).parents[2]
TOKEN = "token-that-nobody-may-see"


@dataclass(frozen=True)
class Command:
    """A command, and the operation that it is made of."""

    words: tuple[str, ...]
    api: Any
    operation: Operation
    package: str

    def __str__(self) -> str:
        return "-".join(self.words)


def of_package(package: str, *before: str) -> Iterator[Command]:
    for module in iter_modules(import_module(f"{package}.api").__path__):
        group = group_name(module.name)
        api = api_class(f"{package}.api.{module.name}")
        operations = operations_of(api)
        for name, called in command_names(group, operations).items():
            yield Command((*before, group, called), api, operations[name], package)


COMMANDS = [*of_package("portal_client"), *of_package("finbourne_candela", "candela")]


@cache
def described() -> Mapping[str, Package]:
    return {package.name: package for package in packages()}


# ── what a command is given, and what the server gets of it ──


def arguments(command: Command, folder: Path) -> tuple[list[str], dict[str, Any]]:
    """Arguments for all that an operation takes, and the values that are to arrive, by name."""
    given: list[str] = []
    sent: dict[str, Any] = {}
    for parameter in command.operation.parameters:
        words, value = _argument(command, parameter, folder)
        given += words
        sent[parameter.name] = value
    return given, sent


def _argument(command: Command, parameter: Parameter, folder: Path) -> tuple[list[str], Any]:
    name, bare = parameter.name, plain(parameter.type)
    flag = f"--{name.replace('_', '-')}"
    if parameter.place == "path":
        return [f"the {name}"], f"the {name}"
    if parameter.place == "body":
        body = sample(command, bare)
        path = folder / f"{name}.json"
        path.write_text(json.dumps(body), "utf-8")
        return [str(path)], body
    if parameter.type == Files:
        path = folder / "attached.txt"
        path.write_bytes(b"attached")
        return ["--file", str(path)], b"attached"
    if bare is bool:
        return [flag], "true"
    if bare is int:
        return [flag, "3"], "3"
    return [flag, f"the {name}"], f"the {name}"


def plain(hint: Any) -> Any:
    while get_origin(hint) in (Annotated, Union):
        hint = get_args(hint)[0]
    return hint


def response(command: Command) -> Any:
    """The data that an operation promises."""
    return sample(command, command.operation.promised)


def sample(command: Command, hint: Any) -> Any:
    hint = plain(hint)
    if get_origin(hint) is list:
        return [sample(command, get_args(hint)[0])]
    if isinstance(hint, type) and issubclass(hint, BaseModel):
        return properties(described()[command.package], hint).example
    if isinstance(hint, type) and issubclass(hint, Enum):
        return next(iter(hint)).value
    return {bool: True, type(None): None, None: None}.get(hint, {"anything": "at all"})


# ── the environment of a process ──


def environment(host: str, **more: str) -> dict[str, str]:
    """The variables of a process that knows a service at a host, and nothing of this machine's settings."""
    kept = (
        "PATH",
        "HOME",
        "LANG",
        "LC_ALL",
        "PYTHONDONTWRITEBYTECODE",
        "SYSTEMROOT",
        "COVERAGE_PROCESS_CONFIG",
    )
    settings = {"PORTAL_HOST": host, "PORTAL_TOKEN": TOKEN}
    settings |= {"FBN_CANDELA_URL": host, "FBN_ACCESS_TOKEN": TOKEN, "PYTHONPATH": str(ROOT)}
    return {**{name: os.environ[name] for name in kept if name in os.environ}, **settings, **more}


def process(*words: str, host: str = "", text: str = "", **more: str) -> subprocess.CompletedProcess[str]:
    """Run `portal` in a process of its own, its streams pipes."""
    return subprocess.run(
        [sys.executable, "-W", "error", "-m", "portal_client", *words],
        env=environment(host, **more),
        input=text,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
