"""Sources: the outside systems that send."""

from collections.abc import Sequence

from fastapi import Request, Response

from services.gateway.api.parts import Parts, Unit
from services.gateway.domain.delivery import readable
from services.gateway.domain.source import Source
from services.gateway.errors import NoSuchSource
from services.gateway.schemas import SourceIn, SourceOut
from services.gateway.usecases.sources import configure_source
from shared.rest import Page, RealNow, Router, page_of, set_etag


def sources_router(parts: Parts) -> Router:
    router = Router(tags=["sources"])

    @router.put("/v1/sources/{name}")
    async def put_source(name: str, body: SourceIn, unit: Unit, now: RealNow, response: Response) -> SourceOut:
        """Create or change a source. Secrets are sealed at rest and never shown again."""
        secrets = None if body.secrets is None else [secret.get_secret_value() for secret in body.secrets]
        source = await configure_source(
            unit,
            name=name,
            vendor=body.vendor,
            kind=body.kind,
            secrets=secrets,
            enabled=body.enabled,
            vendor_file=body.vendor_file,
            vendors=parts.vendors,
            vault=parts.vault,
            now=now,
        )
        set_etag(response, source.version)
        return shown(source, await unit.sources.secrets_of(source.id))

    @router.get("/v1/sources")
    async def list_sources(unit: Unit, request: Request, response: Response) -> Page[SourceOut]:
        """All sources by name; they are few, so this is one page."""
        sources = await unit.sources.list_sources()
        items = [shown(source, await unit.sources.secrets_of(source.id)) for source in sources]
        return page_of(items, None, request, response)

    @router.get("/v1/sources/{name}")
    async def get_source(name: str, unit: Unit, response: Response) -> SourceOut:
        source = await unit.sources.find(name)
        if source is None:
            raise NoSuchSource(f"No source is named {readable(name)[:80]}.")
        set_etag(response, source.version)
        return shown(source, await unit.sources.secrets_of(source.id))

    def shown(source: Source, secrets: Sequence[object]) -> SourceOut:
        return SourceOut(
            id=source.id,
            name=source.name,
            vendor=source.vendor,
            kind=source.kind,
            enabled=source.enabled,
            secrets_set=len(secrets),
            hook_url=f"{parts.settings.public_url.rstrip('/')}/hooks/{source.name}",
            created_at=source.created_at,
            changed_at=source.changed_at,
        )

    return router
