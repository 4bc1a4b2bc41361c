"""The operations of the Candela service, one class per tag."""

from __future__ import annotations

from portal_client._lazy import TYPE_CHECKING, lazy

if TYPE_CHECKING:
    from finbourne_candela.api.apps_api import AppsApi as AppsApi
    from finbourne_candela.api.circuits_api import CircuitsApi as CircuitsApi
    from finbourne_candela.api.directives_api import DirectivesApi as DirectivesApi
    from finbourne_candela.api.models_api import ModelsApi as ModelsApi
    from finbourne_candela.api.sessions_api import SessionsApi as SessionsApi
    from finbourne_candela.api.system_api import SystemApi as SystemApi
    from finbourne_candela.api.tool_modules_api import ToolModulesApi as ToolModulesApi
    from finbourne_candela.api.traces_api import TracesApi as TracesApi
    from finbourne_candela.api.user_slots_api import UserSlotsApi as UserSlotsApi
else:
    __getattr__, __dir__ = lazy(
        __name__,
        {
            "finbourne_candela.api.apps_api": "AppsApi",
            "finbourne_candela.api.circuits_api": "CircuitsApi",
            "finbourne_candela.api.directives_api": "DirectivesApi",
            "finbourne_candela.api.models_api": "ModelsApi",
            "finbourne_candela.api.sessions_api": "SessionsApi",
            "finbourne_candela.api.system_api": "SystemApi",
            "finbourne_candela.api.tool_modules_api": "ToolModulesApi",
            "finbourne_candela.api.traces_api": "TracesApi",
            "finbourne_candela.api.user_slots_api": "UserSlotsApi",
        },
    )
