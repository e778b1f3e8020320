"""Who can hold a ticket: the teams and their members, and whoever is signed in."""

from typing import Any

from services.gateway.console.desk.asking import Desk
from services.gateway.console.sessions import SignedIn


def me_of(who: SignedIn) -> str:
    """How tickets name whoever is signed in."""
    return who.identity.email or who.identity.name


async def people_and_teams(desk: Desk, who: SignedIn) -> tuple[list[str], list[str]]:
    """(everybody in a team and me, the teams), to choose from; both may be typed too."""
    teams: list[Any] = await desk.items(who, "/v1/teams", limit=200)
    people = {me_of(who)}
    for team in teams:
        people.update(str(member) for member in team.get("members") or ())
        people.update({str(team["lead"])} if team.get("lead") else ())
    return sorted(people), sorted(str(team.get("name")) for team in teams)
