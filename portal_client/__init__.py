"""The Python SDK of the Portal agent service."""

from __future__ import annotations

from portal_client._lazy import TYPE_CHECKING, lazy

__version__ = "2.0.0"

if TYPE_CHECKING:
    from portal_client.api import *  # noqa: F403
    from portal_client.api_client import ApiClient as ApiClient
    from portal_client.api_response import ApiResponse as ApiResponse
    from portal_client.auth import EnvToken as EnvToken
    from portal_client.auth import FileToken as FileToken
    from portal_client.auth import KeyringToken as KeyringToken
    from portal_client.auth import OAuth2Password as OAuth2Password
    from portal_client.batch import Batch as Batch
    from portal_client.batch import JournalBusy as JournalBusy
    from portal_client.branches import Branches as Branches
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
    from portal_client.flight_recorder import RecordedCall as RecordedCall
    from portal_client.following import SessionUpdates as SessionUpdates
    from portal_client.hooks import Attempt as Attempt
    from portal_client.hooks import Hooks as Hooks
    from portal_client.middleware import CallNext as CallNext
    from portal_client.middleware import Middleware as Middleware
    from portal_client.middleware import MiddlewareRequest as MiddlewareRequest
    from portal_client.middleware import MiddlewareResponse as MiddlewareResponse
    from portal_client.models import *  # noqa: F403
    from portal_client.multipart import Files as Files
    from portal_client.options import RequestOptions as RequestOptions
    from portal_client.options import StreamOptions as StreamOptions
    from portal_client.records import to_pandas as to_pandas
    from portal_client.records import to_records as to_records
    from portal_client.streaming import EventStream as EventStream
    from portal_client.wait import SessionProgress as SessionProgress
else:
    __getattr__, __dir__ = lazy(
        __name__,
        {
            "portal_client.api_client": "ApiClient",
            "portal_client.api_response": "ApiResponse",
            "portal_client.auth": "EnvToken FileToken KeyringToken OAuth2Password",
            "portal_client.batch": "Batch JournalBusy",
            "portal_client.branches": "Branches",
            "portal_client.call": "Call",
            "portal_client.configuration": "Configuration",
            "portal_client.exceptions": (
                "ApiAttributeError ApiConnectionError ApiException ApiKeyError ApiResponseError "
                "ApiStreamError ApiStreamTimeout ApiTimeoutError ApiTypeError ApiValueError "
                "AuthenticationError BadRequestException ConflictException ForbiddenException "
                "NotFoundException OpenApiException ServiceException SessionFailed "
                "TooManyRequestsException UnauthorizedException UnprocessableEntityException WaitTimeout"
            ),
            "portal_client.flight_recorder": "RecordedCall",
            "portal_client.following": "SessionUpdates",
            "portal_client.hooks": "Attempt Hooks",
            "portal_client.middleware": "CallNext Middleware MiddlewareRequest MiddlewareResponse",
            "portal_client.multipart": "Files",
            "portal_client.options": "RequestOptions StreamOptions",
            "portal_client.records": "to_pandas to_records",
            "portal_client.streaming": "EventStream",
            "portal_client.wait": "SessionProgress",
        },
        whole=("portal_client.api", "portal_client.models"),
    )
