"""The Candela operations besides those on sessions in their forms: what each takes and what it returns."""

from __future__ import annotations

from typing import Any, Protocol, TypeVar, assert_type

from typing_extensions import Unpack
from urllib3 import BaseHTTPResponse

from finbourne_candela import (
    ApiResponse,
    AppsApi,
    AppSpec,
    CandelaOptions,
    CandelaStreamOptions,
    CircuitDTO,
    CircuitsApi,
    Directive,
    DirectivesApi,
    EventStream,
    ModelsApi,
    ObjectMetadata,
    PostApp,
    PostCircuit,
    PostDirective,
    PostToolModule,
    SlotData,
    SlotsPutResponse,
    SlotState,
    SystemApi,
    ToolMetadata,
    ToolModule,
    ToolModuleMetadata,
    ToolModulesApi,
    Trace,
    TracesApi,
    UserSlotsApi,
)

T = TypeVar("T", covariant=True)


class Plain(Protocol[T]):
    """A call without arguments of its own."""

    def __call__(self, **options: Unpack[CandelaOptions]) -> T: ...


class OfObject(Protocol[T]):
    """A call that names an object."""

    def __call__(
        self, scope: str, identifier: str, version: str | None = ..., **options: Unpack[CandelaOptions]
    ) -> T: ...


class AddingApp(Protocol[T]):
    """A call that adds an app."""

    def __call__(
        self, post_app: PostApp, system_level: bool | None = ..., **options: Unpack[CandelaOptions]
    ) -> T: ...


class Listing(Protocol[T]):
    """A call that lists."""

    def __call__(self, all_versions: bool | None = ..., **options: Unpack[CandelaOptions]) -> T: ...


class AddingCircuit(Protocol[T]):
    """A call that adds a circuit."""

    def __call__(
        self, post_circuit: PostCircuit, system_level: bool | None = ..., **options: Unpack[CandelaOptions]
    ) -> T: ...


class AddingDirective(Protocol[T]):
    """A call that adds a directive."""

    def __call__(
        self,
        post_directive: PostDirective,
        system_level: bool | None = ...,
        **options: Unpack[CandelaOptions],
    ) -> T: ...


class AddingModel(Protocol[T]):
    """A call that adds a model."""

    def __call__(
        self,
        hf_url: str,
        scope: str,
        identifier: str,
        quantisation: str,
        description: str,
        version_bump: str | None = ...,
        system_level: bool | None = ...,
        **options: Unpack[CandelaOptions],
    ) -> T: ...


class Downloading(Protocol[T]):
    """A call that adds a model and follows its download."""

    def __call__(
        self,
        hf_url: str,
        scope: str,
        identifier: str,
        quantisation: str,
        description: str,
        version_bump: str | None = ...,
        system_level: bool | None = ...,
        **options: Unpack[CandelaStreamOptions],
    ) -> T: ...


class OfSlot(Protocol[T]):
    """A call that names a slot."""

    def __call__(self, slot_id: str, **options: Unpack[CandelaOptions]) -> T: ...


class Keeping(Protocol[T]):
    """A call that keeps slots free."""

    def __call__(self, slot_type: str, target_free_slots: int, **options: Unpack[CandelaOptions]) -> T: ...


class Limiting(Protocol[T]):
    """A call that limits the slots of a type."""

    def __call__(self, slot_type: str, max_slots: int, **options: Unpack[CandelaOptions]) -> T: ...


class AddingToolModule(Protocol[T]):
    """A call that adds a tool module."""

    def __call__(
        self,
        post_tool_module: PostToolModule,
        system_level: bool | None = ...,
        **options: Unpack[CandelaOptions],
    ) -> T: ...


class OfTool(Protocol[T]):
    """A call that names a tool."""

    def __call__(self, scope: str, name: str, **options: Unpack[CandelaOptions]) -> T: ...


class OfTrace(Protocol[T]):
    """A call that names a trace."""

    def __call__(self, trace_id: str, scope: str, **options: Unpack[CandelaOptions]) -> T: ...


