"""One step on the way to a refused argument."""

from __future__ import annotations

from portal_client.models.validation_error_loc_inner import ValidationErrorLocInner as ValidationErrorLocInner
