"""What people may order, and what an order does not do."""

from shared.auth import Role
from tests.integration.rollout.rollout_desk import DAY, HOUR, PLAN, RolloutDesk, breached, settled
from tests.support.permission_walk import walk


async def test_promote_skips_waiting_times_but_not_gates(rollouts: RolloutDesk) -> None:
    await rollouts.import_people()
    await rollouts.apply()
    refused = await rollouts.order("it", "promote", {"reason": "Board wants it"}, expect=409)
    assert "0 of 2 roles signed off" in refused["detail"]
    assert "notice" not in refused["detail"]
    assert await rollouts.phases() == {"it": "waiting", "north": "pending", "everyone": "pending"}
    for email in ("dora@it.example.test", "selma@it.example.test"):
        await rollouts.sign(email)
    await rollouts.verdict()
    answer = await rollouts.order("it", "promote", {"reason": "Board wants it"})
    assert (answer["before"]["phase"], answer["after"]["phase"]) == ("waiting", "open")
    entry = (await rollouts.get("/v1/rollouts/video/timeline?wave=it"))["items"][0]
    assert "Board wants it" in entry["sentence"]


async def test_promote_in_full_needs_a_reason_and_skips_gates_but_nobodys_hold(rollouts: RolloutDesk) -> None:
    await rollouts.import_people()
    await rollouts.apply()
    answer = await rollouts.order("it", "promote", {"full": True}, expect=422)
    assert answer["errors"][0]["pointer"] == "/reason"
    await rollouts.order("it", "hold", {"reason": "Network change tonight."}, Role.IT_LEAD)
    refused = await rollouts.order("it", "promote", {"full": True, "reason": "Now."}, expect=409)
    assert "Network change tonight." in refused["detail"]
    hold = (await rollouts.wave("it"))["holds"][0]
    await rollouts.order("it", f"holds/{hold['hold_id']}/lift", {"reason": "Done."}, Role.IT_LEAD)
    assert (await rollouts.order("it", "promote", {"full": True, "reason": "Now."}))["after"]["phase"] == "open"


async def test_training_cannot_lift_the_hold_of_an_it_lead(rollouts: RolloutDesk) -> None:
    await rollouts.open_it()
    await rollouts.order("it", "hold", {"reason": "Backup runs."}, Role.IT_LEAD)
    await rollouts.order("it", "pause", {"reason": "Lunch."})
    wave = await rollouts.wave("it")
    theirs, ours = wave["holds"]
    assert (theirs["may_lift"], ours["may_lift"]) == (False, True)
    refused = await rollouts.order("it", f"holds/{theirs['hold_id']}/lift", {}, expect=403)
    assert "an IT lead or an admin" in refused["detail"]
    answer = await rollouts.order("it", "resume", {})
    assert answer["after"]["phase"] == "holding", "lifting one leaves the others"
    answer = await rollouts.order("it", f"holds/{theirs['hold_id']}/lift", {}, Role.IT_LEAD)
    assert answer["after"]["phase"] == "open"


async def test_a_hold_that_expires_lifts_itself(rollouts: RolloutDesk) -> None:
    await rollouts.open_it()
    until = rollouts.clock.now() + 2 * HOUR
    await rollouts.order("it", "hold", {"reason": "Switch is replaced.", "expires_at": until.isoformat()}, Role.IT_LEAD)
    assert (await rollouts.wave("it"))["next_look_at"] == until.isoformat().replace("+00:00", "Z")
    await rollouts.pass_time(2 * HOUR)
    assert (await rollouts.phases())["it"] == "open"


async def test_a_gates_hold_is_lifted_by_hand_only_once_the_gate_passes(rollouts: RolloutDesk) -> None:
    await rollouts.open_north()
    await rollouts.hand_in(breached(at=rollouts.clock.now()))
    hold = (await rollouts.wave("north"))["holds"][0]["hold_id"]
    refused = await rollouts.order("north", f"holds/{hold}/lift", {}, Role.IT_LEAD, expect=409)
    assert "does not pass" in refused["detail"]
    await rollouts.hand_in(settled(rollouts.clock.now()))
    answer = await rollouts.order("north", f"holds/{hold}/lift", {"reason": "Seen to it."}, Role.IT_LEAD)
    assert answer["after"]["phase"] == "open"


