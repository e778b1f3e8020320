"""How waves wait, open, hold, resume and complete, on both databases."""

from datetime import datetime

from services.rollout.usecases.log import decide_again
from services.rollout.usecases.views import get_plan
from shared.auth import Role
from shared.events.facts import Priority, TicketStatus
from shared.events.tickets import Attribution, ClockView, TicketChanged
from shared.rest import PagingRequest
from tests.integration.rollout.rollout_desk import (
    DAY,
    HOUR,
    PLAN,
    START,
    RolloutDesk,
    breached,
    confirmed,
    settled,
    withdrawn,
)


async def test_a_wave_opens_when_signers_survey_and_notice_agree(rollouts: RolloutDesk) -> None:
    await rollouts.import_people()
    await rollouts.apply()
    first = await rollouts.wave("it")
    assert first["phase"] == "waiting"
    assert first["audience_size"] == 4
    assert first["earliest_at"] == "2026-03-16T09:00:00Z"
    assert "notice to IT runs until Mon 16 Mar 2026 10:00 (Europe/Berlin)" in first["waits_for"]
    assert "0 of 2 roles signed off" in first["waits_for"]

    await rollouts.pass_time(14 * DAY)
    assert (await rollouts.phases())["it"] == "waiting"
    await rollouts.verdict()
    await rollouts.sign("dora@it.example.test")
    assert (await rollouts.phases())["it"] == "waiting"
    await rollouts.sign("sven@it.example.test", "approve_with_conditions", "Not on Mondays.")
    opened = await rollouts.wave("it")
    assert opened["phase"] == "open"
    assert opened["counts"]["invited"] + opened["counts"]["assigned"] == 4
    (fact,) = await rollouts.told("rollout.wave.opened")
    assert (fact["wave"], fact["audience_size"]) == ("it", 4)


async def test_a_breach_holds_the_wave_in_the_transaction_that_takes_it_in(rollouts: RolloutDesk) -> None:
    await rollouts.open_north()
    await rollouts.hand_in(breached(at=rollouts.clock.now()))
    north = await rollouts.wave("north")
    assert north["phase"] == "holding"
    (hold,) = north["holds"]
    assert "#17 “Video does not play” missed its first response" in hold["reason"]
    assert hold["owner"] == "gate"
    assert "Answer and solve" in hold["next_step"]
    assert "lifts itself" in hold["lifted_by"]
    (held,) = await rollouts.told("rollout.wave.held")
    assert held["hold"]["gate"] == "first-response"


async def test_the_wave_resumes_by_itself_after_the_bake_time_since_the_last_bad_evidence(
    rollouts: RolloutDesk,
) -> None:
    await rollouts.open_north()
    await rollouts.hand_in(breached(at=rollouts.clock.now()))
    await rollouts.pass_time(5 * HOUR)
    await rollouts.hand_in(settled(rollouts.clock.now()))
    north = await rollouts.wave("north")
    assert north["phase"] == "holding"
    assert "resumes by itself on Fri 20 Mar" not in north["waits_for"]
    assert "resumes by itself on" in north["waits_for"]
    await rollouts.pass_time(DAY - HOUR)
    assert (await rollouts.phases())["north"] == "holding"
    await rollouts.pass_time(HOUR)
    assert (await rollouts.phases())["north"] == "open"
    (resumed,) = await rollouts.told("rollout.wave.resumed")
    assert "has passed for 1 day since the last bad evidence" in resumed["reason"]


async def test_a_breach_told_twice_and_out_of_order_has_one_effect(rollouts: RolloutDesk) -> None:
    await rollouts.open_north()
    now = rollouts.clock.now()
    await rollouts.hand_in(breached(at=now), breached(at=now))
    assert len((await rollouts.wave("north"))["holds"]) == 1
    await rollouts.hand_in(settled(now, clock_id="clock-2"), breached(clock_id="clock-2", at=now))
    (evidence,) = (await rollouts.wave("north"))["gates"][0]["evidence"]
    assert evidence["clock_id"] == "clock-1"


async def test_a_settlement_before_its_breach_leaves_nothing_open(rollouts: RolloutDesk) -> None:
    await rollouts.open_north()
    now = rollouts.clock.now()
    await rollouts.hand_in(settled(now))
    await rollouts.hand_in(breached(at=now))
    assert (await rollouts.phases())["north"] == "open"


async def test_a_breach_without_a_ticket_before_it_holds_all_the_same(rollouts: RolloutDesk) -> None:
    """The timer tells of breaches alone: no ticket has changed, so none is told with it."""
    await rollouts.open_north()
    await rollouts.hand_in(breached(at=rollouts.clock.now(), clock_id="clock-9", ticket_id="ticket-nobody-told-of"))
    assert (await rollouts.phases())["north"] == "holding"


