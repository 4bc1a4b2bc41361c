"""The service behind the routes of Portal: its sessions, agents and users."""

import math
import os
from collections import ChainMap
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from types import NoneType
from typing import cast

from portal_sandbox import demo
from portal_sandbox.agents import BUILT_IN, Agent, agent_error, echo
from portal_sandbox.arguments import check
from portal_sandbox.candela.oauth2 import OAuth2
from portal_sandbox.candela.service import Candela, candela_service
from portal_sandbox.candela.slot_limits import Slots
from portal_sandbox.changes import Changes
from portal_sandbox.session_runner import SessionRunner
from portal_sandbox.store import Store, utc_now
from portal_sandbox.tokens import Tokens


@dataclass(frozen=True)
class Service:
    """The state that all routes share."""

    store: Store
    changes: Changes
    runner: SessionRunner
    agents: Mapping[str, Agent]
    tokens: Tokens
    now: Callable[[], datetime]
    demo_data: bool
    candela: Candela

    def start(self) -> None:
        """Open the store and accept prompts; harmless when started already. Raises SandboxError."""
        self.store.open()
        if self.demo_data:
            demo.add_demo_data(self.store)
        self.changes.start()
        self.runner.start()
        self.candela.start()

    def wind_down(self) -> None:
        """Abandon the running agents, and end the requests that wait for them; the store stays open."""
        self.runner.stop()
        self.changes.stop()
        self.candela.wind_down()

    def stop(self) -> None:
        """Wind down and close the store; harmless when stopped already."""
        self.wind_down()
        self.store.close()


def new_service(
    *,
    tokens: Mapping[str, str],
    db: str | os.PathLike[str] | None = None,
    demo_data: bool = False,
    agents: Mapping[str, Agent] | None = None,
    latency: float = 0.0,
    pace: float = 0.0,
    oauth2: OAuth2 | None = None,
    strict: bool = False,
    slots: Mapping[str, Slots] | None = None,
    slot_start: float = 0.0,
    slot_stop: float = 0.0,
    admins: Collection[str] | None = None,
    now: Callable[[], datetime] = utc_now,
) -> Service:
    """Return the service of an app; `create_app` says what the arguments are."""
    times = {"latency": latency, "pace": pace, "slot_start": slot_start, "slot_stop": slot_stop}
    for name, seconds in times.items():
        check(name, seconds, (int, float), "a number of seconds such as 0.5")
        if not 0 <= seconds < math.inf:
            raise ValueError(f"{name} must be a number of seconds from 0 up, not {seconds}")
    if not callable(now):
        raise ValueError(
            f"now must be a function that returns the time, not a value of type {type(now).__name__}"
        )
    check("strict", strict, bool, "True or False")
    check("admins", admins, (list, tuple, set, frozenset, NoneType), 'a list of users such as ["ann"]')
    check("slots", slots, (Mapping, NoneType), 'a mapping such as {"gpu": Slots(max=2)}')
    for name, limits in (slots or {}).items():
        check("each key of slots", name, str, 'a name such as "gpu"')
        check(f"slots[{name!r}]", limits, Slots, "limits such as Slots(max=2, free=1)")
    check("oauth2", oauth2, (OAuth2, NoneType), 'an OAuth2 such as OAuth2(users={"ann": "password"})')
    oauth2 = oauth2 or OAuth2()
    users = {*tokens.values(), *oauth2.users, *([demo.GUEST] if demo_data else [])}
    for admin in admins or ():
        if admin not in users:
            raise ValueError(f"admins: there is no user {admin!r}; there are {', '.join(sorted(users))}")
    known = known_agents(agents, demo_data)
    store = Store(db, now)
    changes = Changes(store)
    return Service(
        store,
        changes,
        SessionRunner(store, changes, known, latency, pace),
        known,
        Tokens(tokens, demo.GUEST if demo_data else None),
        now,
        demo_data,
        candela_service(
            store.database,
            store.presence,
            known,
            Tokens(tokens),
            oauth2,
            latency=latency,
            pace=pace,
            now=now,
            demo_data=demo_data,
            strict=strict,
            slots=slots,
            slot_start=slot_start,
            slot_stop=slot_stop,
            admins=admins,
        ),
    )


def known_agents(agents: Mapping[str, Agent] | None, demo_data: bool) -> Mapping[str, Agent]:
    """Return all agents of an app by id, those built in included. Raises ValueError for one that is none."""
    check("agents", agents, (Mapping, NoneType), 'a mapping of ids to functions such as {"risk": risk}')
    for agent_id, agent in (agents or {}).items():
        if reason := agent_error(agent_id, agent):
            raise ValueError(f"agents[{agent_id!r}] {reason}")
    built_in = {**BUILT_IN, **({demo.AGENT_ID: echo} if demo_data else {})}
    # Not copied: agents that are added to the mapping later are found, too.
    return ChainMap({} if agents is None else cast("dict[str, Agent]", agents), built_in)
