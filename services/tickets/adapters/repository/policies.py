"""Policies and calendars, a row per version."""

from collections.abc import Collection, Iterable
from dataclasses import replace
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import Select, func, or_, select, text, tuple_, update
from sqlmodel import col

from services.tickets.adapters.repository.calendars import CalendarRepository
from services.tickets.adapters.tables import PolicyRow, PolicySignatureRow
from services.tickets.domain.calendar import Calendar
from services.tickets.domain.policy import Policy, in_order
from services.tickets.domain.policy_document import calendars_named, read_policy
from services.tickets.errors import PolicyChangedMeanwhile, PolicyNotFound
from services.tickets.ports import PolicyVersion, Side, Signature
from shared.database import UnitOfWork, insert_for
from shared.rest import PagingRequest, keyset_page

# Any number that no other lock of this database has.
POLICIES_LOCK = 0x706F6C63
MOST_KEPT = 1_000


class PolicyShelf:
    """Versions that transactions of one database have read, for all that follow: a version never changes, nor do the calendars
    that it names (ADR 0014)."""

    def __init__(self) -> None:
        self._kept: dict[tuple[str, int], Policy] = {}

    def of(self, versions: Iterable[tuple[str, int]]) -> dict[tuple[str, int], Policy]:
        return {version: self._kept[version] for version in versions if version in self._kept}

    def keep(self, policies: Iterable[Policy]) -> None:
        if len(self._kept) >= MOST_KEPT:
            self._kept.clear()
        self._kept.update({(policy.name, policy.version): policy for policy in policies})


