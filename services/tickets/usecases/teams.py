"""Teams and saved views, as their owners keep them."""

from collections.abc import Sequence
from datetime import datetime

from services.tickets.errors import TeamNotFound, ViewNameTaken, ViewNotFound
from services.tickets.ports import Team, TicketsUnit, View


async def keep_team(
    unit: TicketsUnit,
    name: str,
    *,
    email: str | None,
    lead: str | None,
    members: Sequence[str],
    by: str,
    now: datetime,
) -> Team:
    """A new team, or one as it is to be. Addresses are compared without case."""
    known = await unit.teams.find(name)
    team = Team(
        name=name,
        email=email.casefold() if email else None,
        lead=lead.casefold() if lead else None,
        members=tuple(sorted({member.casefold() for member in members})),
        version=1 if known is None else known.version + 1,
        updated_at=now,
        updated_by=by,
    )
    await unit.teams.put(team)
    return team


async def get_team(unit: TicketsUnit, name: str) -> Team:
    """Raises `TeamNotFound`."""
    team = await unit.teams.find(name)
    if team is None:
        raise TeamNotFound(f"There is no team {name!r}; make it with PUT /v1/teams/{name}.")
    return team


async def save_view(
    unit: TicketsUnit, name: str, *, query: str, shared: bool, owner: str, owner_name: str, now: datetime
) -> View:
    """The owner's own view of this name. Raises `ViewNameTaken` if somebody else shares one of it."""
    view = View(name=name, owner=owner, owner_name=owner_name, query=query, shared=shared, updated_at=now)
    if not await unit.views.put(view):
        raise ViewNameTaken(
            f"Somebody else shares a view named {name!r}; choose another name, or keep yours to yourself."
        )
    return view


async def get_view(unit: TicketsUnit, name: str, *, owner: str) -> View:
    """The owner's own, else the shared one of that name. Raises `ViewNotFound`."""
    view = await unit.views.find(name, owner=owner)
    if view is None:
        raise ViewNotFound(f"You have no view named {name!r}, and nobody shares one; see GET /v1/views.")
    return view


async def drop_view(unit: TicketsUnit, name: str, *, owner: str, may_drop_shared: bool) -> None:
    """Who saved it may; a lead may drop what others share. Raises `ViewNotFound`."""
    view = await get_view(unit, name, owner=owner)
    if view.owner != owner and not may_drop_shared:
        raise ViewNotFound(f"The view {name!r} is shared by {view.owner_name}; only they or a lead can delete it.")
    await unit.views.remove(name, owner=view.owner)