class OfType(Protocol[T]):
    """A call that names a type of slots."""

    def __call__(self, slot_type: str, **options: Unpack[CandelaOptions]) -> T: ...


def apps(api: AppsApi) -> None:
    _get_app: OfObject[AppSpec] = api.get_app
    _get_app_info: OfObject[ApiResponse[AppSpec]] = api.get_app_with_http_info
    _get_app_raw: OfObject[BaseHTTPResponse] = api.get_app_without_preload_content
    _add_app: AddingApp[ObjectMetadata] = api.add_app
    _add_app_info: AddingApp[ApiResponse[ObjectMetadata]] = api.add_app_with_http_info
    _add_app_raw: AddingApp[BaseHTTPResponse] = api.add_app_without_preload_content
    _delete_app: OfObject[list[ObjectMetadata]] = api.delete_app
    _delete_app_info: OfObject[ApiResponse[list[ObjectMetadata]]] = api.delete_app_with_http_info
    _delete_app_raw: OfObject[BaseHTTPResponse] = api.delete_app_without_preload_content
    _app_exists: OfObject[bool] = api.app_exists
    _app_exists_info: OfObject[ApiResponse[bool]] = api.app_exists_with_http_info
    _app_exists_raw: OfObject[BaseHTTPResponse] = api.app_exists_without_preload_content
    _get_app_metadata: OfObject[ObjectMetadata] = api.get_app_metadata
    _get_app_metadata_info: OfObject[ApiResponse[ObjectMetadata]] = api.get_app_metadata_with_http_info
    _get_app_metadata_raw: OfObject[BaseHTTPResponse] = api.get_app_metadata_without_preload_content
    _list_apps: Listing[list[ObjectMetadata]] = api.list_apps
    _list_apps_info: Listing[ApiResponse[list[ObjectMetadata]]] = api.list_apps_with_http_info
    _list_apps_raw: Listing[BaseHTTPResponse] = api.list_apps_without_preload_content


def circuits(api: CircuitsApi) -> None:
    _get_circuit: OfObject[CircuitDTO] = api.get_circuit
    _get_circuit_info: OfObject[ApiResponse[CircuitDTO]] = api.get_circuit_with_http_info
    _get_circuit_raw: OfObject[BaseHTTPResponse] = api.get_circuit_without_preload_content
    _add_circuit: AddingCircuit[ObjectMetadata] = api.add_circuit
    _add_circuit_info: AddingCircuit[ApiResponse[ObjectMetadata]] = api.add_circuit_with_http_info
    _add_circuit_raw: AddingCircuit[BaseHTTPResponse] = api.add_circuit_without_preload_content
    _delete_circuit: OfObject[list[ObjectMetadata]] = api.delete_circuit
    _delete_circuit_info: OfObject[ApiResponse[list[ObjectMetadata]]] = api.delete_circuit_with_http_info
    _delete_circuit_raw: OfObject[BaseHTTPResponse] = api.delete_circuit_without_preload_content
    _circuit_exists: OfObject[bool] = api.circuit_exists
    _circuit_exists_info: OfObject[ApiResponse[bool]] = api.circuit_exists_with_http_info
    _circuit_exists_raw: OfObject[BaseHTTPResponse] = api.circuit_exists_without_preload_content
    _get_circuit_metadata: OfObject[ObjectMetadata] = api.get_circuit_metadata
    _get_circuit_metadata_info: OfObject[ApiResponse[ObjectMetadata]] = (
        api.get_circuit_metadata_with_http_info
    )
    _get_circuit_metadata_raw: OfObject[BaseHTTPResponse] = api.get_circuit_metadata_without_preload_content
    _list_circuits: Listing[list[ObjectMetadata]] = api.list_circuits
    _list_circuits_info: Listing[ApiResponse[list[ObjectMetadata]]] = api.list_circuits_with_http_info
    _list_circuits_raw: Listing[BaseHTTPResponse] = api.list_circuits_without_preload_content


