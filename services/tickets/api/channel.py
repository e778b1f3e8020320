"""REST: a wave's support channel, the FAQ, mails that came in, and links by which requesters follow their tickets."""

from datetime import timedelta
from typing import Annotated, Any
from urllib.parse import quote

from fastapi import Path, Query, Request, Response

from services.tickets.api.reading import TicketId, Unit
from services.tickets.errors import MailNotFound, WaveNotFound
from services.tickets.ports import TicketFilter
from services.tickets.ports.channel import FaqFilter, MailFilter
from services.tickets.schemas import STORABLE, ticket_out
from services.tickets.schemas.channel import (
    OPEN_STATUSES,
    ChannelOut,
    FaqIn,
    FaqOut,
    FaqPatch,
    FaqVersionOut,
    FollowLinkIn,
    FollowLinkOut,
    MailDetail,
    MailOut,
    Outcome,
    SuggestionOut,
    channel_out,
    faq_out,
    mail_detail,
    mail_out,
    suggestion_out,
    version_out,
)
from services.tickets.usecases.faq import (
    Change,
    Draft,
    publish_entry,
    revise_entry,
    search_faq,
    suggest_entries,
    unpublish_entry,
)
from services.tickets.usecases.noticing import send_link
from shared.rest import Caller, IfMatch, Now, Page, Paging, PagingRequest, Router, changes, page_of, set_etag

AT_RISK_WITHIN = timedelta(hours=1)
MOST_LIVE = 20
MOST_FAQ = 10
Place = Annotated[str, Path(max_length=300, pattern=STORABLE)]
Id = Annotated[str, Path(max_length=100, pattern=STORABLE)]
Named = Annotated[str | None, Query(max_length=300, pattern=STORABLE)]

router = Router(tags=["support channel"])


@router.get("/v1/channels/{rollout}/{wave}")
async def get_channel(rollout: Place, wave: Place, request: Request, unit: Unit, now: Now) -> ChannelOut:
    """How a wave's people fare: their tickets, the soonest due first, what they are about, and what is answered already."""
    found = await unit.support.find_wave(rollout, wave)
    if found is None:
        raise WaveNotFound(f"There is no wave {wave!r} in the rollout {rollout!r}.")
    figures = await unit.support.figures(rollout, wave, now=now, at_risk_until=now + AT_RISK_WITHIN)
    cut = TicketFilter(rollout=rollout, wave=wave, statuses=OPEN_STATUSES, sort="due", now=now)
    live, _ = await unit.tickets.page(cut, PagingRequest(limit=MOST_LIVE, cursor=None))
    requesters = await unit.contacts.load({each.ticket.requester_id for each in live})
    faq = await unit.faq.candidates(FaqFilter(rollout=rollout, wave=wave), MOST_FAQ)
    return channel_out(
        found,
        figures,
        [ticket_out(each, requesters) for each in live],
        faq,
        form_path=f"/help/{quote(rollout, safe='')}/{quote(wave, safe='')}",
        mail_address=getattr(request.app.state.runtime.settings, "mail_address", None),
    )


@router.get("/v1/faq")
async def get_faq(
    request: Request,
    response: Response,
    unit: Unit,
    paging: Paging,
    q: Annotated[
        str | None, Query(max_length=1_000, pattern=STORABLE, description="What it is about; the best 50.")
    ] = None,
    rollout: Named = None,
    wave: Named = None,
    published: bool = True,
) -> Page[FaqOut]:
    """What is shown in a wave, in a rollout, or everywhere; the most helpful first, or what fits `q` best."""
    cut = FaqFilter(rollout=rollout, wave=wave, published=published)
    if q:
        found = await search_faq(unit, q, cut)
        return page_of([faq_out(entry, score) for entry, score in found[: paging.limit]], None, request, response)
    entries, after = await unit.faq.page(cut, paging)
    return page_of([faq_out(entry) for entry in entries], after, request, response)


