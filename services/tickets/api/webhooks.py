"""REST: webhooks that escalations are posted to."""

from typing import Annotated

from fastapi import Depends, Path, Request

from services.tickets.api.reading import Unit
from services.tickets.schemas.clocks import WebhookIn, WebhookOut, WebhookSecretOut, webhook_out
from services.tickets.usecases.clockwork.posting import put_webhook, remove_webhook
from shared.rest import Caller, Now, Page, Router
from shared.vault import Vault

router = Router(tags=["clocks"])
WebhookName = Annotated[str, Path(max_length=60, pattern=r"^[\w.-]+$")]


def _vault_of(request: Request) -> Vault | None:
    vault: Vault | None = request.app.state.vault
    return vault


Sealing = Annotated[Vault | None, Depends(_vault_of)]


@router.get("/v1/webhooks")
async def get_webhooks(unit: Unit) -> Page[WebhookOut]:
    """Where escalations can be posted to; a ladder names one as `webhook:name`."""
    return Page(items=[webhook_out(each) for each in await unit.webhooks.list_all()])


@router.put("/v1/webhooks/{name}")
async def put_a_webhook(
    name: WebhookName, wanted: WebhookIn, unit: Unit, caller: Caller, sealing: Sealing, now: Now
) -> WebhookSecretOut:
    """Keep a webhook. Its new secret is told in this answer and never again; posts are signed as Standard Webhooks says."""
    webhook, secret = await put_webhook(unit, sealing, name, wanted.url, by=caller.name, now=now)
    return WebhookSecretOut(**webhook_out(webhook).model_dump(), secret=secret)


@router.delete("/v1/webhooks/{name}", status_code=204)
async def delete_webhook(name: WebhookName, unit: Unit) -> None:
    """Post nothing there any more; what is on its way is given up."""
    await remove_webhook(unit, name)
