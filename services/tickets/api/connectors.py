"""REST: outside helpdesks, how they are reached and how they stand."""

from typing import Annotated

from fastapi import Depends, Path, Request, Response

from services.tickets.api.reading import Unit
from services.tickets.api.webhooks import Sealing
from services.tickets.domain.sync import Connector
from services.tickets.schemas.sync import (
    ConnectorIn,
    ConnectorOut,
    CredentialIn,
    ResealedOut,
    VendorOut,
    connector_out,
    vendor_out,
)
from services.tickets.usecases.syncing.configuring import (
    put_connector,
    put_credential,
    remove_connector,
    remove_credential,
    reseal,
)
from services.tickets.usecases.syncing.showing import show_connectors
from services.tickets.usecases.syncing.vendors import Vendors, helpdesk_vendors
from shared.rest import Caller, IfMatchGiven, Now, Page, RealNow, Router, set_etag

router = Router(tags=["helpdesks"])
ConnectorName = Annotated[str, Path(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,79}$")]


def _vendors_of(request: Request) -> Vendors:
    vendors: Vendors = request.app.state.vendors
    return vendors


Files = Annotated[Vendors, Depends(_vendors_of)]


@router.get("/v1/connectors")
async def get_connectors(unit: Unit, files: Files, now: Now, real_now: RealNow) -> Page[ConnectorOut]:
    """Every connector and how it stands, by name. One page: there are as many as there are helpdesks."""
    found = await show_connectors(unit, files, await unit.connectors.list_all(), now=now, real_now=real_now)
    return Page(items=[connector_out(each, now, real_now) for each in found])


@router.get("/v1/connectors/{name}")
async def get_connector(
    name: ConnectorName, unit: Unit, files: Files, now: Now, real_now: RealNow, response: Response
) -> ConnectorOut:
    """How it is set up and how it stands."""
    return await _told(unit, files, await unit.connectors.get(name), now, real_now, response)


@router.put("/v1/connectors/{name}")
async def put_a_connector(
    name: ConnectorName,
    wanted: ConnectorIn,
    unit: Unit,
    files: Files,
    caller: Caller,
    if_match: IfMatchGiven,
    now: Now,
    real_now: RealNow,
    response: Response,
) -> ConnectorOut:
    """Connect a helpdesk, or set a connector up anew (with If-Match). It is read and told once it has its credential.

    A new address on another host loses the credential: what is sealed is not sent where somebody else chose.
    """
    connector = await put_connector(unit, files, name, wanted.order(), if_match=if_match, by=caller.name, now=real_now)
    return await _told(unit, files, connector, now, real_now, response)


@router.delete("/v1/connectors/{name}", status_code=204)
async def delete_connector(name: ConnectorName, unit: Unit, real_now: RealNow) -> None:
    """Connect to it no more. Tickets stay on both sides, linked no more; what was to be told is given up."""
    await remove_connector(unit, name, now=real_now)


@router.put("/v1/connectors/{name}/credential", status_code=204)
async def put_a_credential(
    name: ConnectorName,
    wanted: CredentialIn,
    unit: Unit,
    files: Files,
    sealing: Sealing,
    caller: Caller,
    real_now: RealNow,
) -> None:
    """Keep what lets us in there, sealed. It is told to nobody again but to the helpdesk."""
    await put_credential(unit, sealing, files, name, wanted.kind, wanted.values(), by=caller.name, now=real_now)


@router.delete("/v1/connectors/{name}/credential", status_code=204)
async def delete_credential(name: ConnectorName, unit: Unit, caller: Caller, real_now: RealNow) -> None:
    """Forget what lets us in there; nothing is read or told any more."""
    await remove_credential(unit, name, by=caller.name, now=real_now)


@router.post("/v1/connectors/reseal")
async def post_reseal(unit: Unit, sealing: Sealing) -> ResealedOut:
    """Seal every credential anew, after GLIDEPATH_CREDENTIALS_KEY got a new first key."""
    count, lost = await reseal(unit, sealing)
    return ResealedOut(resealed=count, lost=lost)


@router.get("/v1/helpdesk-vendors")
async def get_vendors(unit: Unit) -> Page[VendorOut]:
    """The helpdesks that come with Glidepath, which settings and credentials each takes."""
    return Page(items=[vendor_out(each) for each in helpdesk_vendors()])


async def _told(
    unit: Unit, files: Vendors, connector: Connector, now: Now, real_now: RealNow, response: Response
) -> ConnectorOut:
    set_etag(response, connector.version)
    [standing] = await show_connectors(unit, files, [connector], now=now, real_now=real_now)
    return connector_out(standing, now, real_now)
