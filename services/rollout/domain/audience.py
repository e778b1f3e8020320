"""Who an audience filter means. (The expression language follows below; see `parse_filter`.)"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonRecord:
    """What audience filters may ask about a person. Unknown text is None and equals nothing."""

    id: str
    email: str | None = None
    region: str | None = None
    site: str | None = None
    department: str | None = None
    role: str | None = None
    persona: str | None = None
    language: str | None = None
    kind: str = "employee"
    tags: tuple[str, ...] = ()
    champion: bool = False
    active: bool = True
