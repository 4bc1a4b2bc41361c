"""Settings, their sources, and the client that they make."""

from __future__ import annotations

TYPE_CHECKING = False
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
    from portal_client._lazy import lazy

    __getattr__, __dir__, __all__ = lazy(
        __name__,
        {
            "SyncApiClient": "finbourne_candela.extensions.api_client",
            "SyncApiClientFactory": "finbourne_candela.extensions.api_client_factory",
            "ArgsConfigurationLoader": "finbourne_candela.extensions.configuration_loaders",
            "EnvironmentVariablesConfigurationLoader": "finbourne_candela.extensions.configuration_loaders",
            "FileTokenConfigurationLoader": "finbourne_candela.extensions.configuration_loaders",
            "SecretsFileConfigurationLoader": "finbourne_candela.extensions.configuration_loaders",
            "ConfigurationLoader": "finbourne_candela.extensions.settings",
        },
    )
