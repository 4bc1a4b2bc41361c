"""The Candela models: fields, unions, and the way from and to plain data."""

from __future__ import annotations

from datetime import datetime
from typing import Any, assert_type

from finbourne_candela.models import (
    AppSpec,
    BaseTool,
    CircuitDTO,
    ConfirmDTO,
    DevSessionStartRequest,
    Directive,
    DTOArr,
    DTOBool,
    DTOConst,
    DTODict,
    DTOEnum,
    DTOInt,
    DTOObj,
    DTOReal,
    DTOStr,
    Event,
    Fields,
    HTTPValidationError,
    InsertContextDTO,
    IntentDTO,
    Keys,
    Nodes,
    NoOpDTO,
    Obj,
    Obj1,
    ObjectId,
    ObjectMetadata,
    PostApp,
    PostCircuit,
    PostDirective,
    PostToolModule,
    ResponseDTO,
    Session,
    SessionStartRequest,
    SlotData,
    SlotsPutResponse,
    SlotState,
    Spec,
    SubmitPrompt,
    SwitchDTO,
    ToolMetadata,
    ToolModule,
    ToolModuleMetadata,
    ToolObj,
    Trace,
    TraceItem,
    UseToolDTO,
    ValidationError,
)
from finbourne_candela.models.object_id import ObjectId as ObjectIdOfModule

ID = ObjectId(scope="s", identifier="i")
SPECS = DTODict | DTOArr | DTOObj | DTOEnum | DTOStr | DTOBool | DTOReal | DTOInt | dict[str, Any]
FIELDS = DTODict | DTOArr | DTOObj | DTOEnum | DTOStr | DTOBool | DTOReal | DTOInt | DTOConst | dict[str, Any]
NODES = (
    ResponseDTO
    | IntentDTO
    | ConfirmDTO
    | NoOpDTO
    | UseToolDTO
    | SwitchDTO
    | InsertContextDTO
    | dict[str, Any]
)


def unions(nodes: Nodes, spec: Spec, fields: Fields, obj: Obj, obj1: Obj1, keys: Keys, tool: ToolObj) -> None:
    assert_type(nodes.actual_instance, NODES)
    assert_type(spec.actual_instance, SPECS)
    assert_type(fields.actual_instance, FIELDS)
    assert_type(obj.actual_instance, SPECS)
    assert_type(obj1.actual_instance, FIELDS)
    assert_type(keys.actual_instance, DTOStr | DTOEnum | dict[str, Any])
    assert_type(tool.actual_instance, dict[str, Any] | BaseTool)
    nodes.actual_instance = NoOpDTO(node_id="n", child_id=None, label="l")
    tool.actual_instance = {"a": 1}


def made_of(node: NoOpDTO, nodes: Nodes) -> None:
    assert_type(Nodes(node), Nodes)
    assert_type(Nodes({"type": "no-op"}), Nodes)
    assert_type(Nodes(nodes.actual_instance), Nodes)
    assert_type(Nodes.from_json("{}"), Nodes)
    assert_type(Nodes.from_dict({}), Nodes)
    assert_type(nodes.to_json(), str)


def within(circuit: CircuitDTO) -> None:
    assert_type(circuit.first, str)
    assert_type(circuit.nodes, dict[str, Nodes] | None)
    if circuit.nodes is not None:
        instance = circuit.nodes["a"].actual_instance
        if isinstance(instance, IntentDTO):
            assert_type(instance.spec, Spec)
            assert_type(instance.child_id, str | None)
            assert_type(instance.instruction, str | None)
            if isinstance(instance.spec.actual_instance, DTOArr):
                assert_type(instance.spec.actual_instance.obj, Obj)
        elif isinstance(instance, dict):
            assert_type(instance, dict[str, Any])
    CircuitDTO(first="a", nodes=None)
    CircuitDTO(first="a", nodes={"a": Nodes(NoOpDTO(node_id="a", child_id=None, label="l"))})


