"""The gateway's own REST API, public as `/api/gateway/v1/...`."""

from fastapi import APIRouter

from services.gateway.api.about import about_router
from services.gateway.api.deliveries import deliveries_router, quarantine_router
from services.gateway.api.keys import keys_router
from services.gateway.api.notices import notices_router
from services.gateway.api.parts import Parts
from services.gateway.api.sources import sources_router

__all__ = ["Parts", "gateway_routers"]


def gateway_routers(parts: Parts) -> list[APIRouter]:
    """Every router of the gateway, over the parts that `main` put together."""
    return [
        about_router(parts),
        sources_router(parts),
        deliveries_router(),
        quarantine_router(parts),
        keys_router(parts),
        notices_router(),
    ]
