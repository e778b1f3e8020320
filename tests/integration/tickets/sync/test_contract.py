"""What every helpdesk must be able to do, whichever vendor's it is.

Helpdesks and databases are not multiplied, since neither meets the other: each test meets all helpdesks and both databases, and
each helpdesk meets all tests and both databases. `--every-pair` multiplies them.
"""

import random

import pytest

from services.tickets.domain.sync import WriteState
from tests.integration.tickets.sync.synced import Synced
from tests.support.helpdesks.faults import Refusal

STATUSES = ("new", "open", "pending", "on_hold", "solved", "closed")


async def test_a_ticket_opened_there_is_here_once_with_what_was_said(synced: Synced) -> None:
    await synced.connect()
    key = synced.there.open_ticket(requester="ada@example.com", subject="No sound", priority="P2")
    synced.tick()
    synced.there.reply(key, "Have you tried headphones?")
    synced.there.reply(key, "I have, and still nothing.", by="requester")
    await synced.deliver()
    await synced.reconcile()
    await synced.reconcile()
    assert await synced.differences() == []
    assert list(await synced.tickets()) == [key]
    assert len(await synced.words(key)) == 2


async def test_an_answer_there_settles_the_clock_here_at_its_own_time(synced: Synced) -> None:
    await synced.connect()
    key = synced.there.open_ticket(requester="ada@example.com", subject="No sound", priority="P2")
    synced.tick()
    synced.there.reply(key, "We are on it.")
    answered_at = synced.there.now()
    synced.tick(1800)
    await synced.reconcile()
    ticket = (await synced.tickets())[key]
    clock = await synced.here.clock_of({"ticket_id": ticket.ticket_id})
    assert (clock["state"], clock["settled_at"]) == ("settled", answered_at.isoformat().replace("+00:00", "Z"))


async def test_what_is_done_here_is_done_there(synced: Synced) -> None:
    await synced.connect()
    key = synced.there.open_ticket(requester="ada@example.com", subject="No sound", priority="P3")
    await synced.reconcile()
    synced.tick()
    await synced.say_here(key, "Please restart it, then write again.")
    if synced.vendor.calls is not None and synced.vendor.calls.internal_comments:
        await synced.say_here(key, "The driver is old.", public=False)
    await synced.change_here(key, priority="P2")
    await synced.change_here(key, status="solved")
    await synced.settle()
    assert [each.problem for each in await synced.orders(WriteState.REFUSED)] == []
    assert synced.there.state(key).status in ("solved", "closed")
    assert any(comment.by_us for comment in synced.there.state(key).comments)
    await synced.deliver()
    await synced.reconcile()
    assert await synced.differences() == []


async def test_our_own_words_coming_back_are_no_news(synced: Synced) -> None:
    await synced.connect()
    key = synced.there.open_ticket(requester="ada@example.com", subject="No sound", priority="P3")
    await synced.reconcile()
    await synced.say_here(key, "Please restart it.")
    await synced.change_here(key, status="pending")
    await synced.settle()
    sent = await synced.orders()
    await synced.deliver()
    await synced.reconcile()
    await synced.settle()
    assert len(await synced.words(key)) == 1
    assert (await synced.tickets())[key].status == "pending"
    assert [each.write_id for each in await synced.orders()] == [each.write_id for each in sent]


async def test_a_ticket_opened_here_is_made_there_once(synced: Synced) -> None:
    await synced.connect(exports=("*",))
    ticket = await synced.open_here(subject="Video stalls", priority="P2", description="It stops every minute.")
    await synced.say_on(ticket["ticket_id"], "It is worst in the morning.")
    await synced.settle()
    assert [each.problem for each in await synced.orders(WriteState.REFUSED)] == []
    await synced.deliver()
    await synced.reconcile()
    assert len(synced.there.ticket_ids()) == 1
    assert await synced.differences() == []
    assert len(await synced.tickets()) == 1


async def test_every_status_is_told_or_refused_for_a_plain_reason(synced: Synced) -> None:
    await synced.connect()
    for status in STATUSES[1:]:
        key = synced.there.open_ticket(requester="ada@example.com", subject=f"To be {status}", priority="P3")
        await synced.reconcile()
        await synced.change_here(key, status=status)
        await synced.settle()
        for refused in await synced.orders(WriteState.REFUSED):
            assert refused.problem
            return
        await synced.reconcile()
        assert await synced.differences() == []
        assert (await synced.tickets())[key].status == status


@pytest.mark.parametrize("fault", ["lost", "half", "busy", "broken", "unreachable"])
async def test_whatever_goes_wrong_on_the_way_nothing_is_doubled(synced: Synced, fault: str) -> None:
    await synced.connect(exports=("*",))
    known = synced.there.open_ticket(requester="ada@example.com", subject="No sound", priority="P3")
    await synced.reconcile()
    faults = synced.there.faults
    faults.methods = frozenset({"POST", "PUT", "PATCH"})
    for _ in range(2):
        match fault:
            case "lost":
                faults.lose_answers = 2
            case "half":
                faults.half_answers = 2
            case "busy":
                faults.refuse_next = [Refusal(429, {"Retry-After": "30"}), Refusal(503)]
            case "broken":
                faults.refuse_next = [Refusal(500), Refusal(502)]
            case "unreachable":
                faults.drop_requests = 2
        await synced.say_here(known, "Please restart it.")
        await synced.change_here(known, status="pending")
        await synced.open_here(subject="Video stalls", priority="P2")
        await synced.settle()
        await synced.deliver()
        await synced.change_here(known, status="open")
    await synced.settle()
    await synced.deliver()
    await synced.reconcile()
    assert [each.problem for each in await synced.orders(WriteState.REFUSED)] == []
    assert await synced.differences() == []
    assert len(synced.there.ticket_ids()) == 3
    assert len(synced.there.state(known).comments) == 2


async def test_lost_doubled_and_shuffled_webhooks_end_in_one_truth(synced: Synced) -> None:
    """One in ten lost, one in ten doubled, all of them shuffled within a minute's window; then one reconciliation."""
    chance = random.Random(20261128)
    await synced.connect()
    keys: list[str] = []
    for number in range(60):
        synced.tick(chance.uniform(0.2, 40))
        if not keys or chance.random() < 0.25:
            keys.append(synced.there.open_ticket(requester=f"p{number}@example.com", subject=f"Trouble {number}"))
        key = chance.choice(keys)
        match chance.randrange(5):
            case 0:
                synced.there.set_status(key, chance.choice(("open", "pending", "solved")))
            case 1:
                synced.there.set_priority(key, chance.choice(("P1", "P2", "P3", "P4")))
            case 2:
                synced.there.reply(key, f"Answer {number}")
            case 3:
                synced.there.reply(key, f"Word {number}", by="requester")
            case _:
                synced.there.set_subject(key, f"Trouble, as of {number}")
        if number % 6 == 5:
            hooks = [hook for hook in synced.there.take_webhooks() if chance.random() >= 0.1]
            hooks += [hook for hook in hooks if chance.random() < 0.1]
            chance.shuffle(hooks)
            await synced.deliver(hooks)
    await synced.reconcile()
    assert await synced.differences() == []
