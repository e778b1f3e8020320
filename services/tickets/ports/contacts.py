"""People as they were named."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class Identification:
    """One way to name a person. `system` is the source's name, empty for e-mail addresses, which are in lower case."""

    system: str
    scheme: str
    value: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Contact:
    """Somebody who was named. `person_id` is None while the directory does not know them."""

    contact_id: str
    identification: Identification
    name: str
    person_id: str | None

    @property
    def email(self) -> str | None:
        return self.identification.value if self.identification.scheme == "email" else None


class Contacts(Protocol):
    async def identify(self, named: Mapping[Identification, str]) -> dict[Identification, Contact]:
        """A contact for each, made where there is none; the value is a display name. Unknown people are no error."""
        ...

    async def load(self, contact_ids: Collection[str]) -> dict[str, Contact]: ...
