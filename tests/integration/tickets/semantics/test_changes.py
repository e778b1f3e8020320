"""What was promised changes under a clock that runs: the priority, the rule, the policy's version."""

import pytest

from tests.integration.tickets.desk import TicketsDesk
from tests.integration.tickets.semantics.case import (
    Case,
    fri,
    mon,
    promise,
    rule,
    same_for_all,
    settle,
    thu,
    tue,
    written,
)


async def test_a_changed_priority_keeps_the_start_and_swaps_the_target(desk: TicketsDesk) -> None:
    case = await Case.opened(desk, mon("09:00"), priority="P3")
    assert await case.due("first_response") == mon("13:00")
    await case.set(mon("09:30"), priority="P1")
    clock = await case.clock("first_response")
    assert (clock["started_at"], clock["due_at"], clock["cycle"]) == (mon("09:00"), mon("10:00"), 1)
    assert clock["elapsed_seconds"] == 30 * 60


async def test_a_changed_priority_keeps_the_pauses(desk: TicketsDesk) -> None:
    case = await Case.opened(desk, mon("09:00"), priority="P3")
    await case.set(mon("09:10"), status="pending")
    await case.set(mon("09:30"), status="open")
    await case.set(mon("09:40"), priority="P1")
    assert await case.due("first_response") == mon("10:20")


async def test_a_changed_priority_begins_a_new_cycle_where_the_rule_says_restart(desk: TicketsDesk) -> None:
    targets = {"P3": written({"first_response": 240, "resolution": 480})}
    targets["P1"] = written({"first_response": 60, "resolution": 240})
    await promise(desk, rule("all", targets, on_change={"first_response": "restart"}))
    case = await Case.opened(desk, mon("09:00"), priority="P3")
    await case.set(mon("09:30"), priority="P1")
    old, new = await case.clock("first_response", 1), await case.clock("first_response", 2)
    assert (old["state"], old["cancelled_because"], old["settled_at"]) == ("cancelled", "restarted", mon("09:30"))
    assert (new["started_at"], new["due_at"]) == (mon("09:30"), mon("10:30"))
    assert await case.due("resolution") == mon("13:00")
    await settle(desk, mon("10:30"))
    assert await case.breaches() == [("first_response", 2, mon("10:30"), "elapsed")]


async def test_what_is_used_up_already_is_breached_at_the_change_and_never_back_dated(desk: TicketsDesk) -> None:
    case = await Case.opened(desk, mon("09:00"), priority="P3")
    await case.set(mon("11:00"), priority="P1")
    assert await case.breaches() == [("first_response", 1, mon("11:00"), "retarget")]
    clock = await case.clock("first_response")
    assert (clock["breached_at"], clock["due_at"]) == (mon("11:00"), mon("10:00"))
    [told] = await desk.told("tickets.clock.breached")
    assert told["detected_at"] == mon("11:00")


async def test_used_up_to_the_second_at_the_change_is_used_up(desk: TicketsDesk) -> None:
    case = await Case.opened(desk, mon("09:00"), priority="P3")
    await case.set(mon("10:00"), priority="P1")
    assert await case.breaches() == [("first_response", 1, mon("10:00"), "retarget")]
    other = await Case.opened(desk, mon("10:00"), priority="P3")
    await other.set(mon("10:59:59.999999"), priority="P1")
    assert await other.breaches() == []
    assert await other.due("first_response") == mon("11:00")


async def test_a_breach_stays_for_ever_when_the_priority_is_lowered_and_the_new_due_time_is_shown(
    desk: TicketsDesk,
) -> None:
    case = await Case.opened(desk, mon("09:00"))
    await settle(desk, mon("10:15"))
    await case.set(mon("10:30"), priority="P4")
    clock = await case.clock("first_response")
    assert (clock["breached_at"], clock["due_at"], clock["cause"]) == (mon("10:00"), mon("17:00"), "elapsed")
    await case.answer(mon("11:00"))
    assert (await case.clock("first_response"))["outcome"] == "breached"
    await settle(desk, fri("12:00"))
    told = [each for each in await case.breaches() if each[0] == "first_response"]
    assert told == [("first_response", 1, mon("10:00"), "elapsed")]
    assert await case.withdrawn() == []


async def test_a_breach_is_told_once_even_if_the_new_due_time_passes_too(desk: TicketsDesk) -> None:
    case = await Case.opened(desk, mon("09:00"))
    await settle(desk, mon("10:00"))
    await case.set(mon("10:30"), priority="P2")
    await settle(desk, thu("12:00"))
    told = [each for each in await case.breaches() if each[0] == "first_response"]
    assert told == [("first_response", 1, mon("10:00"), "elapsed")]


async def test_open_tickets_stay_with_the_version_they_were_opened_under(desk: TicketsDesk) -> None:
    first = await promise(desk, rule("all", same_for_all({"first_response": 60})))
    old = await Case.opened(desk, mon("09:00"))
    second = await promise(desk, rule("all", same_for_all({"first_response": 30})))
    new = await Case.opened(desk, mon("09:00"))
    assert ((await old.ticket())["policy"], await old.due("first_response")) == (first, mon("10:00"))
    assert ((await new.ticket())["policy"], await new.due("first_response")) == (second, mon("09:30"))
    await old.set(mon("09:10"), priority="P4")
    assert (await old.ticket())["policy"] == first


