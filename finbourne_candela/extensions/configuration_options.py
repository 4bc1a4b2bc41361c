"""Timeouts and retries of one call, or of all calls of a factory."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Optional

from finbourne_candela.configuration import nonnegative_int


@dataclass(slots=True)
class ConfigurationOptions:
    """Timeouts and retries that override those of the configuration; None leaves one as it is.

    The timeouts are in milliseconds; 0 is no limit. Raises ApiTypeError or ApiValueError for anything but
    None and an int of at least 0.
    """

    total_timeout_ms: Optional[int] = None
    connect_timeout_ms: Optional[int] = None
    read_timeout_ms: Optional[int] = None
    rate_limit_retries: Optional[int] = None

    def __setattr__(self, name: str, value: Optional[int]) -> None:
        object.__setattr__(self, name, None if value is None else nonnegative_int(name, value))
