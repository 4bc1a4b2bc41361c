"""The errors of a call: those of the core, whose tree is in `portal_client.exceptions`."""

from __future__ import annotations

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