async def test_a_breach_that_was_withdrawn_holds_nothing_and_one_that_is_dated_anew_still_does(
    rollouts: RolloutDesk,
) -> None:
    await rollouts.open_north()
    now = rollouts.clock.now()
    await rollouts.hand_in(breached(at=now), withdrawn(now, now))
    assert (await rollouts.wave("north"))["gates"][0]["evidence"] == []
    # The fact that came late shows that the time was used up, but half an hour later.
    await rollouts.hand_in(breached(at=now + HOUR / 2))
    (evidence,) = (await rollouts.wave("north"))["gates"][0]["evidence"]
    assert evidence["breached_at"] == (now + HOUR / 2).isoformat()
    assert (await rollouts.phases())["north"] == "holding"


async def test_a_breach_and_its_withdrawal_in_the_wrong_order_leave_nothing(rollouts: RolloutDesk) -> None:
    await rollouts.open_north()
    now = rollouts.clock.now()
    await rollouts.hand_in(withdrawn(now, now), breached(at=now))
    assert (await rollouts.phases())["north"] == "open"


async def test_an_unconfirmed_breach_holds_and_the_gate_says_that_it_may_be_withdrawn(rollouts: RolloutDesk) -> None:
    await rollouts.open_north()
    now = rollouts.clock.now()
    await rollouts.hand_in(breached(at=now, confirmed=False))
    gate = (await rollouts.wave("north"))["gates"][0]
    assert "1 of them unconfirmed: the helpdesk has not been read up to then yet" in gate["sentence"]
    assert gate["evidence"][0]["unconfirmed"] is True
    assert (await rollouts.phases())["north"] == "holding"
    await rollouts.hand_in(confirmed(now, now))
    gate = (await rollouts.wave("north"))["gates"][0]
    assert "unconfirmed" not in gate["sentence"]
    assert "unconfirmed" not in gate["evidence"][0]


async def test_a_freeze_stops_opening_until_it_ends(rollouts: RolloutDesk) -> None:
    await rollouts.open_north()
    now = rollouts.clock.now()
    body = {"from": now.isoformat(), "to": (now + 10 * DAY).isoformat(), "reason": "Books are closed"}
    answer = await rollouts.http.put(
        "/v1/freezes/quarter-end", json=body, headers=rollouts.identity(Role.IT_LEAD) | {"host": "rollout"}
    )
    assert answer.status_code == 200, answer.text
    await rollouts.progress("north", completed=10)
    await rollouts.pass_time(DAY)
    last = await rollouts.wave("everyone")
    assert last["phase"] == "waiting"
    assert "“quarter-end” (Books are closed) lets no wave open until" in last["waits_for"]
    assert last["earliest_at"] == (now + 10 * DAY).isoformat().replace("+00:00", "Z")
    await rollouts.pass_time(9 * DAY)
    assert (await rollouts.phases())["everyone"] == "completed", "no gates to wait for and no bake time"


async def test_the_state_can_be_replayed_from_the_timeline(rollouts: RolloutDesk) -> None:
    await rollouts.open_north()
    await rollouts.hand_in(breached(at=rollouts.clock.now()))
    await rollouts.pass_time(HOUR)
    await rollouts.hand_in(settled(rollouts.clock.now()))
    await rollouts.pass_time(DAY)
    await rollouts.order("north", "hold", {"reason": "Too hot."}, Role.IT_LEAD)
    await rollouts.order("everyone", "abort", {"reason": "Not this year."})
    async with rollouts.database.read() as unit:
        plan = (await get_plan(unit, "video")).plan
        entries, _ = await unit.rollouts.page_timeline("video", PagingRequest(200, None))
    phases = dict.fromkeys(("it", "north", "everyone"), "pending")
    for entry in reversed(entries):
        if "inputs" in entry.evidence:
            recorded, again = decide_again(entry, plan)
            assert recorded == again, entry.sentence
            if recorded.transition is not None:
                assert phases[entry.wave] == recorded.transition.source
                phases[entry.wave] = recorded.transition.target
        elif "to" in entry.evidence:
            phases[entry.wave] = entry.evidence["to"]
    assert phases == await rollouts.phases() == {"it": "completed", "north": "holding", "everyone": "aborted"}


async def test_events_of_a_wave_carry_rising_versions_and_the_last_one_is_the_state(rollouts: RolloutDesk) -> None:
    await rollouts.open_north()
    told = [event for event in await rollouts.told("rollout.wave.changed") if event["wave"] == "it"]
    assert [event["phase"] for event in told][-1] == "completed"
    assert told[-1]["completed"] == 4
    await rollouts.run_due()
    again = [event for event in await rollouts.told("rollout.wave.changed") if event["wave"] == "it"]
    assert len(again) == len(told), "a look that finds nothing new tells nothing"


