"""Recognition over REST: borne out by results, said once, told to the manager, declined by whoever wants."""

from datetime import datetime, timedelta
from typing import Any

import httpx
from sqlalchemy import select
from sqlmodel import col

from services.tickets.adapters.tables import ClockResultRow, RecognitionRow, ResultCountRow
from shared.auth import Role
from shared.clock import render_instant
from shared.events.rollout import PersonChanged, PersonErased
from tests.integration.tickets.desk import HOUR, MINUTE, START, TicketsDesk, source

ANN = "ann@example.com"
MONTH = timedelta(days=30)


async def work_of(desk: TicketsDesk, count: int, *, late: int = 0, agent: str = ANN) -> None:
    """Tickets opened now, assigned to the agent and answered after ten minutes; `late` of them after two hours."""
    opened_at = desk.clock.now()
    for number in range(count):
        took = 2 * HOUR if number < late else 10 * MINUTE
        desk.clock.at = opened_at + took
        await desk.deliver(*_facts(f"{agent}-{opened_at:%m}-{number}", agent, opened_at, opened_at + took))
    desk.clock.at = opened_at + 3 * HOUR


def _facts(ticket: str, agent: str, opened_at: datetime, answered_at: datetime) -> list[dict[str, Any]]:
    about = {"ticket": {"id": ticket}}
    author = {"scheme": "email", "value": agent}
    return [
        {
            **about,
            "type": "ticket",
            "subject": "Video stalls",
            "status": "open",
            "priority": "P1",
            "requester": {"scheme": "email", "value": "ada@example.com"},
            "assignee": author,
            "created_at": render_instant(opened_at),
            "occurred_at": render_instant(opened_at),
        },
        {
            **about,
            "type": "comment",
            "occurred_at": render_instant(answered_at),
            "comment": {"id": ticket, "author_role": "agent", "author": author, "public": True, "body": "On it"},
        },
    ]


async def people(desk: TicketsDesk) -> None:
    manager = PersonChanged(person_id="p-mia", name="Mia", email="mia@example.com")
    ann = PersonChanged(person_id="p-ann", name="Ann\nAgent", email="Ann@Example.com", manager_id="p-mia")
    await desk.hand_in(source(), manager, ann)


async def praise(desk: TicketsDesk, kind: str, to: str = ANN, role: Role = Role.IT_LEAD, **more: Any) -> httpx.Response:
    body = {"kind": kind, "to": to, "month": more.pop("month", "2026-11"), "message": "You were there for everybody."}
    return await desk.ask("POST", "/v1/recognitions", role, json=body, **more)


async def test_results_that_bear_it_out_are_praised_once_and_the_manager_is_told(desk: TicketsDesk) -> None:
    await people(desk)
    await work_of(desk, 20)
    assert (await praise(desk, "attainment")).json()["code"] == "month_not_over"
    desk.clock.advance(MONTH)
    found = (await desk.ask("GET", "/v1/recognitions/candidates?month=2026-11", Role.IT_LEAD)).json()
    assert found == [{"kind": "attainment", "to": ANN, "decided": 20, "attainment": "100.0 %", "before": None}]
    answer = await praise(desk, "attainment", "Ann@Example.com")
    assert answer.status_code == 201, answer.text
    assert (answer.json()["to"], answer.json()["told"]) == (ANN, ["person", "manager"])
    assert (await praise(desk, "attainment")).json()["code"] == "already_recognised"
    person, manager = await desk.told("tickets.notification.requested")
    assert (person["to_email"], person["person_id"]) == ("Ann@Example.com", "p-ann")
    assert (manager["to_email"], manager["subject"]) == ("mia@example.com", "A word of thanks for Ann Agent")
    assert "You were there for everybody." in manager["body"]
    # Figures of a person are for the person and the lead, not for their manager.
    assert "%" not in manager["body"] + person["body"]
    assert "recognitions/refusal" in person["body"]
    assert "recognitions/refusal" not in manager["body"]
    listed = (await desk.ask("GET", "/v1/recognitions?month=2026-11", Role.MANAGER)).json()["items"]
    assert [each["to"] for each in listed] == [ANN]


