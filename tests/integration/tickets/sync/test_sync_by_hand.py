"""What people do with a connector: look at every order before it is sent, run, retry, discard, link, mend the quarantine."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from services.tickets.domain.sync import WriteKind, WriteState
from services.tickets.ports.sync import Problem
from shared.auth import Role
from shared.clock import render_instant
from shared.mapping import parse_vendor
from tests.integration.tickets.desk import START
from tests.integration.tickets.sync.connected import PATH, act, connect, put, told
from tests.integration.tickets.sync.synced import NAME, Synced
from tests.integration.tickets.sync.test_connectors import source
from tests.support.helpdesks.faults import Refusal


@pytest.fixture
def synced(synced_with: Callable[[str], Synced]) -> Synced:
    return synced_with("zendesk")


async def taken_in(synced: Synced, **connector: Any) -> tuple[str, Any]:
    """A ticket of theirs that is here: its id there, and our ticket."""
    await connect(synced, **connector)
    key = synced.there.open_ticket(requester="ada@example.com", subject="No sound", priority="P3")
    await synced.reconcile()
    return key, (await synced.tickets())[key]


async def writes(synced: Synced, role: Role = Role.IT_AGENT, **query: str) -> list[Any]:
    answer = await synced.here.ask("GET", f"{PATH}/writes", role, params=query)
    assert answer.status_code == 200, answer.text
    items: list[Any] = answer.json()["items"]
    return list(reversed(items))


async def remote(synced: Synced, ticket_id: str) -> Any:
    return await synced.here.get(f"/v1/tickets/{ticket_id}/remote")


async def link(synced: Synced, ticket_id: str, *, status: int = 200, **changes: Any) -> Any:
    body = {"connector": NAME, **changes}
    answer = await synced.here.ask("PUT", f"/v1/tickets/{ticket_id}/remote", Role.IT_LEAD, json=body)
    assert answer.status_code == status, answer.text
    return answer.json()


async def unlink(synced: Synced, ticket_id: str, *, status: int = 204) -> Any:
    answer = await synced.here.ask("DELETE", f"/v1/tickets/{ticket_id}/remote", Role.IT_LEAD)
    assert answer.status_code == status, answer.text
    return answer


# Orders


async def test_while_it_is_read_only_every_order_can_be_read_and_none_is_sent(synced: Synced) -> None:
    key, _ = await taken_in(synced)
    await synced.say_here(key, "Please restart it")
    await synced.say_here(key, "The driver is old", public=False)
    await synced.change_here(key, status="solved", priority="P2")
    await synced.work()
    found = await writes(synced, state="waiting")
    assert [(each["kind"], each["says"]) for each in found] == [
        ("comment", "write “Please restart it”"),
        ("comment", "note internally “The driver is old”"),
        ("change", "set status to solved, priority to P2"),
    ]
    assert found[2]["payload"] == {"status": "solved", "priority": "P2"}
    assert found[0]["payload"] == {"body": "Please restart it", "public": "true"}
    assert {request.method for request in synced.way.requests} == {"GET"}
    assert "3 orders would be told if it were two-way" in (await told(synced))["status"]["says"]


async def test_a_change_that_was_taken_back_is_shown_as_nothing(synced: Synced) -> None:
    key, _ = await taken_in(synced)
    await synced.change_here(key, priority="P2")
    await synced.change_here(key, priority="P3")
    assert [each["says"] for each in await writes(synced)] == ["nothing: both sides say the same by now"]


async def test_what_is_for_the_desk_only_is_not_shown_to_a_viewer(synced: Synced) -> None:
    key, ticket = await taken_in(synced)
    await synced.say_here(key, "The driver is old", public=False)
    [shown] = await writes(synced, Role.VIEWER)
    assert (shown["says"], shown["payload"]) == ("note internally", {"public": "false"})
    answer = await synced.here.ask("GET", f"/v1/tickets/{ticket.ticket_id}/remote", Role.VIEWER)
    assert "driver" not in answer.text


async def test_made_two_way_what_waits_is_told(synced: Synced) -> None:
    key, _ = await taken_in(synced)
    await synced.change_here(key, status="pending")
    version = (await told(synced))["version"]
    assert (await put(synced, version=version, mode="two_way")).status_code == 200
    await synced.settle()
    assert synced.there.state(key).status == "pending"
    [done] = await writes(synced)
    assert (done["state"], done["says"], done["attempts"]) == ("done", "set status to pending", 1)


async def refused(synced: Synced) -> tuple[str, str]:
    key, _ = await taken_in(synced, mode="two_way")
    synced.there.faults.methods = frozenset({"PUT", "POST"})
    synced.there.faults.refuse_next = [Refusal(422, body=b'{"error": "RecordInvalid"}')]
    await synced.change_here(key, status="pending")
    await synced.settle()
    [write] = await writes(synced, state="refused")
    assert "RecordInvalid" in write["problem"]
    assert "It refused 1 order" in (await told(synced))["status"]["says"]
    return key, write["write_id"]


async def test_an_order_that_was_refused_is_told_when_it_is_tried_again(synced: Synced) -> None:
    key, write_id = await refused(synced)
    assert (await act(synced, f"/v1/remote-writes/{write_id}/retry"))["state"] == "waiting"
    await synced.settle()
    assert synced.there.state(key).status == "pending"
    again = await synced.here.ask("POST", f"/v1/remote-writes/{write_id}/retry", Role.IT_LEAD)
    assert (again.status_code, again.json()["code"]) == (409, "write_not_refused")


async def test_all_that_was_refused_is_tried_again_at_once(synced: Synced) -> None:
    key, _ = await refused(synced)
    assert await act(synced, f"{PATH}/writes/retry") == {"writes": 1}
    await synced.settle()
    assert synced.there.state(key).status == "pending"


async def test_an_order_that_was_refused_can_be_given_up(synced: Synced) -> None:
    key, write_id = await refused(synced)
    assert (await act(synced, f"/v1/remote-writes/{write_id}/discard"))["state"] == "discarded"
    await synced.settle()
    assert synced.there.state(key).status == "new"
    missing = await synced.here.ask("POST", "/v1/remote-writes/nonsense/discard", Role.IT_LEAD)
    assert (missing.status_code, missing.json()["code"]) == (404, "write_not_found")


async def test_all_that_waits_can_be_given_up(synced: Synced) -> None:
    key, _ = await taken_in(synced)
    await synced.say_here(key, "one")
    await synced.say_here(key, "two")
    assert await act(synced, f"{PATH}/writes/discard") == {"writes": 2}
    assert [each["state"] for each in await writes(synced)] == ["discarded", "discarded"]


async def test_orders_are_listed_by_the_states_that_are_asked_for(synced: Synced) -> None:
    key, _ = await taken_in(synced)
    await synced.say_here(key, "one")
    assert await writes(synced, state="refused,done") == []
    assert len(await writes(synced, state="waiting,refused")) == 1
    answer = await synced.here.ask("GET", f"{PATH}/writes?state=nonsense", Role.VIEWER)
    assert answer.status_code == 422
    assert "known are waiting" in answer.json()["errors"][0]["detail"]
    assert (await synced.here.ask("GET", "/v1/connectors/nobody/writes", Role.VIEWER)).status_code == 404


# Runs


async def test_a_dry_run_counts_and_takes_nothing_in(synced: Synced) -> None:
    await connect(synced)
    await synced.work()
    for number in range(3):
        synced.there.open_ticket(requester="ada@example.com", subject=f"No sound {number}")
    synced.tick(61)
    run = await act(synced, f"{PATH}/runs", status=202, body={"dry": True})
    assert (run["dry"], run["finished_at"], run["wanted_by"]) == (True, None, "it_lead")
    await synced.work()
    done = await synced.here.get(f"/v1/sync-runs/{run['run_id']}")
    assert (done["tickets"], done["fresh"], done["failure"]) == (3, 3, None)
    assert done["finished_at"] is not None
    assert await synced.tickets() == {}


async def test_a_run_reads_at_once_and_only_one_is_under_way(synced: Synced) -> None:
    await connect(synced)
    await synced.work()
    synced.there.open_ticket(requester="ada@example.com", subject="No sound")
    synced.tick(61)
    run = await act(synced, f"{PATH}/runs", status=202, body={})
    second = await synced.here.ask("POST", f"{PATH}/runs", Role.IT_LEAD, json={})
    assert (second.status_code, second.json()["code"]) == (409, "run_under_way")
    await synced.work()
    done = await synced.here.get(f"/v1/sync-runs/{run['run_id']}")
    assert (done["pages"], done["tickets"], done["fresh"]) == (1, 1, 1)
    assert list(await synced.tickets()) == synced.there.ticket_ids()
    missing = await synced.here.ask("GET", "/v1/sync-runs/nonsense", Role.VIEWER)
    assert (missing.status_code, missing.json()["code"]) == (404, "run_not_found")


# Links


async def test_a_ticket_is_linked_by_hand_and_made_there_with_its_comments_in_order(synced: Synced) -> None:
    await connect(synced, mode="two_way")
    await synced.work()
    ticket = await synced.open_here(priority="P2")
    for body in ("first", "second"):
        await synced.say_on(ticket["ticket_id"], body)
        synced.tick()
    linked = await link(synced, ticket["ticket_id"], ownership={"status": "local"})
    assert (linked["connector"], linked["external_id"]) == (NAME, None)
    assert [each["says"] for each in reversed(linked["writes"])] == [
        "open it there as “Video stalls”, P2",
        "write “first”",
        "write “second”",
    ]
    await synced.settle()
    [key] = synced.there.ticket_ids()
    state = synced.there.state(key)
    assert (state.subject, state.priority) == ("Video stalls", "P2")
    assert [comment.body.splitlines()[0] for comment in state.comments] == ["first", "second"]
    found = await remote(synced, ticket["ticket_id"])
    assert found["external_id"] == key
    owners = {each["field"]: (each["owner"], each["agreed"]) for each in found["fields"]}
    assert owners == {"status": ("local", True), "priority": ("newest", True), "subject": ("newest", True)}
    await synced.reconcile()
    assert await synced.differences() == []


async def test_a_ticket_that_is_there_only_gets_its_own_ownership(synced: Synced) -> None:
    _, ticket = await taken_in(synced)
    changed = await link(synced, ticket.ticket_id, ownership={"priority": "remote"})
    assert {each["field"]: each["owner"] for each in changed["fields"]}["priority"] == "remote"
    assert changed["writes"] == []


async def test_what_was_changed_here_and_not_told_yet_is_not_agreed(synced: Synced) -> None:
    key, ticket = await taken_in(synced)
    await synced.change_here(key, priority="P2")
    fields = {each["field"]: each for each in (await remote(synced, ticket.ticket_id))["fields"]}
    assert fields["priority"] == {
        "field": "priority", "ours": "P2", "theirs": "P3", "owner": "newest", "agreed": False
    }  # fmt: skip
    assert fields["status"]["agreed"] is True


async def test_an_unlinked_ticket_stays_on_both_sides_and_is_told_nothing_more(synced: Synced) -> None:
    key, ticket = await taken_in(synced, mode="two_way")
    await unlink(synced, ticket.ticket_id)
    await synced.say_here(key, "Is anybody there?")
    await synced.settle()
    assert synced.there.state(key).comments == ()
    assert list(await synced.tickets()) == [key]
    gone = await synced.here.ask("GET", f"/v1/tickets/{ticket.ticket_id}/remote", Role.VIEWER)
    assert (gone.status_code, gone.json()["code"]) == (404, "ticket_not_linked")
    await unlink(synced, ticket.ticket_id, status=404)
    history = (await synced.here.get(f"/v1/tickets/{ticket.ticket_id}/history"))["items"]
    assert [each["detail"] for each in history if each["kind"] == "unlinked"] == [
        {"connector": NAME, "external_id": key}
    ]


async def test_a_ticket_that_is_linked_again_is_the_same_one_there_and_told_what_it_missed(synced: Synced) -> None:
    key, ticket = await taken_in(synced, mode="two_way")
    await synced.say_here(key, "before")
    await synced.settle()
    await unlink(synced, ticket.ticket_id)
    await synced.say_here(key, "meanwhile")
    synced.tick()
    assert (await link(synced, ticket.ticket_id))["external_id"] == key
    await synced.settle()
    assert synced.there.ticket_ids() == [key]
    said = [comment.body.splitlines()[0] for comment in synced.there.state(key).comments]
    assert said == ["before", "meanwhile"]


async def test_a_ticket_is_not_unlinked_while_an_order_about_it_is_under_way(synced: Synced) -> None:
    key, ticket = await taken_in(synced, mode="two_way")
    synced.there.faults.methods = frozenset({"PUT", "POST"})
    synced.there.faults.lose_answers = 1
    await synced.say_here(key, "On it")
    await synced.work()
    answer = await unlink(synced, ticket.ticket_id, status=409)
    assert answer.json()["code"] == "order_under_way"
    await synced.settle()
    await unlink(synced, ticket.ticket_id)


async def test_a_ticket_of_another_source_or_helpdesk_stays_where_it_is(synced: Synced) -> None:
    _, ticket = await taken_in(synced)
    assert (await put(synced, path="/v1/connectors/another")).status_code == 200
    other = await link(synced, ticket.ticket_id, connector="another", status=409)
    assert other["code"] == "ticket_already_linked"
    await unlink(synced, ticket.ticket_id)
    other = await link(synced, ticket.ticket_id, connector="another", status=409)
    assert f"came from {NAME}" in other["detail"]
    assert (await link(synced, ticket.ticket_id, connector="nobody", status=404))["code"] == "connector_not_found"


async def test_a_ticket_that_is_not_to_be_made_there_after_all_is_linked_no_more(synced: Synced) -> None:
    await connect(synced)
    ticket = await synced.open_here()
    await synced.say_on(ticket["ticket_id"], "first")
    linked = await link(synced, ticket["ticket_id"])
    creation = linked["writes"][-1]
    assert creation["kind"] == "create"
    await act(synced, f"/v1/remote-writes/{creation['write_id']}/discard")
    assert {each["state"] for each in await writes(synced)} == {"discarded"}
    gone = await synced.here.ask("GET", f"/v1/tickets/{ticket['ticket_id']}/remote", Role.VIEWER)
    assert gone.status_code == 404
    again = await link(synced, ticket["ticket_id"])
    assert [each["kind"] for each in again["writes"] if each["state"] == "waiting"] == ["comment", "create"]
    assert await act(synced, f"{PATH}/writes/discard") == {"writes": 2}
    gone = await synced.here.ask("GET", f"/v1/tickets/{ticket['ticket_id']}/remote", Role.VIEWER)
    assert gone.status_code == 404


async def test_new_tickets_of_an_exported_team_are_made_there(synced: Synced) -> None:
    await connect(synced, mode="two_way", exports=["network"])
    await synced.here.open_ticket(team="network")
    await synced.here.open_ticket(team="desk")
    orders = await synced.orders(WriteState.WAITING)
    assert [each.kind for each in orders] == [WriteKind.CREATE]
    await synced.settle()
    assert len(synced.there.ticket_ids()) == 1


async def test_conflicts_are_listed_with_the_tickets_number_and_the_rule(synced: Synced) -> None:
    key, ticket = await taken_in(synced, ownership={"status": "remote"})
    synced.tick()
    await synced.change_here(key, status="solved")
    synced.there.set_status(key, "pending")
    await synced.reconcile()
    [conflict] = (await synced.here.get(f"{PATH}/conflicts"))["items"]
    assert (conflict["number"], conflict["ours"], conflict["theirs"]) == (ticket.number, "solved", "pending")
    assert (conflict["kept"], conflict["rule"]) == ("theirs", "remote")
    assert (await told(synced))["status"]["conflicts"] == 1
    assert (await remote(synced, ticket.ticket_id))["conflicts"] == [conflict]


# Quarantine


async def quarantined(synced: Synced, **item: Any) -> str:
    found = Problem(
        answer="tickets",
        item={"id": 7, "subject": "Screen", "status": "open", "updated_at": render_instant(START), **item},
        context={"settings": {}},
        expression="body.created_at",
        reason="not a time",
    )
    async with synced.here.database.unit() as unit:
        await unit.sync_records.keep_problems(NAME, [found], START)
    [shown] = await problems(synced)
    return str(shown["problem_id"])


async def problems(synced: Synced, role: Role = Role.IT_AGENT) -> list[Any]:
    items: list[Any] = (await synced.here.ask("GET", f"{PATH}/problems", role)).json()["items"]
    return items


async def test_an_item_that_is_still_not_understood_says_where_it_fails(synced: Synced) -> None:
    await connect(synced)
    problem_id = await quarantined(synced, created_at="yesterday")
    says = (await told(synced))["status"]
    assert says["problems"] == 1
    answer = await synced.here.ask("POST", f"/v1/sync-problems/{problem_id}/replay", Role.IT_LEAD)
    assert (answer.status_code, answer.json()["code"]) == (409, "still_not_understood")
    assert answer.json()["errors"][0]["pointer"] == "body.created_at"
    assert len(await problems(synced)) == 1


async def test_an_item_is_understood_once_the_vendor_file_is_mended(synced: Synced) -> None:
    await connect(synced)
    problem_id = await quarantined(synced, created_at="yesterday")
    document = synced.vendor.document
    tickets = document["answers"]["tickets"]
    mended = tickets | {"defaults": tickets["defaults"] | {"created_at": "body.updated_at"}}
    document = document | {"answers": document["answers"] | {"tickets": mended}}
    parse_vendor(document)
    await synced.here.hand_in(source(NAME, document))
    done = await act(synced, f"/v1/sync-problems/{problem_id}/replay")
    assert done == {"facts": 1, "external_ids": ["7"]}
    ticket = (await synced.tickets())["7"]
    assert (ticket.subject, ticket.status) == ("Screen", "open")
    assert await problems(synced) == []


async def test_an_item_can_be_dismissed(synced: Synced) -> None:
    await connect(synced)
    problem_id = await quarantined(synced, created_at="yesterday")
    await act(synced, f"/v1/sync-problems/{problem_id}/dismiss", status=204)
    assert await problems(synced) == []
    missing = await synced.here.ask("POST", "/v1/sync-problems/nonsense/dismiss", Role.IT_LEAD)
    assert (missing.status_code, missing.json()["code"]) == (404, "sync_problem_not_found")


async def test_the_item_itself_is_for_staff_only(synced: Synced) -> None:
    await connect(synced)
    await quarantined(synced, created_at="yesterday")
    [seen] = await problems(synced, Role.VIEWER)
    assert (seen["item"], seen["reason"], seen["times"]) == ({}, "not a time", 1)
    [seen] = await problems(synced)
    assert seen["item"]["subject"] == "Screen"


async def test_a_poll_that_comes_late_says_how_far_behind_it_is(synced: Synced) -> None:
    await connect(synced)
    await synced.work()
    synced.here.clock.advance(timedelta(hours=2))
    assert (await told(synced))["status"]["lag_seconds"] == 7200.0 + 60.0
