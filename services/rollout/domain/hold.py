"""Holds: reasons why a wave stands still. They stack; each has an owner, and lifting one leaves the others."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal, TypeAlias

Owner: TypeAlias = Literal["gate", "training", "it_lead", "system", "freeze"]

LIFTERS: Final[Mapping[Owner, tuple[str, ...]]] = {
    "gate": ("training", "it_lead", "admin"),
    "training": ("training", "it_lead", "admin"),
    "it_lead": ("it_lead", "admin"),
    "system": ("admin",),
    "freeze": ("admin",),
}
"""Roles that may lift a hold by hand. IT's hold is IT's to lift."""

_SAID: Final[Mapping[Owner, str]] = {
    "gate": "lifts itself when the gate has passed for the bake time; or the training team, an IT lead or an admin",
    "training": "the training team, an IT lead or an admin",
    "it_lead": "an IT lead or an admin",
    "system": "an admin",
    "freeze": "lifts itself when the freeze ends; or an admin",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Hold:
    """One reason to stand still, in force until it is lifted or expires."""

    id: str
    owner: Owner
    reason: str
    next_step: str
    placed_at: datetime
    placed_by: str
    expires_at: datetime | None = None
    gate: str | None = None
    pause: bool = False
    """Placed by `pause`, so that `resume` lifts it."""

    @property
    def lifted_by(self) -> str:
        """Who can lift it, in words."""
        return _SAID[self.owner]

    def expired(self, now: datetime) -> bool:
        return self.expires_at is not None and now >= self.expires_at

    def liftable_by(self, roles: Collection[str]) -> bool:
        return any(role in LIFTERS[self.owner] for role in roles)


def owner_for(roles: Collection[str]) -> Owner:
    """In whose name a person with these roles holds a wave. An IT lead's hold stays IT's, whatever else they are."""
    return "it_lead" if "it_lead" in roles else "training"
