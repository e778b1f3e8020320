"""One word of a helpdesk about one field, against what was agreed and what is so here: whose word counts.

| what they say | what is here | then |
|---|---|---|
| older than what is known of them | unchanged | `LATE`: it goes to its own place in history |
| older than what is known of them | changed | `LATE` if it was before our change, else `NOTHING` |
| what was agreed | unchanged | `SEEN`: it is still so |
| what was agreed | changed | `NOTHING`: our change stands and is to be told |
| the word we are telling them, or it as they say it | - | `ECHO`: our own change coming back is no change |
| something else, at the very instant known | - | `ASK`: which of the two is later cannot be seen; a read tells |
| something else | unchanged | `TAKE` |
| something else | changed to the same | `SAME`: both sides did the same |
| something else | changed | a conflict: `TAKE` or `KEEP` by the owner of the field |
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from services.tickets.domain.sync.link import Owner


class Decision(StrEnum):
    """What is done with an observation. Only `TAKE` changes what is so here."""

    LATE = "late"
    SEEN = "seen"
    NOTHING = "nothing"
    ECHO = "echo"
    ASK = "ask"
    TAKE = "take"
    SAME = "same"
    KEEP = "keep"


@dataclass(frozen=True, slots=True, kw_only=True)
class Observation:
    """`said` is their word and `said_at` its time, if any was told. `whole` says that it was read, not told: it is so now.

    `here` is what the ticket says, `here_at` when that was changed here; `ours` and `theirs` are what was last agreed;
    `telling` is what an order under way makes them say.
    """

    said: str
    said_at: datetime | None
    whole: bool
    here: str
    here_at: datetime | None
    ours: str | None
    theirs: str | None
    theirs_at: datetime | None
    telling: str | None = None


def decide(seen: Observation, owner: Owner) -> tuple[Decision, bool]:
    """What is done, and whether both sides had changed the field to different words."""
    changed_here = seen.ours is not None and seen.here != seen.ours
    if seen.theirs is None or seen.ours is None:
        return Decision.TAKE, False
    if seen.said_at is not None and seen.theirs_at is not None and seen.said_at < seen.theirs_at:
        before_ours = not changed_here or seen.here_at is None or seen.said_at < seen.here_at
        return (Decision.LATE if before_ours else Decision.NOTHING), False
    if seen.said == seen.theirs:
        return (Decision.NOTHING if changed_here else Decision.SEEN), False
    if seen.telling is not None and seen.said == seen.telling:
        return Decision.ECHO, False
    if not seen.whole and (seen.said_at is None or seen.said_at == seen.theirs_at):
        return Decision.ASK, False
    if not changed_here:
        return Decision.TAKE, False
    if seen.said == seen.here:
        return Decision.SAME, False
    return (Decision.TAKE if _theirs_counts(seen, owner) else Decision.KEEP), True


def _theirs_counts(seen: Observation, owner: Owner) -> bool:
    if owner is not Owner.NEWEST:
        return owner is Owner.REMOTE
    # Their time is bounded by nothing but their clock; with no time told, or none of ours, theirs is as new as it gets.
    return seen.said_at is None or seen.here_at is None or seen.said_at >= seen.here_at
