"""Who asks and who writes, as contacts."""

from dataclasses import dataclass

from services.tickets.ports import Contact, Identification, TicketsUnit


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Somebody by e-mail address, or by the account they are logged in with."""

    email: str | None
    account: str
    name: str

    @property
    def identification(self) -> Identification:
        if self.email:
            return Identification(system="", scheme="email", value=self.email.casefold())
        return Identification(system="glidepath", scheme="account", value=self.account)


async def contact_of(unit: TicketsUnit, person: Person) -> Contact:
    found = await unit.contacts.identify({person.identification: person.name})
    return found[person.identification]
