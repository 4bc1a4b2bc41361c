"""A step of a circuit."""

from __future__ import annotations

from typing import TYPE_CHECKING

from portal_client.model import Wrapper
from portal_client.union import OneOf

if TYPE_CHECKING:  # they may need this module themselves
    from finbourne_candela.models.confirm_dto import ConfirmDTO as ConfirmDTO
    from finbourne_candela.models.insert_context_dto import InsertContextDTO as InsertContextDTO
    from finbourne_candela.models.intent_dto import IntentDTO as IntentDTO
    from finbourne_candela.models.no_op_dto import NoOpDTO as NoOpDTO
    from finbourne_candela.models.response_dto import ResponseDTO as ResponseDTO
    from finbourne_candela.models.switch_dto import SwitchDTO as SwitchDTO
    from finbourne_candela.models.use_tool_dto import UseToolDTO as UseToolDTO


class Nodes(
    Wrapper[
        OneOf["ResponseDTO | IntentDTO | ConfirmDTO | NoOpDTO | UseToolDTO | SwitchDTO | InsertContextDTO"]
    ]
):
    """A step of a circuit, chosen by its `type`; a dict where that is unknown."""
