"""Circuits: the steps of an app."""

from __future__ import annotations

from typing import ClassVar, Final, Optional

from pydantic import StrictBool, StrictStr
from typing_extensions import Unpack
from urllib3 import BaseHTTPResponse as BaseHTTPResponse  # the derived forms' annotations name these two

from finbourne_candela.extensions.api_client import SyncApiClient
from finbourne_candela.models.circuit_dto import CircuitDTO
from finbourne_candela.models.object_metadata import ObjectMetadata
from finbourne_candela.models.post_circuit import PostCircuit
from finbourne_candela.options import CandelaOptions
from portal_client.api_client import ApiClient
from portal_client.api_response import ApiResponse as ApiResponse
from portal_client.endpoint import Api, endpoint, with_http_info, without_preload_content


class CircuitsApi(Api):
    """Circuits: the steps of an app.

    Args:
        post_circuit: The circuit, its name, and how its version is counted.
        system_level: Whether to store it for all domains and not only for the caller's.
        scope: The scope of the circuit.
        identifier: The identifier of the circuit.
        version: The version of the circuit. Without one, the latest is read, all are deleted, and any
            counts as existing.
        all_versions: Whether to list each version of a circuit and not only the latest one.
    """

    _client_type: ClassVar[type[ApiClient]] = SyncApiClient

    @endpoint("PUT", "/circuits/")
    def add_circuit(
        self,
        post_circuit: PostCircuit,
        system_level: Optional[StrictBool] = None,
        **options: Unpack[CandelaOptions],
    ) -> ObjectMetadata:
        """Add a circuit, or the next version of one.

        Nothing is overwritten: a name that is taken gets its next version, so that each call makes one. The
        steps are stored as they are, and are not run.
        """
        ...

    @endpoint("GET", "/circuits/exists")
    def circuit_exists(
        self,
        scope: StrictStr,
        identifier: StrictStr,
        version: Optional[StrictStr] = None,
        **options: Unpack[CandelaOptions],
    ) -> StrictBool:
        """Tell whether a circuit exists.

        An object that does not exist is no error here.
        """
        ...

    @endpoint("DELETE", "/circuits/")
    def delete_circuit(
        self,
        scope: StrictStr,
        identifier: StrictStr,
        version: Optional[StrictStr] = None,
        **options: Unpack[CandelaOptions],
    ) -> list[ObjectMetadata]:
        """Delete a circuit.

        Without a version all versions are deleted, also those added since the caller looked. Sessions that
        use the circuit keep running.
        """
        ...

    @endpoint("GET", "/circuits/")
    def get_circuit(
        self,
        scope: StrictStr,
        identifier: StrictStr,
        version: Optional[StrictStr] = None,
        **options: Unpack[CandelaOptions],
    ) -> CircuitDTO:
        """Get a circuit.

        What was stored, without its description and its version; these are in its metadata.
        """
        ...

    @endpoint("GET", "/circuits/metadata")
    def get_circuit_metadata(
        self,
        scope: StrictStr,
        identifier: StrictStr,
        version: Optional[StrictStr] = None,
        **options: Unpack[CandelaOptions],
    ) -> ObjectMetadata:
        """Get the metadata of a circuit.

        Its full name with the version, its description, who added it and when.
        """
        ...

    @endpoint("GET", "/circuits/list")
    def list_circuits(
        self, all_versions: Optional[StrictBool] = None, **options: Unpack[CandelaOptions]
    ) -> list[ObjectMetadata]:
        """List circuits.

        The circuits of the caller's domain and those that are stored for all domains.
        """
        ...

    add_circuit_with_http_info: Final = with_http_info(add_circuit)
    add_circuit_without_preload_content: Final = without_preload_content(add_circuit)
    circuit_exists_with_http_info: Final = with_http_info(circuit_exists)
    circuit_exists_without_preload_content: Final = without_preload_content(circuit_exists)
    delete_circuit_with_http_info: Final = with_http_info(delete_circuit)
    delete_circuit_without_preload_content: Final = without_preload_content(delete_circuit)
    get_circuit_metadata_with_http_info: Final = with_http_info(get_circuit_metadata)
    get_circuit_metadata_without_preload_content: Final = without_preload_content(get_circuit_metadata)
    get_circuit_with_http_info: Final = with_http_info(get_circuit)
    get_circuit_without_preload_content: Final = without_preload_content(get_circuit)
    list_circuits_with_http_info: Final = with_http_info(list_circuits)
    list_circuits_without_preload_content: Final = without_preload_content(list_circuits)
