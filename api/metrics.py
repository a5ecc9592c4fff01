"""/metrics for Prometheus: requests, what the store holds, the work. To loopback alone unless a setting opens it."""

from __future__ import annotations

from fastapi import FastAPI
from prometheus_client import REGISTRY, CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from starlette.requests import Request
from starlette.responses import Response

from api import metrics_work
from api.facts import facts_of
from api.origin import is_loopback
from reader.container import Container
from reader.errors import NotFound
from reader.models.user import SYSTEM

BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)


class RequestMetrics:
    """Counters of one app. Labels are route templates, never addresses: their number is bounded."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._requests = Counter(
            "evantr_requests", "Requests answered.", ("method", "route", "status"), registry=self.registry
        )
        self._seconds = Histogram(
            "evantr_request_seconds", "Time to answer.", ("route",), buckets=BUCKETS, registry=self.registry
        )
        self._store = Gauge("evantr_store", "What the store holds.", ("what",), registry=self.registry)
        self._known: dict[tuple[str, str, int], tuple[Counter, Histogram]] = {}

    def observe(self, method: str, route: str, status: int, seconds: float) -> None:
        key = (method, route, status)
        found = self._known.get(key)
        if found is None:
            if method not in ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"):
                return  # anybody can make up methods; each would stay for good
            found = self._requests.labels(method, route, str(status)), self._seconds.labels(route)
            self._known[key] = found
        found[0].inc()
        found[1].observe(seconds)

    def expose(self, stats: dict[str, int]) -> bytes:
        for what, number in stats.items():
            self._store.labels(what).set(number)
        return generate_latest(self.registry) + generate_latest(REGISTRY)


def add_metrics(app: FastAPI, container: Container, metrics: RequestMetrics) -> None:
    async def show(request: Request) -> Response:
        if not (container.settings.metrics_public or is_loopback(facts_of(request.scope).client)):
            raise NotFound("There is nothing at this address.")
        stats = await container.services.feeds.stats(SYSTEM)
        services = container.services
        work = metrics_work.expose(await services.operations.overview(SYSTEM), await services.imports.running(SYSTEM))
        return Response(metrics.expose(stats) + work, media_type=CONTENT_TYPE_LATEST)

    app.router.add_route("/metrics", show, methods=["GET"], include_in_schema=False)
