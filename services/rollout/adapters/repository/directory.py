"""People and how outside systems name them."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import and_, delete, func, insert, select, update

from services.rollout.adapters.repository.rows import pieces, table_of, update_each
from services.rollout.adapters.tables.people import IdentityRow, PersonRow, UnknownIdentityRow
from services.rollout.domain.person import PersonRow as ImportRow
from services.rollout.domain.person import fold_email
from services.rollout.ports.learning import ANY_SOURCE, IdentityKey, PersonToFind
from shared.clock import new_id
from shared.database import UnitOfWork, insert_for
from shared.errors import NotFound
from shared.rest import PagingRequest, keyset_page

PEOPLE, IDENTITIES, UNKNOWN = table_of(PersonRow), table_of(IdentityRow), table_of(UnknownIdentityRow)


class PersonNotFound(NotFound):
    code = "person_not_found"


class IdentityNotFound(NotFound):
    code = "identity_not_found"


class DirectoryRepository:
    """See `ports.learning.Directory`."""

    def __init__(self, work: UnitOfWork) -> None:
        self._work = work
        self._session = work.session

    async def find_for_import(self, rows: Sequence[ImportRow]) -> list[dict[str, Any]]:
        keys = {key for row in rows for key in (row.external_key, row.manager) if key}
        emails = {fold_email(text) for row in rows for text in (row.email, row.manager) if text}
        found: dict[str, dict[str, Any]] = {}
        for column, wanted in ((PEOPLE.c.external_key, keys), (PEOPLE.c.email_folded, emails)):
            for piece in pieces(sorted(wanted)):
                for person in await self._session.execute(select(PEOPLE).where(column.in_(piece))):
                    found[person.id] = dict(person._mapping)
        return list(found.values())

    async def save_people(self, new: Sequence[dict[str, Any]], changed: Sequence[dict[str, Any]]) -> None:
        # Addresses and keys are unique and may change hands within one import: everybody lets go first.
        for piece in pieces(sorted(row["id"] for row in changed)):
            released = update(PEOPLE).where(PEOPLE.c.id.in_(piece)).values(email_folded=None, external_key=None)
            await self._session.execute(released)
        await update_each(self._session, PEOPLE, ["id"], changed)
        if new:
            await self._session.execute(insert(PEOPLE), list(new))

    async def find_owners(self, keys: Sequence[IdentityKey]) -> dict[IdentityKey, str]:
        groups: dict[tuple[str, str], list[IdentityKey]] = {}
        for key in set(keys):
            groups.setdefault((key.source, key.scheme), []).append(key)
        owners: dict[IdentityKey, str] = {}
        for (source, scheme), wanted in groups.items():
            for piece in pieces(wanted):
                statement = select(IDENTITIES.c.source, IDENTITIES.c.value, IDENTITIES.c.person_id).where(
                    IDENTITIES.c.source.in_((source, ANY_SOURCE)),
                    IDENTITIES.c.scheme == scheme,
                    IDENTITIES.c.value.in_([key.value for key in piece]),
                )
                held = {(row.source, row.value): row.person_id for row in await self._session.execute(statement)}
                for key in piece:
                    # What is known of this very system goes before what is true of all.
                    person_id = held.get((source, key.value)) or held.get((ANY_SOURCE, key.value))
                    if person_id is not None:
                        owners[key] = person_id
        return owners

    async def replace_directory_identities(self, names: Mapping[str, Sequence[IdentityKey]]) -> None:
        for piece in pieces(sorted(names)):
            old = and_(IDENTITIES.c.person_id.in_(piece), IDENTITIES.c.origin == "directory")
            await self._session.execute(delete(IDENTITIES).where(old))
        rows = [_identity(key, person_id, "directory") for person_id, keys in names.items() for key in keys]
        if rows:
            statement = insert_for(self._work.dialect, IDENTITIES)
            statement = statement.on_conflict_do_update(
                index_elements=["source", "scheme", "value"],
                set_={"person_id": statement.excluded.person_id, "origin": statement.excluded.origin},
            )
            await self._session.execute(statement, sorted(rows, key=_name_of))

    async def save_identities(self, names: Mapping[IdentityKey, str], *, origin: str) -> list[IdentityKey]:
        rows = [_identity(key, person_id, origin) for key, person_id in names.items()]
        if not rows:
            return []
        statement = insert_for(self._work.dialect, IDENTITIES).on_conflict_do_nothing()
        returning = statement.returning(IDENTITIES.c.source, IDENTITIES.c.scheme, IDENTITIES.c.value)
        saved: list[IdentityKey] = []
        for piece in pieces(sorted(rows, key=_name_of)):
            for row in await self._session.execute(returning.values(piece)):
                saved.append(IdentityKey(source=row.source, scheme=row.scheme, value=row.value))
        return saved

    async def note_unknown(self, names: Mapping[IdentityKey, str], now: datetime) -> None:
        rows = [
            {
                "id": new_id(),
                "source": key.source,
                "scheme": key.scheme,
                "value": key.value,
                "shown": shown,
                "first_seen_at": now,
                "last_seen_at": now,
                "person_id": None,
                "linked_at": None,
                "linked_by": None,
            }
            for key, shown in sorted(names.items(), key=lambda item: (item[0].source, item[0].scheme, item[0].value))
        ]
        if rows:
            statement = insert_for(self._work.dialect, UNKNOWN)
            statement = statement.on_conflict_do_update(
                index_elements=["source", "scheme", "value"], set_={"last_seen_at": statement.excluded.last_seen_at}
            )
            await self._session.execute(statement, rows)

    async def list_unknown(self, paging: PagingRequest, *, linked: bool) -> tuple[list[Any], str | None]:
        condition = UNKNOWN.c.person_id.is_not(None) if linked else UNKNOWN.c.person_id.is_(None)
        return await keyset_page(self._session, select(UnknownIdentityRow).where(condition), _BY_ID, paging)

    async def get_unknown(self, unknown_id: str) -> UnknownIdentityRow:
        row = await self._session.get(UnknownIdentityRow, unknown_id)
        if row is None:
            raise IdentityNotFound("There is no unknown identity with this id.")
        return row

    async def mark_linked(self, names: Mapping[IdentityKey, str], *, by: str, now: datetime) -> None:
        rows = [
            {
                "source": key.source,
                "scheme": key.scheme,
                "value": key.value,
                "person_id": person_id,
                "linked_at": now,
                "linked_by": by,
            }
            for key, person_id in names.items()
        ]
        await update_each(self._session, UNKNOWN, ["source", "scheme", "value"], rows)

    async def find_settled_names(self) -> dict[IdentityKey, str]:
        same = and_(
            IDENTITIES.c.scheme == UNKNOWN.c.scheme,
            IDENTITIES.c.value == UNKNOWN.c.value,
            IDENTITIES.c.source.in_((UNKNOWN.c.source, ANY_SOURCE)),
        )
        columns = (UNKNOWN.c.source, UNKNOWN.c.scheme, UNKNOWN.c.value, IDENTITIES.c.person_id)
        statement = select(*columns).join(IDENTITIES, same).where(UNKNOWN.c.person_id.is_(None))
        # `*` sorts before every name, so what is known of this very system is written last and stays.
        rows = await self._session.execute(statement.order_by(IDENTITIES.c.source == UNKNOWN.c.source))
        return {IdentityKey(source=row.source, scheme=row.scheme, value=row.value): row.person_id for row in rows}

    async def get_person(self, person_id: str) -> PersonRow:
        row = await self._session.get(PersonRow, person_id)
        if row is None:
            raise PersonNotFound("There is no person with this id.")
        return row

    async def list_people(
        self, paging: PagingRequest, *, search: str | None, filters: Mapping[str, str]
    ) -> tuple[list[Any], str | None]:
        statement = select(PersonRow)
        for word in (search or "").casefold().split():
            statement = statement.where(PEOPLE.c.search.contains(word, autoescape=True))
        for name, value in filters.items():
            statement = statement.where(PEOPLE.c[name] == value)
        return await keyset_page(self._session, statement, [(PEOPLE.c.name, "asc"), (PEOPLE.c.id, "asc")], paging)

    async def list_external(self, person_id: str) -> list[IdentityKey]:
        statement = select(IDENTITIES).where(IDENTITIES.c.person_id == person_id)
        rows = await self._session.execute(statement.order_by(IDENTITIES.c.source, IDENTITIES.c.scheme))
        return [IdentityKey(source=row.source, scheme=row.scheme, value=row.value) for row in rows]

    async def list_people_to_find(self, person_ids: Sequence[str]) -> list[PersonToFind]:
        statement = select(PEOPLE.c.id, PEOPLE.c.email, PEOPLE.c.external_key).where(PEOPLE.c.id.in_(person_ids))
        rows = await self._session.execute(statement.order_by(PEOPLE.c.id))
        return [PersonToFind(person_id=row.id, email=row.email, external_key=row.external_key) for row in rows]

    async def find_accounts(self, source: str, person_ids: Iterable[str]) -> dict[str, str]:
        accounts: dict[str, str] = {}
        for piece in pieces(sorted(set(person_ids))):
            statement = select(IDENTITIES.c.person_id, func.min(IDENTITIES.c.value)).where(
                IDENTITIES.c.source == source, IDENTITIES.c.scheme == "account", IDENTITIES.c.person_id.in_(piece)
            )
            rows = await self._session.execute(statement.group_by(IDENTITIES.c.person_id))
            accounts.update((person_id, account) for person_id, account in rows)
        return accounts


_BY_ID: Any = [(UNKNOWN.c.id, "asc")]


def _identity(key: IdentityKey, person_id: str, origin: str) -> dict[str, Any]:
    return {
        "source": key.source,
        "scheme": key.scheme,
        "value": key.value,
        "person_id": person_id,
        "origin": origin,
    }


def _name_of(row: Mapping[str, Any]) -> tuple[str, str, str]:
    return row["source"], row["scheme"], row["value"]
