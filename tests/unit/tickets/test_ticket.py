"""What may be done to a ticket, what counts as a response, and what a remote report changes."""

from datetime import UTC, datetime, timedelta

import pytest

from services.tickets.domain.policy import Status
from services.tickets.domain.ticket import AuthorRole, Report, Ticket, informed, is_response, may_become

NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)
TICKET = Ticket(
    ticket_id="t1", number=1, subject="Old", requester_id="c1", policy_name="standard", policy_version=1, opened_at=NOW
)


@pytest.mark.parametrize("wanted", [Status.OPEN, Status.PENDING, Status.ON_HOLD, Status.SOLVED, Status.CLOSED])
def test_an_open_ticket_may_become_anything_a_person_may_say(wanted: Status) -> None:
    assert may_become(Status.SOLVED, wanted)
    assert may_become(Status.NEW, wanted)


def test_closed_is_the_end_and_new_is_only_the_beginning() -> None:
    assert not may_become(Status.CLOSED, Status.OPEN)
    assert not may_become(Status.OPEN, Status.NEW)
    assert not may_become(Status.OPEN, Status.UNKNOWN)
    assert may_become(Status.CLOSED, Status.CLOSED)


@pytest.mark.parametrize(
    ("public", "role", "by_requester", "counts"),
    [
        (True, AuthorRole.AGENT, False, True),
        (True, AuthorRole.AGENT, None, True),
        (None, AuthorRole.AGENT, None, True),
        (True, AuthorRole.AGENT, True, False),
        (False, AuthorRole.AGENT, False, False),
        (True, AuthorRole.BOT, False, False),
        (True, AuthorRole.REQUESTER, None, False),
        (True, AuthorRole.UNKNOWN, False, True),
        (True, AuthorRole.UNKNOWN, None, False),
    ],
)
def test_a_response_is_public_by_a_person_who_is_not_the_requester(
    public: bool | None, role: AuthorRole, by_requester: bool | None, counts: bool
) -> None:
    assert is_response(public=public, role=role, by_requester=by_requester) is counts


def test_a_report_changes_what_it_says_and_nothing_else() -> None:
    ticket = informed(TICKET, Report(at=NOW, subject="New", tags=("a",)))
    assert (ticket.subject, ticket.tags, ticket.assignee) == ("New", ("a",), None)


def test_an_older_report_fills_what_is_unknown_and_overwrites_nothing() -> None:
    newer = informed(TICKET, Report(at=NOW, subject="New"))
    ticket = informed(newer, Report(at=NOW - timedelta(hours=1), subject="Older", assignee="ada"))
    assert (ticket.subject, ticket.assignee) == ("New", "ada")
