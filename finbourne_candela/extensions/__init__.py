"""Settings, their sources, and the client that they make."""

from __future__ import annotations

from portal_client._lazy import TYPE_CHECKING, lazy

if TYPE_CHECKING:
    from finbourne_candela.extensions.api_client import SyncApiClient as SyncApiClient
    from finbourne_candela.extensions.api_client_factory import SyncApiClientFactory as SyncApiClientFactory
    from finbourne_candela.extensions.configuration_loaders import (
        ArgsConfigurationLoader as ArgsConfigurationLoader,
    )
    from finbourne_candela.extensions.configuration_loaders import (
        EnvironmentVariablesConfigurationLoader as EnvironmentVariablesConfigurationLoader,
    )
    from finbourne_candela.extensions.configuration_loaders import (
        FileTokenConfigurationLoader as FileTokenConfigurationLoader,
    )
    from finbourne_candela.extensions.configuration_loaders import (
        SecretsFileConfigurationLoader as SecretsFileConfigurationLoader,
    )
    from finbourne_candela.extensions.settings import ConfigurationLoader as ConfigurationLoader
else:
    __getattr__, __dir__ = lazy(
        __name__,
        {
            "finbourne_candela.extensions.api_client": "SyncApiClient",
            "finbourne_candela.extensions.api_client_factory": "SyncApiClientFactory",
            "finbourne_candela.extensions.configuration_loaders": (
                "ArgsConfigurationLoader EnvironmentVariablesConfigurationLoader "
                "FileTokenConfigurationLoader SecretsFileConfigurationLoader"
            ),
            "finbourne_candela.extensions.settings": "ConfigurationLoader",
        },
    )
