"""REST: what is said on tickets."""

from typing import Annotated

from fastapi import Path, Request, Response

from services.tickets.api.reading import ON_BEHALF, TicketId, Unit, person_of, role_of
from services.tickets.domain.ticket import AuthorRole
from services.tickets.schemas import (
    STORABLE,
    CommentEditOut,
    CommentIn,
    CommentOut,
    CommentPatch,
    RetractionIn,
    comment_out,
    edit_out,
)
from services.tickets.usecases.commenting import Revision, add_comment, edit_comment, retract_comment
from shared.errors import Forbidden
from shared.rest import Caller, Now, Page, Paging, Router, changes, page_of

router = Router(tags=["tickets"])
CommentId = Annotated[str, Path(max_length=100, pattern=STORABLE)]


@router.post("/v1/tickets/{ticket_id}/comments", status_code=201)
async def post_comment(ticket_id: TicketId, said: CommentIn, unit: Unit, caller: Caller, now: Now) -> CommentOut:
    """Write on a ticket, and set its status in the same act if wanted.

    A public comment by somebody other than the requester is the response the clock waits for.
    """
    if (said.author_role or said.author) and not caller.roles & ON_BEHALF:
        raise Forbidden("Only staff and integrations write on behalf of somebody else.")
    if (said.status or said.notify_children or not said.public) and not caller.roles & ON_BEHALF:
        raise Forbidden("Only staff and integrations set a status, write internally, or write to a whole incident.")
    comment = await add_comment(
        unit,
        ticket_id,
        author=person_of(caller, said.author),
        role=AuthorRole(said.author_role) if said.author_role else role_of(caller),
        public=said.public,
        body=said.body,
        now=now,
        status=said.status,
        notify_children=said.notify_children,
    )
    return comment_out(comment)


@router.get("/v1/tickets/{ticket_id}/comments")
async def get_comments(
    ticket_id: TicketId, request: Request, response: Response, unit: Unit, caller: Caller, paging: Paging
) -> Page[CommentOut]:
    """Comments in the order in which they were made, those of merged tickets too.

    The desk's internal ones, and those that were taken back, are for staff only.
    """
    ticket = (await unit.tickets.get(ticket_id)).ticket
    staff = bool(caller.roles & ON_BEHALF)
    comments, after = await unit.tickets.page_comments(ticket.ticket_id, paging, internal_too=staff)
    return page_of([comment_out(comment) for comment in comments], after, request, response)


@router.patch("/v1/tickets/{ticket_id}/comments/{comment_id}")
async def patch_comment(
    ticket_id: TicketId, comment_id: CommentId, patch: CommentPatch, unit: Unit, caller: Caller, now: Now
) -> CommentOut:
    """Change what a comment says or who reads it. Made internal, it answers nobody any more: the clock it met runs again."""
    revision = Revision(**changes(patch))
    return comment_out(await edit_comment(unit, ticket_id, comment_id, revision, caller.name, now))


@router.get("/v1/tickets/{ticket_id}/comments/{comment_id}/edits")
async def get_comment_edits(
    ticket_id: TicketId, comment_id: CommentId, request: Request, response: Response, unit: Unit, paging: Paging
) -> Page[CommentEditOut]:
    """What the comment said before each change, the oldest first."""
    ticket = (await unit.tickets.get(ticket_id)).ticket
    comment = await unit.tickets.comment(ticket.ticket_id, comment_id)
    edits, after = await unit.tickets.page_edits(comment.comment_id, paging)
    return page_of([edit_out(edit) for edit in edits], after, request, response)


@router.post("/v1/tickets/{ticket_id}/comments/{comment_id}/retract")
async def post_retraction(
    ticket_id: TicketId, comment_id: CommentId, wanted: RetractionIn, unit: Unit, caller: Caller, now: Now
) -> CommentOut:
    """Take a comment back. What it answered waits again, as if it had never been written."""
    return comment_out(await retract_comment(unit, ticket_id, comment_id, wanted.reason, caller.name, now))
