"""The importer of the agents of the command line: ``[ID=]MODULE:FUNCTION``."""

import difflib
import os
import sys
import traceback
from collections.abc import Iterable
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from typing import cast

from portal_sandbox.agents import Agent, agent_error
from portal_sandbox.errors import SandboxError
from portal_sandbox.log import escaped


def import_agents(specs: Iterable[str]) -> dict[str, Agent]:
    """Return the agents by their ids; an id is by default the function's name, the last one in the spec.

    The current directory is importable. Raises SandboxError, in one line that names the spec.
    """
    if os.getcwd() not in sys.path:
        sys.path.insert(0, os.getcwd())
    agents: dict[str, Agent] = {}
    for spec in specs:
        try:
            agent_id, agent = _imported(spec)
            if agent_id in agents:
                raise SandboxError(f"the id {agent_id} is given twice; ID=MODULE:FUNCTION gives it another")
        except SandboxError as error:
            raise SandboxError(f"--agent {spec}: {error}") from error.__cause__
        agents[agent_id] = agent
    return agents


def _imported(spec: str) -> tuple[str, Agent]:
    given_id, equals, target = spec.rpartition("=")
    module, _, path = target.rpartition(":")
    if module.endswith(".py") or "/" in module or os.sep in module:
        raise SandboxError("MODULE is written as in an import, not as a file")
    names = path.split(".")
    if not all(name.isidentifier() for name in (*module.split("."), *names)):
        raise SandboxError("it is not in the form [ID=]MODULE:FUNCTION, such as agents:summary")
    found, owner = _module(module), module
    for name in names:
        found, owner = _attribute(found, name, owner), name
    agent_id = given_id if equals else names[-1]
    if reason := agent_error(agent_id, found):
        raise SandboxError(f"it {reason}")
    return agent_id, cast(Agent, found)


def _module(name: str) -> object:
    try:
        return import_module(name)
    except ModuleNotFoundError as error:
        if error.name is not None and f"{name}.".startswith(f"{error.name}."):
            raise SandboxError(f"there is no module {name} in {os.getcwd()} or on Python's path") from error
        raise _failed(error) from error
    except (Exception, SystemExit) as error:  # an imported script may exit
        raise _failed(error) from error


def _attribute(found: object, name: str, owner: str) -> object:
    try:
        return getattr(found, name)
    except AttributeError as error:
        near = difflib.get_close_matches(name, dir(found), n=1)
        hint = f"; did you mean {near[0]}?" if near else ""
        raise SandboxError(f"{owner} has no attribute {name}{hint}") from error


def _failed(error: BaseException) -> SandboxError:
    """Return the error of a module on one line, with its file and line."""
    text = ""
    with suppress(Exception):  # its own __str__ may raise
        text = error.msg if isinstance(error, SyntaxError) else str(error)
    reason = ": ".join([type(error).__name__, *map(escaped, text.splitlines()[:1])])
    return SandboxError(f"the import failed in {_place(error)}: {reason}")


def _place(error: BaseException) -> str:
    """Return file and line: the last ones in the current directory, or the last ones of all."""
    if isinstance(error, SyntaxError) and error.filename:
        return f"{_relative(error.filename)}, line {error.lineno}"
    frames = [(frame.filename, frame.lineno) for frame in traceback.extract_tb(error.__traceback__)]
    file, line = ([frame for frame in frames if _is_own(frame[0])] or frames)[-1]
    return f"{_relative(file)}, line {line}"


def _is_own(path: str) -> bool:
    # A virtual environment is often in the current directory; packages in it are not the user's own.
    return Path(path).is_relative_to(Path.cwd()) and not Path(path).is_relative_to(sys.prefix)


def _relative(path: str) -> str:
    return os.path.relpath(path) if _is_own(path) else path
