"""One argument that the service refused."""

from __future__ import annotations

from pydantic import StrictStr

from portal_client.model import Model
from portal_client.models.validation_error_loc_inner import ValidationErrorLocInner


class ValidationError(Model):
    """Where an argument is (`loc`), why it was refused (`msg`) and by which rule (`type`)."""

    loc: list[ValidationErrorLocInner]
    """The way to the argument: first where it was given, such as "query" or "body", then its name."""
    msg: StrictStr
    """Why it was refused, for people."""
    type: StrictStr
    """The rule that refused it, for programs."""
