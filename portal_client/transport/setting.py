"""A setting and what it is called where it was set: in the Configuration or in the environment."""

from __future__ import annotations

import os
from typing import Any, NamedTuple, Optional

from portal_client.configuration import Configuration
from portal_client.exceptions import ApiConnectionError, ApiValueError, OpenApiException
from portal_client.secret import Hidden


class Setting(NamedTuple):
    """A name, which errors tell, and a value, which is Hidden where it may be secret."""

    name: str
    value: str
    of_environment: bool = False

    def unusable(self, why: str) -> OpenApiException:
        """Return the error for this setting: nobody gave a variable of the environment as an argument."""
        if self.of_environment:
            return ApiConnectionError(status=0, reason=f"{self.name}: {why}", request_sent=False)
        return ApiValueError(f"{self.name}: {why}")


def setting(configuration: Configuration, name: str) -> Optional[Setting]:
    """Return a setting of a Configuration by the name it has where it was read; None if it is not set."""
    value: Any = getattr(configuration, name)
    called = configuration.called(name)
    return Setting(called, hidden(value), called in os.environ) if value else None


def hidden(value: Any) -> Any:
    """Hide a text; anything else shows what is wrong with it."""
    return Hidden(value) if isinstance(value, str) else value


def variable(*names: str) -> Optional[Setting]:
    """Return the first of these variables of the environment that is set; an empty one is not."""
    values = ((name, os.environ.get(name)) for name in names)
    return next((Setting(name, Hidden(value), True) for name, value in values if value), None)
