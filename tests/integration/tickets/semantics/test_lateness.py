"""Facts and timers that come late: every clock is brought to the fact's own instant before the fact counts."""

from datetime import timedelta
from typing import Any

from shared.auth import Role
from shared.clock import parse_instant
from tests.integration.tickets.desk import START, TicketsDesk, comment_fact, source, ticket_fact
from tests.integration.tickets.semantics.case import Case, fri, go, mon, settle, thu


async def synced(desk: TicketsDesk, at: str = mon("09:00")) -> Case:
    """Ticket 42 of the source `desk`, a P1 opened at nine."""
    go(desk, at)
    await desk.hand_in(source())
    await desk.deliver(ticket_fact(START))
    [ticket] = (await desk.get("/v1/tickets"))["items"]
    return Case(desk, ticket)


async def synced_until(desk: TicketsDesk, at: str) -> None:
    """The connector says how far it has read."""
    answer = await desk.ask("PUT", "/v1/sources/desk/watermark", Role.INTEGRATION, json={"synced_until": at})
    assert answer.status_code < 300, answer.text
    await settle(desk)


def said(at: str, **fields: Any) -> dict[str, Any]:
    return comment_fact(parse_instant(at), **fields)


async def test_a_late_fact_counts_at_its_own_time_and_leaves_no_breach(desk: TicketsDesk) -> None:
    case = await synced(desk)
    go(desk, mon("10:05"))
    await desk.deliver(said(mon("09:55")))
    await settle(desk)
    clock = await case.clock("first_response")
    assert (clock["outcome"], clock["settled_at"], await case.breaches()) == ("met", mon("09:55"), [])


async def test_a_fact_after_the_deadline_does_not_hide_the_breach_before_it(desk: TicketsDesk) -> None:
    case = await synced(desk)
    go(desk, mon("10:05"))
    await desk.deliver(said(mon("10:02")))
    await settle(desk)
    [told] = await desk.told("tickets.clock.breached")
    assert (told["breached_at"], told["detected_at"]) == (mon("10:00"), mon("10:05"))
    assert (await case.clock("first_response"))["outcome"] == "breached"


async def test_between_two_ticks_an_act_of_the_desk_settles_the_clock_first(desk: TicketsDesk) -> None:
    case = await Case.opened(desk, mon("09:00"))
    await case.answer(mon("10:00:00.250000"))
    assert await case.breaches() == [("first_response", 1, mon("10:00"), "elapsed")]


async def test_a_late_pause_is_put_where_it_belongs(desk: TicketsDesk) -> None:
    case = await synced(desk)
    go(desk, mon("09:50"))
    await desk.deliver(ticket_fact(parse_instant(mon("09:40")), status="open"))
    await desk.deliver(ticket_fact(parse_instant(mon("09:10")), status="pending"))
    assert await case.due("first_response") == mon("10:30")


async def test_a_remote_time_in_the_future_counts_as_now_and_both_times_are_kept(desk: TicketsDesk) -> None:
    case = await synced(desk)
    go(desk, mon("09:30"))
    await desk.deliver(said(thu("09:00")))
    assert (await case.clock("first_response"))["settled_at"] == mon("09:30")
    [comment] = (await desk.get(f"{case.path}/comments"))["items"]
    assert (comment["at"], comment["observed_at"]) == (mon("09:30"), mon("09:30"))


async def test_a_remote_time_before_the_ticket_was_opened_counts_from_its_opening(desk: TicketsDesk) -> None:
    case = await synced(desk)
    go(desk, mon("09:30"))
    await desk.deliver(ticket_fact(parse_instant("1970-01-01T00:00:00Z"), status="pending", created_at=None))
    await desk.deliver(ticket_fact(parse_instant(mon("09:20")), status="open"))
    clock = await case.clock("first_response")
    assert parse_instant(clock["started_at"]) >= parse_instant("2000-01-01T00:00:00Z")
    assert (await case.breaches()) == []


async def test_a_remote_tickets_breach_is_unconfirmed_until_the_source_has_been_read_past_it(
    desk: TicketsDesk,
) -> None:
    case = await synced(desk)
    go(desk, mon("09:50"))
    await synced_until(desk, mon("09:50"))
    await settle(desk, mon("10:00"))
    [told] = await desk.told("tickets.clock.breached")
    assert (told["breached_at"], told["confirmed"]) == (mon("10:00"), False)
    assert (await case.clock("first_response"))["unconfirmed"] is True
    go(desk, mon("10:06"))
    await synced_until(desk, mon("10:05"))
    [confirmed] = await desk.told("tickets.clock.breach_confirmed")
    assert (confirmed["breached_at"], confirmed["confirmed_at"]) == (mon("10:00"), mon("10:06"))
    assert (await case.clock("first_response"))["unconfirmed"] is False
    assert await case.withdrawn() == []


async def test_an_unconfirmed_breach_is_withdrawn_by_a_reply_from_before_the_deadline(desk: TicketsDesk) -> None:
    case = await synced(desk)
    go(desk, mon("09:50"))
    await synced_until(desk, mon("09:50"))
    await settle(desk, mon("10:00"))
    go(desk, mon("10:05"))
    await desk.deliver(said(mon("09:55")))
    await synced_until(desk, mon("10:05"))
    assert await case.withdrawn() == [("first_response", mon("10:00"))]
    assert await desk.told("tickets.clock.breach_confirmed") == []
    clock = await case.clock("first_response")
    assert (clock["outcome"], clock["breached_at"], clock["settled_at"]) == ("met", None, mon("09:55"))
    kept = [entry["kind"] for entry in (await desk.get(f"{case.path}/history"))["items"]]
    assert kept.count("breach_withdrawn") == 1


async def test_a_breach_of_a_ticket_of_our_own_is_confirmed_at_once(desk: TicketsDesk) -> None:
    await Case.opened(desk, mon("09:00"))
    await settle(desk, mon("10:00"))
    [told] = await desk.told("tickets.clock.breached")
    assert told["confirmed"] is True


async def test_a_timer_that_was_down_dates_breaches_exactly_and_says_when_it_noticed(desk: TicketsDesk) -> None:
    case = await Case.opened(desk, mon("09:00"))
    await settle(desk, thu("09:00"))
    told = await desk.told("tickets.clock.breached")
    assert [(each["target"], each["breached_at"], each["detected_at"]) for each in told] == [
        ("first_response", mon("10:00"), thu("09:00")),
        ("resolution", mon("13:00"), thu("09:00")),
    ]
    await settle(desk, fri("09:00"))
    assert len(await case.breaches()) == 2


async def test_after_a_stop_breaches_are_told_in_the_order_in_which_they_happened(desk: TicketsDesk) -> None:
    for minute in (40, 10, 30, 20):
        await Case.opened(desk, mon(f"09:{minute}"))
    await settle(desk, thu("09:00"))
    told = [each["breached_at"] for each in await desk.told("tickets.clock.breached")]
    assert told == sorted(told)
    assert len(told) == 8


async def test_a_timer_that_stops_halfway_and_starts_again_tells_each_breach_once(desk: TicketsDesk) -> None:
    case = await Case.opened(desk, mon("09:00"))
    for hours in range(1, 6):
        desk.clock.at = START + timedelta(hours=hours)
        await settle(desk)
        await settle(desk)
    assert [each[:3] for each in await case.breaches()] == [
        ("first_response", 1, mon("10:00")),
        ("resolution", 1, mon("13:00")),
    ]
