"""The shape of keys."""

from __future__ import annotations

from typing import TYPE_CHECKING

from portal_client.model import Wrapper
from portal_client.union import OneOf

if TYPE_CHECKING:  # they may need this module themselves
    from finbourne_candela.models.dto_enum import DTOEnum as DTOEnum
    from finbourne_candela.models.dto_str import DTOStr as DTOStr


class Keys(Wrapper[OneOf["DTOStr | DTOEnum"]]):
    """The shape of the keys of a mapping, chosen by its `type`; a dict where that is unknown."""
