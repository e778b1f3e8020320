"""A ticket's page says where else the ticket is: what both sides agree on, what was told there, what was in conflict."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from shared.auth import Role
from shared.clock import FixedClock
from tests.support.desk_console import MONDAY, DeskConsole, desk_console
from tests.support.staged_connectors import StagedConnectors, conflict, connector, remote, write

EVIL = "<script>alert(1)</script>"


@pytest.fixture
def stage() -> StagedConnectors:
    return StagedConnectors()


@pytest.fixture
async def desk(tmp_path: Path, stage: StagedConnectors) -> AsyncIterator[DeskConsole]:
    async with desk_console(tmp_path, clock=FixedClock(MONDAY), connectors=stage) as running:
        yield running


async def test_the_card_says_where_it_is_what_is_agreed_what_was_told_and_what_was_in_conflict(
    desk: DeskConsole, stage: StagedConnectors
) -> None:
    ticket = await desk.open_ticket()
    told = [write(1, f"write “{EVIL}”", "refused", problem=EVIL)]
    stage.remotes["1"] = remote(external_id=EVIL, writes=told, conflicts=[conflict(1, rule="newest")])
    await desk.console.sign_in(Role.IT_AGENT)
    page = await desk.page(f"/tickets/{ticket['number']}")
    card = page.split('id="remote-title"')[1].split("</section>")[0]
    for said in (
        'href="/integrations/zendesk"',
        "Not agreed yet: priority.",
        "P2 here, P3 there",
        "Refused",
        "On hold here, Solved there. Theirs was kept: the newest word counts.",
        "Last change seen there",
    ):
        assert said in card, said
    assert "<script>alert" not in page
    assert "Cut the link" not in card  # for an IT lead


async def test_a_connectors_name_cannot_break_out_of_its_address(desk: DeskConsole, stage: StagedConnectors) -> None:
    await desk.open_ticket()
    stage.remotes["1"] = remote(connector='x"?onclick=" #', external_id="<b>")
    await desk.console.sign_in(Role.IT_AGENT)
    page = await desk.page("/tickets/1")
    assert 'href="/integrations/x%22%3Fonclick%3D%22%20%23"' in page
    assert "&lt;b&gt;" in page


async def test_a_ticket_that_is_gone_there_or_not_there_yet_says_so(desk: DeskConsole, stage: StagedConnectors) -> None:
    await desk.open_ticket()
    await desk.console.sign_in(Role.IT_AGENT)
    stage.remotes["1"] = remote(external_id=None)
    assert "It is to be opened there." in await desk.page("/tickets/1")
    stage.remotes["1"] = remote(gone_at="2026-11-23T09:00:00Z")
    assert "It is no longer there, or not ours to see." in await desk.page("/tickets/1")


async def test_an_it_lead_opens_a_ticket_at_a_helpdesk_and_cuts_the_link_again(
    desk: DeskConsole, stage: StagedConnectors
) -> None:
    stage.add(connector(mode="two_way"), connector("rt"))
    await desk.open_ticket()
    await desk.console.sign_in(Role.IT_LEAD)
    page = await desk.page("/tickets/1")
    offered = page.split('id="r-connector"')[1].split("</select>")[0]
    assert "zendesk" in offered
    assert "rt" not in offered  # it is read-only
    there = await desk.follow(await desk.send("/tickets/1/remote", seen=page, connector="zendesk"))
    assert "The ticket is opened there, too" in there
    assert "Cut the link" in there
    assert "stays on both sides" in await desk.follow(await desk.send("/tickets/1/remote/cut", seen=there))
    assert [order[:2] for order in stage.orders()] == [
        ("PUT", "/v1/tickets/1/remote"),
        ("DELETE", "/v1/tickets/1/remote"),
    ]


async def test_a_ticket_that_is_only_here_has_no_card(desk: DeskConsole) -> None:
    await desk.open_ticket()
    await desk.console.sign_in(Role.IT_AGENT)
    assert "At the helpdesk" not in await desk.page("/tickets/1")
