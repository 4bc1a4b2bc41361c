"""Looks for what is wrong between this machine and the service."""

from __future__ import annotations

from collections.abc import Iterator
from textwrap import indent
from typing import TYPE_CHECKING, Any

from portal_client.cli.exits import Exit
from portal_client.cli.output import naming_output
from portal_client.cli.services import SERVICES
from portal_client.cli.shell import Shell

if TYPE_CHECKING:
    from portal_client.cli.checks import Check
    from portal_client.endpoint import Api


def doctor(shell: Shell) -> int:
    """Look for what is wrong between this machine and the service, and say what helps.

    It looks at the installation, the settings, the token, the proxy, the name of the host, the certificates
    and the clock, and makes one call that only reads.
    """
    from portal_client.api.agents_api import AgentsApi

    return examine(shell, AgentsApi, "get_agents")


def examine(shell: Shell, api: type[Api], operation: str) -> int:
    """Check everything, by one call of an operation, print the findings, and return the first exit code."""
    results: list[Check] = []
    for check in _checks(shell, api, operation):
        results.append(check)
        if not shell.output.as_json:
            _print(shell, check)
    if shell.output.as_json:
        shell.output.data([{**check._asdict(), "code": int(check.code)} for check in results])
    return next((check.code for check in results if check.code), Exit.DONE)


def _print(shell: Shell, check: Check) -> None:
    status, style = ("FAILED", "bold red") if check.code else ("ok", "green")
    if check.remedy and not check.code:
        status, style = "note", "yellow"
    text = "\n".join(filter(None, (check.found, check.remedy)))
    if shell.output.terminal:
        from portal_client.cli.tables import show_check

        with naming_output():
            show_check(status, style, check.name, text)
    else:
        shell.output.text(f"{status:7} {check.name:9} {indent(text, ' ' * 18).lstrip()}\n")


def _checks(shell: Shell, api: type[Api], operation: str) -> Iterator[Check]:
    from portal_client.cli.checks import (
        Check,
        of_call,
        of_host,
        of_installation,
        of_token,
        of_variables,
        of_way,
    )
    from portal_client.exceptions import ApiValueError

    packages = [name.partition(".")[0] for name in SERVICES.values()]
    yield from of_installation(["portal_client", *packages])
    try:
        client = shell.connect()
    except ApiValueError as error:
        yield Check("settings", str(error), "Correct the settings.", Exit.USAGE)
        return
    with client:
        settings = client.configuration
        yield of_host(settings)
        yield from of_variables(settings)
        yield from of_token(settings)
        yield from of_way(settings)
        limits: Any = {} if shell.timeout is None else {"_request_timeout": shell.timeout}
        call = getattr(api(client), f"{operation}_without_preload_content")
        yield from of_call(settings, lambda: call(**limits), getattr(api, operation).operation.returns)