async def test_abort_and_retry(rollouts: RolloutDesk) -> None:
    await rollouts.open_it()
    refused = await rollouts.order("it", "retry", {}, expect=409)
    assert "nothing to retry" in refused["detail"]
    answer = await rollouts.order("it", "abort", {"reason": "Wrong video.", "roll_back": True})
    assert answer["after"]["phase"] == "rolled_back"
    assert answer["after"]["verbs"] == ["retry"]
    assert (await rollouts.told("rollout.wave.rolled_back"))[0]["reason"].endswith("Wrong video.")
    assert "retry that wave" in (await rollouts.wave("north"))["waits_for"]
    await rollouts.order("it", "pause", {}, expect=409)
    answer = await rollouts.order("it", "retry", {"reason": "New video."})
    assert answer["after"]["phase"] == "open", "its gates were passed before and its notice is over"


async def test_a_survey_answered_no_can_be_asked_again(rollouts: RolloutDesk) -> None:
    await rollouts.import_people()
    await rollouts.apply()
    await rollouts.verdict("fail")
    wave = await rollouts.wave("it")
    assert "retry" in wave["verbs"]
    await rollouts.order("it", "retry", {"reason": "We talked to them."})
    assert len(await rollouts.told("rollout.survey.requested")) == 2
    gate = next(gate for gate in (await rollouts.wave("it"))["gates"] if gate["gate"] == "readiness")
    assert gate["assessment"] == "insufficient"


async def test_the_same_order_sent_twice_has_one_effect(rollouts: RolloutDesk) -> None:
    await rollouts.open_it()
    path = "/v1/rollouts/video/waves/it/hold"
    first = await rollouts.post(path, {"reason": "Once."}, Role.IT_LEAD, key="k1")
    second = await rollouts.post(path, {"reason": "Once."}, Role.IT_LEAD, key="k1")
    assert first == second
    assert len((await rollouts.wave("it"))["holds"]) == 1


async def test_unknown_things_are_named(rollouts: RolloutDesk) -> None:
    assert (await rollouts.post("/v1/rollouts/nope/waves/x/pause", {}, expect=404))["code"] == "rollout_not_found"
    await rollouts.apply()
    refused = await rollouts.order("nowhere", "pause", {}, expect=404)
    assert "its waves are it, north, everyone" in refused["detail"]
    assert (await rollouts.order("it", "holds/x/lift", {}, expect=404))["code"] == "hold_not_found"


async def test_lint_names_every_problem_with_its_line_and_changes_nothing(rollouts: RolloutDesk) -> None:
    wrong = PLAN.replace("zone: Europe/Berlin", "zone: Mars/Base").replace("kind: sla", "kind: slaa")
    answer = await rollouts.post("/v1/plans/lint", wrong)
    assert answer["valid"] is False
    assert {problem["pointer"] for problem in answer["problems"]} >= {"/spec/zone", "/spec/waves/1/gates/0/kind"}
    assert "(line 6)" in next(p["detail"] for p in answer["problems"] if p["pointer"] == "/spec/zone")
    assert (await rollouts.post("/v1/plans/lint", PLAN))["valid"] is True
    refused = await rollouts.post("/v1/plans/apply", wrong, expect=422)
    assert refused["code"] == "plan_invalid"
    assert (await rollouts.get("/v1/rollouts"))["items"] == []


async def test_text_that_is_no_yaml_is_answered_with_line_and_column(rollouts: RolloutDesk) -> None:
    for text, words in (
        ("a: [1, 2", "line"),
        ("a: &x 1\nb: *x", "anchors and aliases"),
        ("", "empty"),
        ("a: 1\na: 2", "'a' stands here twice"),
        ("[" * 200, "deep"),
    ):
        answer = await rollouts.post("/v1/plans/apply", text or " ", expect=422)
        assert words in answer["detail"], (text, answer)


async def test_every_route_is_allowed_and_refused_as_the_table_says(rollouts: RolloutDesk) -> None:
    async def ask(method: str, path: str, role: Role | None) -> int:
        answer = await rollouts.http.request(method, path, headers=rollouts.identity(role))
        return answer.status_code

    assert await walk(rollouts.app.state.permissions, ask) == []


async def test_time_stands_still_for_a_paused_wave(rollouts: RolloutDesk) -> None:
    await rollouts.open_it()
    await rollouts.order("it", "pause", {"reason": "Easter."})
    await rollouts.progress("it", completed=4)
    await rollouts.pass_time(5 * DAY)
    assert (await rollouts.phases())["it"] == "holding"
