"""The slots of a domain, for administrators."""

from __future__ import annotations

from typing import Any, ClassVar, Final

from pydantic import StrictInt, StrictStr
from typing_extensions import Unpack
from urllib3 import BaseHTTPResponse as BaseHTTPResponse  # the derived forms' annotations name these two

from finbourne_candela.extensions.api_client import SyncApiClient
from finbourne_candela.models.slot_data import SlotData
from finbourne_candela.models.slots_put_response import SlotsPutResponse
from finbourne_candela.options import CandelaOptions
from portal_client.api_client import ApiClient
from portal_client.api_response import ApiResponse as ApiResponse
from portal_client.endpoint import Api, endpoint, with_http_info, without_preload_content


class SystemApi(Api):
    """The slots of a domain, for administrators.

    Args:
        slot_id: The slot, as `SlotData.slot_id` names it.
        slot_type: The type of the slots.
        target_free_slots: How many slots of this type are kept free.
        max_slots: The most slots of this type.
    """

    _client_type: ClassVar[type[ApiClient]] = SyncApiClient

    @endpoint("DELETE", "/system/slot")
    def admin_delete_slot(self, slot_id: StrictStr, **options: Unpack[CandelaOptions]) -> None:
        """Delete a slot without a replacement.

        For administrators: take away any slot, whoever has it. Its session is stopped, and no other slot
        takes its place.
        """
        ...

    @endpoint("GET", "/system/status")
    def get_domain_state(self, **options: Unpack[CandelaOptions]) -> Any:
        """Get the state of the slot infrastructure.

        For administrators: how many slots of each type there are, and what they are doing.
        """
        ...

    @endpoint("GET", "/system/list_slots")
    def list_slots(self, **options: Unpack[CandelaOptions]) -> list[SlotData]:
        """List all slots.

        For administrators: the slots of the domain, whoever has them; without those that are disposed of.
        """
        ...

    @endpoint("PUT", "/system/free_slots_target")
    def set_free_slots_target(
        self, slot_type: StrictStr, target_free_slots: StrictInt, **options: Unpack[CandelaOptions]
    ) -> SlotsPutResponse:
        """Set how many free slots to keep.

        For administrators: how many slots of a type are kept ready for those who ask for one. Sent twice, the
        old value of the response is the new one.
        """
        ...

    @endpoint("PUT", "/system/max_slots")
    def set_max_slots(
        self, slot_type: StrictStr, max_slots: StrictInt, **options: Unpack[CandelaOptions]
    ) -> SlotsPutResponse:
        """Set the largest number of slots.

        For administrators. A limit below the number of slots takes none away. Sent twice, the old value of
        the response is the new one.
        """
        ...

    admin_delete_slot_with_http_info: Final = with_http_info(admin_delete_slot)
    admin_delete_slot_without_preload_content: Final = without_preload_content(admin_delete_slot)
    get_domain_state_with_http_info: Final = with_http_info(get_domain_state)
    get_domain_state_without_preload_content: Final = without_preload_content(get_domain_state)
    list_slots_with_http_info: Final = with_http_info(list_slots)
    list_slots_without_preload_content: Final = without_preload_content(list_slots)
    set_free_slots_target_with_http_info: Final = with_http_info(set_free_slots_target)
    set_free_slots_target_without_preload_content: Final = without_preload_content(set_free_slots_target)
    set_max_slots_with_http_info: Final = with_http_info(set_max_slots)
    set_max_slots_without_preload_content: Final = without_preload_content(set_max_slots)
