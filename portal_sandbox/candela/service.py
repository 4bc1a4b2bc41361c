"""The service behind the routes: the sessions, the answers under way, and who may ask."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from portal_sandbox.agents import Agent
from portal_sandbox.candela import demo
from portal_sandbox.candela.answers import Answers
from portal_sandbox.candela.grants import Grants
from portal_sandbox.candela.oauth2 import OAuth2
from portal_sandbox.candela.sessions import Name, New, Sessions
from portal_sandbox.candela.tables import CandelaSessionRow
from portal_sandbox.demo import GUEST
from portal_sandbox.errors import NoSuchAgent
from portal_sandbox.tokens import Tokens


@dataclass(frozen=True)
class Candela:
    """What every route works on."""

    sessions: Sessions
    answers: Answers
    grants: Grants
    oauth2: OAuth2
    tokens: Tokens
    agents: Mapping[str, Agent]
    demo_data: bool

    def start(self) -> None:
        """Take prompts, once the database is open; harmless when started already."""
        self.sessions.settle()
        if self.demo_data:
            demo.add_demo_data(self.sessions)
        self.answers.start()

    def wind_down(self) -> None:
        """Give up the answers under way, and let go everybody who waits; harmless when done already."""
        self.answers.stop()

    def user(self, token: str) -> str | None:
        """The user of a bearer token, be it one of the sandbox or one that was issued."""
        return self.tokens.user(token) or self.grants.user(token)

    def sign_in(self, username: str, password: str) -> str | None:
        """Who has this name and this password; with demo data anybody is a guest."""
        if self.oauth2.knows_user(username, password):
            return username
        return GUEST if self.demo_data else None

    def knows_client(self, client_id: str, client_secret: str) -> bool:
        """Whether this is the client; with demo data any will do."""
        return self.demo_data or self.oauth2.knows_client(client_id, client_secret)

    def start_session(
        self, user: str, identifier: str, answer: Mapping[str, Any], scope: str | None, parent: Name | None
    ) -> CandelaSessionRow:
        """A new session of the agent that an app or a model names by its identifier; read as `answer`.

        With demo data, of the demo agent where it names none. Raises NoSuchAgent, SlotTaken or NoSuchParent.
        """
        agent_id = self._agent_id(identifier)
        gives_way = self.demo_data and agent_id == demo.AGENT_ID
        row, gone = self.sessions.start(user, New(agent_id, answer, scope, parent, gives_way))
        if gone is not None:
            self.answers.give_up(gone)
        return row

    def stop_session(self, user: str) -> None:
        """Stop what runs in the user's slot, if something does."""
        gone = self.sessions.stop(user)
        if gone is not None:
            self.answers.give_up(gone)

    def _agent_id(self, identifier: str) -> str:
        if identifier in self.agents:
            return identifier
        if self.demo_data:
            return demo.AGENT_ID
        raise NoSuchAgent(identifier, self.agents)
