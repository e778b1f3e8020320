"""A breach of a ticket that is synced from outside waits for the sync: told, unconfirmed, then confirmed or withdrawn."""

from datetime import datetime
from typing import Any

from sqlalchemy import select

from services.tickets.adapters.tables import BreachRow
from shared.auth import Role
from shared.clock import render_instant
from tests.integration.tickets.desk import HOUR, MINUTE, START, TicketsDesk, comment_fact, source, ticket_fact


async def put_watermark(desk: TicketsDesk, until: datetime, role: Role = Role.INTEGRATION) -> Any:
    body = {"synced_until": render_instant(until)}
    return await desk.ask("PUT", "/v1/sources/desk/watermark", role, json=body)


async def ledger(desk: TicketsDesk) -> list[BreachRow]:
    async with desk.database.read_work() as work:
        rows = (await work.session.execute(select(BreachRow).order_by(BreachRow.breach_id))).scalars()
        return list(rows)


async def synced_ticket(desk: TicketsDesk) -> None:
    """Ticket 42 of the source `desk`, which is read up to now."""
    await desk.hand_in(source())
    await desk.deliver(ticket_fact(START))
    assert (await put_watermark(desk, START)).status_code == 200


async def history(desk: TicketsDesk) -> list[Any]:
    return [(each["kind"], each["detail"]) for each in (await desk.get("/v1/tickets/1/history"))["items"]]


async def test_a_breach_before_the_source_is_read_is_unconfirmed_and_is_confirmed_when_it_is(desk: TicketsDesk) -> None:
    await synced_ticket(desk)
    desk.clock.advance(HOUR + 5 * MINUTE)
    await desk.run_due()
    [told] = await desk.told("tickets.clock.breached")
    assert (told["breached_at"], told["confirmed"]) == ("2026-11-23T10:00:00Z", False)
    assert [row.confirmed_at for row in await ledger(desk)] == [None]
    [listed] = (await desk.get("/v1/clocks?state=unconfirmed"))["items"]
    assert (listed["clock_id"], listed["unconfirmed"]) == (told["clock_id"], True)
    assert (await desk.get("/v1/clocks/summary"))["unconfirmed"] == 1

    await put_watermark(desk, START + HOUR - MINUTE)
    await desk.run_due()
    assert await desk.told("tickets.clock.breach_confirmed") == []
    await put_watermark(desk, START + HOUR)
    await desk.run_due()
    [confirmed] = await desk.told("tickets.clock.breach_confirmed")
    assert confirmed["clock_id"] == told["clock_id"]
    assert (confirmed["breached_at"], confirmed["confirmed_at"]) == ("2026-11-23T10:00:00Z", "2026-11-23T10:05:00Z")
    assert [row.confirmed_at for row in await ledger(desk)] == [START + HOUR + 5 * MINUTE]
    await desk.run_due()
    assert len(await desk.told("tickets.clock.breach_confirmed")) == 1
    assert len(await desk.told("tickets.clock.breached")) == 1
    kinds = [kind for kind, _ in await history(desk)]
    assert kinds[-2:] == ["breached", "breach_confirmed"]
    assert (await desk.get("/v1/clocks?state=unconfirmed"))["items"] == []


