"""What each call form of the 54 Candela operations returns."""

from __future__ import annotations

from typing import Any, assert_type

from urllib3 import BaseHTTPResponse

from finbourne_candela import (
    ApiResponse,
    AppsApi,
    AppSpec,
    CircuitDTO,
    CircuitsApi,
    DevSessionStartRequest,
    Directive,
    DirectivesApi,
    Event,
    ModelsApi,
    ObjectMetadata,
    PostApp,
    PostCircuit,
    PostDirective,
    PostToolModule,
    Session,
    SessionsApi,
    SessionStartRequest,
    SlotData,
    SlotsPutResponse,
    SlotState,
    SubmitPrompt,
    SystemApi,
    ToolMetadata,
    ToolModule,
    ToolModuleMetadata,
    ToolModulesApi,
    Trace,
    TracesApi,
    UserSlotsApi,
)


def apps(api: AppsApi, post_app: PostApp) -> None:
    assert_type(api.add_app(post_app=post_app, system_level=True), ObjectMetadata)
    assert_type(api.add_app_with_http_info(post_app), ApiResponse[ObjectMetadata])
    assert_type(api.add_app_without_preload_content(post_app), BaseHTTPResponse)
    assert_type(api.app_exists(scope="s", identifier="i", version="v"), bool)
    assert_type(api.app_exists_with_http_info("s", "i"), ApiResponse[bool])
    assert_type(api.app_exists_without_preload_content("s", "i"), BaseHTTPResponse)
    assert_type(api.delete_app(scope="s", identifier="i", version="v"), list[ObjectMetadata])
    assert_type(api.delete_app_with_http_info("s", "i"), ApiResponse[list[ObjectMetadata]])
    assert_type(api.delete_app_without_preload_content("s", "i"), BaseHTTPResponse)
    assert_type(api.get_app(scope="s", identifier="i", version="v"), AppSpec)
    assert_type(api.get_app_with_http_info("s", "i"), ApiResponse[AppSpec])
    assert_type(api.get_app_without_preload_content("s", "i"), BaseHTTPResponse)
    assert_type(api.get_app_metadata(scope="s", identifier="i", version="v"), ObjectMetadata)
    assert_type(api.get_app_metadata_with_http_info("s", "i"), ApiResponse[ObjectMetadata])
    assert_type(api.get_app_metadata_without_preload_content("s", "i"), BaseHTTPResponse)
    assert_type(api.list_apps(all_versions=True), list[ObjectMetadata])
    assert_type(api.list_apps_with_http_info(), ApiResponse[list[ObjectMetadata]])
    assert_type(api.list_apps_without_preload_content(), BaseHTTPResponse)


def circuits(api: CircuitsApi, post_circuit: PostCircuit) -> None:
    assert_type(api.add_circuit(post_circuit=post_circuit, system_level=True), ObjectMetadata)
    assert_type(api.add_circuit_with_http_info(post_circuit), ApiResponse[ObjectMetadata])
    assert_type(api.add_circuit_without_preload_content(post_circuit), BaseHTTPResponse)
    assert_type(api.circuit_exists(scope="s", identifier="i", version="v"), bool)
    assert_type(api.circuit_exists_with_http_info("s", "i"), ApiResponse[bool])
    assert_type(api.circuit_exists_without_preload_content("s", "i"), BaseHTTPResponse)
    assert_type(api.delete_circuit(scope="s", identifier="i", version="v"), list[ObjectMetadata])
    assert_type(api.delete_circuit_with_http_info("s", "i"), ApiResponse[list[ObjectMetadata]])
    assert_type(api.delete_circuit_without_preload_content("s", "i"), BaseHTTPResponse)
    assert_type(api.get_circuit(scope="s", identifier="i", version="v"), CircuitDTO)
    assert_type(api.get_circuit_with_http_info("s", "i"), ApiResponse[CircuitDTO])
    assert_type(api.get_circuit_without_preload_content("s", "i"), BaseHTTPResponse)
    assert_type(api.get_circuit_metadata(scope="s", identifier="i", version="v"), ObjectMetadata)
    assert_type(api.get_circuit_metadata_with_http_info("s", "i"), ApiResponse[ObjectMetadata])
    assert_type(api.get_circuit_metadata_without_preload_content("s", "i"), BaseHTTPResponse)
    assert_type(api.list_circuits(all_versions=True), list[ObjectMetadata])
    assert_type(api.list_circuits_with_http_info(), ApiResponse[list[ObjectMetadata]])
    assert_type(api.list_circuits_without_preload_content(), BaseHTTPResponse)


