"""API keys."""

from fastapi import Depends, Request, Response

from services.gateway.api.parts import Parts, Unit
from services.gateway.schemas import KeyIn, KeyOut, NewKeyOut
from services.gateway.usecases.keys import create_key, revoke_key
from shared.rest import Caller, Page, Paging, RealNow, Router, bears_secret, page_of


def keys_router(parts: Parts) -> Router:
    router = Router(tags=["keys"])

    @router.post("/v1/keys", status_code=201, dependencies=[Depends(bears_secret)])
    async def make_key(body: KeyIn, unit: Unit, caller: Caller, now: RealNow, response: Response) -> NewKeyOut:
        """Make a key. Its text is in this answer and nowhere else."""
        key, text = await create_key(
            unit,
            name=body.name,
            roles=body.roles,
            created_by=caller.subject,
            expires_at=body.expires_at,
            pepper=parts.settings.key_pepper,
            now=now,
        )
        response.headers["Cache-Control"] = "no-store"
        return NewKeyOut(**KeyOut.model_validate(key).model_dump(), key=text)

    @router.get("/v1/keys")
    async def list_keys(unit: Unit, paging: Paging, request: Request, response: Response) -> Page[KeyOut]:
        """Every key, newest first; never its text."""
        rows, following = await unit.keys.list_page(paging)
        return page_of([KeyOut.model_validate(row) for row in rows], following, request, response)

    @router.post("/v1/keys/{key_id}/revoke")
    async def revoke_one_key(key_id: str, unit: Unit, caller: Caller, now: RealNow) -> KeyOut:
        """Revoke a key at once (within seconds on other replicas); it stays in the list."""
        return KeyOut.model_validate(await revoke_key(unit, key_id, by=caller.subject, now=now))

    return router
