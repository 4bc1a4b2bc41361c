"""The service behind the routes of Candela: its sessions, objects, slots, agents and users."""

from collections import ChainMap
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast

from portal_sandbox.agents import Agent, echo
from portal_sandbox.candela import demo
from portal_sandbox.candela.errors import NotAnAdmin, OtherAppType
from portal_sandbox.candela.grants import Grants
from portal_sandbox.candela.kinds import APP, CIRCUIT, DIRECTIVE, MODEL, Kind
from portal_sandbox.candela.oauth2 import OAuth2
from portal_sandbox.candela.objects import NewObject, Objects
from portal_sandbox.candela.queries import Name
from portal_sandbox.candela.session_runner import SessionRunner
from portal_sandbox.candela.sessions import New, Sessions
from portal_sandbox.candela.slot_limits import Slots as Limits
from portal_sandbox.candela.slots import Slots
from portal_sandbox.candela.stream import Stream
from portal_sandbox.candela.tables import CandelaSessionRow, ObjectRow
from portal_sandbox.candela.traces import Traces
from portal_sandbox.candela.wire import AppType, SlotState
from portal_sandbox.chaos import ERRORED, GONE
from portal_sandbox.database import Database
from portal_sandbox.demo import GUEST
from portal_sandbox.errors import NoSuchAgent
from portal_sandbox.presence import Presence
from portal_sandbox.tokens import Tokens

#: The path at which the sandbox mounts it.
PATH = "/candela"

#: The domain of everything but the objects of the system level, which belong to all domains.
DOMAIN, SYSTEM_DOMAIN = "sandbox", "system"

#: The type of the slots that sessions get on the way.
SLOT_TYPE = "sandbox"

#: The states of slots that have met a fault.
_FAILURES = {ERRORED: SlotState.ERRORED, GONE: SlotState.HOST_GONE}

#: The agent of a stored app or model that names none.
_ECHO = "echo"