async def test_a_reply_at_five_to_ten_that_is_polled_at_five_past_leaves_no_false_breach(desk: TicketsDesk) -> None:
    await synced_ticket(desk)
    desk.clock.advance(HOUR + 5 * MINUTE)
    await desk.run_due()
    await desk.deliver(comment_fact(START + 55 * MINUTE))
    await put_watermark(desk, START + HOUR + 5 * MINUTE)
    await desk.run_due()
    [withdrawn] = await desk.told("tickets.clock.breach_withdrawn")
    assert (withdrawn["breached_at"], withdrawn["withdrawn_at"]) == ("2026-11-23T10:00:00Z", "2026-11-23T10:05:00Z")
    assert "answered at 2026-11-23T09:55:00Z" in withdrawn["reason"]
    [row] = await ledger(desk)
    assert (row.withdrawn_at, row.withdrawn_reason) == (START + HOUR + 5 * MINUTE, withdrawn["reason"])
    assert row.confirmed_at is None
    assert await desk.told("tickets.clock.breach_confirmed") == []
    [reason] = [detail["reason"] for kind, detail in await history(desk) if kind == "breach_withdrawn"]
    assert reason == withdrawn["reason"]
    clock = await desk.clock_of(await desk.ticket())
    assert (clock["breached_at"], clock["outcome"]) == (None, "met")
    assert (await desk.get("/v1/clocks/summary"))["unconfirmed"] == 0


async def test_an_answer_that_came_too_late_settles_and_leaves_the_breach_to_be_confirmed(desk: TicketsDesk) -> None:
    await synced_ticket(desk)
    desk.clock.advance(HOUR + 5 * MINUTE)
    await desk.deliver(comment_fact(START + HOUR))
    [told] = await desk.told("tickets.clock.breached")
    assert not told["confirmed"]
    await put_watermark(desk, START + HOUR + 5 * MINUTE)
    await desk.run_due()
    assert len(await desk.told("tickets.clock.breach_confirmed")) == 1
    assert await desk.told("tickets.clock.breach_withdrawn") == []


async def test_sources_without_a_watermark_and_tickets_of_our_own_are_not_waited_for(desk: TicketsDesk) -> None:
    await desk.hand_in(source())
    await desk.deliver(ticket_fact(START))
    await desk.open_ticket()
    desk.clock.advance(HOUR)
    await desk.run_due()
    assert [each["confirmed"] for each in await desk.told("tickets.clock.breached")] == [True, True]


async def test_a_source_that_is_read_past_the_breach_already_confirms_it_where_it_is_found(desk: TicketsDesk) -> None:
    await synced_ticket(desk)
    desk.clock.advance(HOUR + MINUTE)
    await put_watermark(desk, START + HOUR)
    await desk.run_due()
    assert [each["confirmed"] for each in await desk.told("tickets.clock.breached")] == [True]
    assert await desk.told("tickets.clock.breach_confirmed") == []


async def test_a_watermark_never_goes_back_and_never_into_the_future(desk: TicketsDesk) -> None:
    desk.clock.advance(HOUR)
    assert (await put_watermark(desk, START + 30 * MINUTE)).json()["synced_until"] == "2026-11-23T09:30:00Z"
    assert (await put_watermark(desk, START)).json()["synced_until"] == "2026-11-23T09:30:00Z"
    # A connector's clock that is a few seconds fast is no reason to refuse; nothing is read before it is written.
    ahead = await put_watermark(desk, START + HOUR + MINUTE / 2)
    assert ahead.json()["synced_until"] == "2026-11-23T10:00:00Z"
    refused = await put_watermark(desk, START + 2 * HOUR)
    assert (refused.status_code, refused.json()["code"]) == (422, "watermark_in_the_future")
    assert [each["source"] for each in (await desk.get("/v1/watermarks"))["items"]] == ["desk"]
    assert (await put_watermark(desk, START, Role.IT_AGENT)).status_code == 403


async def test_a_source_that_is_synced_no_more_holds_up_nothing(desk: TicketsDesk) -> None:
    await synced_ticket(desk)
    desk.clock.advance(HOUR)
    await desk.run_due()
    assert (await desk.ask("DELETE", "/v1/sources/desk/watermark", Role.ADMIN)).status_code == 204
    await desk.run_due()
    assert len(await desk.told("tickets.clock.breach_confirmed")) == 1
    again = await desk.ask("DELETE", "/v1/sources/desk/watermark", Role.ADMIN)
    assert (again.status_code, again.json()["code"]) == (404, "watermark_not_found")
