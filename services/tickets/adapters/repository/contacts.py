"""People as they were named, known to the directory or not."""

from collections.abc import Collection, Mapping

from sqlalchemy import select, tuple_
from sqlmodel import col

from services.tickets.adapters.tables import ContactRow, PersonIdentityRow
from services.tickets.ports import Contact, Identification
from shared.clock import new_id
from shared.database import UnitOfWork, chunks, insert_for


class ContactRepository:
    """`ports.Contacts`. One that was read is kept for the transaction: whoever asks is asked for at every step of a change."""

    def __init__(self, work: UnitOfWork) -> None:
        self._work = work
        self._session = work.session
        self._read: dict[str, Contact] = {}

    def forget(self) -> None:
        """They may have changed."""
        self._read.clear()

    async def identify(self, named: Mapping[Identification, str]) -> dict[Identification, Contact]:
        found = await self._find(named)
        missing = [who for who in named if who not in found]
        if missing:
            people = await self._people(missing)
            values = [
                {
                    "contact_id": new_id(),
                    "system": who.system,
                    "scheme": who.scheme,
                    "value": who.value,
                    "name": named[who],
                    "person_id": people.get((who.system, who.value)),
                }
                for who in sorted(missing, key=_key)
            ]
            for some in chunks(values):
                await self._session.execute(
                    insert_for(self._work.dialect, ContactRow).values(list(some)).on_conflict_do_nothing()
                )
            found |= await self._find(missing)
        return found

    async def load(self, contact_ids: Collection[str]) -> dict[str, Contact]:
        wanted = sorted(set(contact_ids))
        for some in chunks([contact_id for contact_id in wanted if contact_id not in self._read]):
            statement = select(ContactRow).where(col(ContactRow.contact_id).in_(some))
            for row in (await self._session.execute(statement)).scalars():
                self._read[row.contact_id] = _contact(row)
        return {contact_id: self._read[contact_id] for contact_id in wanted if contact_id in self._read}

    async def _find(self, wanted: Collection[Identification]) -> dict[Identification, Contact]:
        columns = tuple_(col(ContactRow.system), col(ContactRow.scheme), col(ContactRow.value))
        found: dict[Identification, Contact] = {}
        for some in chunks(sorted(wanted, key=_key)):
            statement = select(ContactRow).where(columns.in_([_key(who) for who in some]))
            for row in (await self._session.execute(statement)).scalars():
                contact = _contact(row)
                found[contact.identification] = self._read[contact.contact_id] = contact
        return found

    async def _people(self, wanted: Collection[Identification]) -> dict[tuple[str, str], str]:
        columns = tuple_(col(PersonIdentityRow.system), col(PersonIdentityRow.value))
        found: dict[tuple[str, str], str] = {}
        for some in chunks(sorted({(who.system, who.value) for who in wanted})):
            statement = select(PersonIdentityRow).where(columns.in_(some))
            for row in (await self._session.execute(statement)).scalars():
                found[row.system, row.value] = row.person_id
        return found


def _key(who: Identification) -> tuple[str, str, str]:
    return who.system, who.scheme, who.value


def _contact(row: ContactRow) -> Contact:
    return Contact(
        contact_id=row.contact_id,
        identification=Identification(system=row.system, scheme=row.scheme, value=row.value),
        name=row.name,
        person_id=row.person_id,
    )
