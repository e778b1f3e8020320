"""Teams and saved views."""

from collections.abc import Collection
from dataclasses import asdict
from typing import Any, Literal

from sqlalchemy import delete, or_, select
from sqlalchemy.exc import IntegrityError
from sqlmodel import col

from services.tickets.adapters.tables import TeamRow, ViewRow
from services.tickets.ports import Team, View
from shared.database import UnitOfWork, chunks, insert_for
from shared.rest import PagingRequest, keyset_page

Order = list[tuple[Any, Literal["asc", "desc"]]]


class TeamRepository:
    """`ports.Teams`."""

    def __init__(self, work: UnitOfWork) -> None:
        self._work = work
        self._session = work.session

    async def find(self, name: str) -> Team | None:
        return (await self.load([name])).get(name)

    async def load(self, names: Collection[str]) -> dict[str, Team]:
        found: dict[str, Team] = {}
        for some in chunks(sorted(set(names))):
            statement = select(TeamRow).where(col(TeamRow.name).in_(some))
            for row in (await self._session.execute(statement)).scalars():
                found[row.name] = _team(row)
        return found

    async def put(self, team: Team) -> None:
        values = asdict(team) | {"members": list(team.members)}
        statement = insert_for(self._work.dialect, TeamRow).values(values)
        changed = {name: statement.excluded[name] for name in values if name != "name"}
        await self._session.execute(statement.on_conflict_do_update(index_elements=["name"], set_=changed))

    async def page(self, paging: PagingRequest) -> tuple[list[Team], str | None]:
        order: Order = [(col(TeamRow.name), "asc")]
        found, after = await keyset_page(self._session, select(TeamRow), order, paging)
        return [_team(row) for row in found], after


class ViewRepository:
    """`ports.Views`."""

    def __init__(self, work: UnitOfWork) -> None:
        self._work = work
        self._session = work.session

    async def find(self, name: str, *, owner: str) -> View | None:
        statement = select(ViewRow).where(
            col(ViewRow.name) == name, or_(col(ViewRow.owner) == owner, col(ViewRow.shared))
        )
        found = [_view(row) for row in (await self._session.execute(statement)).scalars()]
        return min(found, key=lambda view: view.owner != owner, default=None)

    async def put(self, view: View) -> bool:
        values = asdict(view)
        statement = insert_for(self._work.dialect, ViewRow).values(values)
        changed = {name: statement.excluded[name] for name in values if name not in ("owner", "name")}
        try:
            async with self._session.begin_nested():
                await self._session.execute(
                    statement.on_conflict_do_update(index_elements=["owner", "name"], set_=changed)
                )
        except IntegrityError:
            return False
        return True

    async def remove(self, name: str, *, owner: str) -> bool:
        statement = delete(ViewRow).where(col(ViewRow.name) == name, col(ViewRow.owner) == owner)
        return (await self._session.execute(statement.returning(col(ViewRow.name)))).first() is not None

    async def page(self, paging: PagingRequest, *, owner: str) -> tuple[list[View], str | None]:
        statement = select(ViewRow).where(or_(col(ViewRow.owner) == owner, col(ViewRow.shared)))
        order: Order = [(col(ViewRow.name), "asc"), (col(ViewRow.owner), "asc")]
        found, after = await keyset_page(self._session, statement, order, paging)
        return [_view(row) for row in found], after


def _team(row: TeamRow) -> Team:
    return Team(
        name=row.name,
        email=row.email,
        lead=row.lead,
        members=tuple(row.members),
        version=row.version,
        updated_at=row.updated_at,
        updated_by=row.updated_by,
    )


def _view(row: ViewRow) -> View:
    return View(
        name=row.name,
        owner=row.owner,
        owner_name=row.owner_name,
        query=row.query,
        shared=row.shared,
        updated_at=row.updated_at,
    )
