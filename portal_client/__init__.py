"""The Python SDK of the Portal agent service."""

from __future__ import annotations

__version__ = "2.0.0"

TYPE_CHECKING = False
if TYPE_CHECKING:
    from portal_client.api.sessions_api import SessionsApi as SessionsApi
    from portal_client.api_client import ApiClient as ApiClient
    from portal_client.api_response import ApiResponse as ApiResponse
    from portal_client.auth import EnvToken as EnvToken
    from portal_client.auth import FileToken as FileToken
    from portal_client.auth import OAuth2Password as OAuth2Password
    from portal_client.call import Call as Call
    from portal_client.configuration import Configuration as Configuration
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
    from portal_client.exceptions import SessionFailed as SessionFailed
    from portal_client.exceptions import TooManyRequestsException as TooManyRequestsException
    from portal_client.exceptions import UnauthorizedException as UnauthorizedException
    from portal_client.exceptions import UnprocessableEntityException as UnprocessableEntityException
    from portal_client.exceptions import WaitTimeout as WaitTimeout
    from portal_client.hooks import Attempt as Attempt
    from portal_client.hooks import Hooks as Hooks
    from portal_client.models.async_session_response import AsyncSessionResponse as AsyncSessionResponse
    from portal_client.models.get_sessions_response import GetSessionsResponse as GetSessionsResponse
    from portal_client.models.grouped_sessions_response import (
        GroupedSessionsResponse as GroupedSessionsResponse,
    )
    from portal_client.models.http_validation_error import HTTPValidationError as HTTPValidationError
    from portal_client.models.message import Message as Message
    from portal_client.models.message_agent import MessageAgent as MessageAgent
    from portal_client.models.message_role import MessageRole as MessageRole
    from portal_client.models.session import Session as Session
    from portal_client.models.session_status import SessionStatus as SessionStatus
    from portal_client.models.validation_error import ValidationError as ValidationError
    from portal_client.models.validation_error_loc_inner import (
        ValidationErrorLocInner as ValidationErrorLocInner,
    )
    from portal_client.multipart import Files as Files
    from portal_client.operation import RequestOptions as RequestOptions
    from portal_client.operation import StreamOptions as StreamOptions
    from portal_client.streaming import EventStream as EventStream
else:
    from portal_client._lazy import lazy

    __getattr__, __dir__, __all__ = lazy(
        __name__,
        {
            "SessionsApi": "portal_client.api.sessions_api",
            "ApiClient": "portal_client.api_client",
            "ApiResponse": "portal_client.api_response",
            "EnvToken": "portal_client.auth",
            "FileToken": "portal_client.auth",
            "OAuth2Password": "portal_client.auth",
            "Call": "portal_client.call",
            "Configuration": "portal_client.configuration",
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
            "SessionFailed": "portal_client.exceptions",
            "TooManyRequestsException": "portal_client.exceptions",
            "UnauthorizedException": "portal_client.exceptions",
            "UnprocessableEntityException": "portal_client.exceptions",
            "WaitTimeout": "portal_client.exceptions",
            "Attempt": "portal_client.hooks",
            "Hooks": "portal_client.hooks",
            "AsyncSessionResponse": "portal_client.models.async_session_response",
            "GetSessionsResponse": "portal_client.models.get_sessions_response",
            "GroupedSessionsResponse": "portal_client.models.grouped_sessions_response",
            "HTTPValidationError": "portal_client.models.http_validation_error",
            "Message": "portal_client.models.message",
            "MessageAgent": "portal_client.models.message_agent",
            "MessageRole": "portal_client.models.message_role",
            "Session": "portal_client.models.session",
            "SessionStatus": "portal_client.models.session_status",
            "ValidationError": "portal_client.models.validation_error",
            "ValidationErrorLocInner": "portal_client.models.validation_error_loc_inner",
            "Files": "portal_client.multipart",
            "RequestOptions": "portal_client.operation",
            "StreamOptions": "portal_client.operation",
            "EventStream": "portal_client.streaming",
        },
    )