@dataclass(frozen=True)
class Candela:
    """The state that all routes share.

    Where it is `strict`, a session needs a slot that its user holds, and an app and a model that are stored.
    Without `admins` every user is one.
    """

    sessions: Sessions
    objects: Objects
    slots: Slots
    traces: Traces
    runner: SessionRunner
    grants: Grants
    oauth2: OAuth2
    tokens: Tokens
    agents: Mapping[str, Agent]
    pace: float
    demo_data: bool
    strict: bool
    admins: Collection[str] | None

    def start(self) -> None:
        """Accept prompts, once the database is open; harmless when started already."""
        self.sessions.settle()
        if self.demo_data:
            demo.add_demo_data(self.sessions, self.objects, self.slots, self.traces)
        self.slots.start()
        self.runner.start()

    def wind_down(self) -> None:
        """Abandon the running agents, and end the requests that wait for them; harmless when done already."""
        self.runner.stop()

    def user(self, token: str) -> str | None:
        """Return the user of a bearer token, be it one of the sandbox or one that was issued."""
        return self.tokens.user(token) or self.grants.user(token)

    def sign_in(self, username: str, password: str) -> str | None:
        """Return the user with this name and password; with demo data anybody is a guest."""
        if self.oauth2.knows_user(username, password):
            return username
        return GUEST if self.demo_data else None

    def knows_client(self, client_id: str, client_secret: str) -> bool:
        """Whether this is the client; with demo data any will do."""
        return self.demo_data or self.oauth2.knows_client(client_id, client_secret)

    def is_admin(self, user: str) -> bool:
        """Whether a user may do what is for administrators."""
        return self.admins is None or user in self.admins

    def check_admin(self, user: str) -> None:
        """Raise NotAnAdmin for a user who is none."""
        if not self.is_admin(user):
            raise NotAnAdmin

    def check_level(self, user: str, new: NewObject) -> None:
        """Raise NotAnAdmin for a user who may not store an object for everybody."""
        if new.system:
            self.check_admin(user)

    def add_object(self, user: str, kind: Kind, new: NewObject) -> ObjectRow:
        """Store an object, or the next version of one, and return it. Raises NotAnAdmin."""
        self.check_level(user, new)
        return self.objects.add(user, kind, new)

    def start_session(
        self, user: str, details: Mapping[str, Any], scope: str | None, parent: Name | None
    ) -> CandelaSessionRow:
        """Return a new session; `details` is what reading it returns.

        The app names the agent, or the model of a development session. Raises NotStored, NoSuchAgent, NoSlot,
        NoFreeSlot, SlotNotReady, SlotTaken or NoSuchParent.
        """
        details, stored = self._resolved(details)
        agent_id = self._agent_id((details["app"] or details["model_cfg"])["identifier"], stored)
        gives_way = self.demo_data and agent_id == demo.AGENT_ID
        if not self.strict:
            self.slots.assign(user, SLOT_TYPE, limited=False)
        new = New(agent_id, details, scope, parent, gives_way)
        row, gone = self.sessions.start(user, new, self.slots.host)
        self.abandon(gone)
        return row

    def submit(self, user: str, name: Name, prompt: str, stream: Stream, app_type: AppType) -> None:
        """Run the agent of a running session on a prompt; its events go to the stream.

        Raises OtherAppType where the service is strict and the app is of another type, and what the runner
        raises.
        """
        if self.strict:
            app = self.sessions.accepting(user, name).details["app"]
            row = app and self.objects.find(APP, _name(app))
            if row and row.data["type"] != app_type:
                raise OtherAppType(row.data["type"], app_type)
        self.runner.submit(user, name, prompt, stream)

    def fail_slot(self, user: str, fault: str) -> bool:
        """Let the slot of a user meet a fault of chaos, and return whether there was one that could."""
        failed, gone = self.slots.fail(user, _FAILURES[fault])
        self.abandon(gone)
        return failed

    def stop_session(self, user: str) -> None:
        """Stop the session in the user's slot, if there is one."""
        self.abandon(self.sessions.stop(user))

    def abandon(self, session_key: int | None) -> None:
        """End the streams of a session that was stopped; None is none."""
        if session_key is not None:
            self.runner.abandon(session_key)

    def _resolved(self, details: Mapping[str, Any]) -> tuple[dict[str, Any], bool]:
        """Return the details with the versions of what they name, and whether what names the agent is stored.

        Raises NotStored where the service is strict.
        """
        resolved = dict(details)
        row = self._stored(MODEL, resolved, "model_cfg")
        if (app := resolved["app"]) is not None:
            row = self._stored(APP, resolved, "app")
            for part, kind in (("circuit", CIRCUIT), ("directive", DIRECTIVE)):
                if resolved.get(f"{part}_override") is not None:
                    self._stored(kind, resolved, f"{part}_override", scope=app["scope"])
                elif row is not None:
                    self._stored(kind, dict(row.data), part)
        return resolved, row is not None

    def _stored(self, kind: Kind, details: dict[str, Any], key: str, **within: str) -> ObjectRow | None:
        """Return what a detail names, in its own scope or within another, and fill in its version."""
        find = self.objects.get if self.strict else self.objects.find
        row = find(kind, _name({**details[key], **within}))
        if row is not None:
            details[key] = {**details[key], "version": row.version}
        return row

    def _agent_id(self, identifier: str, stored: bool) -> str:
        if identifier in self.agents:
            return identifier
        if self.demo_data:
            return demo.AGENT_ID
        if stored:
            return _ECHO
        raise NoSuchAgent(identifier, self.agents)


def _name(sent: Mapping[str, Any]) -> Name:
    return Name(sent["scope"], sent["identifier"], sent.get("version"))


def candela_service(
    database: Database,
    presence: Presence,
    agents: Mapping[str, Agent],
    tokens: Tokens,
    oauth2: OAuth2,
    *,
    latency: float,
    pace: float,
    now: Callable[[], datetime],
    demo_data: bool,
    strict: bool,
    slots: Mapping[str, Limits] | None,
    slot_start: float,
    slot_stop: float,
    admins: Collection[str] | None,
) -> Candela:
    """Return the service on a database that its caller opens and closes."""
    built_in: dict[str, Agent] = {demo.AGENT_ID: echo} if demo_data else {}
    known = ChainMap(cast("dict[str, Agent]", agents), built_in)
    types = slots if slots is None or not demo_data else {**slots, demo.SLOT_TYPE: Limits()}
    sessions = Sessions(database, presence, now)
    return Candela(
        sessions,
        Objects(database, now),
        Slots(database, now, slot_start, slot_stop, types),
        Traces(database, now),
        SessionRunner(sessions, known, latency, pace),
        Grants(database, now, oauth2, GUEST if demo_data else None),
        oauth2,
        tokens,
        known,
        pace,
        demo_data,
        strict,
        admins,
    )
