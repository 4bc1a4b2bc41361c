"""The body of a 422 response."""

from __future__ import annotations

from portal_client.models.http_validation_error import HTTPValidationError as HTTPValidationError
