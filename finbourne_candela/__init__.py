"""The Python SDK of the Candela agent service."""

from __future__ import annotations

__version__ = "2.0.0"

TYPE_CHECKING = False
if TYPE_CHECKING:
    from finbourne_candela.api.sessions_api import SessionsApi as SessionsApi
    from finbourne_candela.configuration import Configuration as Configuration
    from finbourne_candela.extensions.api_client import SyncApiClient as SyncApiClient
    from finbourne_candela.extensions.api_client_factory import SyncApiClientFactory as SyncApiClientFactory
    from finbourne_candela.extensions.configuration_loaders import (
        ArgsConfigurationLoader as ArgsConfigurationLoader,
    )
    from finbourne_candela.extensions.configuration_loaders import (
        EnvironmentVariablesConfigurationLoader as EnvironmentVariablesConfigurationLoader,
    )
    from finbourne_candela.extensions.configuration_loaders import (
        FileTokenConfigurationLoader as FileTokenConfigurationLoader,
    )
    from finbourne_candela.extensions.configuration_loaders import (
        SecretsFileConfigurationLoader as SecretsFileConfigurationLoader,
    )
    from finbourne_candela.extensions.configuration_options import (
        ConfigurationOptions as ConfigurationOptions,
    )
    from finbourne_candela.extensions.settings import ConfigurationLoader as ConfigurationLoader
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
    from finbourne_candela.models.response_dto import ResponseDTO as ResponseDTO
    from finbourne_candela.models.session import Session as Session
    from finbourne_candela.models.session_start_request import SessionStartRequest as SessionStartRequest
    from finbourne_candela.models.spec import Spec as Spec
    from finbourne_candela.models.submit_prompt import SubmitPrompt as SubmitPrompt
    from finbourne_candela.models.switch_dto import SwitchDTO as SwitchDTO
    from finbourne_candela.models.tool_module import ToolModule as ToolModule
    from finbourne_candela.models.tool_obj import ToolObj as ToolObj
    from finbourne_candela.models.use_tool_dto import UseToolDTO as UseToolDTO
    from finbourne_candela.models.validation_error import ValidationError as ValidationError
    from finbourne_candela.models.validation_error_loc_inner import (
        ValidationErrorLocInner as ValidationErrorLocInner,
    )
    from finbourne_candela.options import CandelaOptions as CandelaOptions
    from finbourne_candela.options import CandelaStreamOptions as CandelaStreamOptions
    from portal_client.api_response import ApiResponse as ApiResponse
    from portal_client.auth import EnvToken as EnvToken
    from portal_client.auth import FileToken as FileToken
    from portal_client.auth import OAuth2Password as OAuth2Password
    from portal_client.exceptions import ApiAttributeError as ApiAttributeError
    from portal_client.exceptions import ApiConnectionError as ApiConnectionError
    from portal_client.exceptions import ApiException as ApiException
    from portal_client.exceptions import ApiKeyError as ApiKeyError
    from portal_client.exceptions import ApiResponseError as ApiResponseError
    from portal_client.exceptions import ApiStreamError as ApiStreamError
    from portal_client.exceptions import ApiStreamTimeout as ApiStreamTimeout
    from portal_client.exceptions import ApiTimeoutError as ApiTimeoutError
    from portal_client.exceptions import ApiTypeError as ApiTypeError
    from portal_client.exceptions import ApiValueError as ApiValueError
    from portal_client.exceptions import AuthenticationError as AuthenticationError
    from portal_client.exceptions import BadRequestException as BadRequestException
    from portal_client.exceptions import ConflictException as ConflictException
    from portal_client.exceptions import ForbiddenException as ForbiddenException
    from portal_client.exceptions import NotFoundException as NotFoundException
    from portal_client.exceptions import OpenApiException as OpenApiException
    from portal_client.exceptions import ServiceException as ServiceException
    from portal_client.exceptions import TooManyRequestsException as TooManyRequestsException
    from portal_client.exceptions import UnauthorizedException as UnauthorizedException
    from portal_client.exceptions import UnprocessableEntityException as UnprocessableEntityException
    from portal_client.hooks import Attempt as Attempt
    from portal_client.hooks import Hooks as Hooks
    from portal_client.streaming import EventStream as EventStream
