"""The models of the Candela contract, one module each."""

from __future__ import annotations

from portal_client._lazy import TYPE_CHECKING, lazy

if TYPE_CHECKING:
    from finbourne_candela.models.app_spec import AppSpec as AppSpec
    from finbourne_candela.models.base_tool import BaseTool as BaseTool
    from finbourne_candela.models.circuit_dto import CircuitDTO as CircuitDTO
    from finbourne_candela.models.confirm_dto import ConfirmDTO as ConfirmDTO
    from finbourne_candela.models.dev_session_start_request import (
        DevSessionStartRequest as DevSessionStartRequest,
    )
    from finbourne_candela.models.directive import Directive as Directive
    from finbourne_candela.models.dto_arr import DTOArr as DTOArr
    from finbourne_candela.models.dto_bool import DTOBool as DTOBool
    from finbourne_candela.models.dto_const import DTOConst as DTOConst
    from finbourne_candela.models.dto_dict import DTODict as DTODict
    from finbourne_candela.models.dto_enum import DTOEnum as DTOEnum
    from finbourne_candela.models.dto_int import DTOInt as DTOInt
    from finbourne_candela.models.dto_obj import DTOObj as DTOObj
    from finbourne_candela.models.dto_real import DTOReal as DTOReal
    from finbourne_candela.models.dto_str import DTOStr as DTOStr
    from finbourne_candela.models.event import Event as Event
    from finbourne_candela.models.fields import Fields as Fields
    from finbourne_candela.models.http_validation_error import HTTPValidationError as HTTPValidationError
    from finbourne_candela.models.insert_context_dto import InsertContextDTO as InsertContextDTO
    from finbourne_candela.models.intent_dto import IntentDTO as IntentDTO
    from finbourne_candela.models.keys import Keys as Keys
    from finbourne_candela.models.no_op_dto import NoOpDTO as NoOpDTO
    from finbourne_candela.models.nodes import Nodes as Nodes
    from finbourne_candela.models.obj import Obj as Obj
    from finbourne_candela.models.obj1 import Obj1 as Obj1
    from finbourne_candela.models.object_id import ObjectId as ObjectId
    from finbourne_candela.models.object_metadata import ObjectMetadata as ObjectMetadata
    from finbourne_candela.models.post_app import PostApp as PostApp
    from finbourne_candela.models.post_circuit import PostCircuit as PostCircuit
    from finbourne_candela.models.post_directive import PostDirective as PostDirective
    from finbourne_candela.models.post_tool_module import PostToolModule as PostToolModule
    from finbourne_candela.models.response_dto import ResponseDTO as ResponseDTO
    from finbourne_candela.models.session import Session as Session
    from finbourne_candela.models.session_start_request import SessionStartRequest as SessionStartRequest
    from finbourne_candela.models.slot_data import SlotData as SlotData
    from finbourne_candela.models.slot_state import SlotState as SlotState
    from finbourne_candela.models.slots_put_response import SlotsPutResponse as SlotsPutResponse
    from finbourne_candela.models.spec import Spec as Spec
    from finbourne_candela.models.submit_prompt import SubmitPrompt as SubmitPrompt
    from finbourne_candela.models.switch_dto import SwitchDTO as SwitchDTO
    from finbourne_candela.models.tool_metadata import ToolMetadata as ToolMetadata
    from finbourne_candela.models.tool_module import ToolModule as ToolModule
    from finbourne_candela.models.tool_module_metadata import ToolModuleMetadata as ToolModuleMetadata
    from finbourne_candela.models.tool_obj import ToolObj as ToolObj
    from finbourne_candela.models.trace import Trace as Trace
    from finbourne_candela.models.trace_item import TraceItem as TraceItem
    from finbourne_candela.models.use_tool_dto import UseToolDTO as UseToolDTO
    from finbourne_candela.models.validation_error import ValidationError as ValidationError
    from finbourne_candela.models.validation_error_loc_inner import (
        ValidationErrorLocInner as ValidationErrorLocInner,
    )
else:
    __getattr__, __dir__ = lazy(
        __name__,
        {
            "finbourne_candela.models.app_spec": "AppSpec",
            "finbourne_candela.models.base_tool": "BaseTool",
            "finbourne_candela.models.circuit_dto": "CircuitDTO",
            "finbourne_candela.models.confirm_dto": "ConfirmDTO",
            "finbourne_candela.models.dev_session_start_request": "DevSessionStartRequest",
            "finbourne_candela.models.directive": "Directive",
            "finbourne_candela.models.dto_arr": "DTOArr",
            "finbourne_candela.models.dto_bool": "DTOBool",
            "finbourne_candela.models.dto_const": "DTOConst",
            "finbourne_candela.models.dto_dict": "DTODict",
            "finbourne_candela.models.dto_enum": "DTOEnum",
            "finbourne_candela.models.dto_int": "DTOInt",
            "finbourne_candela.models.dto_obj": "DTOObj",
            "finbourne_candela.models.dto_real": "DTOReal",
            "finbourne_candela.models.dto_str": "DTOStr",
            "finbourne_candela.models.event": "Event",
            "finbourne_candela.models.fields": "Fields",
            "finbourne_candela.models.http_validation_error": "HTTPValidationError",
            "finbourne_candela.models.insert_context_dto": "InsertContextDTO",
            "finbourne_candela.models.intent_dto": "IntentDTO",
            "finbourne_candela.models.keys": "Keys",
            "finbourne_candela.models.no_op_dto": "NoOpDTO",
            "finbourne_candela.models.nodes": "Nodes",
            "finbourne_candela.models.obj": "Obj",
            "finbourne_candela.models.obj1": "Obj1",
            "finbourne_candela.models.object_id": "ObjectId",
            "finbourne_candela.models.object_metadata": "ObjectMetadata",
            "finbourne_candela.models.post_app": "PostApp",
            "finbourne_candela.models.post_circuit": "PostCircuit",
            "finbourne_candela.models.post_directive": "PostDirective",
            "finbourne_candela.models.post_tool_module": "PostToolModule",
            "finbourne_candela.models.response_dto": "ResponseDTO",
            "finbourne_candela.models.session": "Session",
            "finbourne_candela.models.session_start_request": "SessionStartRequest",
            "finbourne_candela.models.slot_data": "SlotData",
            "finbourne_candela.models.slot_state": "SlotState",
            "finbourne_candela.models.slots_put_response": "SlotsPutResponse",
            "finbourne_candela.models.spec": "Spec",
            "finbourne_candela.models.submit_prompt": "SubmitPrompt",
            "finbourne_candela.models.switch_dto": "SwitchDTO",
            "finbourne_candela.models.tool_metadata": "ToolMetadata",
            "finbourne_candela.models.tool_module": "ToolModule",
            "finbourne_candela.models.tool_module_metadata": "ToolModuleMetadata",
            "finbourne_candela.models.tool_obj": "ToolObj",
            "finbourne_candela.models.trace": "Trace",
            "finbourne_candela.models.trace_item": "TraceItem",
            "finbourne_candela.models.use_tool_dto": "UseToolDTO",
            "finbourne_candela.models.validation_error": "ValidationError",
            "finbourne_candela.models.validation_error_loc_inner": "ValidationErrorLocInner",
        },
    )
