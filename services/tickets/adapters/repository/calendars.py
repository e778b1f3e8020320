"""Calendars, a row per version."""

from collections.abc import Collection
from typing import Any, Literal

from sqlalchemy import Select, func, select, tuple_
from sqlmodel import col

from services.tickets.adapters.tables import CalendarRow
from services.tickets.domain.calendar import Calendar
from services.tickets.domain.calendar_document import read_calendar
from services.tickets.errors import CalendarChangedMeanwhile, CalendarNotFound
from services.tickets.ports import CalendarVersion
from shared.database import UnitOfWork, insert_for
from shared.rest import PagingRequest, keyset_page


class CalendarRepository:
    """`ports.Calendars`. Versions never change, so one that was read is kept for the transaction."""

    def __init__(self, work: UnitOfWork) -> None:
        self._session = work.session
        self._dialect = work.dialect
        self._read: dict[str, Calendar] = {}

    async def load(self, labels: Collection[str]) -> dict[str, Calendar]:
        missing = {label: _named(label) for label in labels if label not in self._read}
        if missing:
            key = tuple_(col(CalendarRow.name), col(CalendarRow.version))
            statement = select(CalendarRow).where(key.in_(list(missing.values())))
            for row in (await self._session.execute(statement)).scalars():
                self._read[f"{row.name}@{row.version}"] = read_calendar(
                    row.document, name=row.name, version=row.version
                )
        unknown = sorted(label for label in labels if label not in self._read)
        if unknown:
            raise CalendarNotFound(f"There is no calendar {unknown[0]}; see the list of calendars.")
        return {label: self._read[label] for label in labels}

    async def get(self, name: str, version: int | None = None) -> CalendarVersion:
        if version is None:
            found = await self.find_newest(name)
        else:
            row = await self._session.get(CalendarRow, (name, version))
            found = None if row is None else _version(row)
        if found is None:
            which = name if version is None else f"{name}@{version}"
            raise CalendarNotFound(f"There is no calendar {which}; see the list of calendars.")
        return found

    async def find_newest(self, name: str) -> CalendarVersion | None:
        statement = (
            select(CalendarRow).where(col(CalendarRow.name) == name).order_by(col(CalendarRow.version).desc()).limit(1)
        )
        row = (await self._session.execute(statement)).scalar_one_or_none()
        return None if row is None else _version(row)

    async def newest_versions(self, names: Collection[str]) -> dict[str, int]:
        statement = (
            select(col(CalendarRow.name), func.max(col(CalendarRow.version)))
            .where(col(CalendarRow.name).in_(sorted(set(names))))
            .group_by(col(CalendarRow.name))
        )
        found: dict[str, int] = {row[0]: row[1] for row in await self._session.execute(statement)}
        return found

    async def add(self, version: CalendarVersion) -> None:
        values = {
            "name": version.name,
            "version": version.version,
            "document": dict(version.document),
            "created_at": version.created_at,
            "created_by": version.created_by,
            "because": None if version.because is None else dict(version.because),
        }
        statement = insert_for(self._dialect, CalendarRow).values(values).on_conflict_do_nothing()
        added = await self._session.execute(statement.returning(col(CalendarRow.version)))
        if added.first() is None:
            raise CalendarChangedMeanwhile(
                f"Somebody else has just made version {version.version} of {version.name}; read it first."
            )

    async def page(self, paging: PagingRequest, name: str | None = None) -> tuple[list[CalendarVersion], str | None]:
        order: list[tuple[Any, Literal["asc", "desc"]]] = [
            (col(CalendarRow.name), "asc"),
            (col(CalendarRow.version), "desc"),
        ]
        statement: Select[Any] = select(CalendarRow)
        if name is not None:
            statement = statement.where(col(CalendarRow.name) == name)
        else:
            newest = select(col(CalendarRow.name), func.max(col(CalendarRow.version))).group_by(col(CalendarRow.name))
            statement = statement.where(tuple_(col(CalendarRow.name), col(CalendarRow.version)).in_(newest))
        found, after = await keyset_page(self._session, statement, order, paging)
        return [_version(row) for row in found], after


def _named(label: str) -> tuple[str, int]:
    name, _, version = label.rpartition("@")
    if not name or not version.isdecimal():
        raise CalendarNotFound(f"{label!r} names no version of a calendar; write it like berlin@4.")
    return name, int(version)


def _version(row: CalendarRow) -> CalendarVersion:
    return CalendarVersion(
        name=row.name,
        version=row.version,
        document=row.document,
        created_at=row.created_at,
        created_by=row.created_by,
        because=row.because,
    )
