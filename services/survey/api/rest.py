"""Instruments, campaigns and results. Everything here is read-only: gates make campaigns, people answer on their page."""

from functools import cache
from typing import Annotated

from fastapi import Depends, Request, Response

from services.survey.ports import SurveyUnit
from services.survey.schemas import (
    CampaignView,
    InstrumentView,
    ResultsView,
    view_campaign,
    view_instrument,
    view_results,
)
from services.survey.usecases import list_campaigns, read_campaign, read_results
from shared.rest import Page, Paging, Router, page_of, request_unit

SurveyUow = Annotated[SurveyUnit, Depends(request_unit)]


@cache
def make_rest_router() -> Router:
    router = Router(tags=["survey"])

    @router.get("/v1/instruments")
    async def get_instruments(
        unit: SurveyUow, paging: Paging, request: Request, response: Response
    ) -> Page[InstrumentView]:
        """Published versions, by name, latest first."""
        instruments, after = await unit.instruments.list_page(paging)
        return page_of([view_instrument(one) for one in instruments], after, request, response)

    @router.get("/v1/campaigns")
    async def get_campaigns(
        unit: SurveyUow, paging: Paging, request: Request, response: Response
    ) -> Page[CampaignView]:
        """Campaigns, newest first."""
        campaigns, after = await list_campaigns(unit, paging)
        return page_of([view_campaign(one) for one in campaigns], after, request, response)

    @router.get("/v1/campaigns/{campaign_id}")
    async def get_campaign(unit: SurveyUow, campaign_id: str) -> CampaignView:
        """One campaign with its verdict, if it has one."""
        return view_campaign(await read_campaign(unit, campaign_id))

    @router.get("/v1/campaigns/{campaign_id}/results")
    async def get_results(unit: SurveyUow, campaign_id: str) -> ResultsView:
        """Counts, shares with n and intervals, from released batches; the same for every role."""
        return view_results(await read_results(unit, campaign_id))

    return router
