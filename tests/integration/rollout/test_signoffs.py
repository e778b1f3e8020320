"""Signing off by a mailed link, without an account and without a script."""

import asyncio

from tests.integration.rollout.rollout_desk import DAY, PLAN, RolloutDesk

DORA = "dora@it.example.test"


async def show(rollouts: RolloutDesk, token: str) -> tuple[int, str]:
    answer = await rollouts.http.get(f"/public/signoffs/{token}", headers=rollouts.identity())
    return answer.status_code, answer.text


async def test_the_page_says_what_is_asked_and_bears_no_script(rollouts: RolloutDesk) -> None:
    await rollouts.import_people()
    await rollouts.apply()
    status, html = await show(rollouts, (await rollouts.tokens())[DORA])
    assert status == 200
    assert "asked as <strong>dba</strong>" in html
    assert "video-portal" in html
    assert '<form method="post">' in html
    assert "<script" not in html
    assert "style=" not in html


async def test_a_signoff_is_given_once_and_the_page_says_what_was_decided(rollouts: RolloutDesk) -> None:
    await rollouts.apply()
    token = (await rollouts.tokens())[DORA]
    first = await rollouts.sign(DORA, "approve_with_conditions", "Not <b>today</b>.")
    assert first.status_code == 200
    assert "You approved with conditions on" in first.text
    assert "Not &lt;b&gt;today&lt;/b&gt;." in first.text
    second = await rollouts.sign(DORA, "reject", "Changed my mind.")
    assert second.status_code == 409
    assert "a sign-off is given once" in second.text
    assert (await show(rollouts, token))[1].count("<form") == 0
    (given,) = await rollouts.told("rollout.signoff.given")
    assert given["decision"] == "approve_with_conditions"


async def test_a_rejection_needs_words_and_stops_the_wave(rollouts: RolloutDesk) -> None:
    await rollouts.apply()
    half = await rollouts.sign(DORA, "reject")
    assert half.status_code == 422
    assert "why it is rejected" in half.text
    assert 'value="reject" required checked' in half.text
    await rollouts.sign(DORA, "reject", "The database is full.")
    wave = await rollouts.wave("it")
    gate = next(gate for gate in wave["gates"] if gate["gate"] == "clearance")
    assert gate["assessment"] == "failed"
    assert "Dora: rejected" in gate["sentence"]
    assert "retry" in wave["verbs"]


async def test_a_link_to_an_older_plan_is_void(rollouts: RolloutDesk) -> None:
    await rollouts.apply()
    old = (await rollouts.tokens())[DORA]
    await rollouts.apply(PLAN.replace("bake: P2D", "bake: P3D"))
    status, html = await show(rollouts, old)
    assert status == 200
    assert "this request is void" in html
    form = {"decision": "approve"}
    answer = await rollouts.http.post(f"/public/signoffs/{old}", data=form, headers=rollouts.identity())
    assert answer.status_code == 409


async def test_forged_and_expired_links_get_a_clear_page(rollouts: RolloutDesk) -> None:
    await rollouts.apply()
    token = (await rollouts.tokens())[DORA]
    status, html = await show(rollouts, token[:-2] + "xx")
    assert (status, "does not work" in html) == (404, True)
    rollouts.clock.advance(91 * DAY)
    status, html = await show(rollouts, token)
    assert (status, "has expired" in html) == (404, True)
    answer = await rollouts.http.post(
        f"/public/signoffs/{token}", data={"decision": "approve"}, headers=rollouts.identity()
    )
    assert answer.status_code == 404


async def test_two_who_sign_at_the_same_moment_open_the_wave_once(rollouts: RolloutDesk) -> None:
    await rollouts.import_people()
    await rollouts.apply()
    await rollouts.verdict()
    await rollouts.pass_time(14 * DAY)
    signers = (DORA, "selma@it.example.test", "sven@it.example.test")
    answers = await asyncio.gather(*(rollouts.sign(signer) for signer in signers))
    assert [answer.status_code for answer in answers] == [200, 200, 200]
    assert (await rollouts.phases())["it"] == "open"
    assert len(await rollouts.told("rollout.wave.opened")) == 1
