"""REST: thanks that results bear out."""

from typing import Annotated

from fastapi import Query, Request, Response

from services.tickets.api.reading import Unit
from services.tickets.schemas import STORABLE
from services.tickets.schemas.recognitions import (
    CandidateOut,
    RecognitionIn,
    RecognitionOut,
    RefusalOut,
    candidate_out,
    recognition_out,
)
from services.tickets.usecases.reporting.recognising import (
    Praising,
    accept_recognition,
    list_candidates,
    own_address,
    recognise,
    refuse_recognition,
)
from shared.rest import Caller, Now, Page, Paging, Router, page_of

router = Router(tags=["reports"])
Month = Annotated[str, Query(max_length=20, pattern=STORABLE, description="Like 2026-11, in UTC.")]


@router.get("/v1/recognitions/candidates")
async def get_candidates(month: Month, unit: Unit, now: Now) -> list[CandidateOut]:
    """Who kept their promises in a month that is over, by name, and who got better. Never who did worst."""
    return [candidate_out(each) for each in await list_candidates(unit, month, now)]


@router.get("/v1/recognitions")
async def get_recognitions(
    request: Request,
    response: Response,
    unit: Unit,
    paging: Paging,
    month: Annotated[str | None, Query(max_length=20, pattern=STORABLE)] = None,
    to: Annotated[str | None, Query(max_length=254, pattern=STORABLE)] = None,
) -> Page[RecognitionOut]:
    """The newest first."""
    receiver = None if to is None else to.strip().casefold()
    found, after = await unit.recognitions.page(paging, month=month, receiver=receiver)
    return page_of([recognition_out(each) for each in found], after, request, response)


@router.post("/v1/recognitions", status_code=201)
async def post_recognition(wanted: RecognitionIn, unit: Unit, caller: Caller, now: Now) -> RecognitionOut:
    """Thank somebody, once per kind and month; they and their manager are told, without figures."""
    praising = Praising(praise=wanted.kind, to=wanted.to, message=wanted.message, month=wanted.month)
    return recognition_out(await recognise(unit, praising, caller, now))


@router.get("/v1/recognitions/refusal")
async def get_refusal(unit: Unit, caller: Caller) -> RefusalOut:
    """Whether the caller does not want to be recognised."""
    return RefusalOut(refused=bool(await unit.recognitions.refused([own_address(caller)])))


@router.put("/v1/recognitions/refusal")
async def put_refusal(unit: Unit, caller: Caller, now: Now) -> RefusalOut:
    """From now on nobody recognises the caller here, and no list of candidates names them."""
    await refuse_recognition(unit, caller, now)
    return RefusalOut(refused=True)


@router.delete("/v1/recognitions/refusal")
async def delete_refusal(unit: Unit, caller: Caller) -> RefusalOut:
    await accept_recognition(unit, caller)
    return RefusalOut(refused=False)
