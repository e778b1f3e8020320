"""What may be written: policies, calendars, closed days and orders to migrate. Shapes only; use cases check what they mean."""

from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Annotated, Any, Literal

from pydantic import (
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    TypeAdapter,
    WithJsonSchema,
    model_validator,
)

from services.tickets.domain.policy import Priority, Target
from services.tickets.ports import Side
from services.tickets.schemas.requests import STORABLE

MOST_MINUTES = 2 * 366 * 24 * 60
EARLIEST, LATEST = datetime(1970, 1, 1, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC)
"""Calendars are laid out year by year; beyond these nobody promises anything."""
MOST_FILE_CHARACTERS = 512 * 1024
DAY_NAMES = Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
PAUSABLE_TARGETS = Literal["first_response", "next_response", "periodic_update", "resolution", "ola"]
FEATURES = Literal["priority", "kind", "team", "tags", "source", "system", "course", "rollout", "wave"]
Word = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=100, pattern=STORABLE)]
Reason = Annotated[str, StringConstraints(strip_whitespace=True, min_length=3, max_length=1_000, pattern=STORABLE)]
Value = Annotated[str, StringConstraints(max_length=300, pattern=STORABLE)]
Hours = Annotated[str, StringConstraints(max_length=11)]
DayHours = Annotated[list[Hours], Field(max_length=24)]
CalendarName = Annotated[str, StringConstraints(max_length=120, pattern=r"^[a-z0-9][a-z0-9_.-]*(@\d{1,9})?$")]
Label = Annotated[str, StringConstraints(max_length=120, pattern=r"^[a-z0-9][a-z0-9_.-]*@\d{1,9}$")]
Minutes = Annotated[int, Field(gt=0, le=MOST_MINUTES)]
Condition = dict[FEATURES, Annotated[list[Value], Field(min_length=1, max_length=100)]]
Pauses = Annotated[list[Literal["pending", "on_hold"]], Field(max_length=2)]


class _In(BaseModel):
    model_config = ConfigDict(extra="forbid")


class CalendarIn(_In):
    """Wall-clock windows like `09:00-17:00`, ascending; `22:00-06:00` ends on the next day, `24:00` ends a day.

    `shifts` replace the weekly windows of a date (none: it is closed), `closures` are parts of a date in which nothing counts,
    `names` say what a date is.
    """

    zone: Annotated[str, StringConstraints(max_length=100)]
    hours: dict[DAY_NAMES, DayHours]
    holidays: Annotated[list[date], Field(max_length=5_000)] = []
    shifts: Annotated[dict[date, DayHours], Field(max_length=5_000)] = {}
    closures: Annotated[dict[date, DayHours], Field(max_length=5_000)] = {}
    names: Annotated[dict[date, Annotated[str, StringConstraints(max_length=200, pattern=STORABLE)]], Field()] = {}

    def document(self) -> dict[str, Any]:
        """As it is stored: in order, without the lists that say nothing."""
        written = _plain(self.model_dump(mode="json"))
        dated: dict[str, Any] = {
            part: dict(sorted(written[part].items())) for part in ("shifts", "closures", "names") if part in written
        }
        return {**written, "holidays": sorted(set(written["holidays"])), **dated}


_NAME: TypeAdapter[str] = TypeAdapter(CalendarName)
_LIST: TypeAdapter[Any] = TypeAdapter(Pauses)
_MAP: TypeAdapter[Any] = TypeAdapter(dict[PAUSABLE_TARGETS, Pauses])


def _named_or_written(value: Any) -> Any:
    """Checked as what it is, so that a mistake's place is its place in the document and not in one of two alternatives."""
    return _NAME.validate_python(value) if isinstance(value, str) else CalendarIn.model_validate(value)


def _list_or_map(value: Any) -> Any:
    return _MAP.validate_python(value) if isinstance(value, Mapping) else _LIST.validate_python(value)


AnyCalendar = Annotated[
    Any,
    BeforeValidator(_named_or_written),
    WithJsonSchema({"oneOf": [{"type": "string", "examples": ["berlin", "berlin@4"]}, {"type": "object"}]}),
]
AnyPauses = Annotated[
    Any, BeforeValidator(_list_or_map), WithJsonSchema({"oneOf": [{"type": "array"}, {"type": "object"}]})
]


class TargetsIn(_In):
    """Minutes of the rule's business time; an absent target promises nothing."""

    first_response_minutes: Minutes | None = None
    next_response_minutes: Minutes | None = None
    periodic_update_minutes: Minutes | None = None
    resolution_minutes: Minutes | None = None
    agent_work_minutes: Minutes | None = None
    requester_wait_minutes: Minutes | None = None


class StepIn(_In):
    """`at` is `75%` of the target, `-30m` before or `+2h` after its end; `to` is assignee, team, lead, manager, email:… or
    webhook:…."""

    at: Annotated[str, StringConstraints(max_length=20)]
    time: Literal["business", "real"] = "business"
    to: Annotated[str, StringConstraints(max_length=300, pattern=STORABLE)]
    repeat_every_minutes: Annotated[int, Field(ge=1, le=MOST_MINUTES)] | None = None
    until: Literal["touched"] | None = None


class RuleIn(_In):
    """What is promised to tickets for which all of `when` hold (any value of each) and none of `unless` does."""

    name: Word
    when: Condition = {}
    unless: Condition = {}
    calendar: AnyCalendar
    targets: Annotated[dict[Priority, TargetsIn], Field()] = {}
    ola_minutes: Annotated[dict[Word, Minutes], Field(max_length=200)] = {}
    pause_on: AnyPauses = None
    on_change: dict[Target, Literal["retain", "restart"]] = {}
    on_reopen: Literal["continue", "restart"] = "continue"
    reopen_window_hours: Annotated[float, Field(gt=0, le=24 * 366 * 10)] | None = None
    escalations: Annotated[list[StepIn], Field(max_length=50)] = []