def directives(api: DirectivesApi, post_directive: PostDirective) -> None:
    assert_type(api.add_directive(post_directive=post_directive, system_level=True), ObjectMetadata)
    assert_type(api.add_directive_with_http_info(post_directive), ApiResponse[ObjectMetadata])
    assert_type(api.add_directive_without_preload_content(post_directive), BaseHTTPResponse)
    assert_type(api.delete_directive(scope="s", identifier="i", version="v"), list[ObjectMetadata])
    assert_type(api.delete_directive_with_http_info("s", "i"), ApiResponse[list[ObjectMetadata]])
    assert_type(api.delete_directive_without_preload_content("s", "i"), BaseHTTPResponse)
    assert_type(api.directive_exists(scope="s", identifier="i", version="v"), bool)
    assert_type(api.directive_exists_with_http_info("s", "i"), ApiResponse[bool])
    assert_type(api.directive_exists_without_preload_content("s", "i"), BaseHTTPResponse)
    assert_type(api.get_directive(scope="s", identifier="i", version="v"), Directive)
    assert_type(api.get_directive_with_http_info("s", "i"), ApiResponse[Directive])
    assert_type(api.get_directive_without_preload_content("s", "i"), BaseHTTPResponse)
    assert_type(api.get_directive_metadata(scope="s", identifier="i", version="v"), ObjectMetadata)
    assert_type(api.get_directive_metadata_with_http_info("s", "i"), ApiResponse[ObjectMetadata])
    assert_type(api.get_directive_metadata_without_preload_content("s", "i"), BaseHTTPResponse)
    assert_type(api.list_directives(all_versions=True), list[ObjectMetadata])
    assert_type(api.list_directives_with_http_info(), ApiResponse[list[ObjectMetadata]])
    assert_type(api.list_directives_without_preload_content(), BaseHTTPResponse)


def models(api: ModelsApi) -> None:
    assert_type(
        api.add_model(
            hf_url="h",
            scope="s",
            identifier="i",
            quantisation="q",
            description="d",
            version_bump="v",
            system_level=True,
        ),
        None,
    )
    assert_type(api.add_model_with_http_info("h", "s", "i", "q", "d"), ApiResponse[None])
    assert_type(api.add_model_without_preload_content("h", "s", "i", "q", "d"), BaseHTTPResponse)
    assert_type(api.delete_model(scope="s", identifier="i", version="v"), list[ObjectMetadata])
    assert_type(api.delete_model_with_http_info("s", "i"), ApiResponse[list[ObjectMetadata]])
    assert_type(api.delete_model_without_preload_content("s", "i"), BaseHTTPResponse)
    assert_type(api.get_model_metadata(scope="s", identifier="i", version="v"), ObjectMetadata)
    assert_type(api.get_model_metadata_with_http_info("s", "i"), ApiResponse[ObjectMetadata])
    assert_type(api.get_model_metadata_without_preload_content("s", "i"), BaseHTTPResponse)
    assert_type(api.list_models(all_versions=True), list[ObjectMetadata])
    assert_type(api.list_models_with_http_info(), ApiResponse[list[ObjectMetadata]])
    assert_type(api.list_models_without_preload_content(), BaseHTTPResponse)
    assert_type(api.model_exists(scope="s", identifier="i", version="v"), bool)
    assert_type(api.model_exists_with_http_info("s", "i"), ApiResponse[bool])
    assert_type(api.model_exists_without_preload_content("s", "i"), BaseHTTPResponse)