def directives(api: DirectivesApi) -> None:
    _get_directive: OfObject[Directive] = api.get_directive
    _get_directive_info: OfObject[ApiResponse[Directive]] = api.get_directive_with_http_info
    _get_directive_raw: OfObject[BaseHTTPResponse] = api.get_directive_without_preload_content
    _add_directive: AddingDirective[ObjectMetadata] = api.add_directive
    _add_directive_info: AddingDirective[ApiResponse[ObjectMetadata]] = api.add_directive_with_http_info
    _add_directive_raw: AddingDirective[BaseHTTPResponse] = api.add_directive_without_preload_content
    _delete_directive: OfObject[list[ObjectMetadata]] = api.delete_directive
    _delete_directive_info: OfObject[ApiResponse[list[ObjectMetadata]]] = api.delete_directive_with_http_info
    _delete_directive_raw: OfObject[BaseHTTPResponse] = api.delete_directive_without_preload_content
    _directive_exists: OfObject[bool] = api.directive_exists
    _directive_exists_info: OfObject[ApiResponse[bool]] = api.directive_exists_with_http_info
    _directive_exists_raw: OfObject[BaseHTTPResponse] = api.directive_exists_without_preload_content
    _get_directive_metadata: OfObject[ObjectMetadata] = api.get_directive_metadata
    _get_directive_metadata_info: OfObject[ApiResponse[ObjectMetadata]] = (
        api.get_directive_metadata_with_http_info
    )
    _get_directive_metadata_raw: OfObject[BaseHTTPResponse] = (
        api.get_directive_metadata_without_preload_content
    )
    _list_directives: Listing[list[ObjectMetadata]] = api.list_directives
    _list_directives_info: Listing[ApiResponse[list[ObjectMetadata]]] = api.list_directives_with_http_info
    _list_directives_raw: Listing[BaseHTTPResponse] = api.list_directives_without_preload_content


def models(api: ModelsApi) -> None:
    _add_model: AddingModel[None] = api.add_model
    _add_model_info: AddingModel[ApiResponse[None]] = api.add_model_with_http_info
    _add_model_raw: AddingModel[BaseHTTPResponse] = api.add_model_without_preload_content
    _delete_model: OfObject[list[ObjectMetadata]] = api.delete_model
    _delete_model_info: OfObject[ApiResponse[list[ObjectMetadata]]] = api.delete_model_with_http_info
    _delete_model_raw: OfObject[BaseHTTPResponse] = api.delete_model_without_preload_content
    _get_model_metadata: OfObject[ObjectMetadata] = api.get_model_metadata
    _get_model_metadata_info: OfObject[ApiResponse[ObjectMetadata]] = api.get_model_metadata_with_http_info
    _get_model_metadata_raw: OfObject[BaseHTTPResponse] = api.get_model_metadata_without_preload_content
    _list_models: Listing[list[ObjectMetadata]] = api.list_models
    _list_models_info: Listing[ApiResponse[list[ObjectMetadata]]] = api.list_models_with_http_info
    _list_models_raw: Listing[BaseHTTPResponse] = api.list_models_without_preload_content
    _model_exists: OfObject[bool] = api.model_exists
    _model_exists_info: OfObject[ApiResponse[bool]] = api.model_exists_with_http_info
    _model_exists_raw: OfObject[BaseHTTPResponse] = api.model_exists_without_preload_content