class PolicyRepository:
    """`ports.Policies`."""

    def __init__(self, work: UnitOfWork, calendars: CalendarRepository, shelf: PolicyShelf) -> None:
        self._session = work.session
        self._dialect = work.dialect
        self._calendars = calendars
        self._shelf = shelf
        self._read: dict[tuple[str, int], Policy] = {}
        # What this transaction adds is nobody else's before it commits, and it may not.
        self._added: set[tuple[str, int]] = set()

    async def load(self, versions: Collection[tuple[str, int]]) -> dict[tuple[str, int], Policy]:
        self._read |= self._shelf.of(versions)
        missing = {version for version in versions if version not in self._read}
        if missing:
            statement = select(PolicyRow).where(tuple_(col(PolicyRow.name), col(PolicyRow.version)).in_(missing))
            found = (await self._session.execute(statement)).scalars().all()
            unknown = sorted(missing - {(row.name, row.version) for row in found})
            if unknown:
                name, version = unknown[0]
                raise PolicyNotFound(f"There is no version {version} of a policy named {name!r}.")
            await self._parse(found)
        return {version: self._read[version] for version in versions}

    async def book(self, labels: Collection[str]) -> dict[str, Policy]:
        found = await self.load({version_of(label) for label in labels})
        return {policy.label: policy for policy in found.values()}

    async def calendars(self, labels: Collection[str]) -> dict[str, Calendar]:
        """The calendars that clocks name, by label: those of their own, and those written into a policy."""
        inline = {label for label in labels if "/" in label}
        found = await self._calendars.load({label for label in labels if label not in inline})
        for policy in (await self.book({_policy_of(label) for label in inline})).values():
            found |= {label: calendar for label, calendar in policy.calendars().items() if label in inline}
        return found

    async def in_force(self, at: datetime | None = None) -> list[Policy]:
        newest = (
            select(col(PolicyRow.name), func.max(col(PolicyRow.version)))
            .where(col(PolicyRow.in_force_at).is_not(None) if at is None else col(PolicyRow.in_force_at) <= at)
            .group_by(col(PolicyRow.name))
        )
        statement = select(PolicyRow).where(tuple_(col(PolicyRow.name), col(PolicyRow.version)).in_(newest))
        found = (await self._session.execute(statement)).scalars().all()
        await self._parse(found)
        return in_order(self._read[row.name, row.version] for row in found)

    async def current(self, name: str) -> Policy:
        statement = (
            select(PolicyRow)
            .where(col(PolicyRow.name) == name, col(PolicyRow.in_force_at).is_not(None))
            .order_by(col(PolicyRow.version).desc())
            .limit(1)
        )
        row = (await self._session.execute(statement)).scalar_one_or_none()
        if row is None:
            raise PolicyNotFound(f"There is no policy named {name!r} in force.")
        await self._parse([row])
        return self._read[row.name, row.version]

    async def _parse(self, found: Collection[PolicyRow]) -> None:
        self._read |= self._shelf.of((row.name, row.version) for row in found)
        fresh = [row for row in found if (row.name, row.version) not in self._read]
        wanted = {label for row in fresh for label in calendars_named(row.document)}
        calendars = await self._calendars.load(wanted)
        read = {(row.name, row.version): read_policy(row.name, row.version, row.document, calendars) for row in fresh}
        self._read |= read
        self._shelf.keep(policy for version, policy in read.items() if version not in self._added)

    async def latest_in_force(self, names: Collection[str]) -> dict[str, int]:
        statement = (
            select(col(PolicyRow.name), func.max(col(PolicyRow.version)))
            .where(col(PolicyRow.name).in_(sorted(set(names))), col(PolicyRow.in_force_at).is_not(None))
            .group_by(col(PolicyRow.name))
        )
        found: dict[str, int] = {row[0]: row[1] for row in await self._session.execute(statement)}
        return found

    async def get(self, name: str, version: int) -> PolicyVersion:
        row = await self._session.get(PolicyRow, (name, version))
        if row is None:
            raise PolicyNotFound(f"There is no version {version} of a policy named {name!r}.")
        return (await self._signed([row]))[0]

    async def find_newest(self, name: str) -> PolicyVersion | None:
        statement = (
            select(PolicyRow).where(col(PolicyRow.name) == name).order_by(col(PolicyRow.version).desc()).limit(1)
        )
        found = await self._signed((await self._session.execute(statement)).scalars().all())
        return found[0] if found else None

    async def versions_in_force(self, name: str) -> list[PolicyVersion]:
        statement = (
            select(PolicyRow)
            .where(col(PolicyRow.name) == name, col(PolicyRow.in_force_at).is_not(None))
            .order_by(col(PolicyRow.version))
        )
        return await self._signed((await self._session.execute(statement)).scalars().all())

    async def newest(self) -> list[PolicyVersion]:
        of_each = select(col(PolicyRow.name), func.max(col(PolicyRow.version))).group_by(col(PolicyRow.name))
        in_force = of_each.where(col(PolicyRow.in_force_at).is_not(None))
        key = tuple_(col(PolicyRow.name), col(PolicyRow.version))
        statement = select(PolicyRow).where(or_(key.in_(of_each), key.in_(in_force)))
        statement = statement.order_by(col(PolicyRow.name), col(PolicyRow.version))
        return await self._signed((await self._session.execute(statement)).scalars().all())

    async def add(self, version: PolicyVersion) -> None:
        values = {
            "name": version.name,
            "version": version.version,
            "document": dict(version.document),
            "created_at": version.created_at,
            "created_by": version.created_by,
            "in_force_at": version.in_force_at,
            "enforced_by": version.enforced_by,
            "enforced_reason": version.enforced_reason,
            "because": None if version.because is None else dict(version.because),
        }
        statement = insert_for(self._dialect, PolicyRow).values(values).on_conflict_do_nothing()
        added = await self._session.execute(statement.returning(col(PolicyRow.version)))
        if added.first() is None:
            raise PolicyChangedMeanwhile(
                f"Somebody else has just made version {version.version} of {version.name}; read it first."
            )
        self._added.add((version.name, version.version))
        for signature in version.signatures:
            await self.sign(version.name, version.version, signature)

    async def sign(self, name: str, version: int, signature: Signature) -> bool:
        values = {
            "name": name,
            "version": version,
            "side": signature.side.value,
            "subject": signature.subject,
            "signed_by": signature.signed_by,
            "signed_at": signature.signed_at,
            "carried_from": signature.carried_from,
        }
        statement = insert_for(self._dialect, PolicySignatureRow).values(values).on_conflict_do_nothing()
        added = await self._session.execute(statement.returning(col(PolicySignatureRow.side)))
        return added.first() is not None

    async def hold(self, name: str) -> None:
        # SQLite has one writer at a time. One lock for all of them: policies are changed by people, a few times a year.
        if self._dialect == "postgresql":
            await self._session.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": POLICIES_LOCK})

    async def put_in_force(
        self, name: str, version: int, at: datetime, *, by: str | None = None, reason: str | None = None
    ) -> None:
        await self._session.execute(
            update(PolicyRow)
            .where(col(PolicyRow.name) == name, col(PolicyRow.version) == version, col(PolicyRow.in_force_at).is_(None))
            .values(in_force_at=at, enforced_by=by, enforced_reason=reason)
        )

    async def page(self, paging: PagingRequest, name: str | None = None) -> tuple[list[PolicyVersion], str | None]:
        order: list[tuple[Any, Literal["asc", "desc"]]] = [
            (col(PolicyRow.name), "asc"),
            (col(PolicyRow.version), "desc"),
        ]
        statement: Select[Any] = select(PolicyRow)
        if name is not None:
            statement = statement.where(col(PolicyRow.name) == name)
        found, after = await keyset_page(self._session, statement, order, paging)
        return await self._signed(found), after

    async def _signed(self, found: Collection[PolicyRow]) -> list[PolicyVersion]:
        versions = {(row.name, row.version): _version(row) for row in found}
        if versions:
            statement = (
                select(PolicySignatureRow)
                .where(tuple_(col(PolicySignatureRow.name), col(PolicySignatureRow.version)).in_(versions))
                .order_by(col(PolicySignatureRow.side))
            )
            for row in (await self._session.execute(statement)).scalars():
                version = versions[row.name, row.version]
                signatures = (*version.signatures, _signature(row))
                versions[row.name, row.version] = replace(version, signatures=signatures)
        return list(versions.values())


def _policy_of(label: str) -> str:
    """`standard/everything@1` was written into `standard@1`."""
    named, _, version = label.rpartition("@")
    return f"{named.partition('/')[0]}@{version}"


def version_of(label: str) -> tuple[str, int]:
    """`standard@2` as name and version. Raises `PolicyNotFound` for anything else."""
    name, _, version = label.rpartition("@")
    if not name or not version.isdecimal():
        raise PolicyNotFound(f"{label!r} names no version of a policy; write it like standard@2.")
    return name, int(version)


def _version(row: PolicyRow) -> PolicyVersion:
    return PolicyVersion(
        name=row.name,
        version=row.version,
        document=row.document,
        created_at=row.created_at,
        created_by=row.created_by,
        in_force_at=row.in_force_at,
        enforced_by=row.enforced_by,
        enforced_reason=row.enforced_reason,
        because=row.because,
    )


def _signature(row: PolicySignatureRow) -> Signature:
    return Signature(
        side=Side(row.side),
        subject=row.subject,
        signed_by=row.signed_by,
        signed_at=row.signed_at,
        carried_from=row.carried_from,
    )