else:
    from portal_client._lazy import lazy

    __getattr__, __dir__, __all__ = lazy(
        __name__,
        {
            "SessionsApi": "finbourne_candela.api.sessions_api",
            "Configuration": "finbourne_candela.configuration",
            "SyncApiClient": "finbourne_candela.extensions.api_client",
            "SyncApiClientFactory": "finbourne_candela.extensions.api_client_factory",
            "ArgsConfigurationLoader": "finbourne_candela.extensions.configuration_loaders",
            "EnvironmentVariablesConfigurationLoader": "finbourne_candela.extensions.configuration_loaders",
            "FileTokenConfigurationLoader": "finbourne_candela.extensions.configuration_loaders",
            "SecretsFileConfigurationLoader": "finbourne_candela.extensions.configuration_loaders",
            "ConfigurationOptions": "finbourne_candela.extensions.configuration_options",
            "ConfigurationLoader": "finbourne_candela.extensions.settings",
            "BaseTool": "finbourne_candela.models.base_tool",
            "CircuitDTO": "finbourne_candela.models.circuit_dto",
            "ConfirmDTO": "finbourne_candela.models.confirm_dto",
            "DevSessionStartRequest": "finbourne_candela.models.dev_session_start_request",
            "Directive": "finbourne_candela.models.directive",
            "DTOArr": "finbourne_candela.models.dto_arr",
            "DTOBool": "finbourne_candela.models.dto_bool",
            "DTOConst": "finbourne_candela.models.dto_const",
            "DTODict": "finbourne_candela.models.dto_dict",
            "DTOEnum": "finbourne_candela.models.dto_enum",
            "DTOInt": "finbourne_candela.models.dto_int",
            "DTOObj": "finbourne_candela.models.dto_obj",
            "DTOReal": "finbourne_candela.models.dto_real",
            "DTOStr": "finbourne_candela.models.dto_str",
            "Event": "finbourne_candela.models.event",
            "Fields": "finbourne_candela.models.fields",
            "HTTPValidationError": "finbourne_candela.models.http_validation_error",
            "InsertContextDTO": "finbourne_candela.models.insert_context_dto",
            "IntentDTO": "finbourne_candela.models.intent_dto",
            "Keys": "finbourne_candela.models.keys",
            "NoOpDTO": "finbourne_candela.models.no_op_dto",
            "Nodes": "finbourne_candela.models.nodes",
            "Obj": "finbourne_candela.models.obj",
            "Obj1": "finbourne_candela.models.obj1",
            "ObjectId": "finbourne_candela.models.object_id",
            "ObjectMetadata": "finbourne_candela.models.object_metadata",
            "ResponseDTO": "finbourne_candela.models.response_dto",
            "Session": "finbourne_candela.models.session",
            "SessionStartRequest": "finbourne_candela.models.session_start_request",
            "Spec": "finbourne_candela.models.spec",
            "SubmitPrompt": "finbourne_candela.models.submit_prompt",
            "SwitchDTO": "finbourne_candela.models.switch_dto",
            "ToolModule": "finbourne_candela.models.tool_module",
            "ToolObj": "finbourne_candela.models.tool_obj",
            "UseToolDTO": "finbourne_candela.models.use_tool_dto",
            "ValidationError": "finbourne_candela.models.validation_error",
            "ValidationErrorLocInner": "finbourne_candela.models.validation_error_loc_inner",
            "CandelaOptions": "finbourne_candela.options",
            "CandelaStreamOptions": "finbourne_candela.options",
            "ApiResponse": "portal_client.api_response",
            "EnvToken": "portal_client.auth",
            "FileToken": "portal_client.auth",
            "OAuth2Password": "portal_client.auth",
            "ApiAttributeError": "portal_client.exceptions",
            "ApiConnectionError": "portal_client.exceptions",
            "ApiException": "portal_client.exceptions",
            "ApiKeyError": "portal_client.exceptions",
            "ApiResponseError": "portal_client.exceptions",
            "ApiStreamError": "portal_client.exceptions",
            "ApiStreamTimeout": "portal_client.exceptions",
            "ApiTimeoutError": "portal_client.exceptions",
            "ApiTypeError": "portal_client.exceptions",
            "ApiValueError": "portal_client.exceptions",
            "AuthenticationError": "portal_client.exceptions",
            "BadRequestException": "portal_client.exceptions",
            "ConflictException": "portal_client.exceptions",
            "ForbiddenException": "portal_client.exceptions",
            "NotFoundException": "portal_client.exceptions",
            "OpenApiException": "portal_client.exceptions",
            "ServiceException": "portal_client.exceptions",
            "TooManyRequestsException": "portal_client.exceptions",
            "UnauthorizedException": "portal_client.exceptions",
            "UnprocessableEntityException": "portal_client.exceptions",
            "Attempt": "portal_client.hooks",
            "Hooks": "portal_client.hooks",
            "EventStream": "portal_client.streaming",
        },
        dict.fromkeys(
            ("ApiClient", "ApiClientFactory"),
            " (for asyncio): use SyncApiClient or SyncApiClientFactory, there with asyncio.to_thread",
        ),
    )
