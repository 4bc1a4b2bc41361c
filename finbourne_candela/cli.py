"""The Candela service: circuits, apps, models and their sessions."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from threading import Timer
from typing import TYPE_CHECKING, Annotated, Optional, cast

import typer

from portal_client.cli.config import show
from portal_client.cli.doctor import examine
from portal_client.cli.documents import read_text
from portal_client.cli.exits import Exit
from portal_client.cli.lazy import Commands, Maker, group, leaf
from portal_client.cli.operations import groups
from portal_client.cli.shell import PANEL, Shell

if TYPE_CHECKING:
    from finbourne_candela.extensions.api_client import SyncApiClient
    from finbourne_candela.extensions.settings import ConfigurationLoader
    from finbourne_candela.models.event import Event
    from finbourne_candela.models.object_id import ObjectId
    from portal_client.streaming import EventStream

_NAME = "SCOPE/IDENTIFIER:VERSION; the scope is `default` without one, the version the newest."


_HOST = typer.Option(metavar="URL", help="The host, else FBN_CANDELA_URL.", rich_help_panel=PANEL)


def connect(*, host: Annotated[Optional[str], _HOST] = None) -> SyncApiClient:
    """Return a client by the settings of SyncApiClientFactory; `host` overrides their api_url."""
    from finbourne_candela.api.system_api import SystemApi
    from finbourne_candela.extensions.api_client_factory import SyncApiClientFactory

    return cast("SyncApiClient", SyncApiClientFactory(_loaders(host)).build(SystemApi).api_client)


def _loaders(host: Optional[str]) -> list[ConfigurationLoader]:
    from finbourne_candela.extensions.configuration_loaders import (
        ArgsConfigurationLoader,
        default_config_loaders,
    )

    return [*default_config_loaders, ArgsConfigurationLoader(api_url=host)]


def ask(
    shell: Shell,
    prompt: Annotated[str, typer.Argument(metavar="PROMPT", help="What to ask; - is standard input.")],
    app: Annotated[str, typer.Option(metavar="NAME", help=f"The app: {_NAME}")],
    model: Annotated[str, typer.Option(metavar="NAME", help="The language model, named likewise.")],
    slot_type: Annotated[
        str, typer.Option(metavar="TYPE", help="The type of the slot, for a caller who has none.")
    ] = "local",
) -> Optional[int]:
    """Ask an agent in a session of its own, and print its words as they come.

    The session is stopped at the end, whatever ends it. With --json each event is a line.
    """
    from finbourne_candela.api.sessions_api import SessionsApi
    from finbourne_candela.models.session_start_request import SessionStartRequest
    from portal_client.exceptions import ApiStreamError
    from portal_client.timeouts import Deadline, Timeouts, check_seconds

    limit = check_seconds("timeout", 1800.0 if shell.timeout is None else shell.timeout)
    deadline, text = Deadline(Timeouts(total=limit)), read_text(prompt)
    request = SessionStartRequest(app=named("--app", app), model_cfg=named("--model", model))
    with (
        shell.open(SessionsApi) as api,
        api.running_session(request, slot_type=slot_type, timeout=limit) as session,
    ):
        shell.output.note(f"session {session.scope}/{session.id}:{session.version or ''}".rstrip(":"))
        with session.stream(text, _request_timeout=max(deadline.left(), 0.001)) as events:
            shell.done = True
            timer = Timer(deadline.left(), events.close)
            timer.daemon = True
            timer.start()
            try:
                return _say(shell, events)
            except ApiStreamError:
                if not deadline.over:
                    raise
                shell.output.note("portal: the time is over; the session is stopped")
                return Exit.WAIT_OVER
            finally:
                timer.cancel()


def _say(shell: Shell, events: EventStream[Event]) -> Optional[int]:
    """Print what an agent says, and on standard error what it tells besides; return the exit code."""
    said, kind = "", ""
    for event in events:
        kind = event.event_type
        if shell.output.as_json:
            shell.output.event(event)
        elif kind == "chat":
            shell.output.text(event.content)
            said += event.content
        elif kind != "result":
            shell.output.note(f"{kind}: {event.content}")
        elif event.content.strip() != said.strip():
            shell.output.text(f"\n{event.content}" if said and not said.endswith("\n") else event.content)
            said = event.content
    if said and not said.endswith("\n"):
        shell.output.text("\n")
    return Exit.AGENT_FAILED if kind == "sys" else None


def named(option: str, name: str) -> ObjectId:
    """Return the object that an option names: `scope/identifier:version`, scope and version optional."""
    from finbourne_candela.models.object_id import ObjectId
    from portal_client.exceptions import ApiValueError

    rest, _, version = name.partition(":")
    scope, _, identifier = rest.rpartition("/")
    if not identifier:
        raise ApiValueError(f"{option} is a name such as scope/identifier or scope/identifier:version")
    return ObjectId(scope=scope or "default", identifier=identifier, version=version or None)


def doctor(shell: Shell) -> int:
    """Look for what is wrong between this machine and the service, and say what helps.

    As `portal doctor`; the call asks whether the caller has a slot.
    """
    from finbourne_candela.api.user_slots_api import UserSlotsApi

    return examine(shell, UserSlotsApi, "user_has_slot")


def explain(shell: Shell, host: Annotated[Optional[str], _HOST] = None) -> None:
    """Print each setting, where it comes from and what it overrides; secrets are masked.

    The names of those that are not set follow on standard error.
    """
    from finbourne_candela.extensions.api_client_factory import other_sources
    from finbourne_candela.extensions.configuration_loaders import get_api_configuration
    from finbourne_candela.extensions.explanation import explain

    show(shell, explain(get_api_configuration(_loaders(host)), other_sources()))


def _config() -> Iterator[tuple[str, Maker]]:
    yield "explain", partial(leaf, "explain", explain)


def commands() -> Iterator[tuple[str, Maker]]:
    """Yield the commands of the service."""
    yield "ask", partial(leaf, "ask", ask, connect)
    yield "config", partial(group, "config", "The settings of the client.", Commands(_config))
    yield "doctor", partial(leaf, "doctor", doctor, connect)
    yield from groups("finbourne_candela.api", connect)
