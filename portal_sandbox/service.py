"""The service behind the routes of Portal: its sessions, agents and users."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from portal_sandbox.agents import Agent
from portal_sandbox.candela.service import Candela
from portal_sandbox.changes import Changes
from portal_sandbox.demo import add_demo_data
from portal_sandbox.session_runner import SessionRunner
from portal_sandbox.store import Store
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
            add_demo_data(self.store)
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