class PolicyIn(_In):
    """A policy: `rules`, of which the first that matches applies; or, for one rule without conditions, `calendar`, `targets`
    and `pause_on` at the top. A calendar is named (`berlin`, `berlin@4`) or written out."""

    order: Annotated[int, Field(ge=0, le=1_000_000)] | None = None
    when: Condition | None = None
    unless: Condition | None = None
    rules: Annotated[list[RuleIn], Field(min_length=1, max_length=200)] | None = None
    calendar: CalendarIn | None = None
    targets: Annotated[dict[Priority, TargetsIn], Field()] | None = None
    pause_on: Pauses | None = None

    @model_validator(mode="after")
    def _is_one_form(self) -> "PolicyIn":
        sent = self.model_fields_set
        if "rules" in sent and self.rules is None:
            raise ValueError("rules is a list; leave it out for one rule without conditions")
        if "rules" in sent and sent & {"calendar", "targets", "pause_on"}:
            raise ValueError("write calendar, targets and pause_on into the rules, or leave the rules out")
        if "rules" not in sent and sent & {"order", "when", "unless"}:
            raise ValueError("order, when and unless go with rules")
        if "rules" not in sent and (self.calendar is None or not self.targets):
            raise ValueError("a policy needs rules, or a calendar and targets for at least one priority")
        return self

    def document(self) -> dict[str, Any]:
        """As it is stored: what was not said is not there."""
        written = self.model_dump(mode="json", exclude_none=True)
        if self.rules is None:
            return {"calendar": _plain(written["calendar"]), "targets": written["targets"]} | {
                "pause_on": written.get("pause_on", ["pending", "on_hold"])
            }
        rules = [_without_empty(rule) for rule in written["rules"]]
        return _without_empty({"order": 100, **written, "rules": rules})


def _without_empty(written: dict[str, Any]) -> dict[str, Any]:
    kept = {name: value for name, value in written.items() if value not in ({}, []) or name in ("pause_on", "calendar")}
    if isinstance(kept.get("calendar"), dict):
        kept["calendar"] = _plain(kept["calendar"])
    return kept


def _plain(calendar: dict[str, Any]) -> dict[str, Any]:
    """Without the lists that say nothing. `holidays` always stays: the first release wrote it."""
    return {name: value for name, value in calendar.items() if value or name in ("zone", "hours", "holidays")}


class SignIn(_In):
    side: Side


class EnforceIn(_In):
    reason: Reason


class FeaturesIn(_In):
    """What of a ticket rules look at."""

    priority: Priority = Priority.P3
    kind: Literal["incident", "request", "question", "change"] = "incident"
    team: Value | None = None
    tags: Annotated[list[Value], Field(max_length=100)] = []
    source: Value | None = None
    system: Value | None = None
    course: Value | None = None
    rollout: Value | None = None
    wave: Value | None = None


class CheckIn(_In):
    """`policy` is checked as if it were to be published as `name`; without it, the policies in force are asked."""

    policy: PolicyIn | None = None
    name: Annotated[str, StringConstraints(max_length=100, pattern=r"^[a-z0-9][a-z0-9_.-]*$")] = "standard"
    features: FeaturesIn | None = None
    opened_at: Annotated[AwareDatetime, Field(ge=EARLIEST, lt=LATEST)] | None = None
    """The instant from which due times are counted; now without it."""


class HolidaysIn(_In):
    """Days to close: by `dates` (and `closures` for parts of a day), from a country's list, or from an iCalendar file."""

    dates: Annotated[list[date], Field(min_length=1, max_length=1_000)] | None = None
    closures: Annotated[dict[date, DayHours], Field(min_length=1, max_length=1_000)] | None = None
    name: Annotated[str, StringConstraints(max_length=200, pattern=STORABLE)] = ""
    country: Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}$")] | None = None
    subdivision: Annotated[str, StringConstraints(max_length=20, pattern=r"^[A-Za-z0-9-]+$")] | None = None
    years: Annotated[list[Annotated[int, Field(ge=1970, le=2200)]], Field(min_length=1, max_length=20)] | None = None
    ics: Annotated[str, StringConstraints(max_length=MOST_FILE_CHARACTERS, pattern=STORABLE)] | None = None
    retroactive: bool = False
    dry_run: bool = False
    migrate: Literal["no", "preview", "apply"] = "preview"
    """What becomes of open tickets: they stay with their calendar, or a migration is previewed, or applied after that."""
    reason: Annotated[str, StringConstraints(max_length=1_000, pattern=STORABLE)] = ""

    @model_validator(mode="after")
    def _is_one_source(self) -> "HolidaysIn":
        sources = [self.dates is not None or self.closures is not None, self.country is not None, self.ics is not None]
        if sources.count(True) != 1:
            raise ValueError("send one of: dates or closures; country and years; ics")
        if (self.country is None) != (self.years is None) or (self.subdivision and not self.country):
            raise ValueError("country and years go together, and a subdivision with them")
        return self


class MigrationIn(_In):
    """From one version of a policy to another (`standard@1`), or of a calendar in every policy that names it (`berlin@3`)."""

    from_: Annotated[Label, Field(alias="from")]
    to: Label
    retroactive: bool = False
    reason: Annotated[str, StringConstraints(max_length=1_000, pattern=STORABLE)] = ""
