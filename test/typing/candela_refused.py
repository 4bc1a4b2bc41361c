"""Wrong uses of the Candela package, which both checkers must refuse.

`type: ignore` holds for both; mypy compares the code as well, but for an argument too many, whose code
differs with what mypy finds in its cache.
"""

from __future__ import annotations

from finbourne_candela import (
    AppsApi,
    CircuitDTO,
    Configuration,
    ConfigurationOptions,
    DTOArr,
    DTOReal,
    ModelsApi,
    Nodes,
    NoOpDTO,
    Obj,
    ObjectId,
    PostApp,
    SessionsApi,
    SessionStartRequest,
    SlotState,
    SubmitPrompt,
    SyncApiClient,
    SystemApi,
    TracesApi,
    UserSlotsApi,
)
from finbourne_candela.configuration import Timeouts


def arguments(api: SessionsApi, start: SessionStartRequest, prompt: SubmitPrompt) -> None:
    api.delete_session("s")  # type: ignore[call-arg]
    api.delete_session("s", 5)  # type: ignore[arg-type]
    api.delete_session_with_http_info("s", "i", 5)  # type: ignore[arg-type]
    api.get_session()  # type: ignore[call-arg]
    api.get_session("s", "i", colour=1)  # type: ignore[call-arg]
    api.get_session_without_preload_content("s")  # type: ignore[call-arg]
    api.get_session_metadata("s", None)  # type: ignore[arg-type]
    api.list_sessions("yes")  # type: ignore[arg-type]
    api.list_sessions_with_http_info(every=True)  # type: ignore[call-arg]
    api.session_exists(identifier="i")  # type: ignore[call-arg]
    api.start_session(prompt)  # type: ignore[arg-type]
    api.start_session({"app": {}})  # type: ignore[arg-type]
    api.start_dev_session(start)  # type: ignore[arg-type]
    api.submit_pipeline_prompt("p")  # type: ignore[arg-type]
    api.submit_prompt_to_agent()  # type: ignore[call-arg]
    api.submit_prompt_to_agent_stream()  # type: ignore[call-arg]
    api.submit_prompt_to_agent_stream("p")  # type: ignore[arg-type]


def conversation(api: SessionsApi, start: SessionStartRequest, prompt: SubmitPrompt) -> None:
    api.running_session()  # type: ignore[call-arg]
    api.running_session({"app": {}})  # type: ignore[arg-type]
    api.running_session(prompt)  # type: ignore[arg-type]
    api.running_session(start, "local")  # type: ignore
    api.running_session(start, timeout="5")  # type: ignore[arg-type]
    api.running_session(start).ask("Hi")  # type: ignore[attr-defined]
    with api.running_session(start) as session:
        session.ask(prompt)  # type: ignore[arg-type]
        session.ask("Hi", idle_timeout=5)  # type: ignore[call-arg]
        session.stream("Hi", idle_timeout="5")  # type: ignore[arg-type]
        session.submit()  # type: ignore[call-arg]
        session.version = "1"  # type: ignore[misc]


def others(
    apps: AppsApi, models: ModelsApi, slots: UserSlotsApi, system: SystemApi, traces: TracesApi
) -> None:
    apps.add_app({"scope": "s"})  # type: ignore[arg-type]
    apps.add_app()  # type: ignore[call-arg]
    apps.get_app("s")  # type: ignore[call-arg]
    apps.list_apps("yes")  # type: ignore[arg-type]
    models.add_model("u", "s", "i", "q")  # type: ignore[call-arg]
    models.add_model_stream("u", "s", "i", "q", "d", 1)  # type: ignore[arg-type]
    slots.assign_slot()  # type: ignore[call-arg]
    slots.dispose_slot(slot_type="local")  # type: ignore[call-arg]
    system.set_max_slots("local", "8")  # type: ignore[arg-type]
    traces.get_trace("t")  # type: ignore[call-arg]
    PostApp(scope="s", identifier="i")  # type: ignore[call-arg]
    SlotState.NO_SUCH_STATE  # type: ignore[attr-defined]  # noqa: B018


def options(api: SessionsApi, prompt: SubmitPrompt) -> None:
    api.get_session("s", "i", opts=5)  # type: ignore[arg-type]
    api.get_session("s", "i", opts={"total_timeout_ms": 5})  # type: ignore[arg-type]
    api.get_session("s", "i", _request_timeout="5")  # type: ignore[arg-type]
    api.submit_prompt_to_agent_stream(prompt, idle_timeout="5")  # type: ignore[arg-type]
    api.submit_prompt_to_agent_stream(prompt, tee=5)  # type: ignore[arg-type]
    api.submit_prompt_to_agent_stream(prompt, async_req=True)  # type: ignore[call-arg]
    api.submit_prompt_to_agent(prompt, idle_timeout=5)  # type: ignore[call-arg]
    # These change what a call returns, so no type could hold.
    api.get_session("s", "i", async_req=True)  # type: ignore[call-arg]
    api.get_session_with_http_info("s", "i", _preload_content=False)  # type: ignore[call-arg]
    api.get_session_with_http_info("s", "i", _return_http_data_only=True)  # type: ignore[call-arg]


def settings(configuration: Configuration) -> None:
    ConfigurationOptions(total_timeout_ms="5")  # type: ignore[arg-type]
    ConfigurationOptions(timeout_ms=5)  # type: ignore[call-arg]
    Timeouts(1, 2)  # type: ignore[call-arg]
    configuration.timeouts = 5  # type: ignore[assignment]
    configuration.timeouts.total_timeout_ms = None  # type: ignore[assignment]
    SyncApiClient("https://example.com")  # type: ignore[arg-type]
    SessionsApi(configuration)  # type: ignore[arg-type]


def models(node: NoOpDTO, nodes: Nodes) -> None:
    NoOpDTO(node_id="n", label="l")  # type: ignore[call-arg]
    NoOpDTO(node_id=5, child_id=None, label="l")  # type: ignore[arg-type]
    NoOpDTO("n", None, "l")  # type: ignore[call-arg, arg-type]
    ObjectId(scope="s", identifier="i", name="n")  # type: ignore[call-arg]
    CircuitDTO(first="a", nodes={"a": node})  # type: ignore[dict-item]
    DTOArr(min_len=0, max_len=None, obj={})  # type: ignore[arg-type]
    DTOReal(min_value="1")  # type: ignore[arg-type]
    nodes.actual_instance = Obj({})  # type: ignore[assignment]
    nodes.actual_instance.node_id  # type: ignore[union-attr]  # noqa: B018
    node.colour = "red"  # type: ignore[attr-defined]
    node.additional_properties = 5  # type: ignore[assignment]
