"""Both sides changed the same field: the owner's word counts, and the loser's is kept."""

from collections.abc import Callable

import pytest

from services.tickets.domain.sync import Owner
from shared.rest import PagingRequest
from tests.integration.tickets.sync.synced import NAME, Synced


@pytest.fixture
async def synced(synced_with: Callable[[str], Synced]) -> Synced:
    return synced_with("zendesk")


async def collide(synced: Synced, owner: Owner, *, ours_first: bool) -> str:
    await synced.connect(ownership={"status": owner})
    key = synced.there.open_ticket(requester="ada@example.com", subject="No sound")
    synced.there.set_status(key, "open")
    await synced.reconcile()
    for ours in (ours_first, not ours_first):
        synced.tick()
        if ours:
            await synced.change_here(key, status="solved")
        else:
            synced.there.set_status(key, "pending")
    await synced.deliver()
    await synced.settle()
    await synced.reconcile()
    await synced.settle()
    return key


@pytest.mark.parametrize(
    ("owner", "ours_first", "stands"),
    [
        (Owner.REMOTE, True, "pending"),
        (Owner.REMOTE, False, "pending"),
        (Owner.LOCAL, True, "solved"),
        (Owner.LOCAL, False, "solved"),
        (Owner.NEWEST, True, "pending"),
        (Owner.NEWEST, False, "solved"),
    ],
)
async def test_the_owners_word_stands_on_both_sides(
    synced: Synced, owner: Owner, ours_first: bool, stands: str
) -> None:
    key = await collide(synced, owner, ours_first=ours_first)
    assert (await synced.tickets())[key].status == stands
    assert synced.there.state(key).status == stands


async def test_the_losers_word_is_kept_with_the_rule_and_in_the_tickets_history(synced: Synced) -> None:
    key = await collide(synced, Owner.REMOTE, ours_first=True)
    async with synced.here.database.read() as unit:
        (conflict,), _ = await unit.remote_links.page_conflicts(PagingRequest(10, None), connector=NAME)
    assert (conflict.field, conflict.ours, conflict.theirs, conflict.kept) == ("status", "solved", "pending", "theirs")
    ticket = (await synced.tickets())[key]
    history = (await synced.here.get(f"/v1/tickets/{ticket.ticket_id}/history?limit=200"))["items"]
    (entry,) = [each for each in history if each["kind"] == "conflict"]
    assert entry["detail"] == {
        "field": "status", "ours": "solved", "theirs": "pending", "kept": "theirs", "rule": "remote"
    }  # fmt: skip


async def test_a_late_webhook_does_not_undo_what_was_told_meanwhile(synced: Synced) -> None:
    await synced.connect()
    key = synced.there.open_ticket(requester="ada@example.com", subject="No sound")
    await synced.reconcile()
    synced.tick()
    synced.there.set_status(key, "pending")
    late = synced.there.take_webhooks()
    await synced.reconcile()
    synced.tick()
    await synced.change_here(key, status="solved")
    await synced.settle()
    await synced.deliver(late)
    assert (await synced.tickets())[key].status == "solved"
    await synced.settle()
    assert synced.there.state(key).status == "solved"


async def test_changes_of_different_fields_are_no_conflict(synced: Synced) -> None:
    await synced.connect()
    key = synced.there.open_ticket(requester="ada@example.com", subject="No sound", priority="P3")
    await synced.reconcile()
    synced.tick()
    synced.there.set_status(key, "pending")
    await synced.change_here(key, priority="P1", impact="Nobody can be certified")
    await synced.deliver()
    await synced.settle()
    await synced.reconcile()
    state = synced.there.state(key)
    ticket = (await synced.tickets())[key]
    assert (state.status, state.priority) == ("pending", "P1")
    assert (ticket.status, ticket.priority) == ("pending", "P1")
    async with synced.here.database.read() as unit:
        assert (await unit.remote_links.page_conflicts(PagingRequest(10, None), connector=NAME))[0] == []
