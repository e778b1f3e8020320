"""What-if replays over the wire."""

from collections.abc import Mapping
from datetime import date
from typing import Annotated, Any, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints, model_validator

from services.tickets.domain.report import said
from services.tickets.domain.what_if import Change, Ending, Tally
from services.tickets.ports.what_ifs import WhatIf, WhatIfState
from services.tickets.schemas.policies import PolicyIn

PolicyName = Annotated[str, StringConstraints(max_length=100, pattern=r"^[a-z0-9][a-z0-9_.-]*$")]
PolicyLabel = Annotated[str, StringConstraints(max_length=120, pattern=r"^[a-z0-9][a-z0-9_.-]*@\d{1,9}$")]


class WhatIfIn(BaseModel):
    """A version (`standard@2`), or a document as it would be published. `to` is the day after the last one, in UTC.

    A version is replayed for the tickets that were opened under its own policy, a document for all that its condition is for;
    `instead_of` names the policy whose tickets are looked at.
    """

    model_config = ConfigDict(extra="forbid", populate_by_name=True)
    policy: PolicyLabel | None = None
    document: PolicyIn | None = None
    instead_of: PolicyName | None = None
    from_on: Annotated[date, Field(alias="from")]
    to_on: Annotated[date, Field(alias="to")]

    @model_validator(mode="after")
    def _is_one(self) -> "WhatIfIn":
        if (self.policy is None) == (self.document is None):
            raise ValueError("send either policy (a version like standard@2) or document")
        return self


class EndingsOut(BaseModel):
    """`open` clocks are not decided yet, `out` were cancelled; `attainment` is met of met and breached."""

    met: int
    breached: int
    open: int
    out: int
    attainment: str


class WhatIfRow(BaseModel):
    priority: str
    target: str
    then: EndingsOut
    now: EndingsOut


class WhatIfSample(BaseModel):
    ticket_id: str
    number: int
    priority: str
    target: str
    cycle: int
    change: Change
    due_then: AwareDatetime | None
    due_now: AwareDatetime | None
    breached_then: AwareDatetime | None
    breached_now: AwareDatetime | None


class WhatIfOut(BaseModel):
    """`done` of `total` tickets were looked at, `covered` of them would have been under the policy.

    `then` is what became of their clocks, `now` what would have become of them, both as of `until`. Samples whose outcome
    changes come first.
    """

    what_if_id: str
    policy: str
    instead_of: str | None
    began_at: AwareDatetime
    ended_at: AwareDatetime
    until: AwareDatetime
    state: WhatIfState
    total: int
    done: int
    covered: int
    rows: list[WhatIfRow]
    changes: dict[Change, int]
    samples: list[WhatIfSample]
    problem: str | None
    asked_at: AwareDatetime
    asked_by: str
    finished_at: AwareDatetime | None


def what_if_out(what_if: WhatIf) -> WhatIfOut:
    tally = Tally.read(what_if.tally)
    return WhatIfOut(
        what_if_id=what_if.what_if_id,
        policy=what_if.policy,
        instead_of=what_if.instead_of,
        began_at=what_if.period.began_at,
        ended_at=what_if.period.ended_at,
        until=what_if.until,
        state=what_if.state,
        total=what_if.total,
        done=what_if.done,
        covered=tally.covered,
        rows=[
            WhatIfRow(priority=priority, target=target, then=_endings(sides, "then"), now=_endings(sides, "now"))
            for priority, targets in sorted(tally.endings.items())
            for target, sides in sorted(targets.items())
        ],
        changes={Change(change): count for change, count in tally.changes.items()},
        samples=[WhatIfSample.model_validate(sample) for sample in tally.samples],
        problem=what_if.problem,
        asked_at=what_if.asked_at,
        asked_by=what_if.asked_by,
        finished_at=what_if.finished_at,
    )


def _endings(sides: Mapping[str, Mapping[str, int]], side: Literal["then", "now"]) -> EndingsOut:
    counts: dict[str, Any] = {ending.value: sides.get(side, {}).get(ending.value, 0) for ending in Ending}
    return EndingsOut(**counts, attainment=said(counts["met"], counts["met"] + counts["breached"]))
