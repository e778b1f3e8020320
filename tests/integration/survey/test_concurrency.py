"""Many answer at once while batches leave and the campaign closes, on both databases."""

import asyncio
from collections import Counter
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from services.survey.adapters.tables import (
    ResponseAuthorRow,
    ResponseRow,
    SealedParticipationRow,
    SealedResponseRow,
    StagedAnswerRow,
)
from tests.integration.survey.desk import CLOSES, NOT_READY, READY, START, SurveyDesk


@pytest.mark.parametrize(
    ("instrument", "people", "answers"),
    [
        ("readiness", ResponseAuthorRow, ResponseRow),
        ("readiness-anonymous", SealedParticipationRow, SealedResponseRow),
    ],
)
async def test_no_answer_is_lost_or_doubled_while_batches_leave_and_the_campaign_closes(
    desk: SurveyDesk, instrument: str, people: type, answers: type
) -> None:
    tokens = await desk.open(32, instrument=instrument)
    desk.clock.advance(CLOSES - START - timedelta(seconds=1))
    told: Counter[str] = Counter()

    async def respond(number: int, token: str) -> None:
        answer = await desk.answer(token, READY if number % 4 else NOT_READY)
        title = answer.text.partition("<h1>")[2].partition("</h1>")[0]
        told[title] += 1
        if number == 20:
            desk.clock.advance(timedelta(seconds=2))  # the close falls into the middle

    async def keep_firing() -> None:
        while sum(told.values()) < 48:
            await desk.run_due()
            await asyncio.sleep(0.005)

    twice = tokens[:16]  # these people double-click
    sent = [respond(number, token) for number, token in enumerate([*tokens, *twice])]
    await asyncio.gather(keep_firing(), *sent)
    await desk.run_due()

    campaign = await desk.campaign()
    assert campaign["state"] == "closed"
    counts = [(await desk.query(select(func.count()).select_from(row)))[0][0] for row in (people, answers)]
    assert counts == [campaign["answered"]] * 2
    assert (await desk.query(select(func.count()).select_from(StagedAnswerRow)))[0][0] == 0
    assert set(told) <= {"Thank you", "You have already answered", "This survey is closed"}
    assert 5 <= campaign["answered"] <= told["Thank you"]
    assert (await desk.results())["measures"][0]["n"] == campaign["answered"]
    assert len(await desk.told("survey.verdict.reached")) == 1
