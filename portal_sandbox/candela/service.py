"""The service behind the routes of Candela: its sessions, agents and users."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from portal_sandbox.agents import Agent
from portal_sandbox.candela import demo
from portal_sandbox.candela.grants import Grants
from portal_sandbox.candela.oauth2 import OAuth2
from portal_sandbox.candela.queries import Name
from portal_sandbox.candela.session_runner import SessionRunner
from portal_sandbox.candela.sessions import New, Sessions
from portal_sandbox.candela.tables import CandelaSessionRow
from portal_sandbox.demo import GUEST
from portal_sandbox.errors import NoSuchAgent
from portal_sandbox.tokens import Tokens


@dataclass(frozen=True)
class Candela:
    """The state that all routes share."""

    sessions: Sessions
    runner: SessionRunner
    grants: Grants
    oauth2: OAuth2
    tokens: Tokens
    agents: Mapping[str, Agent]
    demo_data: bool

    def start(self) -> None:
        """Accept prompts, once the database is open; harmless when started already."""
        self.sessions.settle()
        if self.demo_data:
            demo.add_demo_data(self.sessions)
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

    def start_session(
        self, user: str, identifier: str, details: Mapping[str, Any], scope: str | None, parent: Name | None
    ) -> CandelaSessionRow:
        """Return a new session of the agent with this identifier; `details` is what reading it returns.

        With demo data, an unknown name stands for the demo agent. Raises NoSuchAgent, SlotTaken or
        NoSuchParent.
        """
        agent_id = self._agent_id(identifier)
        gives_way = self.demo_data and agent_id == demo.AGENT_ID
        row, gone = self.sessions.start(user, New(agent_id, details, scope, parent, gives_way))
        if gone is not None:
            self.runner.abandon(gone)
        return row

    def stop_session(self, user: str) -> None:
        """Stop the session in the user's slot, if there is one."""
        gone = self.sessions.stop(user)
        if gone is not None:
            self.runner.abandon(gone)

    def _agent_id(self, identifier: str) -> str:
        if identifier in self.agents:
            return identifier
        if self.demo_data:
            return demo.AGENT_ID
        raise NoSuchAgent(identifier, self.agents)
