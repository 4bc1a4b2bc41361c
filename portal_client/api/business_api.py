"""What the agents know of the caller's business."""

from __future__ import annotations

from typing import Final

from pydantic import StrictStr
from typing_extensions import Unpack
from urllib3 import BaseHTTPResponse as BaseHTTPResponse  # the derived forms' annotations name these two

from portal_client.api_response import ApiResponse as ApiResponse
from portal_client.endpoint import Api, RequestOptions, endpoint, with_http_info, without_preload_content
from portal_client.models.business import Business
from portal_client.models.business_response import BusinessResponse
from portal_client.models.create_business_request import CreateBusinessRequest
from portal_client.models.delete_business_response import DeleteBusinessResponse


class BusinessApi(Api):
    """What the agents know of the caller's business.

    Args:
        create_business_request: What to call the business, and what it does.
        business_id: The business, as `Business.id` names it.
        business: The business with its new name and description.
    """

    @endpoint("POST", "/business")
    def create_business(
        self, create_business_request: CreateBusinessRequest, **options: Unpack[RequestOptions]
    ) -> Business:
        """Describe the caller's business to the agents.

        The service gives it an id. A user has one business at most.
        """
        ...

    @endpoint("DELETE", "/business/{business_id}")
    def delete_business(
        self, business_id: StrictStr, **options: Unpack[RequestOptions]
    ) -> DeleteBusinessResponse:
        """Delete the caller's business.

        `success` is false where no business has this id, so that a second deletion does no harm.
        """
        ...

    @endpoint("GET", "/business")
    def get_business(self, **options: Unpack[RequestOptions]) -> BusinessResponse:
        """Get the caller's business.

        A user has one business at most; `business` is null where there is none.
        """
        ...

    @endpoint("PUT", "/business")
    def update_business(self, business: Business, **options: Unpack[RequestOptions]) -> Business:
        """Replace the name and the description of the caller's business.

        The business to change is named by the `id` in the body; its `id` and `user_id` stay.
        """
        ...

    create_business_with_http_info: Final = with_http_info(create_business)
    create_business_without_preload_content: Final = without_preload_content(create_business)
    delete_business_with_http_info: Final = with_http_info(delete_business)
    delete_business_without_preload_content: Final = without_preload_content(delete_business)
    get_business_with_http_info: Final = with_http_info(get_business)
    get_business_without_preload_content: Final = without_preload_content(get_business)
    update_business_with_http_info: Final = with_http_info(update_business)
    update_business_without_preload_content: Final = without_preload_content(update_business)
