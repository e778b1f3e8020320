"""Traces and metrics of one service: FastAPI's own instrumentation plus our business gauges, in one Prometheus registry."""

from dataclasses import dataclass

from fastapi.telemetry import TelemetryConfig
from opentelemetry.exporter.prometheus import PrometheusMetricReader
from opentelemetry.metrics import Meter
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.resources import SERVICE_NAME, Resource
from opentelemetry.sdk.trace import TracerProvider
from prometheus_client import CollectorRegistry, generate_latest


@dataclass(frozen=True, slots=True)
class Telemetry:
    """What one service counts. Each service of an embedded process has its own registry, so names never collide."""

    tracer_provider: TracerProvider
    meter_provider: MeterProvider
    registry: CollectorRegistry

    @classmethod
    def of(cls, service: str) -> "Telemetry":
        resource = Resource.create({SERVICE_NAME: f"glidepath-{service}"})
        registry = CollectorRegistry()
        reader = PrometheusMetricReader(registry=registry)
        meters = MeterProvider(resource=resource, metric_readers=[reader], shutdown_on_exit=False)
        return cls(TracerProvider(resource=resource, shutdown_on_exit=False), meters, registry)

    def meter(self) -> Meter:
        return self.meter_provider.get_meter("glidepath")

    def fastapi(self) -> TelemetryConfig:
        """For `FastAPI(telemetry=…)`. Operation spans are off: they triple the spans and say little."""
        return {
            "tracer_provider": self.tracer_provider,
            "meter_provider": self.meter_provider,
            "operation_spans": False,
            "logs": False,
        }

    def render(self) -> bytes:
        """The metrics in Prometheus's text format."""
        return generate_latest(self.registry)

    def shutdown(self) -> None:
        self.meter_provider.shutdown()
        self.tracer_provider.shutdown()
