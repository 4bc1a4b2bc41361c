"""The language models that sessions use."""

from __future__ import annotations

from typing import Any, ClassVar, Final, Optional

from pydantic import StrictBool, StrictStr
from typing_extensions import Unpack
from urllib3 import BaseHTTPResponse as BaseHTTPResponse  # the derived forms' annotations name these two

from finbourne_candela.extensions.api_client import SyncApiClient
from finbourne_candela.models.object_metadata import ObjectMetadata
from finbourne_candela.options import CandelaOptions, CandelaStreamOptions
from portal_client.api_client import ApiClient
from portal_client.api_response import ApiResponse as ApiResponse
from portal_client.endpoint import Api, endpoint, event_stream, with_http_info, without_preload_content
from portal_client.streaming import EventStream


class ModelsApi(Api):
    """The language models that sessions use.

    Args:
        hf_url: The address of the weights at Hugging Face.
        scope: The scope of the model.
        identifier: The identifier of the model.
        quantisation: The precision of the weights, as a label such as q6k.
        description: What the model is, for people to read.
        version_bump: Which part of the version is counted up: major, minor or patch.
        system_level: Whether to store it for all domains and not only for the caller's.
        version: The version of the model. Without one, the latest is read, all are deleted, and any
            counts as existing.
        all_versions: Whether to list each version of a model and not only the latest one.
    """

    _client_type: ClassVar[type[ApiClient]] = SyncApiClient

    @endpoint("PUT", "/models/")
    def add_model(
        self,
        hf_url: StrictStr,
        scope: StrictStr,
        identifier: StrictStr,
        quantisation: StrictStr,
        description: StrictStr,
        version_bump: Optional[StrictStr] = None,
        system_level: Optional[StrictBool] = None,
        **options: Unpack[CandelaOptions],
    ) -> None:
        """Add a model, or the next version of one.

        The service downloads the weights, which may take long, and sends its progress as JSON objects, one on
        each line. Nothing is overwritten: a name that is taken gets its next version, so that each call makes
        one.

        Returns when the download is over. The progress is in `raw_data` of the `_with_http_info` form, also a
        failure that is told there: `add_model_stream` returns it as it comes.
        """
        ...

    @event_stream(add_model)
    def add_model_stream(
        self,
        hf_url: StrictStr,
        scope: StrictStr,
        identifier: StrictStr,
        quantisation: StrictStr,
        description: StrictStr,
        version_bump: Optional[StrictStr] = None,
        system_level: Optional[StrictBool] = None,
        **options: Unpack[CandelaStreamOptions],
    ) -> EventStream[dict[str, Any]]:
        """Add a model, and return the progress of its download as it comes.

        The size is in the first object (`details.total_bytes`). Those of status "in_progress" have
        `details.written_bytes`, and the last one, of status "complete", has the metadata as its `details`.
        """
        ...

    @endpoint("DELETE", "/models/")
    def delete_model(
        self,
        scope: StrictStr,
        identifier: StrictStr,
        version: Optional[StrictStr] = None,
        **options: Unpack[CandelaOptions],
    ) -> list[ObjectMetadata]:
        """Delete a model.

        Without a version all versions are deleted, also those added since the caller looked. Sessions that
        use the model keep running.
        """
        ...

    @endpoint("GET", "/models/metadata")
    def get_model_metadata(
        self,
        scope: StrictStr,
        identifier: StrictStr,
        version: Optional[StrictStr] = None,
        **options: Unpack[CandelaOptions],
    ) -> ObjectMetadata:
        """Get the metadata of a model.

        Its full name with the version, its description, who added it and when.
        """
        ...

    @endpoint("GET", "/models/list")
    def list_models(
        self, all_versions: Optional[StrictBool] = None, **options: Unpack[CandelaOptions]
    ) -> list[ObjectMetadata]:
        """List models.

        The models of the caller's domain and those that are stored for all domains.
        """
        ...

    @endpoint("GET", "/models/exists")
    def model_exists(
        self,
        scope: StrictStr,
        identifier: StrictStr,
        version: Optional[StrictStr] = None,
        **options: Unpack[CandelaOptions],
    ) -> StrictBool:
        """Tell whether a model exists.

        An object that does not exist is no error here.
        """
        ...

    add_model_with_http_info: Final = with_http_info(add_model)
    add_model_without_preload_content: Final = without_preload_content(add_model)
    delete_model_with_http_info: Final = with_http_info(delete_model)
    delete_model_without_preload_content: Final = without_preload_content(delete_model)
    get_model_metadata_with_http_info: Final = with_http_info(get_model_metadata)
    get_model_metadata_without_preload_content: Final = without_preload_content(get_model_metadata)
    list_models_with_http_info: Final = with_http_info(list_models)
    list_models_without_preload_content: Final = without_preload_content(list_models)
    model_exists_with_http_info: Final = with_http_info(model_exists)
    model_exists_without_preload_content: Final = without_preload_content(model_exists)
