"""Apps: a circuit and a directive that make an agent or a pipeline."""

from __future__ import annotations

from typing import ClassVar, Final, Optional

from pydantic import StrictBool, StrictStr
from typing_extensions import Unpack
from urllib3 import BaseHTTPResponse as BaseHTTPResponse  # the derived forms' annotations name these two

from finbourne_candela.extensions.api_client import SyncApiClient
from finbourne_candela.models.app_spec import AppSpec
from finbourne_candela.models.object_metadata import ObjectMetadata
from finbourne_candela.models.post_app import PostApp
from finbourne_candela.options import CandelaOptions
from portal_client.api_client import ApiClient
from portal_client.api_response import ApiResponse as ApiResponse
from portal_client.endpoint import Api, endpoint, with_http_info, without_preload_content


class AppsApi(Api):
    """Apps: a circuit and a directive that make an agent or a pipeline.

    Args:
        post_app: The app, its name, and how its version is counted.
        system_level: Whether to store it for all domains and not only for the caller's.
        scope: The scope of the app.
        identifier: The identifier of the app.
        version: The version of the app. Without one, the latest is read, all are deleted, and any
            counts as existing.
        all_versions: Whether to list each version of an app and not only the latest one.
    """

    _client_type: ClassVar[type[ApiClient]] = SyncApiClient

    @endpoint("PUT", "/apps/")
    def add_app(
        self, post_app: PostApp, system_level: Optional[StrictBool] = None, **options: Unpack[CandelaOptions]
    ) -> ObjectMetadata:
        """Add an app, or the next version of one.

        Nothing is overwritten: a name that is taken gets its next version, so that each call makes one. The
        circuit and the directive are only named, and need not be stored yet.
        """
        ...

    @endpoint("GET", "/apps/exists")
    def app_exists(
        self,
        scope: StrictStr,
        identifier: StrictStr,
        version: Optional[StrictStr] = None,
        **options: Unpack[CandelaOptions],
    ) -> StrictBool:
        """Tell whether an app exists.

        An object that does not exist is no error here.
        """
        ...

    @endpoint("DELETE", "/apps/")
    def delete_app(
        self,
        scope: StrictStr,
        identifier: StrictStr,
        version: Optional[StrictStr] = None,
        **options: Unpack[CandelaOptions],
    ) -> list[ObjectMetadata]:
        """Delete an app.

        Without a version all versions are deleted, also those added since the caller looked. Sessions that
        use the app keep running.
        """
        ...

    @endpoint("GET", "/apps/")
    def get_app(
        self,
        scope: StrictStr,
        identifier: StrictStr,
        version: Optional[StrictStr] = None,
        **options: Unpack[CandelaOptions],
    ) -> AppSpec:
        """Get an app.

        What was stored, without its description and its version; these are in its metadata.
        """
        ...

    @endpoint("GET", "/apps/metadata")
    def get_app_metadata(
        self,
        scope: StrictStr,
        identifier: StrictStr,
        version: Optional[StrictStr] = None,
        **options: Unpack[CandelaOptions],
    ) -> ObjectMetadata:
        """Get the metadata of an app.

        Its full name with the version, its description, who added it and when.
        """
        ...

    @endpoint("GET", "/apps/list")
    def list_apps(
        self, all_versions: Optional[StrictBool] = None, **options: Unpack[CandelaOptions]
    ) -> list[ObjectMetadata]:
        """List apps.

        The apps of the caller's domain and those that are stored for all domains.
        """
        ...

    add_app_with_http_info: Final = with_http_info(add_app)
    add_app_without_preload_content: Final = without_preload_content(add_app)
    app_exists_with_http_info: Final = with_http_info(app_exists)
    app_exists_without_preload_content: Final = without_preload_content(app_exists)
    delete_app_with_http_info: Final = with_http_info(delete_app)
    delete_app_without_preload_content: Final = without_preload_content(delete_app)
    get_app_metadata_with_http_info: Final = with_http_info(get_app_metadata)
    get_app_metadata_without_preload_content: Final = without_preload_content(get_app_metadata)
    get_app_with_http_info: Final = with_http_info(get_app)
    get_app_without_preload_content: Final = without_preload_content(get_app)
    list_apps_with_http_info: Final = with_http_info(list_apps)
    list_apps_without_preload_content: Final = without_preload_content(list_apps)
