"""OpenTelemetry: the cost of a call that is instrumented, where nobody records it and where somebody does."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from bench.contestants import PortalClient
from bench.harness import OURS, AtMost, Entry, Row

OFF, ON = "instrumented, without an SDK", "instrumented and recorded"


class Instrumented(PortalClient):
    """The client with the hook and the middleware of OpenTelemetry, which has no SDK here."""

    libraries: ClassVar[Sequence[str]] = (*PortalClient.libraries, "opentelemetry-api")

    def __init__(self, host: str) -> None:
        from portal_client.telemetry import instrument

        super().__init__(host)
        instrument(self.client.configuration, **self.providers())

    def providers(self) -> dict[str, Any]:
        return {}


class Recorded(Instrumented):
    """The same with an SDK that makes spans and metrics, and exports none."""

    libraries: ClassVar[Sequence[str]] = (*Instrumented.libraries, "opentelemetry-sdk")

    def providers(self) -> dict[str, Any]:
        from opentelemetry.sdk.metrics import MeterProvider
        from opentelemetry.sdk.metrics.export import InMemoryMetricReader
        from opentelemetry.sdk.trace import TracerProvider

        return {
            "tracer_provider": TracerProvider(),
            "meter_provider": MeterProvider([InMemoryMetricReader()]),
        }


def _entry(kind: type[PortalClient]) -> Entry:
    return Entry(kind, lambda one: one.session, 100, libraries=kind.libraries)


ROWS = [
    Row(
        "telemetry",
        "`get_session` with the instrumentation of OpenTelemetry",
        {OURS: _entry(PortalClient), OFF: _entry(Instrumented), ON: _entry(Recorded)},
        [AtMost(1.05, OURS, who=OFF)],
        rounds=41,
        against=OURS,
        together=True,
    ),
]
