"""An answer while it is made: the words of a Candela agent and the states of a Portal session, as they come.

Talks to a sandbox that it starts for itself, with an agent that says one word after the other.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Union

import portal_sandbox
from finbourne_candela import (
    ApiStreamError,
    ArgsConfigurationLoader,
    Event,
    EventStream,
    ObjectId,
    SessionsApi,
    SessionStartRequest,
    SubmitPrompt,
    SyncApiClientFactory,
)
from portal_client import ApiClient, Configuration
from portal_client import SessionsApi as PortalSessionsApi

ANSWER = "The north grew by seven percent, the south by two."


def writer(
    conversation: Sequence[portal_sandbox.Message], files: Sequence[portal_sandbox.File]
) -> Iterator[Union[str, dict[str, str]]]:
    """Yield a thought, and then the text word by word."""
    yield {"event_type": "info", "content": "reading the quarter"}
    for word in ANSWER.split():
        yield f"{word} "


def main() -> None:
    """Follow a Candela session and a Portal session, on a sandbox of this script."""
    # A twentieth of a second between two events, and a quarter before each answer of the echo.
    with portal_sandbox.running(agents={"writer": writer}, pace=0.05, latency=0.25) as box:
        settings = ArgsConfigurationLoader(api_url=box.candela_url, access_token=box.token)
        with SyncApiClientFactory([settings]) as factory, TemporaryDirectory() as folder:
            candela(factory.build(SessionsApi), Path(folder) / "answer.ndjson")
        with ApiClient(Configuration(box.host, access_token=box.token)) as client:
            portal(PortalSessionsApi(client))


def candela(api: SessionsApi, log: Path) -> None:
    """Print the words of an agent as they come; then again from the recorded file."""
    step("Start a session with the writer, and print its words as they come")
    app = ObjectId(scope="default", identifier="writer")
    started = api.start_session(SessionStartRequest(app=app, model_cfg=app)).obj_id
    prompt = SubmitPrompt(prompt="Which region grew?", session_id=started.identifier, scope=started.scope)
    try:
        with api.submit_prompt_to_agent_stream(prompt, idle_timeout=30, tee=log) as events:
            show(events)
            print(f"  {events.events} events, status {events.response.status}")
    except ApiStreamError as error:
        # The prompt was taken, so it is not sent again.
        print(f"\n  cut after {error.events} events: {error.reason}")

    step("The last event of another answer")
    print(f"  {api.submit_prompt_to_agent_stream(prompt, idle_timeout=30).until_done().content}")

    step("The first answer from its record, without the service")
    with EventStream.replay(log, Event) as recorded:
        show(recorded)
    api.stop_session()


def portal(api: PortalSessionsApi) -> None:
    """Print each state of a session as it comes."""
    step("Start a Portal session without waiting, and follow its states")
    started = api.create_async_session("echo", "Which region grew?")
    with api.subscribe_to_session_stream(started.session_id, idle_timeout=30) as states:
        for session in states:
            print(f"  {session.status.value}, {len(session.messages)} messages")


def step(title: str) -> None:
    """Print the title of the next step."""
    print(f"\n{title}")


def show(events: Iterable[Event]) -> None:
    """Print words on one line as they come, and each other event on a line of its own."""
    for event in events:
        if event.event_type == "chat":
            print(event.content, end="", flush=True)
        else:
            print(f"\n  {event.event_type}: {event.content}")


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        raise SystemExit(130) from None
