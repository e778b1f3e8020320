"""The calendars that stored clocks count in. A clock names them by label; what they are stands in calendars and policies."""

from collections.abc import Iterable, Mapping

from services.tickets.adapters.repository.calendars import CalendarRepository
from services.tickets.adapters.repository.policies import PolicyRepository
from services.tickets.adapters.tables import ClockRow
from services.tickets.domain.calendar import Calendar


class HoursShelf:
    """Calendars by the labels that clocks name: `berlin@4`, or `standard/everything@1` for one that is written in a policy."""

    def __init__(self, policies: PolicyRepository, calendars: CalendarRepository) -> None:
        self._policies = policies
        self._calendars = calendars

    async def of(self, clocks: Iterable[ClockRow]) -> Mapping[str, Calendar]:
        """Raises `CalendarNotFound` or `PolicyNotFound` for what is not there any more, which nobody deletes."""
        labels = {str(label) for clock in clocks for _, label in clock.hours}
        inline = {label: _policy_of(label) for label in labels if "/" in label}
        found = dict(await self._calendars.load(labels - set(inline)))
        for policy in (await self._policies.book(set(inline.values()))).values():
            found |= policy.calendars()
        return found


def _policy_of(label: str) -> str:
    """The policy in which a calendar is written that bears the name of the policy and the rule."""
    name, _, version = label.rpartition("@")
    return f"{name.partition('/')[0]}@{version}"