def system(api: SystemApi) -> None:
    _admin_delete_slot: OfSlot[None] = api.admin_delete_slot
    _admin_delete_slot_info: OfSlot[ApiResponse[None]] = api.admin_delete_slot_with_http_info
    _admin_delete_slot_raw: OfSlot[BaseHTTPResponse] = api.admin_delete_slot_without_preload_content
    _get_domain_state: Plain[Any] = api.get_domain_state
    _get_domain_state_info: Plain[ApiResponse[Any]] = api.get_domain_state_with_http_info
    _get_domain_state_raw: Plain[BaseHTTPResponse] = api.get_domain_state_without_preload_content
    _list_slots: Plain[list[SlotData]] = api.list_slots
    _list_slots_info: Plain[ApiResponse[list[SlotData]]] = api.list_slots_with_http_info
    _list_slots_raw: Plain[BaseHTTPResponse] = api.list_slots_without_preload_content
    _set_free_slots_target: Keeping[SlotsPutResponse] = api.set_free_slots_target
    _set_free_slots_target_info: Keeping[ApiResponse[SlotsPutResponse]] = (
        api.set_free_slots_target_with_http_info
    )
    _set_free_slots_target_raw: Keeping[BaseHTTPResponse] = api.set_free_slots_target_without_preload_content
    _set_max_slots: Limiting[SlotsPutResponse] = api.set_max_slots
    _set_max_slots_info: Limiting[ApiResponse[SlotsPutResponse]] = api.set_max_slots_with_http_info
    _set_max_slots_raw: Limiting[BaseHTTPResponse] = api.set_max_slots_without_preload_content


def tool_modules(api: ToolModulesApi) -> None:
    _get_tool_module: OfObject[ToolModule] = api.get_tool_module
    _get_tool_module_info: OfObject[ApiResponse[ToolModule]] = api.get_tool_module_with_http_info
    _get_tool_module_raw: OfObject[BaseHTTPResponse] = api.get_tool_module_without_preload_content
    _add_tool_module: AddingToolModule[ToolModuleMetadata] = api.add_tool_module
    _add_tool_module_info: AddingToolModule[ApiResponse[ToolModuleMetadata]] = (
        api.add_tool_module_with_http_info
    )
    _add_tool_module_raw: AddingToolModule[BaseHTTPResponse] = api.add_tool_module_without_preload_content
    _delete_tool_module: OfObject[list[ToolModuleMetadata]] = api.delete_tool_module
    _delete_tool_module_info: OfObject[ApiResponse[list[ToolModuleMetadata]]] = (
        api.delete_tool_module_with_http_info
    )
    _delete_tool_module_raw: OfObject[BaseHTTPResponse] = api.delete_tool_module_without_preload_content
    _get_tool_metadata: OfTool[ToolMetadata] = api.get_tool_metadata
    _get_tool_metadata_info: OfTool[ApiResponse[ToolMetadata]] = api.get_tool_metadata_with_http_info
    _get_tool_metadata_raw: OfTool[BaseHTTPResponse] = api.get_tool_metadata_without_preload_content
    _get_tool_module_metadata: OfObject[ToolModuleMetadata] = api.get_tool_module_metadata
    _get_tool_module_metadata_info: OfObject[ApiResponse[ToolModuleMetadata]] = (
        api.get_tool_module_metadata_with_http_info
    )
    _get_tool_module_metadata_raw: OfObject[BaseHTTPResponse] = (
        api.get_tool_module_metadata_without_preload_content
    )
    _list_tool_modules: Listing[list[ToolModuleMetadata]] = api.list_tool_modules
    _list_tool_modules_info: Listing[ApiResponse[list[ToolModuleMetadata]]] = (
        api.list_tool_modules_with_http_info
    )
    _list_tool_modules_raw: Listing[BaseHTTPResponse] = api.list_tool_modules_without_preload_content
    _list_tools: Listing[list[ToolMetadata]] = api.list_tools
    _list_tools_info: Listing[ApiResponse[list[ToolMetadata]]] = api.list_tools_with_http_info
    _list_tools_raw: Listing[BaseHTTPResponse] = api.list_tools_without_preload_content
    _tool_exists: OfTool[bool] = api.tool_exists
    _tool_exists_info: OfTool[ApiResponse[bool]] = api.tool_exists_with_http_info
    _tool_exists_raw: OfTool[BaseHTTPResponse] = api.tool_exists_without_preload_content
    _tool_module_exists: OfObject[bool] = api.tool_module_exists
    _tool_module_exists_info: OfObject[ApiResponse[bool]] = api.tool_module_exists_with_http_info
    _tool_module_exists_raw: OfObject[BaseHTTPResponse] = api.tool_module_exists_without_preload_content


