"""What several routes read of a request."""

from typing import Annotated

from fastapi import Depends, Path

from services.tickets.domain.ticket import AuthorRole
from services.tickets.ports import TicketsUnit
from services.tickets.schemas import STORABLE, RequesterIn
from services.tickets.usecases.desk import Person
from shared.auth import STAFF, Identity, Role
from shared.rest import request_unit

Unit = Annotated[TicketsUnit, Depends(request_unit)]
TicketId = Annotated[str, Path(max_length=100, pattern=STORABLE)]
Name = Annotated[str, Path(max_length=100, pattern=STORABLE)]
ON_BEHALF = STAFF | {Role.INTEGRATION}


def person_of(caller: Identity, named: RequesterIn | None) -> Person:
    if named is not None:
        return Person(email=named.email, account=named.email, name=named.name or named.email)
    return Person(email=caller.email, account=caller.subject, name=caller.name)


def role_of(caller: Identity) -> AuthorRole:
    """A key with a person's role stands for that person; one for integrations alone is a machine."""
    if caller.roles & STAFF:
        return AuthorRole.AGENT
    return AuthorRole.BOT if Role.INTEGRATION in caller.roles else AuthorRole.REQUESTER
