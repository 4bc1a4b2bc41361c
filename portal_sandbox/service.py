"""The service behind the routes: a store, its changes, the answers under way, and who may ask."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from portal_sandbox.agents import Agent
from portal_sandbox.answers import Answers
from portal_sandbox.candela.service import Candela
from portal_sandbox.changes import Changes
from portal_sandbox.demo import add_demo_data
from portal_sandbox.store import Store
from portal_sandbox.tokens import Tokens


@dataclass(frozen=True)
class Service:
    """What every route works on."""

    store: Store
    changes: Changes
    answers: Answers
    agents: Mapping[str, Agent]
    tokens: Tokens
    now: Callable[[], datetime]
    demo_data: bool
    candela: Candela

    def start(self) -> None:
        """Open the store and take prompts; harmless when started already. Raises SandboxError."""
        self.store.open()
        if self.demo_data:
            add_demo_data(self.store)
        self.changes.start()
        self.answers.start()
        self.candela.start()

    def wind_down(self) -> None:
        """Give up the answers under way, and let go everybody who waits; the store stays open."""
        self.answers.stop()
        self.changes.stop()
        self.candela.wind_down()

    def stop(self) -> None:
        """Wind down and close the store; harmless when stopped already."""
        self.wind_down()
        self.store.close()
