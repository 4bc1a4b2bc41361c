"""Directives: the system prompts of apps."""

from __future__ import annotations

from typing import ClassVar, Final, Optional

from pydantic import StrictBool, StrictStr
from typing_extensions import Unpack
from urllib3 import BaseHTTPResponse as BaseHTTPResponse  # the derived forms' annotations name these two

from finbourne_candela.extensions.api_client import SyncApiClient
from finbourne_candela.models.directive import Directive
from finbourne_candela.models.object_metadata import ObjectMetadata
from finbourne_candela.models.post_directive import PostDirective
from finbourne_candela.options import CandelaOptions
from portal_client.api_client import ApiClient
from portal_client.api_response import ApiResponse as ApiResponse
from portal_client.endpoint import Api, endpoint, with_http_info, without_preload_content


class DirectivesApi(Api):
    """Directives: the system prompts of apps.

    Args:
        post_directive: The directive, its name, and how its version is counted.
        system_level: Whether to store it for all domains and not only for the caller's.
        scope: The scope of the directive.
        identifier: The identifier of the directive.
        version: The version of the directive. Without one, the latest is read, all are deleted, and any
            counts as existing.
        all_versions: Whether to list each version of a directive and not only the latest one.
    """

    _client_type: ClassVar[type[ApiClient]] = SyncApiClient

    @endpoint("PUT", "/directives/")
    def add_directive(
        self,
        post_directive: PostDirective,
        system_level: Optional[StrictBool] = None,
        **options: Unpack[CandelaOptions],
    ) -> ObjectMetadata:
        """Add a directive, or the next version of one.

        Nothing is overwritten: a name that is taken gets its next version, so that each call makes one.
        """
        ...

    @endpoint("DELETE", "/directives/")
    def delete_directive(
        self,
        scope: StrictStr,
        identifier: StrictStr,
        version: Optional[StrictStr] = None,
        **options: Unpack[CandelaOptions],
    ) -> list[ObjectMetadata]:
        """Delete a directive.

        Without a version all versions are deleted, also those added since the caller looked. Sessions that
        use the directive keep running.
        """
        ...

    @endpoint("GET", "/directives/exists")
    def directive_exists(
        self,
        scope: StrictStr,
        identifier: StrictStr,
        version: Optional[StrictStr] = None,
        **options: Unpack[CandelaOptions],
    ) -> StrictBool:
        """Tell whether a directive exists.

        An object that does not exist is no error here.
        """
        ...

    @endpoint("GET", "/directives/")
    def get_directive(
        self,
        scope: StrictStr,
        identifier: StrictStr,
        version: Optional[StrictStr] = None,
        **options: Unpack[CandelaOptions],
    ) -> Directive:
        """Get a directive.

        What was stored, without its description and its version; these are in its metadata.
        """
        ...

    @endpoint("GET", "/directives/metadata")
    def get_directive_metadata(
        self,
        scope: StrictStr,
        identifier: StrictStr,
        version: Optional[StrictStr] = None,
        **options: Unpack[CandelaOptions],
    ) -> ObjectMetadata:
        """Get the metadata of a directive.

        Its full name with the version, its description, who added it and when.
        """
        ...

    @endpoint("GET", "/directives/list")
    def list_directives(
        self, all_versions: Optional[StrictBool] = None, **options: Unpack[CandelaOptions]
    ) -> list[ObjectMetadata]:
        """List directives.

        The directives of the caller's domain and those that are stored for all domains.
        """
        ...

    add_directive_with_http_info: Final = with_http_info(add_directive)
    add_directive_without_preload_content: Final = without_preload_content(add_directive)
    delete_directive_with_http_info: Final = with_http_info(delete_directive)
    delete_directive_without_preload_content: Final = without_preload_content(delete_directive)
    directive_exists_with_http_info: Final = with_http_info(directive_exists)
    directive_exists_without_preload_content: Final = without_preload_content(directive_exists)
    get_directive_metadata_with_http_info: Final = with_http_info(get_directive_metadata)
    get_directive_metadata_without_preload_content: Final = without_preload_content(get_directive_metadata)
    get_directive_with_http_info: Final = with_http_info(get_directive)
    get_directive_without_preload_content: Final = without_preload_content(get_directive)
    list_directives_with_http_info: Final = with_http_info(list_directives)
    list_directives_without_preload_content: Final = without_preload_content(list_directives)
