"""How integrations stand and are set up, without a page: states, sentences, forms and steps."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from services.gateway.console.desk.history_words import say_entry
from services.gateway.console.desk.sync_rows import problem_view, write_view
from services.gateway.console.integrations.asking import field_of
from services.gateway.console.integrations.connector_form import lines, polls, read, shown
from services.gateway.console.integrations.credential_form import asks, kinds_of, read_credential
from services.gateway.console.integrations.standing import Recent, standing
from services.gateway.console.integrations.steps import GENERIC, STEPS, steps_for
from services.gateway.console.integrations.words import say_ago
from services.gateway.console.sessions import Fields

NOW = datetime(2026, 11, 23, 10, tzinfo=UTC)
SOURCE: dict[str, Any] = {"name": "moodle", "vendor": "moodle", "kind": "lms", "enabled": True, "secrets_set": 1}
VENDOR: dict[str, Any] = {
    "vendor": "rt",
    "settings": [{"name": "queue", "title": "Queue", "required": True, "example": "Support", "default": "General"}],
}


def delivery(ago: timedelta, outcome: str = "applied") -> dict[str, Any]:
    return {"received_at": (NOW - ago).isoformat(), "outcome": outcome}


def of_source(*deliveries: dict[str, Any], held: list[dict[str, Any]] | None = None, **source: Any) -> Any:
    recent = Recent(deliveries=deliveries, held=held or [])
    return standing("moodle", SOURCE | source, None, recent, now=NOW)


def form(**fields: str) -> Fields:
    given = {"base_url": "https://rt.example.org", "settings-queue": "Support", **fields}
    return Fields({name.replace("__", "-"): [value] for name, value in given.items()})


def test_a_source_that_has_sent_nothing_tells_the_next_thing_to_do() -> None:
    assert of_source().look.word == "Nothing came yet"
    assert "No secret is set" in of_source(secrets_set=0).says
    assert of_source(enabled=False).look.word == "Off"


def test_a_source_is_silent_after_twelve_times_its_usual_gap_and_never_before_a_quarter_of_an_hour() -> None:
    def last(ago: timedelta, gap: timedelta) -> Any:
        return of_source(*(delivery(ago + gap * number) for number in range(6)))

    minute = timedelta(minutes=1)
    assert last(15 * minute, minute).look.word == "Listening"
    assert last(15 * minute + timedelta(seconds=1), minute).look.word == "Silent"
    assert last(119 * minute, 10 * minute).look.word == "Listening"
    silent = last(121 * minute, 10 * minute)
    assert silent.silent_since == NOW - 121 * minute
    assert silent.usual == "10 min"


def test_too_few_deliveries_have_no_usual_gap() -> None:
    assert of_source(*(delivery(timedelta(days=number + 1)) for number in range(4))).silent_since is None


def test_what_was_refused_last_or_is_often_not_understood_asks_for_somebody() -> None:
    held = [{"last_received_at": NOW.isoformat()}]
    assert of_source(delivery(timedelta(minutes=1)), held=held).look.word == "Refusing"
    old = [{"last_received_at": (NOW - timedelta(days=1)).isoformat()}]
    assert of_source(delivery(timedelta(minutes=1)), held=old).look.word == "Listening"
    mixed = [delivery(timedelta(minutes=1)), delivery(timedelta(minutes=2), "quarantined")]
    assert "1 of the last 2 deliveries were not understood" in of_source(*mixed).says


def test_a_state_that_a_newer_service_tells_is_said_as_it_is() -> None:
    one = standing("rt", None, {"name": "rt", "status": {"state": "on_its_way"}}, Recent(), now=NOW)
    assert one.look.word == "On its way"
    assert one.status["problem"] is None


def test_what_stuck_comes_before_what_is_fine_and_after_what_fails() -> None:
    def named(name: str, **status: Any) -> Any:
        return standing(name, None, {"name": name, "status": {"state": "fine", **status}}, Recent(), now=NOW)

    rows = [named("a"), named("b", refused=1), named("c", state="failing"), named("d", waiting=4)]
    assert [row.name for row in sorted(rows, key=lambda row: row.alarming)] == ["c", "b", "a", "d"]


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(0, "just now"), (0.9, "just now"), (-30, "just now"), (12, "12 s ago"), (61, "1 min ago"), (-240, "in 4 min")],
)
def test_how_long_ago(seconds: float, said: str) -> None:
    assert say_ago(NOW - timedelta(seconds=seconds), NOW) == said


def test_a_form_keeps_what_it_does_not_ask_and_sends_days_as_midnight_where_the_reader_is() -> None:
    held = {"mode": "two_way", "enabled": False, "filters": {"since": "2026-09-01T07:30:00Z"}, "vendor": "rt"}
    given = shown(held, VENDOR, name="rt", zone="Europe/Berlin")
    assert given["since"] == "2026-09-01"
    body, wrong = read(form(since="2026-09-01"), VENDOR, connector=held, name="rt", zone="Europe/Berlin")
    assert wrong == {}
    assert (body["mode"], body["enabled"], body["filters"]["since"]) == ("two_way", False, "2026-09-01T07:30:00Z")
    body, _ = read(form(since="2026-09-02"), VENDOR, connector=held, name="rt", zone="Europe/Berlin")
    assert body["filters"]["since"] == "2026-09-01T22:00:00Z"
    body, _ = read(form(since=""), VENDOR, connector=held, name="rt", zone="Europe/Berlin")
    assert body["filters"]["since"] is None


@pytest.mark.parametrize(
    "address", ["", "rt.example.org", "ftp://rt.example.org", "https://", "https://user@rt.example.org", "https://[x"]
)
def test_an_address_that_cannot_be_called_is_said_at_its_field(address: str) -> None:
    _, wrong = read(form(base_url=address), VENDOR, connector=None, name="rt", zone="UTC")
    assert set(wrong) == {"base_url"}


@pytest.mark.parametrize("name", ["", "RT", "-rt", "r t", "x" * 64, "connect"])
def test_a_name_that_cannot_be_one_is_said_at_its_field(name: str) -> None:
    _, wrong = read(form(), VENDOR, connector=None, name=name, zone="UTC")
    assert set(wrong) == {"name"}


def test_lines_are_parted_by_commas_too_and_each_counts_once() -> None:
    assert lines(" a, b\n\nb\r\nc ,") == ["a", "b", "c"]


def test_an_unusual_interval_stays_to_be_chosen() -> None:
    assert ("420", "every 7 min") in polls("420")
    assert ("300", "every 5 min") in polls("rubbish")


def test_a_credential_asks_for_the_parts_that_the_helpdesk_names() -> None:
    vendor = {"auth": [{"kind": "oauth2", "title": "A client", "needs": ["access_token"], "may_have": ["client_id"]}]}
    assert [(ask.name, ask.required) for ask in asks("oauth2", vendor)] == [
        ("client_id", False),
        ("access_token", True),
    ]
    assert list(kinds_of(vendor)) == ["oauth2"]
    assert set(kinds_of({})) == {"token", "basic", "oauth2"}
    body, wrong = read_credential(Fields({"user": [" ada "], "secret": [""]}), "basic", {})
    assert body == {"kind": "basic", "user": "ada"}
    assert set(wrong) == {"secret"}
    assert read_credential(Fields({}), "magic", {})[1] == {"kind": "Choose what kind of credential it is."}


@pytest.mark.parametrize("vendor", sorted(STEPS))
def test_every_vendors_steps_are_whole(vendor: str) -> None:
    steps = steps_for(vendor)
    assert steps.in_short.endswith(".")
    assert steps.account.endswith(".")
    assert steps.address.startswith("https://")
    assert bool(steps.webhook) == bool(steps.events) == bool(steps.signing)


def test_a_vendor_that_nobody_foresaw_has_steps_that_hold_for_any() -> None:
    assert steps_for("our-own") is GENERIC


@pytest.mark.parametrize(
    ("pointer", "field"),
    [
        ("/base_url", "base_url"),
        ("/settings/queue", "settings-queue"),
        ("/filters/queues/0", "queues"),
        ("/ownership/status", "ownership-status"),
        ("path/name", "name"),
        ("", ""),
    ],
)
def test_a_place_in_what_was_sent_is_a_field_of_the_form(pointer: str, field: str) -> None:
    assert field_of(pointer) == field


def test_a_long_item_is_cut_and_one_that_is_not_ours_to_see_is_empty() -> None:
    assert problem_view({"item": {"text": "x" * 5000}}).cut
    assert problem_view({"item": {}}).item == ""


def test_an_order_of_a_kind_that_is_not_known_is_still_a_row() -> None:
    row = write_view({"state": "parked", "kind": "move_it"})
    assert (row.look.word, row.says, row.retries, row.discards) == ("Parked", "Move it", False, False)


def test_history_says_a_conflict_and_a_link_to_a_helpdesk_in_words() -> None:
    detail = {"field": "status", "ours": "on_hold", "theirs": "solved", "kept": "theirs", "rule": "newest"}
    assert say_entry("conflict", detail) == (
        "Status was changed on both sides, to On hold here and to Solved there: theirs was kept, "
        "because the newest word counts."
    )
    kept = {"field": "subject", "ours": "Video", "theirs": "Audio", "kept": "ours", "rule": "local"}
    assert "to “Video” here and to “Audio” there: ours was kept" in say_entry("conflict", kept)
    assert say_entry("linked", {"external_id": "360042"}) == "Is 360042 at the helpdesk, too."
    assert say_entry("linked", {"kind": "parent", "ticket": 3}) == "Is part of ticket 3 now."
