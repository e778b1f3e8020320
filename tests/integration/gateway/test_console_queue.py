"""The queue of tickets with the real tickets service behind it."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from shared.auth import Role
from tests.support.desk_console import DeskConsole, desk_console


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[DeskConsole]:
    async with desk_console(tmp_path) as running:
        yield running


async def test_an_empty_queue_says_what_to_do(desk: DeskConsole) -> None:
    await desk.console.sign_in(Role.IT_AGENT)
    page = await desk.page("/tickets")
    assert "No ticket is open." in page
    assert 'href="/tickets/new"' in page
    searched = await desk.page("/tickets?q=unicorn&status=open")
    assert "No ticket fits all of this." in searched
    assert "Search in all tickets" in searched


async def test_a_row_says_what_is_due_next_in_words_and_with_its_zone(desk: DeskConsole) -> None:
    await desk.open_ticket(subject="Video stalls", priority="P1", impact="Nobody can watch.")
    await desk.console.sign_in(Role.VIEWER)
    page = await desk.page("/tickets")
    for said in ("Video stalls", "P1 urgent", "Ada", "nobody yet", "First response", "due in ", "data-countdown"):
        assert said in page, said
    assert 'name="ticket"' not in page  # a viewer changes nothing
    desk.client.cookies.set("glidepath_zone", "Europe/Berlin")
    assert "Europe/Berlin" in await desk.page("/tickets")


async def test_filters_live_in_the_address_and_can_be_taken_away_one_by_one(desk: DeskConsole) -> None:
    await desk.open_ticket(subject="Urgent thing", priority="P1", impact="All")
    await desk.open_ticket(subject="Small thing", priority="P4")
    await desk.console.sign_in(Role.IT_AGENT)
    page = await desk.page("/tickets?status=new&priority=P4&sort=due")
    assert "Small thing" in page
    assert "Urgent thing" not in page
    assert 'href="/tickets?status=new&amp;sort=due"' in page.replace("P4 low", "")
    assert (await desk.client.get("/tickets?priority=<script>&status=wrong&cursor=")).status_code == 200


async def test_several_tickets_are_changed_at_once_and_those_changed_meanwhile_are_named(desk: DeskConsole) -> None:
    first, second = await desk.open_ticket(subject="One"), await desk.open_ticket(subject="Two")
    await desk.console.sign_in(Role.IT_AGENT)
    page = await desk.page("/tickets")
    chosen = [f"{ticket['number']}:{ticket['version']}" for ticket in (first, second)]
    answer = await desk.send("/tickets/bulk", seen=page, ticket=chosen, status="open", assignee="ben@example.test")
    done = await desk.follow(answer)
    assert "The selected tickets were changed." in done
    assert done.count("ben@example.test</td>") == 2
    batch = done.split('name="batch" value="', 1)[1].split('"', 1)[0]
    undone = await desk.follow(await desk.send("/tickets/bulk/undo", seen=done, batch=batch))
    assert "The change was taken back." in undone
    assert "ben@example.test</td>" not in undone
    stale = await desk.send("/tickets/bulk", seen=page, ticket=chosen[:1], status="pending")
    assert stale.status_code == 409
    assert f"Ticket {first['number']} was changed by somebody else meanwhile" in stale.text
    nothing = await desk.send("/tickets/bulk", seen=page, status="open")
    assert nothing.status_code == 422
    assert "Select at least one ticket first." in nothing.text


async def test_tabs_count_and_a_view_is_saved_shared_chosen_and_deleted(desk: DeskConsole) -> None:
    for subject in ("One", "Two"):
        await desk.open_ticket(subject=subject)
    await desk.console.sign_in(Role.IT_AGENT)
    page = await desk.page("/tickets")
    assert 'id="tab-unassigned">Unassigned <span class="number">2<' in page
    assert 'id="tab-mine">Mine <span class="number">0<' in page
    query = "status=new&priority=P3&sort=newest"
    saved = await desk.send("/tickets/views", seen=page, name="Normal & new", back=query, shared="1")
    shown = await desk.follow(saved)
    assert "The view was saved." in shown
    assert 'aria-current="page"' in shown.split("Saved views")[1].split("Normal &amp; new")[0]
    gone = await desk.follow(await desk.send("/tickets/views/delete", seen=shown, name="Normal & new", back=query))
    assert "The view was deleted." in gone
    assert "Normal &amp; new" not in gone.split("</main>")[0].split("Saved views")[-1].split("Save this view")[0]


async def test_words_are_looked_for_in_what_was_written(desk: DeskConsole) -> None:
    await desk.open_ticket(subject="No sound", description="The projector in the hall hums.")
    await desk.open_ticket(subject="Video stalls")
    await desk.console.sign_in(Role.IT_AGENT)
    page = await desk.page("/tickets?q=projector&sort=relevance")
    assert "No sound" in page
    assert "Video stalls" not in page


async def test_more_tickets_than_fit_are_on_the_next_page(desk: DeskConsole) -> None:
    for number in range(51):
        await desk.open_ticket(subject=f"Ticket number {number}")
    await desk.console.sign_in(Role.IT_AGENT)
    page = await desk.page("/tickets")
    assert page.count("data-row ") == 50
    assert len(page.encode()) < 200_000
    address = "/tickets?" + page.split('class="more"><a class="button" href="/tickets?', 1)[1].split('"', 1)[0]
    rest = await desk.page(address.replace("&amp;", "&"))
    assert rest.count("data-row ") == 1


async def test_a_form_from_elsewhere_changes_nothing(desk: DeskConsole) -> None:
    ticket = await desk.open_ticket()
    await desk.console.sign_in(Role.IT_AGENT)
    answer = await desk.client.post(
        "/tickets/bulk", data={"csrf": "no", "ticket": f"{ticket['number']}:1", "take": "1"}
    )
    assert answer.status_code == 403


async def test_the_keys_are_explained_on_a_page(desk: DeskConsole) -> None:
    await desk.console.sign_in(Role.VIEWER)
    assert "to the next ticket" in await desk.page("/tickets/keys")