def sessions(
    api: SessionsApi,
    dev_session_start_request: DevSessionStartRequest,
    session_start_request: SessionStartRequest,
    submit_prompt: SubmitPrompt,
) -> None:
    assert_type(api.delete_session(scope="s", identifier="i", version="v"), list[ObjectMetadata])
    assert_type(api.delete_session_with_http_info("s", "i"), ApiResponse[list[ObjectMetadata]])
    assert_type(api.delete_session_without_preload_content("s", "i"), BaseHTTPResponse)
    assert_type(api.get_session(scope="s", identifier="i", version="v"), Session)
    assert_type(api.get_session_with_http_info("s", "i"), ApiResponse[Session])
    assert_type(api.get_session_without_preload_content("s", "i"), BaseHTTPResponse)
    assert_type(api.get_session_metadata(scope="s", identifier="i", version="v"), ObjectMetadata)
    assert_type(api.get_session_metadata_with_http_info("s", "i"), ApiResponse[ObjectMetadata])
    assert_type(api.get_session_metadata_without_preload_content("s", "i"), BaseHTTPResponse)
    assert_type(api.list_sessions(all_versions=True), list[ObjectMetadata])
    assert_type(api.list_sessions_with_http_info(), ApiResponse[list[ObjectMetadata]])
    assert_type(api.list_sessions_without_preload_content(), BaseHTTPResponse)
    assert_type(api.session_exists(scope="s", identifier="i", version="v"), bool)
    assert_type(api.session_exists_with_http_info("s", "i"), ApiResponse[bool])
    assert_type(api.session_exists_without_preload_content("s", "i"), BaseHTTPResponse)
    assert_type(api.start_dev_session(dev_session_start_request=dev_session_start_request), ObjectMetadata)
    assert_type(api.start_dev_session_with_http_info(dev_session_start_request), ApiResponse[ObjectMetadata])
    assert_type(api.start_dev_session_without_preload_content(dev_session_start_request), BaseHTTPResponse)
    assert_type(api.start_session(session_start_request=session_start_request), ObjectMetadata)
    assert_type(api.start_session_with_http_info(session_start_request), ApiResponse[ObjectMetadata])
    assert_type(api.start_session_without_preload_content(session_start_request), BaseHTTPResponse)
    assert_type(api.stop_session(), None)
    assert_type(api.stop_session_with_http_info(), ApiResponse[None])
    assert_type(api.stop_session_without_preload_content(), BaseHTTPResponse)
    assert_type(api.submit_pipeline_prompt(submit_prompt=submit_prompt), Any)
    assert_type(api.submit_pipeline_prompt_with_http_info(submit_prompt), ApiResponse[Any])
    assert_type(api.submit_pipeline_prompt_without_preload_content(submit_prompt), BaseHTTPResponse)
    assert_type(api.submit_prompt_to_agent(submit_prompt=submit_prompt), Event)
    assert_type(api.submit_prompt_to_agent_with_http_info(submit_prompt), ApiResponse[Event])
    assert_type(api.submit_prompt_to_agent_without_preload_content(submit_prompt), BaseHTTPResponse)


def system(api: SystemApi) -> None:
    assert_type(api.admin_delete_slot(slot_id="s"), None)
    assert_type(api.admin_delete_slot_with_http_info("s"), ApiResponse[None])
    assert_type(api.admin_delete_slot_without_preload_content("s"), BaseHTTPResponse)
    assert_type(api.get_domain_state(), Any)
    assert_type(api.get_domain_state_with_http_info(), ApiResponse[Any])
    assert_type(api.get_domain_state_without_preload_content(), BaseHTTPResponse)
    assert_type(api.list_slots(), list[SlotData])
    assert_type(api.list_slots_with_http_info(), ApiResponse[list[SlotData]])
    assert_type(api.list_slots_without_preload_content(), BaseHTTPResponse)
    assert_type(api.set_free_slots_target(slot_type="s", target_free_slots=5), SlotsPutResponse)
    assert_type(api.set_free_slots_target_with_http_info("s", 5), ApiResponse[SlotsPutResponse])
    assert_type(api.set_free_slots_target_without_preload_content("s", 5), BaseHTTPResponse)
    assert_type(api.set_max_slots(slot_type="s", max_slots=5), SlotsPutResponse)
    assert_type(api.set_max_slots_with_http_info("s", 5), ApiResponse[SlotsPutResponse])
    assert_type(api.set_max_slots_without_preload_content("s", 5), BaseHTTPResponse)


