"""Modules of Python source, and the tools in them that circuits use."""

from __future__ import annotations

from typing import ClassVar, Final, Optional

from pydantic import StrictBool, StrictStr
from typing_extensions import Unpack
from urllib3 import BaseHTTPResponse as BaseHTTPResponse  # the derived forms' annotations name these two

from finbourne_candela.extensions.api_client import SyncApiClient
from finbourne_candela.models.post_tool_module import PostToolModule
from finbourne_candela.models.tool_metadata import ToolMetadata
from finbourne_candela.models.tool_module import ToolModule
from finbourne_candela.models.tool_module_metadata import ToolModuleMetadata
from finbourne_candela.options import CandelaOptions
from portal_client.api_client import ApiClient
from portal_client.api_response import ApiResponse as ApiResponse
from portal_client.endpoint import Api, endpoint, with_http_info, without_preload_content


class ToolModulesApi(Api):
    """Modules of Python source, and the tools in them that circuits use.

    Args:
        post_tool_module: The module, its name, and how its version is counted.
        system_level: Whether to store it for all domains and not only for the caller's.
        scope: The scope of the tool module.
        identifier: The identifier of the tool module.
        version: The version of the tool module. Without one, the latest is read, all are deleted, and any
            counts as existing.
        name: The name of the tool, which is that of its class.
        all_versions: Whether to list each version of a tool module and not only the latest one.
    """

    _client_type: ClassVar[type[ApiClient]] = SyncApiClient

    @endpoint("PUT", "/tool_modules/")
    def add_tool_module(
        self,
        post_tool_module: PostToolModule,
        system_level: Optional[StrictBool] = None,
        **options: Unpack[CandelaOptions],
    ) -> ToolModuleMetadata:
        """Add a tool module, or the next version of one.

        Nothing is overwritten: a name that is taken gets its next version, so that each call makes one. The
        source is read for its tools, and is not run.
        """
        ...

    @endpoint("DELETE", "/tool_modules/")
    def delete_tool_module(
        self,
        scope: StrictStr,
        identifier: StrictStr,
        version: Optional[StrictStr] = None,
        **options: Unpack[CandelaOptions],
    ) -> list[ToolModuleMetadata]:
        """Delete a tool module.

        Without a version all versions are deleted, also those added since the caller looked. Sessions that
        use the tool module keep running.
        """
        ...

    @endpoint("GET", "/tool_modules/tool/metadata")
    def get_tool_metadata(
        self, scope: StrictStr, name: StrictStr, **options: Unpack[CandelaOptions]
    ) -> ToolMetadata:
        """Get the metadata of a tool.

        The module that has the tool, and its version.
        """
        ...

    @endpoint("GET", "/tool_modules/")
    def get_tool_module(
        self,
        scope: StrictStr,
        identifier: StrictStr,
        version: Optional[StrictStr] = None,
        **options: Unpack[CandelaOptions],
    ) -> ToolModule:
        """Get a tool module.

        What was stored, without its description and its version; these are in its metadata.
        """
        ...

    @endpoint("GET", "/tool_modules/metadata")
    def get_tool_module_metadata(
        self,
        scope: StrictStr,
        identifier: StrictStr,
        version: Optional[StrictStr] = None,
        **options: Unpack[CandelaOptions],
    ) -> ToolModuleMetadata:
        """Get the metadata of a tool module.

        Its full name with the version, its description, its tools, who added it and when.
        """
        ...

    @endpoint("GET", "/tool_modules/list")
    def list_tool_modules(
        self, all_versions: Optional[StrictBool] = None, **options: Unpack[CandelaOptions]
    ) -> list[ToolModuleMetadata]:
        """List tool modules.

        The tool modules of the caller's domain and those that are stored for all domains.
        """
        ...

    @endpoint("GET", "/tool_modules/tool/list")
    def list_tools(
        self, all_versions: Optional[StrictBool] = None, **options: Unpack[CandelaOptions]
    ) -> list[ToolMetadata]:
        """List the tools of all modules.

        The tools of the modules of the caller's domain and of those that are stored for all domains.
        """
        ...

    @endpoint("GET", "/tool_modules/tool/exists")
    def tool_exists(self, scope: StrictStr, name: StrictStr, **options: Unpack[CandelaOptions]) -> StrictBool:
        """Tell whether a tool exists.

        A tool that does not exist is no error here.
        """
        ...

    @endpoint("GET", "/tool_modules/exists")
    def tool_module_exists(
        self,
        scope: StrictStr,
        identifier: StrictStr,
        version: Optional[StrictStr] = None,
        **options: Unpack[CandelaOptions],
    ) -> StrictBool:
        """Tell whether a tool module exists.

        An object that does not exist is no error here.
        """
        ...

    add_tool_module_with_http_info: Final = with_http_info(add_tool_module)
    add_tool_module_without_preload_content: Final = without_preload_content(add_tool_module)
    delete_tool_module_with_http_info: Final = with_http_info(delete_tool_module)
    delete_tool_module_without_preload_content: Final = without_preload_content(delete_tool_module)
    get_tool_metadata_with_http_info: Final = with_http_info(get_tool_metadata)
    get_tool_metadata_without_preload_content: Final = without_preload_content(get_tool_metadata)
    get_tool_module_metadata_with_http_info: Final = with_http_info(get_tool_module_metadata)
    get_tool_module_metadata_without_preload_content: Final = without_preload_content(
        get_tool_module_metadata
    )
    get_tool_module_with_http_info: Final = with_http_info(get_tool_module)
    get_tool_module_without_preload_content: Final = without_preload_content(get_tool_module)
    list_tool_modules_with_http_info: Final = with_http_info(list_tool_modules)
    list_tool_modules_without_preload_content: Final = without_preload_content(list_tool_modules)
    list_tools_with_http_info: Final = with_http_info(list_tools)
    list_tools_without_preload_content: Final = without_preload_content(list_tools)
    tool_exists_with_http_info: Final = with_http_info(tool_exists)
    tool_exists_without_preload_content: Final = without_preload_content(tool_exists)
    tool_module_exists_with_http_info: Final = with_http_info(tool_module_exists)
    tool_module_exists_without_preload_content: Final = without_preload_content(tool_module_exists)
