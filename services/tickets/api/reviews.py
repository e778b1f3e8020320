"""REST: the monthly review that both sides sign."""

from typing import Annotated, Literal

from fastapi import Path, Request, Response

from services.tickets.api.reading import Unit
from services.tickets.schemas import STORABLE
from services.tickets.schemas.reviews import (
    RemarkIn,
    RemarkOut,
    ReviewOut,
    SignedMonthOut,
    SignReviewIn,
    remark_out,
    review_markdown,
    review_out,
    signed_month_out,
)
from services.tickets.usecases.reporting.reviewing import comment_review, review_month, sign_review
from shared.rest import Caller, Now, Page, Paging, Router, page_of

router = Router(tags=["reports"])
Month = Annotated[str, Path(max_length=20, pattern=STORABLE, description="Like 2026-11, in UTC.")]


@router.get("/v1/reviews")
async def get_reviews(request: Request, response: Response, unit: Unit, paging: Paging) -> Page[SignedMonthOut]:
    """Months that somebody has signed, the newest first."""
    found, after = await unit.reviews.page(paging)
    return page_of([signed_month_out(each) for each in found], after, request, response)


@router.get("/v1/reviews/{month}", response_model=ReviewOut)
async def get_review(
    month: Month, unit: Unit, now: Now, format: Literal["json", "markdown"] = "json"
) -> ReviewOut | Response:
    """What both sides owed each other in a month, what was signed of it, and what has changed since."""
    review = await review_month(unit, month, now)
    if format == "json":
        return review_out(review)
    return Response(review_markdown(review), media_type="text/markdown; charset=utf-8")


@router.post("/v1/reviews/{month}/sign")
async def post_signature(month: Month, wanted: SignReviewIn, unit: Unit, caller: Caller, now: Now) -> ReviewOut:
    """Sign for one side what was read. Once both sides have signed the same, it is frozen."""
    return review_out(await sign_review(unit, month, wanted.side, wanted.fingerprint, caller=caller, now=now))


@router.post("/v1/reviews/{month}/comments", status_code=201)
async def post_remark(month: Month, wanted: RemarkIn, unit: Unit, caller: Caller, now: Now) -> RemarkOut:
    return remark_out(await comment_review(unit, month, wanted.body, by=caller.name, now=now))
