"""A session of a Candela agent, from signing in to its stop.

Talks to the service that FBN_CANDELA_URL names when it is set (CANDELA_APP names the agent); otherwise to a
sandbox that it starts for itself.
"""

from __future__ import annotations

import os
from collections.abc import Generator
from contextlib import contextmanager

from finbourne_candela import (
    ApiException,
    ArgsConfigurationLoader,
    ObjectId,
    SessionsApi,
    SessionStartRequest,
    SubmitPrompt,
    SyncApiClientFactory,
)


@contextmanager
def factory() -> Generator[SyncApiClientFactory, None, None]:
    """A factory for the service that the environment names, or for a sandbox as long as the block lasts."""
    if os.environ.get("FBN_CANDELA_URL"):
        with SyncApiClientFactory(app_name="quickstart") as made:
            yield made
        return

    import portal_sandbox

    with portal_sandbox.running() as box:
        api = box.secrets["api"]
        settings = ArgsConfigurationLoader(
            api_url=api["candelaUrl"],
            token_url=api["tokenUrl"],
            username=api["username"],
            password=api["password"],
            client_id=api["clientId"],
            client_secret=api["clientSecret"],
        )
        with SyncApiClientFactory([settings], app_name="quickstart") as made:
            yield made


def main() -> None:
    """Start a session, send it a prompt, and stop it."""
    app = ObjectId(scope="default", identifier=os.environ.get("CANDELA_APP", "echo"))
    with factory() as made:
        step("The settings, and where each comes from")
        print(made.explain())
        sessions = made.build(SessionsApi)

        step("Start a session; its token is fetched now")
        started = sessions.start_session(SessionStartRequest(app=app, model_cfg=app)).obj_id
        print(f"  {started.scope}/{started.identifier}, version {started.version}")

        step("Ask the agent")
        prompt = SubmitPrompt(prompt="Which region grew?", session_id=started.identifier, scope=started.scope)
        event = sessions.submit_prompt_to_agent(prompt)
        print(f"  {event.event_type}: {event.content}")

        step("Ask it as a pipeline, which answers JSON")
        print(f"  {sessions.submit_pipeline_prompt(prompt)!r}")

        step("Start another one while the slot is taken")
        try:
            sessions.start_session(SessionStartRequest(app=app, model_cfg=app))
        except ApiException as error:
            print(f"  {type(error).__name__}: {error.status}")

        step("Stop it, list the sessions, and delete this one")
        sessions.stop_session()
        for metadata in sessions.list_sessions():
            print(f"  {metadata.obj_id.identifier} by {metadata.created_by}")
        sessions.delete_session(started.scope, started.identifier)
        print(f"  still there: {sessions.session_exists(started.scope, started.identifier)}")


def step(title: str) -> None:
    """Print the title of the next step."""
    print(f"\n{title}")


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        raise SystemExit(130) from None
