"""One ticket walked through minute by minute.

Whatever happened is written down as the design says it, without a thought for speed: what a clock has used up is the number of
minutes marked on its strip, and it is breached at the end of the minute that was one too many.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from services.tickets.domain.calendar import Calendar
from services.tickets.domain.moment import Moment, MomentKind
from services.tickets.domain.policy import Policy, Rule, Target
from tests.oracle.line import PAUSED, RAN, STOOD, UNKNOWN, Line
from tests.oracle.wall import MINUTE, open_minutes

ORDER = [
    "opened", "absorbed", "answered", "asked", "priority", "features", "waits", "status", "policy", "merged", "deleted",
]  # fmt: skip
SAYS_WHAT_IS = ("priority", "features", "waits", "status", "policy")
DONE = ("solved", "closed")
ONLY_RAN = bytes(1 if mark == RAN else 0 for mark in range(256))
WITH_THE_TICKET = (Target.FIRST_RESPONSE, Target.RESOLUTION, Target.AGENT_WORK, Target.REQUESTER_WAIT)


@dataclass(frozen=True)
class Span:
    """The minutes a case is about."""

    zero: datetime
    minutes: int
    _opens: dict[str, bytes] = field(default_factory=dict, compare=False)

    def minute(self, at: datetime) -> int:
        whole, rest = divmod(at - self.zero, MINUTE)
        assert not rest, "the walk knows whole minutes only"
        return whole

    def at(self, minute: int) -> datetime:
        return self.zero + minute * MINUTE

    def open(self, calendar: Calendar) -> bytes:
        """For each minute, 1 if it counts. No two calendars of a case bear one label."""
        if calendar.label not in self._opens:
            self._opens[calendar.label] = open_minutes(calendar, self.zero, self.minutes)
        return self._opens[calendar.label]


class Walk:
    """`lines` are all clocks, promised or not. Nothing of `moments` is taken back."""

    def __init__(self, span: Span, moments: Sequence[Moment], book: Mapping[str, Policy], until: int) -> None:
        self.span, self.book = span, book
        self.lines: list[Line] = []
        self.now: dict[Target, Line] = {}
        self.status, self.waits, self.gone = "new", False, False
        self.solved_at = 0
        self.earliest: int | None = None
        self.features: dict[str, Any] = {}
        self.policy: Policy | None = None
        self.rule: Rule | None = None
        minute: int | None = None
        for at, moment in self._in_order(moments):
            if minute is not None:
                self._pass(minute, at)
            minute = at
            if not self.gone:
                getattr(self, f"_{moment.kind.value}")(at, moment)
        if minute is not None:
            self.until = max(until, minute)
            self._pass(minute, self.until)

    def _in_order(self, moments: Sequence[Moment]) -> list[tuple[int, Moment]]:
        openings = sorted((m for m in moments if m.kind is MomentKind.OPENED), key=lambda m: (m.at, m.moment_id))
        if not openings:
            return []
        first = self.span.minute(openings[0].at)
        rest = [(max(first, self.span.minute(m.at)), m) for m in moments if m.kind is not MomentKind.OPENED]
        rest.sort(key=lambda pair: (pair[0], ORDER.index(pair[1].kind.value), pair[1].at, pair[1].moment_id))
        kept: list[tuple[int, Moment]] = [(first, openings[0])]
        for index, (at, moment) in enumerate(rest):
            following = rest[index + 1] if index + 1 < len(rest) else None
            if following is not None and following[0] == at and following[1].kind is moment.kind:
                if moment.kind is MomentKind.FEATURES:
                    both = {**moment.detail, **following[1].detail}
                    rest[index + 1] = (at, replace(following[1], detail=both))
                if moment.kind.value in SAYS_WHAT_IS:
                    continue
            kept.append((at, moment))
        return kept

    def _pass(self, begin: int, end: int) -> None:
        for line in self.lines:
            if line.state == "running":
                self._count(line, begin, end)
            else:
                line.marks[begin:end] = bytes([PAUSED if line.state == "paused" else STOOD]) * (end - begin)

    def _count(self, line: Line, begin: int, end: int) -> None:
        opens = self.span.open(line.pieces[-1][1]) if line.pieces else bytes(self.span.minutes)
        line.marks[begin:end] = bytes([RAN]) * (end - begin)
        line.ticks[begin:end] = opens[begin:end]
        counted = line.counted
        line.counted += opens.count(1, begin, end)
        if line.limit is None or line.breached is not None or line.counted < line.limit:
            return
        for minute in range(begin, end):
            counted += opens[minute]
            if counted == line.limit:
                line.breach(minute + 1, "elapsed")
                return

    # What may happen.

    def _opened(self, at: int, moment: Moment) -> None:
        self.features = {**_plain(moment.detail["features"]), "priority": moment.value}
        self.policy = self.book[str(moment.detail["policy"])]
        self.rule = self._matching()
        for target in WITH_THE_TICKET:
            self._begin(target, at)
        if self.features.get("team"):
            self._begin(Target.OLA, at)

    def _absorbed(self, at: int, moment: Moment) -> None:
        started = self.span.minute(datetime.fromisoformat(str(moment.detail["started_at"])))
        self.earliest = started if self.earliest is None else min(self.earliest, started)
        for target in WITH_THE_TICKET:
            if self.now[target].live:
                self._start_earlier(self.now[target], at)

    def _start_earlier(self, line: Line, at: int) -> None:
        if line.cycle > 1 or self.earliest is None or self.earliest >= line.started:
            return
        for minute in range(self.earliest, line.started):
            line.marks[minute] = RAN
        line.started = self.earliest
        self._recount(line, at)
        if line.limit is not None and line.counted >= line.limit:
            line.breach(at, "merged")

    def _answered(self, at: int, _: Moment) -> None:
        if self.status in DONE:
            if self.now[Target.FIRST_RESPONSE].state == "settled":
                self.now[Target.FIRST_RESPONSE].over = True
            return
        for target in (Target.FIRST_RESPONSE, Target.NEXT_RESPONSE):
            if target in self.now and self.now[target].live:
                self._end(self.now[target], at, over=True)
        update = self.now.get(Target.PERIODIC_UPDATE)
        if update is not None and update.live:
            self._end(update, at, over=True)
        self._begin(Target.PERIODIC_UPDATE, at)

    def _asked(self, at: int, _: Moment) -> None:
        waiting = self.now.get(Target.NEXT_RESPONSE)
        unanswered = self.now[Target.FIRST_RESPONSE].live or (waiting is not None and waiting.live)
        if self.status not in DONE and not unanswered:
            self._begin(Target.NEXT_RESPONSE, at)

    def _priority(self, at: int, moment: Moment) -> None:
        self.features["priority"] = moment.value
        self._promise_again(at)

    def _features(self, at: int, moment: Moment) -> None:
        team = self.features.get("team")
        self.features.update(_plain(moment.detail))
        if self.features.get("team") != team:
            self._hand_over(at)
        self._promise_again(at)

    def _hand_over(self, at: int) -> None:
        line = self.now.get(Target.OLA)
        if line is not None and line.live:
            self._end(line, at, over=True)
        elif line is not None and line.state == "settled":
            line.over = True
        if self.features.get("team") and self.status not in DONE:
            self._begin(Target.OLA, at)

    def _waits(self, at: int, moment: Moment) -> None:
        self.waits = moment.value == "parent"
        self._pace(at)

    def _status(self, at: int, moment: Moment) -> None:
        before, self.status = self.status, moment.value
        if self.status in DONE:
            if before not in DONE:
                self.solved_at = at
                for target, line in list(self.now.items()):
                    if line.live:
                        self._end(line, at, over=target in (Target.NEXT_RESPONSE, Target.PERIODIC_UPDATE))
            return
        if before in DONE:
            self._reopen(at)
        self._pace(at)

    def _reopen(self, at: int) -> None:
        anew = False
        if self.rule is not None:
            window = self.rule.reopen_window
            anew = self.rule.on_reopen == "restart" or (window is not None and (at - self.solved_at) * MINUTE >= window)
        for target in (Target.RESOLUTION, Target.AGENT_WORK, Target.REQUESTER_WAIT):
            self._again(target, at, anew)
        holding = self.now.get(Target.OLA)
        if self.features.get("team"):
            if holding is not None and holding.state == "settled" and not holding.over:
                self._again(Target.OLA, at, anew)
            else:
                self._begin(Target.OLA, at)
        if not self.now[Target.FIRST_RESPONSE].over:
            self._again(Target.FIRST_RESPONSE, at, anew=False)
        else:
            promised = self._promised(Target.NEXT_RESPONSE)
            self._begin(Target.FIRST_RESPONSE if promised is None else Target.NEXT_RESPONSE, at)

    def _again(self, target: Target, at: int, anew: bool) -> None:
        line = self.now[target]
        if anew:
            line.over = True
            self._begin(target, at)
        else:
            line.state, line.ended, line.due = "running", None, None
            self._promise(line, at)
            self._start_earlier(self.now[target], at)

    def _policy(self, at: int, moment: Moment) -> None:
        self.policy = self.book[moment.value]
        self._promise_again(at, retroactive=moment.detail.get("retroactive") is True)

    def _merged(self, at: int, _: Moment) -> None:
        self._cancel(at, "merged")

    def _deleted(self, at: int, _: Moment) -> None:
        self._cancel(at, "deleted")

    def _cancel(self, at: int, because: str) -> None:
        self.gone = True
        for line in list(self.now.values()):
            if line.live:
                self._end(line, at, over=False)
                line.state, line.because = "cancelled", because

    # What a clock does then.

    def _begin(self, target: Target, at: int) -> None:
        blank = bytearray(self.span.minutes)
        earlier = [line.cycle for line in self.lines if line.target is target]
        team = self.features.get("team") if target is Target.OLA else None
        line = Line(target, 1 + max(earlier, default=0), at, team, blank, bytearray(blank), started=at)
        self.lines.append(line)
        self.now[target] = line
        line.state = "paused" if self._still(target) else "running"
        self._promise(line, at)

    def _end(self, line: Line, at: int, *, over: bool) -> None:
        if line.began == at and line.target in (Target.NEXT_RESPONSE, Target.PERIODIC_UPDATE, Target.OLA):
            # Not for a minute was there such a thing.
            self.lines.remove(line)
            del self.now[line.target]
            for earlier in self.lines:
                if earlier.target is line.target:
                    self.now[line.target] = earlier
        line.due = self.due(line, at)
        line.state, line.ended, line.over = "settled", at, over

    def _pace(self, at: int) -> None:
        for target, line in self.now.items():
            if line.live:
                line.state = "paused" if self._still(target) else "running"

    def _still(self, target: Target) -> bool:
        if self.waits and target in (Target.RESOLUTION, Target.AGENT_WORK, Target.OLA):
            return True
        if target is Target.AGENT_WORK:
            return self.status not in ("new", "open", "unknown")
        if target is Target.REQUESTER_WAIT:
            return self.status not in ("new", "open", "on_hold", "unknown")
        if self.rule is None or target not in self.rule.pause_on:
            return self.status in ("pending", "on_hold")
        return self.status in self.rule.pause_on[target]

    # What is promised.

    def _matching(self) -> Rule | None:
        assert self.policy is not None
        for rule in self.policy.rules:
            asked = all(self._has(feature, values) for feature, values in rule.when.when.items())
            if asked and not any(self._has(feature, values) for feature, values in rule.when.unless.items()):
                return rule
        return None

    def _has(self, feature: str, values: tuple[str, ...]) -> bool:
        found = self.features.get(feature)
        if isinstance(found, list | tuple):
            return any(value in found for value in values) or (not found and "" in values)
        return (found or "") in values

    def _promised(self, target: Target) -> int | None:
        if self.rule is None:
            return None
        if target is Target.OLA:
            team = self.features.get("team")
            allowed = self.rule.olas.get(team, self.rule.olas.get("*")) if team else None
        else:
            allowed = {k.value: v for k, v in self.rule.targets.items()}.get(self.features["priority"], {}).get(target)
        return None if allowed is None else allowed // MINUTE

    def _promise_again(self, at: int, *, retroactive: bool = False) -> None:
        self.rule = self._matching()
        for line in list(self.now.values()):
            if line.live:
                self._promise(line, at, retroactive=retroactive)
        self._pace(at)

    def _promise(self, line: Line, at: int, *, retroactive: bool = False) -> None:
        assert self.policy is not None
        limit = self._promised(line.target)
        if self.rule is not None:
            differs = limit is not None and line.limit is not None and limit != line.limit
            if differs and self.rule.on_change.get(line.target) == "restart" and line.began < at:
                self._end(line, at, over=False)
                line.state, line.because = "cancelled", "restarted"
                self._begin(line.target, at)
                return
            self._use(line, self.rule.calendar, at, retroactive)
        if limit is None and line.limit is not None:
            line.lost = at
        if limit is not None:
            line.ever, line.lost = True, None
        line.limit = limit
        line.rule, line.policy = (self.rule.name if self.rule else ""), self.policy.label
        if limit is not None and line.counted >= limit:
            line.breach(at, "retarget")

    def _use(self, line: Line, calendar: Calendar, at: int, retroactive: bool) -> None:
        """From `at` on, or from the beginning."""
        pieces: list[tuple[int | None, Calendar]] = [(None, calendar)]
        if line.pieces and line.began < at and not retroactive:
            pieces = [piece for piece in line.pieces if piece[0] is None or piece[0] < at]
            if pieces[-1][1] != calendar:
                pieces.append((at, calendar))
        if pieces != line.pieces and retroactive and line.breached is not None:
            line.recounted = True
        if pieces != line.pieces:
            line.pieces = pieces
            self._recount(line, at)

    def _recount(self, line: Line, at: int) -> None:
        """Every minute so far, in the hours that count for it now."""
        ran = line.marks.translate(ONLY_RAN)
        for since, calendar in line.pieces:
            begin = max(line.started, since or 0)
            counts = int.from_bytes(ran[begin:at]) & int.from_bytes(self.span.open(calendar)[begin:at])
            line.ticks[begin:at] = counts.to_bytes(at - begin)
        line.counted = line.ticks.count(1, line.started, at)

    def due(self, line: Line, now: int) -> int | None:
        """When it is used up if it runs on; None where it does not, or nothing is promised."""
        if line.limit is None:
            return None
        counted = line.counted
        if counted >= line.limit:
            return line.nth_tick(line.limit)
        if line.state != "running":
            return None
        opens = self.span.open(line.pieces[-1][1])
        for minute in range(now, self.span.minutes):
            counted += opens[minute]
            if counted == line.limit:
                return minute + 1
        return UNKNOWN


def _plain(written: object) -> dict[str, Any]:
    assert isinstance(written, Mapping)
    return dict(written)