def tool_modules(api: ToolModulesApi, post_tool_module: PostToolModule) -> None:
    assert_type(api.add_tool_module(post_tool_module=post_tool_module, system_level=True), ToolModuleMetadata)
    assert_type(api.add_tool_module_with_http_info(post_tool_module), ApiResponse[ToolModuleMetadata])
    assert_type(api.add_tool_module_without_preload_content(post_tool_module), BaseHTTPResponse)
    assert_type(api.delete_tool_module(scope="s", identifier="i", version="v"), list[ToolModuleMetadata])
    assert_type(api.delete_tool_module_with_http_info("s", "i"), ApiResponse[list[ToolModuleMetadata]])
    assert_type(api.delete_tool_module_without_preload_content("s", "i"), BaseHTTPResponse)
    assert_type(api.get_tool_metadata(scope="s", name="n"), ToolMetadata)
    assert_type(api.get_tool_metadata_with_http_info("s", "n"), ApiResponse[ToolMetadata])
    assert_type(api.get_tool_metadata_without_preload_content("s", "n"), BaseHTTPResponse)
    assert_type(api.get_tool_module(scope="s", identifier="i", version="v"), ToolModule)
    assert_type(api.get_tool_module_with_http_info("s", "i"), ApiResponse[ToolModule])
    assert_type(api.get_tool_module_without_preload_content("s", "i"), BaseHTTPResponse)
    assert_type(api.get_tool_module_metadata(scope="s", identifier="i", version="v"), ToolModuleMetadata)
    assert_type(api.get_tool_module_metadata_with_http_info("s", "i"), ApiResponse[ToolModuleMetadata])
    assert_type(api.get_tool_module_metadata_without_preload_content("s", "i"), BaseHTTPResponse)
    assert_type(api.list_tool_modules(all_versions=True), list[ToolModuleMetadata])
    assert_type(api.list_tool_modules_with_http_info(), ApiResponse[list[ToolModuleMetadata]])
    assert_type(api.list_tool_modules_without_preload_content(), BaseHTTPResponse)
    assert_type(api.list_tools(all_versions=True), list[ToolMetadata])
    assert_type(api.list_tools_with_http_info(), ApiResponse[list[ToolMetadata]])
    assert_type(api.list_tools_without_preload_content(), BaseHTTPResponse)
    assert_type(api.tool_exists(scope="s", name="n"), bool)
    assert_type(api.tool_exists_with_http_info("s", "n"), ApiResponse[bool])
    assert_type(api.tool_exists_without_preload_content("s", "n"), BaseHTTPResponse)
    assert_type(api.tool_module_exists(scope="s", identifier="i", version="v"), bool)
    assert_type(api.tool_module_exists_with_http_info("s", "i"), ApiResponse[bool])
    assert_type(api.tool_module_exists_without_preload_content("s", "i"), BaseHTTPResponse)


def traces(api: TracesApi) -> None:
    assert_type(api.get_trace(trace_id="t", scope="s"), Trace)
    assert_type(api.get_trace_with_http_info("t", "s"), ApiResponse[Trace])
    assert_type(api.get_trace_without_preload_content("t", "s"), BaseHTTPResponse)
    assert_type(api.list_traces(), list[ObjectMetadata])
    assert_type(api.list_traces_with_http_info(), ApiResponse[list[ObjectMetadata]])
    assert_type(api.list_traces_without_preload_content(), BaseHTTPResponse)


def user_slots(api: UserSlotsApi) -> None:
    assert_type(api.assign_slot(slot_type="s"), None)
    assert_type(api.assign_slot_with_http_info("s"), ApiResponse[None])
    assert_type(api.assign_slot_without_preload_content("s"), BaseHTTPResponse)
    assert_type(api.dispose_slot(), None)
    assert_type(api.dispose_slot_with_http_info(), ApiResponse[None])
    assert_type(api.dispose_slot_without_preload_content(), BaseHTTPResponse)
    assert_type(api.get_slot_metadata(), SlotData)
    assert_type(api.get_slot_metadata_with_http_info(), ApiResponse[SlotData])
    assert_type(api.get_slot_metadata_without_preload_content(), BaseHTTPResponse)
    assert_type(api.get_slot_state(), SlotState)
    assert_type(api.get_slot_state_with_http_info(), ApiResponse[SlotState])
    assert_type(api.get_slot_state_without_preload_content(), BaseHTTPResponse)
    assert_type(api.user_has_slot(), bool)
    assert_type(api.user_has_slot_with_http_info(), ApiResponse[bool])
    assert_type(api.user_has_slot_without_preload_content(), BaseHTTPResponse)