def traces(api: TracesApi) -> None:
    _get_trace: OfTrace[Trace] = api.get_trace
    _get_trace_info: OfTrace[ApiResponse[Trace]] = api.get_trace_with_http_info
    _get_trace_raw: OfTrace[BaseHTTPResponse] = api.get_trace_without_preload_content
    _list_traces: Plain[list[ObjectMetadata]] = api.list_traces
    _list_traces_info: Plain[ApiResponse[list[ObjectMetadata]]] = api.list_traces_with_http_info
    _list_traces_raw: Plain[BaseHTTPResponse] = api.list_traces_without_preload_content


def user_slots(api: UserSlotsApi) -> None:
    _assign_slot: OfType[None] = api.assign_slot
    _assign_slot_info: OfType[ApiResponse[None]] = api.assign_slot_with_http_info
    _assign_slot_raw: OfType[BaseHTTPResponse] = api.assign_slot_without_preload_content
    _dispose_slot: Plain[None] = api.dispose_slot
    _dispose_slot_info: Plain[ApiResponse[None]] = api.dispose_slot_with_http_info
    _dispose_slot_raw: Plain[BaseHTTPResponse] = api.dispose_slot_without_preload_content
    _get_slot_metadata: Plain[SlotData] = api.get_slot_metadata
    _get_slot_metadata_info: Plain[ApiResponse[SlotData]] = api.get_slot_metadata_with_http_info
    _get_slot_metadata_raw: Plain[BaseHTTPResponse] = api.get_slot_metadata_without_preload_content
    _get_slot_state: Plain[SlotState] = api.get_slot_state
    _get_slot_state_info: Plain[ApiResponse[SlotState]] = api.get_slot_state_with_http_info
    _get_slot_state_raw: Plain[BaseHTTPResponse] = api.get_slot_state_without_preload_content
    _user_has_slot: Plain[bool] = api.user_has_slot
    _user_has_slot_info: Plain[ApiResponse[bool]] = api.user_has_slot_with_http_info
    _user_has_slot_raw: Plain[BaseHTTPResponse] = api.user_has_slot_without_preload_content


def calls(apps: AppsApi, models: ModelsApi, slots: UserSlotsApi, system: SystemApi, post: PostApp) -> None:
    assert_type(apps.add_app(post), ObjectMetadata)
    assert_type(apps.add_app(post, True), ObjectMetadata)
    assert_type(apps.get_app("s", "i", version=None).type, str)
    assert_type(apps.list_apps(), list[ObjectMetadata])
    assert_type(slots.get_slot_state(), SlotState)
    assert_type(slots.get_slot_state_with_http_info().data, SlotState)
    assert_type(slots.user_has_slot(), bool)
    assert_type(system.get_domain_state(), Any)
    assert_type(system.set_max_slots("local", 8).old_value, int)
    assert_type(models.add_model_with_http_info("u", "s", "i", "q", "d").raw_data, bytes)
    assert_type(AppsApi.get_app(apps, "s", "i"), AppSpec)


def progress(api: ModelsApi) -> None:
    with api.add_model_stream("u", "s", "i", "q", "d", "major", idle_timeout=60) as events:
        assert_type(events, EventStream[dict[str, Any]])
        for event in events:
            assert_type(event, dict[str, Any])
    _stream: Downloading[EventStream[dict[str, Any]]] = api.add_model_stream
    assert_type(api.add_model_stream("u", "s", "i", "q", "d"), EventStream[dict[str, Any]])
    together: CandelaStreamOptions = {"tee": "log"}
    assert_type(api.add_model_stream("u", "s", "i", "q", "d", **together).until_done(), dict[str, Any])