def requests() -> None:
    circuit = CircuitDTO(first="a", nodes={})
    DevSessionStartRequest(model_id=ID, circuit=circuit, directive=Directive(identity="x", style={"a": 1}))
    request = SessionStartRequest(app=ID, model_cfg=ID, scope=None)
    assert_type(request.scope, str | None)
    assert_type(request.parent_session, ObjectId | None)
    request.parent_session = ObjectIdOfModule(scope="s", identifier="i", version="1.0.0")
    prompt = SubmitPrompt(prompt="p", session_id="i")
    assert_type(prompt.scope, str | None)
    directive = Directive(hide=False, context_vals={"a": "b"})
    assert_type(directive.identity, Any | None)
    assert_type(directive.context_vals, dict[str, str] | None)
    ToolModule(content="pass")
    UseToolDTO(node_id="n", child_id=None, intent_id="i", tool_obj=ToolObj(BaseTool()))
    SwitchDTO(node_id="n", case_spec={"a": "b"}, case_objs=None)


def specs(obj: Obj, keys: Keys) -> None:
    assert_type(DTOArr(min_len=0, max_len=None, obj=obj).type, str | None)
    assert_type(DTOReal(min_value=1, max_value=1.5).min_value, int | float | None)
    assert_type(DTOInt(values=[1]).values, list[int] | None)
    assert_type(DTOEnum(options=["a"]).options, list[str])
    DTODict(obj=Obj1(DTOStr()), keys=keys)
    DTOObj(fields={"a": Fields(DTOBool())})


def answers(session: Session, metadata: ObjectMetadata, event: Event, error: HTTPValidationError) -> None:
    assert_type(session.app, ObjectId | None)
    assert_type(session.model_cfg.version, str | None)
    assert_type(session.dev_session, bool | None)
    assert_type(metadata.created_at, datetime)
    assert_type(metadata.obj_id, ObjectId)
    assert_type(event.event_type, str)
    assert_type(error.detail, list[ValidationError] | None)


def stored(directive: Directive, circuit: CircuitDTO) -> None:
    app = PostApp(scope="s", identifier="i", data=AppSpec(type="agent", circuit=ID, directive=ID))
    assert_type(app.version_bump, str | None)
    assert_type(app.description, str | None)
    assert_type(app.data.circuit, ObjectId)
    assert_type(PostCircuit(scope="s", identifier="i", data=circuit).data, CircuitDTO)
    assert_type(
        PostDirective(scope="s", identifier="i", version_bump="major", data=directive).data, Directive
    )
    module = PostToolModule(scope="s", identifier="i", description=None, data=ToolModule(content="pass"))
    assert_type(module.data.content, str)


def machines(slot: SlotData, put: SlotsPutResponse, module: ToolModuleMetadata, tool: ToolMetadata) -> None:
    assert_type(slot.state, SlotState | None)
    assert_type(slot.ready, datetime | None)
    assert_type(slot.assigned_to, str | None)
    assert_type(SlotState(12), SlotState)
    state: int = SlotState(12).value
    count: int = SlotState.NUMBER_3
    assert_type(count == state == SlotState.HOST_READY, bool)
    assert_type(SlotState.from_json("3"), SlotState)
    assert_type(put.old_value, int)
    assert_type(module.tools, list[str])
    assert_type(tool.module_version, str)


def said(trace: Trace) -> None:
    assert_type(trace.session_ids, list[str])
    assert_type(trace.trace_items, list[TraceItem])
    assert_type(trace.trace_items[0].item_type, str)


def plain_data(session: Session, data: dict[str, Any]) -> None:
    assert_type(session.to_dict(), dict[str, Any])
    assert_type(session.to_json(), str)
    assert_type(session.to_str(), str)
    assert_type(Session.from_json("{}"), Session)
    assert_type(Session.from_dict(data), Session)
    assert_type(Session.from_dict(None), None)
    assert_type(session.additional_properties, dict[str, Any])
    session.additional_properties["a"] = 1
    session.additional_properties = {"a": 1}