async def test_a_version_is_not_in_force_before_both_sides_have_signed_it(desk: TicketsDesk) -> None:
    from shared.auth import Role

    signed = await promise(desk, rule("all", same_for_all({"first_response": 60})))
    document = {"rules": [rule("all", same_for_all({"first_response": 5}))]}
    answer = await desk.ask("PUT", "/v1/policies/standard", Role.IT_LEAD, json=document)
    version = answer.json()["version"]
    path = f"/v1/policies/standard/versions/{version}/sign"
    for side, role, expected in (("it", Role.IT_LEAD, signed), ("training", Role.TRAINING, f"standard@{version}")):
        assert (await (await Case.opened(desk, mon("09:00"))).ticket())["policy"] == signed
        answer = await desk.ask("POST", path, role, json={"side": side})
        assert answer.status_code in (200, 201), answer.text
        assert (await (await Case.opened(desk, mon("09:00"))).ticket())["policy"] == expected


async def test_a_target_that_the_new_rule_does_not_have_is_cancelled_by_the_policy(desk: TicketsDesk) -> None:
    both = rule("network", same_for_all({"first_response": 60, "resolution": 240}), when={"tags": ["network"]})
    one = rule("the rest", same_for_all({"first_response": 60}))
    await promise(desk, both, one)
    case = await Case.opened(desk, mon("09:00"), tags=["network"])
    await case.set(mon("09:30"), tags=[])
    clock = await case.clock("resolution")
    assert (clock["state"], clock["cancelled_because"], clock["settled_at"]) == ("cancelled", "policy", mon("09:30"))
    assert await case.due("first_response") == mon("10:00")
    await settle(desk, fri("12:00"))
    assert [each[0] for each in await case.breaches()] == ["first_response"]


async def test_a_target_that_is_promised_again_goes_on(desk: TicketsDesk) -> None:
    both = rule("network", same_for_all({"resolution": 240}), when={"tags": ["network"]})
    one = rule("the rest", same_for_all({"first_response": 60}))
    await promise(desk, both, one)
    case = await Case.opened(desk, mon("09:00"), tags=["network"])
    await case.set(mon("09:30"), tags=[])
    await case.set(mon("10:30"), tags=["network"])
    clock = await case.clock("resolution")
    assert (clock["state"], clock["started_at"], clock["due_at"]) == ("running", mon("09:00"), mon("13:00"))


async def test_a_newly_promised_target_counts_from_where_it_would_have(desk: TicketsDesk) -> None:
    one = rule("network", same_for_all({"first_response": 60}), when={"tags": ["network"]})
    both = rule("the rest", same_for_all({"first_response": 60, "resolution": 240}))
    await promise(desk, one, both)
    case = await Case.opened(desk, mon("09:00"), tags=["network"])
    assert await case.names() == [("first_response", 1)]
    await case.set(mon("11:00"), tags=[])
    assert await case.due("resolution") == mon("13:00")


@pytest.mark.parametrize("minutes", [60, 20])
async def test_the_first_rule_that_matches_decides_and_explain_says_why_not_the_earlier_ones(
    desk: TicketsDesk, minutes: int
) -> None:
    urgent = rule("urgent", same_for_all({"first_response": minutes}), when={"priority": ["P1", "P2"]})
    rest = rule("the rest", same_for_all({"first_response": 240}))
    never = rule("never reached", same_for_all({"first_response": 1}))
    await promise(desk, urgent, rest, never)
    case = await Case.opened(desk, mon("09:00"), priority="P3")
    assert await case.due("first_response") == mon("13:00")
    explained = await desk.get(f"{case.path}/explain")
    checks = {check["name"]: check for check in explained["rules"]}
    assert (checks["urgent"]["matched"], checks["the rest"]["matched"]) == (False, True)
    assert "P3" in checks["urgent"]["reason"]
    await case.set(mon("09:10"), priority="P1")
    assert await case.due("first_response") == mon("10:00" if minutes == 60 else "09:20")


async def test_tickets_of_the_day_before_are_due_as_the_rule_of_their_day_says(desk: TicketsDesk) -> None:
    """A policy with an earlier order takes over new tickets only."""
    await promise(desk, rule("all", same_for_all({"first_response": 60})))
    old = await Case.opened(desk, mon("09:00"))
    await promise(desk, rule("all", same_for_all({"first_response": 15})), name="acceptance", order=1)
    new = await Case.opened(desk, mon("09:00"))
    assert (await old.due("first_response"), await new.due("first_response")) == (mon("10:00"), mon("09:15"))
    assert (await new.ticket())["policy"].startswith("acceptance@")
    await settle(desk, tue("09:00"))
    assert (await old.breaches())[0][2] == mon("10:00")
