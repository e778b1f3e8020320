"""Public holidays of a country from the `holidays` library: a snapshot, with the library's version named."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from importlib.metadata import version

from services.tickets.errors import CalendarNotUsable
from shared.errors import FieldProblem


@dataclass(frozen=True, slots=True, kw_only=True)
class ClosedDays:
    """Days to close, with what they are called, and parts of days as `12:00-17:00`. `notes` are for people."""

    days: dict[date, str] = field(default_factory=dict)
    parts: dict[date, list[str]] = field(default_factory=dict)
    names: dict[date, str] = field(default_factory=dict)
    """What the days with parts are called."""
    notes: tuple[str, ...] = ()
    source: dict[str, object] = field(default_factory=dict)


def country_days(country: str, subdivision: str | None, years: Sequence[int]) -> ClosedDays:
    """The public holidays of these years, those that only banks or schools keep left out. Raises `CalendarNotUsable`."""
    # Imported when needed, like the reader of calendar files.
    import holidays

    known = holidays.list_supported_countries(include_aliases=False)
    if country not in known:
        raise _unknown("/country", f"No holidays are known for the country {country!r} (ISO 3166, two letters).")
    if subdivision is not None and subdivision not in known[country]:
        some = ", ".join(sorted(known[country])) or "none"
        raise _unknown("/subdivision", f"{country} has no subdivision {subdivision!r} with holidays; it has {some}.")
    # Named in one language whatever the machine's own is: the mark of an estimate is a word too.
    found = holidays.country_holidays(country, subdiv=subdivision, years=sorted(set(years)), language="en_US")
    days = {on: name for on, name in sorted(found.items()) if on.year in years}
    missing = [str(year) for year in sorted(set(years)) if not any(on.year == year for on in days)]
    notes = [f"Nothing is known for {', '.join(missing)}."] if missing else []
    estimated = sorted({str(on.year) for on, name in days.items() if "(estimated)" in name})
    if estimated:
        notes.append(
            f"Some days of {', '.join(estimated)} are estimates (they depend on the moon); look at them again."
        )
    return ClosedDays(
        days=days,
        notes=tuple(notes),
        source={
            "kind": "country",
            "country": country,
            "subdivision": subdivision,
            "years": sorted(set(years)),
            "library": f"holidays {version('holidays')}",
        },
    )


def _unknown(pointer: str, detail: str) -> CalendarNotUsable:
    return CalendarNotUsable(detail, errors=[FieldProblem(pointer, detail)])
