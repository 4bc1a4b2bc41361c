"""The caller's slot: the machine that sessions run on."""

from __future__ import annotations

from typing import ClassVar, Final

from pydantic import StrictBool, StrictStr
from typing_extensions import Unpack
from urllib3 import BaseHTTPResponse as BaseHTTPResponse  # the derived forms' annotations name these two

from finbourne_candela.extensions.api_client import SyncApiClient
from finbourne_candela.models.slot_data import SlotData
from finbourne_candela.models.slot_state import SlotState
from finbourne_candela.options import CandelaOptions
from portal_client.api_client import ApiClient
from portal_client.api_response import ApiResponse as ApiResponse
from portal_client.endpoint import Api, endpoint, with_http_info, without_preload_content


class UserSlotsApi(Api):
    """The caller's slot: the machine that sessions run on.

    Args:
        slot_type: The type of the slot.
    """

    _client_type: ClassVar[type[ApiClient]] = SyncApiClient

    @endpoint("PUT", "/slot")
    def assign_slot(self, slot_type: StrictStr, **options: Unpack[CandelaOptions]) -> None:
        """Assign a slot to the caller.

        A slot is a machine that sessions of the caller run on. The caller keeps it until it is disposed of;
        for one who has a slot already, nothing changes.
        """
        ...

    @endpoint("DELETE", "/slot", accept=None)
    def dispose_slot(self, **options: Unpack[CandelaOptions]) -> None:
        """Dispose of the caller's slot.

        The session that runs on it is stopped. Sent twice, it may dispose of a slot that was assigned since.
        """
        ...

    @endpoint("GET", "/slot/metadata")
    def get_slot_metadata(self, **options: Unpack[CandelaOptions]) -> SlotData:
        """Get the metadata of the caller's slot.

        Its id, its type, its state, and when it was created, assigned and ready.
        """
        ...

    @endpoint("GET", "/slot/state")
    def get_slot_state(self, **options: Unpack[CandelaOptions]) -> SlotState:
        """Get the state of the caller's slot.

        Sessions start on a slot in state 3, HOST_READY.
        """
        ...

    @endpoint("GET", "/slot/user_has_slot")
    def user_has_slot(self, **options: Unpack[CandelaOptions]) -> StrictBool:
        """Tell whether the caller has a slot.

        A caller without a slot is no error here.
        """
        ...

    assign_slot_with_http_info: Final = with_http_info(assign_slot)
    assign_slot_without_preload_content: Final = without_preload_content(assign_slot)
    dispose_slot_with_http_info: Final = with_http_info(dispose_slot)
    dispose_slot_without_preload_content: Final = without_preload_content(dispose_slot)
    get_slot_metadata_with_http_info: Final = with_http_info(get_slot_metadata)
    get_slot_metadata_without_preload_content: Final = without_preload_content(get_slot_metadata)
    get_slot_state_with_http_info: Final = with_http_info(get_slot_state)
    get_slot_state_without_preload_content: Final = without_preload_content(get_slot_state)
    user_has_slot_with_http_info: Final = with_http_info(user_has_slot)
    user_has_slot_without_preload_content: Final = without_preload_content(user_has_slot)
