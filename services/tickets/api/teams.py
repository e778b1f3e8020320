"""REST: teams."""

from fastapi import Request, Response

from services.tickets.api.reading import Name, Unit
from services.tickets.schemas import TeamIn, TeamOut, team_out
from services.tickets.usecases.teams import get_team, keep_team
from shared.rest import Caller, Now, Page, Paging, Router, page_of, set_etag

router = Router(tags=["teams"])


@router.get("/v1/teams")
async def get_teams(request: Request, response: Response, unit: Unit, paging: Paging) -> Page[TeamOut]:
    """By name."""
    teams, after = await unit.teams.page(paging)
    return page_of([team_out(team) for team in teams], after, request, response)


@router.get("/v1/teams/{name}")
async def read_team(name: Name, unit: Unit, response: Response) -> TeamOut:
    """Who works on its tickets, who leads it, and where it is reached."""
    team = await get_team(unit, name)
    set_etag(response, team.version)
    return team_out(team)


@router.put("/v1/teams/{name}")
async def put_team(name: Name, wanted: TeamIn, unit: Unit, caller: Caller, now: Now, response: Response) -> TeamOut:
    """Make a team, or say anew who is in it. Escalations go to its lead, its address and its members."""
    team = await keep_team(
        unit, name, email=wanted.email, lead=wanted.lead, members=wanted.members, by=caller.name, now=now
    )
    set_etag(response, team.version)
    return team_out(team)
