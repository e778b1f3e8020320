"""From a gate's request to open invitations and back to a verdict, on both databases."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlmodel import col

from services.survey.adapters.tables import InvitationRow, PersonRow
from services.survey.errors import RequestUnusable
from shared.events.rollout import PersonErased
from tests.integration.survey.desk import (
    CLOSES,
    NOT_READY,
    READY,
    START,
    SurveyDesk,
    enrolment,
    members,
    person,
    request,
)


async def answer_all(desk: SurveyDesk, tokens: list[str], *, not_ready: int = 0) -> None:
    for number, token in enumerate(tokens):
        answer = await desk.answer(token, NOT_READY if number < not_ready else READY)
        assert answer.status_code == 200, answer.text


async def verdict_of(desk: SurveyDesk) -> dict[str, Any]:
    [verdict] = await desk.told("survey.verdict.reached")
    return verdict


async def test_a_request_opens_a_campaign_when_its_whole_audience_is_known(desk: SurveyDesk) -> None:
    await desk.hand_in(request(3))
    await desk.run_due()
    assert (await desk.campaign())["state"] == "preparing"

    await desk.hand_in(*members(2), enrolment(2))
    await desk.run_due()
    assert (await desk.campaign())["state"] == "preparing"  # the third member is enrolled, but who it is is not known

    await desk.hand_in(person(2))
    await desk.run_due()
    campaign = await desk.campaign()
    assert (campaign["state"], campaign["invited"], campaign["opens_at"]) == ("open", 3, "2026-03-02T09:00:00Z")
    assert [told["state"] for told in await desk.told("survey.campaign.changed")] == ["preparing", "open"]


async def test_every_member_is_written_to_with_a_link_of_their_own(desk: SurveyDesk) -> None:
    await desk.open(3)
    notices = await desk.told("survey.notification.requested")
    assert sorted(notice["to_email"] for notice in notices) == [f"p{n}@example.org" for n in range(3)]
    assert len({notice["link"]["subject"] for notice in notices}) == 3
    for notice in notices:
        assert notice["link"]["purpose"] == "survey"
        assert notice["notification_id"] == notice["link"]["subject"]
        assert notice["body"].count("{link}") == 1
        assert "in a separate table that only the program reads" in notice["body"]
        assert "until 09 March 2026, 09:00 UTC" in notice["body"]


async def test_who_has_no_address_or_is_inactive_counts_among_the_invited_but_is_not_written_to(
    desk: SurveyDesk,
) -> None:
    await desk.hand_in(*members(2), person(2, email=None), enrolment(2), person(3, active=False), enrolment(3))
    await desk.hand_in(request(4))
    await desk.run_due()
    assert (await desk.campaign())["invited"] == 4
    assert len(await desk.told("survey.notification.requested")) == 2


async def test_the_same_request_makes_one_campaign_however_often_it_comes(desk: SurveyDesk) -> None:
    await desk.open(3)
    await desk.hand_in(request(3))
    await asyncio.gather(*(desk.hand_in(request(3)) for _ in range(4)))
    await desk.run_due()
    await desk.campaign()
    assert (await desk.query(select(func.count()).select_from(InvitationRow)))[0][0] == 3
    assert len(await desk.told("survey.notification.requested")) == 3


@pytest.mark.parametrize(
    "changes",
    [{"instrument": "horoscope"}, {"measure": "luck"}, {"threshold": 1.5}, {"confidence": 1.0}, {"audience_size": -1}],
)
async def test_a_request_that_can_never_be_met_goes_to_quarantine(desk: SurveyDesk, changes: dict[str, Any]) -> None:
    with pytest.raises(RequestUnusable):
        await desk.hand_in(request(3, **changes))
    assert (await desk.get("/v1/campaigns"))["items"] == []


async def test_who_leaves_the_wave_meanwhile_is_not_waited_for(desk: SurveyDesk) -> None:
    await desk.hand_in(*members(3)[:-2])
    await desk.hand_in(request(3))
    await desk.hand_in(enrolment(0, state="withdrawn"))
    await desk.run_due()
    assert (await desk.campaign())["state"] == "preparing"
    await desk.hand_in(person(2), enrolment(2))
    await desk.run_due()
    assert (await desk.campaign())["invited"] == 2


async def test_old_news_changes_nothing(desk: SurveyDesk) -> None:
    await desk.hand_in(*members(2), person(2), enrolment(2, state="withdrawn"))
    await desk.hand_in(enrolment(2, state="assigned"), person(0, email="old@example.org"), version=1)
    await desk.hand_in(request(2))
    await desk.run_due()
    assert (await desk.campaign())["invited"] == 2
    assert [n["to_email"] for n in await desk.told("survey.notification.requested")] == [
        "p0@example.org",
        "p1@example.org",
    ]


async def test_a_verdict_is_certain_once_nobody_who_is_silent_could_change_it(desk: SurveyDesk) -> None:
    tokens = await desk.open(40)
    await answer_all(desk, tokens[:35], not_ready=1)
    await desk.run_due()
    verdict = await verdict_of(desk)
    assert (verdict["verdict"], verdict["basis"], verdict["answered"], verdict["invited"]) == (
        "pass",
        "certain",
        30,
        40,
    )
    assert "28 of 40 are needed, and no answer still out can change that" in verdict["explanation"]
    assert (await desk.campaign())["state"] == "open"  # the others may still answer


async def test_the_campaign_closes_as_soon_as_everybody_has_answered(desk: SurveyDesk) -> None:
    tokens = await desk.open(8)
    await answer_all(desk, tokens, not_ready=4)
    await desk.run_due()
    campaign = await desk.campaign()
    assert (campaign["state"], campaign["answered"], campaign["closed_at"]) == ("closed", 8, "2026-03-02T09:00:00Z")
    verdict = await verdict_of(desk)
    assert (verdict["verdict"], verdict["basis"], verdict["estimate"]) == ("fail", "certain", 0.5)
    assert campaign["verdict"]["explanation"] == verdict["explanation"]


async def test_at_the_deadline_an_exact_test_decides(desk: SurveyDesk) -> None:
    tokens = await desk.open(40)
    await answer_all(desk, tokens[:20], not_ready=1)
    await desk.run_due()
    assert await desk.told("survey.verdict.reached") == []

    desk.clock.advance(CLOSES - START - timedelta(seconds=1))
    await desk.run_due()
    assert (await desk.campaign())["state"] == "open"
    desk.clock.advance(timedelta(minutes=3))
    await desk.run_due()
    campaign = await desk.campaign()
    assert (campaign["state"], campaign["answered"], campaign["closed_at"]) == ("closed", 20, "2026-03-09T09:00:00Z")
    verdict = await verdict_of(desk)
    assert (verdict["verdict"], verdict["basis"], verdict["estimate"]) == ("pass", "deadline", 0.95)
    assert "rules out that fewer than 28 of 40" in verdict["explanation"]


@pytest.mark.parametrize("policy", ["pass", "fail", "undecided"])
async def test_what_stays_open_at_the_deadline_is_decided_as_declared(desk: SurveyDesk, policy: str) -> None:
    tokens = await desk.open(40, on_undecided=policy)
    await answer_all(desk, tokens[:10], not_ready=3)
    desk.clock.advance(CLOSES - START)
    await desk.run_due()
    verdict = await verdict_of(desk)
    assert (verdict["verdict"], verdict["basis"]) == (policy, "deadline")
    assert "leaves it open whether 28 of 40" in verdict["explanation"]


async def test_silence_never_passes(desk: SurveyDesk) -> None:
    await desk.open(40, on_undecided="pass")
    desk.clock.advance(CLOSES - START)
    await desk.run_due()
    verdict = await verdict_of(desk)
    assert (verdict["verdict"], verdict["estimate"], verdict["answered"]) == ("undecided", None, 0)


async def test_the_verdict_is_told_exactly_once(desk: SurveyDesk) -> None:
    tokens = await desk.open(30)
    await answer_all(desk, tokens[:29], not_ready=1)
    await desk.run_due()
    assert (await verdict_of(desk))["basis"] == "certain"
    desk.clock.advance(CLOSES - START)
    await asyncio.gather(desk.run_due(), desk.run_due())
    assert (await desk.campaign())["state"] == "closed"
    assert (await verdict_of(desk))["basis"] == "certain"


async def test_an_audience_that_never_became_known_is_undecided_at_the_deadline(desk: SurveyDesk) -> None:
    await desk.hand_in(*members(2), request(3, on_undecided="pass"))
    desk.clock.advance(CLOSES - START)
    await desk.run_due()
    verdict = await verdict_of(desk)
    assert verdict["verdict"] == "undecided"
    assert verdict["explanation"].startswith("Only 2 of 3 members of the wave were known")
    assert await desk.told("survey.notification.requested") == []


async def test_an_empty_audience_is_refused_at_once(desk: SurveyDesk) -> None:
    await desk.hand_in(request(0))
    assert (await desk.campaign())["state"] == "closed"
    assert (await verdict_of(desk))["explanation"] == "Nobody belongs to the audience."


async def test_an_erased_person_leaves_no_name_behind_and_is_not_brought_back(desk: SurveyDesk) -> None:
    await desk.open(3)
    at = desk.clock.now()
    await desk.hand_in(PersonErased(person_id="p0001", erased_at=at))
    await desk.hand_in(person(1))
    rows = await desk.query(select(col(InvitationRow.person_id)))
    assert sorted(row[0] or "" for row in rows) == ["", "p0000", "p0002"]
    [held] = await desk.query(
        select(col(PersonRow.name), col(PersonRow.email)).where(col(PersonRow.person_id) == "p0001")
    )
    assert tuple(held) == ("", None)


async def test_state_events_count_up_without_gaps(desk: SurveyDesk) -> None:
    tokens = await desk.open(10)
    await answer_all(desk, tokens, not_ready=5)
    await desk.run_due()
    changed = [doc for doc in await desk.outbox() if doc["type"] == "glidepath.survey.campaign.changed.v1"]
    versions = [doc["aggregateversion"] for doc in changed]
    assert versions == sorted(set(versions))
    assert changed[-1]["data"]["state"] == "closed"
