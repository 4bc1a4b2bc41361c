"""A request to add a directive."""

from __future__ import annotations

from typing import Optional

from pydantic import StrictStr

from finbourne_candela.models.directive import Directive
from portal_client.model import Model, Nullable


class PostDirective(Model):
    """A directive to be added."""

    scope: StrictStr
    """Its scope, a namespace that users choose."""
    identifier: StrictStr
    """Its name within the scope."""
    description: Nullable[StrictStr] = None
    """What it is, for people to read."""
    version_bump: Optional[StrictStr] = "patch"
    """Which part of the version is counted up: major, minor or patch."""
    data: Directive
    """The directive itself."""