async def test_who_got_better_is_seen_against_the_month_before(desk: TicketsDesk) -> None:
    await people(desk)
    await work_of(desk, 20, late=10)
    desk.clock.at = START + MONTH - timedelta(days=9)
    await work_of(desk, 20, late=2)
    desk.clock.advance(MONTH)
    path = "/v1/recognitions/candidates?month=2026-12"
    assert (await desk.ask("GET", path, Role.IT_LEAD)).json() == [
        {"kind": "improvement", "to": ANN, "decided": 20, "attainment": "90.0 %", "before": "50.0 %"}
    ]
    assert (await praise(desk, "improvement", month="2026-12")).status_code == 201
    assert (await praise(desk, "attainment", month="2026-12")).json()["code"] == "not_earned"


async def test_few_results_praise_nobody_but_thanks_are_always_free(desk: TicketsDesk) -> None:
    await people(desk)
    await work_of(desk, 3)
    desk.clock.advance(MONTH)
    assert (await desk.ask("GET", "/v1/recognitions/candidates?month=2026-11", Role.IT_LEAD)).json() == []
    assert (await praise(desk, "attainment")).json()["code"] == "not_earned"
    assert (await praise(desk, "thanks", role=Role.TRAINING)).status_code == 201


async def test_whether_results_bear_it_out_is_not_told_to_who_may_not_see_them(desk: TicketsDesk) -> None:
    await people(desk)
    desk.clock.advance(MONTH)
    refused = await praise(desk, "attainment", role=Role.TRAINING)
    assert (refused.status_code, refused.json()["code"]) == (403, "figures_are_personal")


async def test_nobody_praises_themselves_and_mail_goes_to_people_of_the_directory_only(desk: TicketsDesk) -> None:
    await people(desk)
    assert (await praise(desk, "thanks", email=ANN)).status_code == 403
    assert (await praise(desk, "thanks", "stranger@elsewhere.example")).status_code == 404
    assert (await praise(desk, "thanks", "team:nobody")).status_code == 404
    assert await desk.told("tickets.notification.requested") == []


async def test_who_does_not_want_to_be_recognised_is_left_alone(desk: TicketsDesk) -> None:
    await people(desk)
    await work_of(desk, 20)
    desk.clock.advance(MONTH)
    path = "/v1/recognitions/refusal"
    assert (await desk.ask("PUT", path, Role.IT_AGENT, email="Ann@example.com")).json() == {"refused": True}
    assert (await desk.ask("GET", "/v1/recognitions/candidates?month=2026-11", Role.IT_LEAD)).json() == []
    assert (await praise(desk, "thanks")).json()["code"] == "recognition_declined"
    assert (await desk.ask("DELETE", path, Role.IT_AGENT, email=ANN)).json() == {"refused": False}
    assert (await desk.ask("GET", path, Role.IT_AGENT, email=ANN)).json() == {"refused": False}
    assert (await praise(desk, "thanks")).status_code == 201
    assert (await desk.ask("PUT", path, Role.IT_AGENT)).status_code == 422


async def test_a_team_is_thanked_through_its_lead_and_its_address(desk: TicketsDesk) -> None:
    team = {"email": "network@example.com", "lead": "lead@example.com", "members": [ANN]}
    answer = await desk.ask("PUT", "/v1/teams/network", Role.IT_LEAD, json=team)
    assert answer.status_code in (200, 201), answer.text
    given = await praise(desk, "thanks", "team:network", role=Role.TRAINING)
    assert given.json()["told"] == ["lead", "team"]
    told = await desk.told("tickets.notification.requested")
    assert [each["to_email"] for each in told] == ["lead@example.com", "network@example.com"]


async def test_erasing_a_person_takes_their_name_out_of_reports_and_keeps_the_figures(desk: TicketsDesk) -> None:
    await people(desk)
    await work_of(desk, 20)
    desk.clock.advance(MONTH)
    assert (await praise(desk, "thanks")).status_code == 201
    await desk.hand_in(PersonErased(person_id="p-ann", erased_at=desk.clock.now()))
    async with desk.database.work() as work:
        agents = set((await work.session.execute(select(col(ClockResultRow.agent)))).scalars())
        agents |= set((await work.session.execute(select(col(ResultCountRow.agent)))).scalars())
        [row] = (await work.session.execute(select(RecognitionRow))).scalars().all()
    assert agents == {""}
    assert (row.receiver, row.person_id, row.message) == (row.recognition_id, None, "")
    check = await desk.ask("GET", "/v1/reports/consistency?from=2026-11-01&to=2026-12-01", Role.ADMIN)
    assert check.json()["consistent"], check.text
    report = await desk.ask("GET", "/v1/reports/attainment?from=2026-11-01&to=2026-12-01&by=agent", Role.IT_LEAD)
    assert report.json()["whole"]["met"] == 20