async def test_a_plan_tells_how_much_notice_it_promises_and_since_when_it_has_been_given(rollouts: RolloutDesk) -> None:
    await rollouts.import_people()
    await rollouts.apply()
    rollouts.clock.advance(DAY)
    await rollouts.apply(PLAN.replace("bake: P2D", "bake: P3D"))
    rollouts.clock.advance(DAY)
    await rollouts.apply(PLAN.replace("Rosa Falk, email: rosa@", "Ruth Amsel, email: ruth@"))
    told = await rollouts.told("rollout.plan.applied")
    assert [one["notice_seconds"] for one in told] == [14 * DAY.total_seconds()] * 3
    given = [datetime.fromisoformat(one["announced_at"]) for one in told]
    assert given == [START, START, START + 2 * DAY], "somebody who was not told has had no notice"


async def test_a_plan_version_voids_signoffs_and_asks_again(rollouts: RolloutDesk) -> None:
    await rollouts.import_people()
    first = await rollouts.apply()
    await rollouts.sign("dora@it.example.test")
    assert (await rollouts.apply())["changed"] is False
    assert len(await rollouts.told("rollout.plan.applied")) == 1
    same = PLAN.replace("bake: P2D", "bake: 2d   # two quiet days")
    assert (await rollouts.apply(same))["plan_hash"] == first["plan_hash"], "how it is written does not count"
    second = await rollouts.apply(PLAN.replace("bake: P2D", "bake: P3D"))
    assert (second["plan_version"], second["changed"]) == (2, True)
    signoffs = (await rollouts.get("/v1/signoffs?rollout=video"))["items"]
    assert (
        sorted((one["plan_version"], one["voided_at"] is None) for one in signoffs)
        == [(1, False)] * 3 + [(2, True)] * 3
    )
    assert "0 of 2 roles signed off" in (await rollouts.wave("it"))["waits_for"]
    assert (await rollouts.wave("it"))["planned_at"] == "2026-03-16T09:00:00Z", "the go-to person was told before"


async def test_what_an_open_wave_stands_on_cannot_be_changed(rollouts: RolloutDesk) -> None:
    await rollouts.open_it()
    changed = PLAN.replace('department == "IT"', 'department == "Sales"')
    answer = await rollouts.post("/v1/plans/apply", changed, expect=422)
    (problem,) = answer["errors"]
    assert problem["pointer"] == "/spec/waves/0/audience"
    assert "The wave is open" in problem["detail"]
    without = PLAN.replace("- name: it\n", "- name: other\n")
    assert "cannot be left out" in (await rollouts.post("/v1/plans/apply", without, expect=422))["errors"][0]["detail"]
    assert (await rollouts.get("/v1/rollouts/video"))["plan_version"] == 1


async def test_the_go_to_person_and_the_deputy_are_told_when_the_plan_is_applied(rollouts: RolloutDesk) -> None:
    await rollouts.apply()
    mails = {mail["to_email"]: mail for mail in await rollouts.told("rollout.notification.requested")}
    assert "14 days notice" in mails["rosa@it.example.test"]["body"]
    assert "stand in" in mails["sam@it.example.test"]["body"]
    assert "{link}" in mails["dora@it.example.test"]["body"]
    assert START.isoformat() not in mails["rosa@it.example.test"]["body"]


async def test_who_comes_late_goes_to_the_next_wave_that_takes_them(rollouts: RolloutDesk) -> None:
    await rollouts.open_it()
    late = "id,name,email,department,region\nE99,Late,late@example.test,IT,North\n"
    answer = await rollouts.http.post(
        "/v1/people/import", content=late, headers=rollouts.identity(Role.TRAINING) | {"content-type": "text/csv"}
    )
    assert answer.status_code == 200, answer.text
    await rollouts.progress("it", completed=4)
    await rollouts.pass_time(2 * DAY)
    assert ((await rollouts.wave("it"))["audience_size"], (await rollouts.wave("north"))["audience_size"]) == (4, 11)


async def test_a_ticket_snapshot_alone_tells_what_lost_facts_would_have_told(rollouts: RolloutDesk) -> None:
    await rollouts.open_north()
    now = rollouts.clock.now()
    clock = ClockView(
        clock_id="clock-9", target="first_response", cycle=1, state="running", due_at=now, breached_at=now
    )
    ticket = TicketChanged(
        ticket_id="ticket-9",
        number=99,
        subject="No sound",
        status=TicketStatus.OPEN,
        priority=Priority.P2,
        attribution=Attribution(rollout="video", wave="north", rule="course"),
        opened_at=now,
        solved_at=None,
        clocks=[clock],
    )
    await rollouts.hand_in(ticket, version=3)
    await rollouts.run_due()
    assert (await rollouts.phases())["north"] == "holding"
    moved = ticket.model_copy(update={"attribution": None})
    await rollouts.hand_in(moved, version=2)
    await rollouts.run_due()
    assert "#99" in (await rollouts.wave("north"))["gates"][0]["sentence"], "an older snapshot changes nothing"
    await rollouts.hand_in(moved, version=4)
    await rollouts.run_due()
    await rollouts.pass_time(DAY)
    assert (await rollouts.phases())["north"] == "open", "the ticket counts for it no more"
