"""The shape of values."""

from __future__ import annotations

from typing import TYPE_CHECKING

from portal_client.model import Wrapper
from portal_client.union import OneOf

if TYPE_CHECKING:  # they may need this module themselves
    from finbourne_candela.models.dto_arr import DTOArr as DTOArr
    from finbourne_candela.models.dto_bool import DTOBool as DTOBool
    from finbourne_candela.models.dto_const import DTOConst as DTOConst
    from finbourne_candela.models.dto_dict import DTODict as DTODict
    from finbourne_candela.models.dto_enum import DTOEnum as DTOEnum
    from finbourne_candela.models.dto_int import DTOInt as DTOInt
    from finbourne_candela.models.dto_obj import DTOObj as DTOObj
    from finbourne_candela.models.dto_real import DTOReal as DTOReal
    from finbourne_candela.models.dto_str import DTOStr as DTOStr


class Obj1(
    Wrapper[OneOf["DTODict | DTOArr | DTOObj | DTOEnum | DTOStr | DTOBool | DTOReal | DTOInt | DTOConst"]]
):
    """The shape of the values of a mapping, chosen by its `type`; a dict where that is unknown."""
