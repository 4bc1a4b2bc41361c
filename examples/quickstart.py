"""A conversation with an agent, from the first prompt to a replay.

Talks to the service at PORTAL_HOST with BEARER_TOKEN when both are set; otherwise to a sandbox that it starts
for itself. PORTAL_AGENT names the agent, by default the first one that there is.
"""

from __future__ import annotations

import os
import time
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from portal_client import (
    AgentsApi,
    ApiClient,
    ApiException,
    Configuration,
    EnvToken,
    Session,
    SessionsApi,
    SessionStatus,
)

FIGURES = Path(__file__).with_name("quarter.csv")


@contextmanager
def service() -> Generator[Configuration, None, None]:
    """The service that the environment names, or a sandbox for as long as the block lasts."""
    host = os.environ.get("PORTAL_HOST")
    if host and os.environ.get("BEARER_TOKEN"):
        print(f"Portal at {host}")
        yield Configuration(host, access_token=EnvToken("BEARER_TOKEN"))
        return

    import portal_sandbox

    if host:
        print("BEARER_TOKEN is not set, so PORTAL_HOST is not asked.")
    # Half a second to answer, so that there is something to wait for.
    with portal_sandbox.running(latency=0.5) as box:
        print(f"Portal at {box.host}, a sandbox for this run")
        yield Configuration(box.host, access_token=box.token)


def main() -> None:
    """Run a conversation with an agent, from its first prompt to its end."""
    with service() as configuration, ApiClient(configuration) as client:
        sessions = SessionsApi(client)

        step("See which agents there are")
        agents = AgentsApi(client).get_agents().agents
        for each in agents:
            print(f"  {each.id}: {each.welcome_message}")
        agent = os.environ.get("PORTAL_AGENT") or agents[0].id

        step("Start a session with a file, and wait for the answer")
        session = sessions.create_session(agent, "Summarize the attached quarter.", files=[FIGURES])
        show(session)

        step("Continue it")
        session = sessions.update_session(session.id, "Which region should we visit first?")
        show(session, last=2)

        step("Start another one without waiting, and look until it is ready")
        started = sessions.create_async_session(agent, "Draft a letter to the northern customers.")
        show(watch(sessions, started.session_id))

        step("Add a prompt without waiting, and subscribe to the answer")
        sessions.update_async_session(started.session_id, "Make it shorter.")
        show(sessions.subscribe_to_session(started.session_id), last=2)

        step("Replay the first session up to its first answer")
        replayed = sessions.create_session_from_replay(session.id, 1)
        show(replayed)

        step("List the sessions with this agent")
        for listed in sessions.get_sessions(agent).sessions:
            print(f"  {listed.id}  {listed.status.value}  {len(listed.messages)} messages")

        step("The same, grouped by time")
        groups: dict[str, list[Any]] = sessions.get_grouped_sessions().time_to_sessions or {}
        for period, grouped in groups.items():
            print(f"  {period}: {len(grouped)}")

        step("Ask for a session that is not there")
        try:
            sessions.get_session("no-such-session")
        except ApiException as error:
            print(f"  {type(error).__name__}: {error.status}, request id {error.request_id}")


def step(title: str) -> None:
    """Print the title of the next step."""
    print(f"\n{title}")


def watch(sessions: SessionsApi, session_id: str) -> Session:
    """Look at a session four times a second until its agent is done; says each new status."""
    seen: SessionStatus | None = None
    while True:
        session = sessions.get_session(session_id)
        if session.status != seen:
            seen = session.status
            print(f"  {session_id} is {seen.value}")
        if seen != SessionStatus.RUNNING:
            return session
        time.sleep(0.25)


def show(session: Session, last: int = 0) -> None:
    """Print the last messages of a session, or all of them."""
    for message in session.messages[-last:]:
        speaker = message.agent.name if message.agent else "You"
        first, *more = message.text.splitlines() or [""]
        print(f"  {speaker + ':':<6}{first}")
        for line in more:
            print(f"        {line}")


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        raise SystemExit(130) from None
