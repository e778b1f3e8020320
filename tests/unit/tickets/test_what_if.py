"""What would have become of a ticket under another policy."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from services.tickets.domain.clock import CancelledBecause, Clock, ClockState
from services.tickets.domain.dossier import Dossier
from services.tickets.domain.moment import Moment, MomentKind, Opening
from services.tickets.domain.policy import Policy, Priority, Target
from services.tickets.domain.policy_document import read_policy
from services.tickets.domain.ticket import Ticket
from services.tickets.domain.what_if import (
    MOST_SAMPLES,
    Change,
    Ending,
    Tally,
    change_of,
    count_in,
    covers,
    ending_of,
    repinned,
    replay,
)

MONDAY = datetime(2026, 11, 23, 9, tzinfo=UTC)
HOUR = timedelta(hours=1)
ALWAYS = {
    "zone": "UTC",
    "hours": {day: ["00:00-24:00"] for day in ("monday", "tuesday", "wednesday", "thursday", "friday")},
}


def policy(name: str = "standard", version: int = 1, minutes: int = 60, **top: object) -> Policy:
    rule = {"name": "everything", "calendar": ALWAYS, "targets": {"P1": {"first_response_minutes": minutes}}}
    return read_policy(name, version, {"rules": [rule], **top})


def dossier(answered_at: datetime | None = None, *more: Moment, tags: tuple[str, ...] = ()) -> Dossier:
    ticket = Ticket(
        ticket_id="t",
        number=7,
        subject="Video stalls",
        priority=Priority.P1,
        requester_id="ada",
        tags=tags,
        policy_name="standard",
        policy_version=1,
        opened_at=MONDAY,
    )
    moments = [Moment(moment_id="m1", kind=MomentKind.OPENED, at=MONDAY, observed_at=MONDAY, value="P1")]
    if answered_at is not None:
        moments.append(Moment(moment_id="m2", kind=MomentKind.ANSWERED, at=answered_at, observed_at=answered_at))
    return Dossier(ticket=ticket, moments=(*moments, *more))


def changes(found: Dossier, other: Policy, until: datetime = MONDAY + 24 * HOUR) -> dict[str, Change]:
    pairs = replay(found, {"standard@1": policy()}, other, until)
    return {target.value: change_of(*pair) for (target, _), pair in pairs.items()}


def test_a_tighter_target_breaks_what_was_kept_and_a_wider_one_saves_what_was_broken() -> None:
    kept, broken = dossier(MONDAY + HOUR / 2), dossier(MONDAY + 2 * HOUR)
    assert changes(kept, policy(version=2, minutes=20)) == {"first_response": Change.NEWLY_BREACHED}
    assert changes(broken, policy(version=2, minutes=180)) == {"first_response": Change.SAVED}
    assert changes(kept, policy(version=2, minutes=45)) == {"first_response": Change.EARLIER}
    assert changes(kept, policy(version=2, minutes=90)) == {"first_response": Change.LATER}
    assert changes(kept, policy(version=2)) == {"first_response": Change.SAME}


def test_open_tickets_are_looked_at_as_of_one_instant_on_both_sides() -> None:
    until = MONDAY + HOUR / 2
    assert changes(dossier(), policy(version=2, minutes=20), until) == {"first_response": Change.NEWLY_BREACHED}
    assert changes(dossier(), policy(version=2, minutes=40), until) == {"first_response": Change.EARLIER}


def test_what_only_one_of_the_two_promises_is_said_so() -> None:
    rule = {"name": "r", "calendar": ALWAYS, "targets": {"P1": {"resolution_minutes": 60}}}
    other = read_policy("standard", 2, {"rules": [rule]})
    assert changes(dossier(MONDAY + HOUR / 2), other) == {
        "first_response": Change.NO_LONGER_PROMISED,
        "resolution": Change.NEWLY_PROMISED,
    }


def test_the_replayed_version_stands_for_every_version_that_the_ticket_was_ever_moved_to() -> None:
    moved = Moment(
        moment_id="m3",
        kind=MomentKind.POLICY,
        at=MONDAY + HOUR,
        observed_at=MONDAY + HOUR,
        value="standard@9",
        detail={},
    )
    found = dossier(MONDAY + 2 * HOUR, moved)
    kept = repinned(found, "draft@0")
    assert [each.kind for each in kept] == [MomentKind.OPENED, MomentKind.ANSWERED]
    assert Opening.of(kept[0]).policy == "draft@0"
    assert found.moments[0].detail == {}, "the ticket's own moments stay as they are"


def test_a_policy_covers_the_tickets_that_it_is_for() -> None:
    tagged, plain = dossier(tags=("vip",)), dossier()
    for_vips = policy("vip", when={"tags": ["vip"]})
    assert (covers(for_vips, tagged, None), covers(for_vips, plain, None)) == (True, False)
    assert (covers(for_vips, tagged, "standard"), covers(for_vips, tagged, "vip")) == (True, False)


CLOCK = Clock(
    ticket_id="t",
    target=Target.RESOLUTION,
    started_at=MONDAY,
    target_for=HOUR,
    hours=next(iter(replay(dossier(), {"standard@1": policy()}, policy(version=2), MONDAY).values()))[0].hours,  # type: ignore[union-attr]
    due_at=MONDAY + HOUR,
)


@pytest.mark.parametrize(
    ("because", "breached", "ending"),
    [
        (CancelledBecause.MERGED, False, Ending.OUT),
        (CancelledBecause.MERGED, True, Ending.OUT),
        (CancelledBecause.POLICY, False, Ending.OUT),
        (CancelledBecause.POLICY, True, Ending.BREACHED),
    ],
)
def test_cancelled_clocks_count_as_they_do_in_the_reports(
    because: CancelledBecause, breached: bool, ending: Ending
) -> None:
    clock = replace(
        CLOCK,
        state=ClockState.CANCELLED,
        cancelled_because=because,
        settled_at=MONDAY + 2 * HOUR,
        breached_at=MONDAY + HOUR if breached else None,
    )
    assert ending_of(clock) is ending


def test_a_tally_goes_on_where_it_was_written_down() -> None:
    book, other, until = {"standard@1": policy()}, policy(version=2, minutes=20), MONDAY + 24 * HOUR
    tickets = [dossier(MONDAY + HOUR / 2), dossier(MONDAY + HOUR / 4), dossier(MONDAY + 3 * HOUR)]
    at_once, in_pieces = Tally.read({}), Tally.read({})
    count_in(at_once, tickets, book, other, instead_of=None, until=until)
    for ticket in tickets:
        in_pieces = Tally.read(in_pieces.written())
        count_in(in_pieces, [ticket], book, other, instead_of=None, until=until)
    assert at_once.written() == in_pieces.written()
    assert (at_once.tickets, at_once.covered) == (3, 3)
    assert at_once.endings["P1"]["first_response"] == {
        "then": {"met": 2, "breached": 1},
        "now": {"met": 1, "breached": 2},
    }
    assert {change: count for change, count in at_once.changes.items() if count} == {"newly_breached": 1, "earlier": 2}


def test_tickets_whose_outcome_changes_are_shown_before_those_whose_due_time_moves() -> None:
    book, other, until = {"standard@1": policy()}, policy(version=2, minutes=20), MONDAY + 24 * HOUR
    tally = Tally.read({})
    count_in(tally, [dossier(MONDAY + HOUR / 4)] * 60, book, other, instead_of=None, until=until)
    count_in(tally, [dossier(MONDAY + HOUR / 2)] * 10, book, other, instead_of=None, until=until)
    assert len(tally.samples) == MOST_SAMPLES
    assert [each["change"] for each in tally.samples] == ["newly_breached"] * 10 + ["earlier"] * 40
    assert (tally.samples[0]["due_then"], tally.samples[0]["due_now"]) == (
        "2026-11-23T10:00:00Z",
        "2026-11-23T09:20:00Z",
    )
