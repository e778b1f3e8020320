from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.events.envelope import Envelope, subject_token
from shared.events.facts import Priority
from shared.events.tickets import TicketOpened
from shared.logging import redact_secrets

AT = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
PAYLOAD = TicketOpened(ticket_id="t 1.*>", priority=Priority.P1, attribution=None, opened_at=AT)


def envelope() -> Envelope[TicketOpened]:
    return Envelope(
        id="e1", source="tickets", time=AT, data=PAYLOAD, aggregate_version=3, correlation_id="c1", causation_id="e0"
    )


def test_an_event_survives_the_way_to_its_consumer() -> None:
    assert Envelope.from_cloudevent(envelope().to_cloudevent(), TicketOpened) == envelope()


def test_an_event_is_a_cloudevent_with_lower_case_extensions() -> None:
    document = envelope().to_cloudevent()
    assert document["specversion"] == "1.0"
    assert document["type"] == "glidepath.tickets.ticket.opened.v1"
    assert all(name.isalnum() and name.islower() for name in document)


def test_a_field_that_a_later_release_added_is_passed_over() -> None:
    document = envelope().to_cloudevent()
    document["data"]["mood"] = "sunny"
    assert Envelope.from_cloudevent(document, TicketOpened).data == PAYLOAD


def test_an_aggregate_id_is_one_subject_token_whatever_it_holds() -> None:
    assert envelope().subject == "tickets.ticket.opened.v1.t%201%2E%2A%3E"


@given(st.text(min_size=1), st.text(min_size=1))
def test_two_ids_never_share_a_subject_token(one: str, other: str) -> None:
    try:
        tokens = subject_token(one), subject_token(other)
    except UnicodeEncodeError:  # lone surrogates cannot travel at all
        return
    assert (tokens[0] == tokens[1]) == (one == other)
    assert not set(" .*>\t\r\n") & set(tokens[0])


def test_an_event_without_an_aggregate_id_is_refused() -> None:
    with pytest.raises(ValueError, match="aggregate id"):
        subject_token("")


def test_a_field_whose_name_speaks_of_a_secret_is_redacted_in_the_log() -> None:
    event = redact_secrets(None, "info", {"event": "x", "api_key": "gp_1", "Authorization": "Bearer y", "size": 3})
    assert event == {"event": "x", "api_key": "[redacted]", "Authorization": "[redacted]", "size": 3}
