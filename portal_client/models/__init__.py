"""The models of the Portal contract, one module each."""

from __future__ import annotations

from portal_client._lazy import TYPE_CHECKING, lazy

if TYPE_CHECKING:
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
else:
    __getattr__, __dir__ = lazy(
        __name__,
        {
            "portal_client.models.async_session_response": "AsyncSessionResponse",
            "portal_client.models.get_sessions_response": "GetSessionsResponse",
            "portal_client.models.grouped_sessions_response": "GroupedSessionsResponse",
            "portal_client.models.http_validation_error": "HTTPValidationError",
            "portal_client.models.message": "Message",
            "portal_client.models.message_agent": "MessageAgent",
            "portal_client.models.message_role": "MessageRole",
            "portal_client.models.session": "Session",
            "portal_client.models.session_status": "SessionStatus",
            "portal_client.models.validation_error": "ValidationError",
            "portal_client.models.validation_error_loc_inner": "ValidationErrorLocInner",
        },
    )