@router.post("/v1/faq", status_code=201)
async def post_faq(wanted: FaqIn, unit: Unit, caller: Caller, now: Now, response: Response) -> FaqOut:
    """Publish an entry made of a solved ticket. What may name people is pointed out first (422 `names_people`)."""
    draft = Draft(
        ticket_id=wanted.ticket_id,
        question=wanted.question,
        answer=wanted.answer,
        scope=wanted.scope,
        reviewed=wanted.reviewed,
    )
    entry = await publish_entry(unit, draft, by=caller.name, now=now)
    response.headers["Location"] = f"/v1/faq/{entry.entry_id}"
    set_etag(response, entry.version)
    return faq_out(entry)


@router.get("/v1/faq/suggestions")
async def get_suggestions(
    unit: Unit,
    now: Now,
    rollout: Named = None,
    wave: Named = None,
    limit: Annotated[int, Query(ge=1, le=50)] = 20,
) -> list[SuggestionOut]:
    """Solved tickets of the last 90 days that are alike and have an answer, and no entry yet."""
    found = await suggest_entries(unit, rollout=rollout, wave=wave, most=limit, now=now)
    return [suggestion_out(each) for each in found]


@router.get("/v1/faq/{entry_id}")
async def get_faq_entry(entry_id: Id, unit: Unit, response: Response) -> FaqOut:
    entry = await unit.faq.get(entry_id)
    set_etag(response, entry.version)
    return faq_out(entry)


@router.patch("/v1/faq/{entry_id}")
async def patch_faq_entry(
    entry_id: Id, patch: FaqPatch, unit: Unit, caller: Caller, if_match: IfMatch, now: Now, response: Response
) -> FaqOut:
    """Change an entry; what it said before is kept as a version."""
    wanted: dict[str, Any] = changes(patch)
    place = wanted.pop("place", None)
    change = Change(**wanted, place=None if place is None else (place.rollout, place.wave))
    entry = await revise_entry(unit, entry_id, change, if_match=if_match, by=caller.name, now=now)
    set_etag(response, entry.version)
    return faq_out(entry)


@router.delete("/v1/faq/{entry_id}")
async def delete_faq_entry(entry_id: Id, unit: Unit, caller: Caller, now: Now) -> FaqOut:
    """Take an entry off: nobody is shown it any more, and its versions stay."""
    return faq_out(await unpublish_entry(unit, entry_id, by=caller.name, now=now))


@router.get("/v1/faq/{entry_id}/versions")
async def get_faq_versions(
    entry_id: Id, request: Request, response: Response, unit: Unit, paging: Paging
) -> Page[FaqVersionOut]:
    """What it said, the newest first, and who wrote that."""
    await unit.faq.get(entry_id)
    versions, after = await unit.faq.versions(entry_id, paging)
    return page_of([version_out(entry, by) for entry, by in versions], after, request, response)


@router.get("/v1/mails")
async def get_mails(
    request: Request,
    response: Response,
    unit: Unit,
    paging: Paging,
    outcome: Outcome | None = None,
    ticket_id: Annotated[str | None, Query(max_length=100, pattern=STORABLE)] = None,
) -> Page[MailOut]:
    """Mails that came in, the newest first, and what became of each; quarantined ones are handed on again at the gateway."""
    mails, after = await unit.channel.page_mails(MailFilter(outcome=outcome, ticket_id=ticket_id), paging)
    return page_of([mail_out(mail) for mail in mails], after, request, response)


@router.get("/v1/mails/{mail_id}")
async def get_mail(mail_id: Id, unit: Unit) -> MailDetail:
    """With its whole text, quotes and all."""
    mail = await unit.channel.find_mail(mail_id)
    if mail is None:
        raise MailNotFound(f"There is no mail {mail_id}.")
    return mail_detail(mail)


@router.post("/v1/tickets/{ticket_id}/follow-link", status_code=202)
async def post_follow_link(ticket_id: TicketId, wanted: FollowLinkIn, unit: Unit, now: Now) -> FollowLinkOut:
    """Mail the requester a link to their ticket, after stopping the ones that are about if that is wanted."""
    dossier = await unit.tickets.get(ticket_id)
    ticket = dossier.ticket
    requester = (await unit.contacts.load({ticket.requester_id}))[ticket.requester_id]
    if wanted.revoke:
        await unit.channel.revoke_links(ticket.ticket_id, now)
    await send_link(unit, dossier, requester, now)
    return FollowLinkOut(ticket_id=ticket.ticket_id, sent=requester.email is not None, revoked=wanted.revoke)
