"""One ticket's moments played in order, with every target running as a clock of its own.

Which clock a moment starts, stops or ends is decided here; how a clock counts is `hand`'s affair.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime

from services.tickets.domain.clock.hand import Hand
from services.tickets.domain.clock.values import CancelledBecause, ClockState
from services.tickets.domain.condition import Features
from services.tickets.domain.moment import PARENT, Moment, MomentKind, Opening, played
from services.tickets.domain.policy import OnChange, Policy, Rule, Status, Target, stands_still

FROM_OPENING = (Target.FIRST_RESPONSE, Target.RESOLUTION, Target.AGENT_WORK, Target.REQUESTER_WAIT)
"""These begin with the ticket, so an earlier start of a ticket that was merged in is theirs too."""
AFTER_REOPENING = (Target.RESOLUTION, Target.AGENT_WORK, Target.REQUESTER_WAIT)
"""These go on in a ticket that is reopened, or begin anew. What answers the requester begins anew in any case."""
_ENDED_BY_SOLVING = (Target.NEXT_RESPONSE, Target.PERIODIC_UPDATE)
_ON_OCCASION = (Target.NEXT_RESPONSE, Target.PERIODIC_UPDATE, Target.OLA)
"""These begin with something that happens. A cycle that ended at the very instant at which it began never was: no update is
owed after the answer that solved the ticket, and a team that passed it on at once held nothing."""


class UnknownPolicy(LookupError):
    """A moment names a version of a policy that is not in the book."""


class Replay:
    """`hands` are all clocks in the order in which they began, promised or not; the rest is as after the last moment."""

    def __init__(self, book: Mapping[str, Policy], otherwise: Opening | None) -> None:
        self.hands: list[Hand] = []
        self._book = book
        self._otherwise = otherwise
        self._current: dict[Target, Hand] = {}
        self.features = Features()
        self.policy: Policy | None = None
        self.rule: Rule | None = None
        self._status = Status.NEW
        self._solved_since: datetime | None = None
        self._waits = False
        self._earliest: datetime | None = None

    def play(self, moments: Iterable[Moment], until: datetime) -> datetime:
        """All that stands of `moments`, and on to `until`; up to when it went, which is later if a moment is."""
        at = until
        for at, moment in played(moments):
            self._run_to(at)
            if moment.kind in (MomentKind.MERGED, MomentKind.DELETED):
                self._cancel(at, CancelledBecause(moment.kind.value))
                break
            self._take(at, moment)
        until = max(at, until)
        self._run_to(until)
        return until

    def _run_to(self, at: datetime) -> None:
        for hand in self._current.values():
            hand.run_to(at)

    def _take(self, at: datetime, moment: Moment) -> None:
        kind = moment.kind
        if kind is MomentKind.STATUS:
            self._move(at, moment.status)
        elif kind is MomentKind.ANSWERED:
            self._answer(at)
        elif kind is MomentKind.ASKED:
            self._ask(at)
        elif kind is MomentKind.PRIORITY:
            self.features = replace(self.features, priority=moment.priority)
            self._promise_anew(at)
        elif kind is MomentKind.FEATURES:
            self._change_features(at, moment)
        elif kind is MomentKind.WAITS:
            self._waits = moment.value == PARENT
            self._pace(at)
        elif kind is MomentKind.POLICY:
            self.policy = self._version(moment.value)
            self._promise_anew(at, retroactive=moment.retroactive)
        elif kind is MomentKind.ABSORBED:
            self._absorb(at, moment.started_at)
        elif kind is MomentKind.OPENED:
            self._open(at, moment)

    # What happened.

    def _open(self, at: datetime, moment: Moment) -> None:
        opening = Opening.of(moment, self._otherwise)
        self.features = opening.features
        self.policy = self._version(opening.policy)
        self.rule = self.policy.match(opening.features)
        for target in FROM_OPENING:
            self._begin(target, at)
        if opening.features.team is not None:
            self._begin(Target.OLA, at)

    def _absorb(self, at: datetime, started_at: datetime) -> None:
        self._earliest = started_at if self._earliest is None else min(self._earliest, started_at)
        for target in FROM_OPENING:
            hand = self._current[target]
            if hand.active:
                self._start_earlier(hand, at)

    def _start_earlier(self, hand: Hand, at: datetime) -> None:
        if self._earliest is not None and hand.cycle == 1 and self._earliest < hand.started_at:
            hand.start_earlier(self._earliest, at)

    def _answer(self, at: datetime) -> None:
        """Ends what waits for an answer, and begins the next span without one. On a solved ticket it only counts as given."""
        first = self._current[Target.FIRST_RESPONSE]
        if self._status.done:
            first.final = first.final or first.state is ClockState.SETTLED
            return
        for target in (Target.FIRST_RESPONSE, Target.NEXT_RESPONSE, Target.PERIODIC_UPDATE):
            hand = self._current.get(target)
            if hand is not None and hand.active:
                self._settle(hand, at, final=True)
        self._begin(Target.PERIODIC_UPDATE, at)

    def _ask(self, at: datetime) -> None:
        """Arms the next response, unless one is owed already or the ticket is solved: thanks re-arm nothing."""
        first, waiting = self._current[Target.FIRST_RESPONSE], self._current.get(Target.NEXT_RESPONSE)
        if self._status.done or first.active or (waiting is not None and waiting.active):
            return
        self._begin(Target.NEXT_RESPONSE, at)

    def _change_features(self, at: datetime, moment: Moment) -> None:
        before, self.features = self.features.team, self.features.changed(moment.detail)
        if before != self.features.team:
            self._hand_over(at)
        self._promise_anew(at)

    def _hand_over(self, at: datetime) -> None:
        """The old team's promise ends, the new one's begins."""
        holding = self._current.get(Target.OLA)
        if holding is not None and holding.active:
            self._settle(holding, at, final=True)
        elif holding is not None and holding.state is ClockState.SETTLED:
            holding.final = True
        if self.features.team is not None and not self._status.done:
            self._begin(Target.OLA, at)

    def _move(self, at: datetime, status: Status) -> None:
        before, self._status = self._status, status
        if not status.done:
            if before.done:
                self._reopen(at)
            self._pace(at)
        elif not before.done:
            self._solved_since = at
            for target, hand in tuple(self._current.items()):
                if hand.active:
                    self._settle(hand, at, final=target in _ENDED_BY_SOLVING)

    def _reopen(self, at: datetime) -> None:
        assert self._solved_since is not None
        restarts = self.rule is not None and self.rule.restarts_on_reopen(at - self._solved_since)
        for target in AFTER_REOPENING:
            self._continue(target, at, restarts)
        team, holding = self.features.team, self._current.get(Target.OLA)
        if team is not None and holding is not None and holding.state is ClockState.SETTLED and not holding.final:
            self._continue(Target.OLA, at, restarts)
        elif team is not None:
            self._begin(Target.OLA, at)
        first = self._current[Target.FIRST_RESPONSE]
        if not first.final:
            self._continue(Target.FIRST_RESPONSE, at, restarts=False)
        elif self.rule is not None and self.rule.promised(Target.NEXT_RESPONSE, self.features) is not None:
            self._begin(Target.NEXT_RESPONSE, at)
        else:
            self._begin(Target.FIRST_RESPONSE, at)

    def _continue(self, target: Target, at: datetime, restarts: bool) -> None:
        hand = self._current[target]
        if restarts:
            hand.final = True
            self._begin(target, at)
            return
        hand.go_on(at)
        self._promise(hand, at)
        self._start_earlier(self._current[target], at)

    def _cancel(self, at: datetime, because: CancelledBecause) -> None:
        for hand in tuple(self._current.values()):
            if hand.active and not self._never_was(hand, at):
                hand.cancel(at, because)

    def _settle(self, hand: Hand, at: datetime, *, final: bool) -> None:
        if not self._never_was(hand, at):
            hand.settle(at, final=final)

    def _never_was(self, hand: Hand, at: datetime) -> bool:
        """Whether a cycle that ends now is of no length; it is forgotten then."""
        if hand.began_at < at or hand.target not in _ON_OCCASION:
            return False
        self.hands.remove(hand)
        del self._current[hand.target]
        self._current.update((hand.target, earlier) for earlier in self.hands if earlier.target is hand.target)
        return True

    # What is promised, and what stands still.

    def _begin(self, target: Target, at: datetime) -> None:
        known = self._current.get(target)
        hand = Hand(
            target, 1 if known is None else known.cycle + 1, at, self.features.team if target is Target.OLA else None
        )
        self._current[target] = hand
        self.hands.append(hand)
        if self._stands_still(target):
            hand.pause(at)
        self._promise(hand, at)

    def _promise_anew(self, at: datetime, *, retroactive: bool = False) -> None:
        assert self.policy is not None
        self.rule = self.policy.match(self.features)
        for hand in tuple(self._current.values()):
            if hand.active:
                self._promise(hand, at, retroactive=retroactive)
        self._pace(at)

    def _promise(self, hand: Hand, at: datetime, *, retroactive: bool = False) -> None:
        assert self.policy is not None
        rule, anew = self.rule, False
        target_for = None if rule is None else rule.promised(hand.target, self.features)
        if rule is not None:
            changed = target_for is not None and hand.target_for is not None and target_for != hand.target_for
            # A new cycle of no length would say nothing: a restart at the very beginning keeps the cycle.
            if changed and rule.on_change.get(hand.target) is OnChange.RESTART and hand.began_at < at:
                hand.cancel(at, CancelledBecause.RESTARTED)
                self._begin(hand.target, at)
                return
            anew = hand.keep(rule.calendar, at, retroactive=retroactive)
        hand.rule, hand.policy = ("" if rule is None else rule.name), self.policy.label
        hand.promise(target_for, at, anew=anew)

    def _pace(self, at: datetime) -> None:
        """Stop and start what the status, the rule and the major incident say."""
        for target, hand in self._current.items():
            still = self._stands_still(target)
            if hand.state is ClockState.RUNNING and still:
                hand.pause(at)
            elif hand.state is ClockState.PAUSED and not still:
                hand.go_on(at)

    def _stands_still(self, target: Target) -> bool:
        return stands_still(self.rule, target, self._status, waits=self._waits)

    def _version(self, label: str) -> Policy:
        policy = self._book.get(label)
        if policy is None:
            raise UnknownPolicy(f"The book holds no policy {label!r}, which a moment names.")
        return policy
