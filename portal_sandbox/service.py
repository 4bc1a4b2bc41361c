"""The service behind the routes: a store, the answers under way, and who may ask."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from portal_sandbox.agents import Agent
from portal_sandbox.answers import Answers
from portal_sandbox.demo import add_demo_data
from portal_sandbox.store import Store
from portal_sandbox.tokens import Tokens


@dataclass(frozen=True)
class Service:
    """What every route works on."""

    store: Store
    answers: Answers
    agents: Mapping[str, Agent]
    tokens: Tokens
    now: Callable[[], datetime]
    demo_data: bool

    def start(self) -> None:
        """Open the store; harmless when started already. Raises SandboxError."""
        self.store.open()
        if self.demo_data:
            add_demo_data(self.store)

    def stop(self) -> None:
        """Give up the answers under way and close the store; harmless when stopped already."""
        self.answers.stop()
        self.store.close()
