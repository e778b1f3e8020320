"""Results of clocks, figures of a period and exemptions, on both databases."""

import csv
import io
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select, text, update

from services.tickets.adapters.tables import ClockResultRow, ResultCountRow
from services.tickets.domain.report import nearest_rank
from shared.auth import Role
from tests.integration.tickets.desk import (
    HOUR,
    MINUTE,
    START,
    TicketsDesk,
    comment_fact,
    enrolment,
    person,
    plan,
    source,
    ticket_fact,
    wave,
)

NOVEMBER = "from=2026-11-01&to=2026-12-01"


async def report(desk: TicketsDesk, query: str = "by=target", role: Role = Role.VIEWER, **who: str) -> Any:
    answer = await desk.ask("GET", f"/v1/reports/attainment?{NOVEMBER}&{query}", role, **who)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def figures(
    desk: TicketsDesk, query: str = "by=target"
) -> dict[tuple[str, str | None], tuple[int, int, int, int]]:
    """(key, target) -> met, breached, exempted, open overdue."""
    rows = (await report(desk, query, Role.IT_LEAD))["rows"]
    names = ("met", "breached", "exempted", "open_overdue")
    return {(row["key"], row["target"]): tuple(row[name] for name in names) for row in rows}


async def all_results(desk: TicketsDesk) -> list[ClockResultRow]:
    async with desk.database.work() as work:
        return list((await work.session.execute(select(ClockResultRow))).scalars().all())


async def results(desk: TicketsDesk) -> dict[str, ClockResultRow]:
    """Those of the only ticket there is."""
    return {f"{row.target}:{row.clock_id.rpartition(':')[2]}": row for row in await all_results(desk)}


async def elapsed(desk: TicketsDesk) -> dict[str, float | None]:
    return {row.clock_id: row.elapsed_seconds for row in await all_results(desk)}


async def is_consistent(desk: TicketsDesk) -> bool:
    answer = await desk.ask("GET", f"/v1/reports/consistency?{NOVEMBER}", Role.ADMIN)
    assert answer.status_code == 200, answer.text
    return bool(answer.json()["consistent"])


async def first_ticket(desk: TicketsDesk) -> Any:
    return await desk.get("/v1/tickets/1")


async def answer_ticket(desk: TicketsDesk, ticket: Any) -> None:
    answer = await desk.ask("POST", f"/v1/tickets/{ticket['ticket_id']}/comments", json={"body": "On it"})
    assert answer.status_code == 201, answer.text


async def exempt(desk: TicketsDesk, clock_id: str, role: Role = Role.IT_LEAD, **who: str) -> Any:
    body = {"reason": "The building had no power"}
    return await desk.ask("POST", f"/v1/clocks/{clock_id}/exemptions", role, json=body, **who)


async def test_a_target_that_was_met_is_in_the_figures_with_what_it_took(desk: TicketsDesk) -> None:
    ticket = await desk.open_ticket()
    desk.clock.advance(30 * MINUTE)
    await answer_ticket(desk, ticket)
    assert await figures(desk) == {("first_response", "first_response"): (1, 0, 0, 0)}
    [row] = (await report(desk))["rows"]
    assert (row["raw_said"], row["raw_percent"], row["adjusted_said"]) == ("1 of 1", None, "1 of 1")
    assert (row["elapsed_measured"], row["elapsed_p50_seconds"], row["overdue_measured"]) == (1, 1800, None)
    kept = (await results(desk))["first_response:1"]
    assert (kept.outcome, kept.policy, kept.policy_version, kept.priority) == ("met", "standard", 1, "P1")
    assert (kept.finished_at, kept.elapsed_seconds, kept.overdue_seconds) == (START + 30 * MINUTE, 1800, 0)


async def test_a_breach_counts_at_once_and_stays_on_its_day_when_it_is_settled_later(desk: TicketsDesk) -> None:
    ticket = await desk.open_ticket(subject="Slow")
    desk.clock.advance(2 * HOUR)
    await desk.run_due()
    assert await figures(desk) == {("first_response", "first_response"): (0, 1, 0, 1)}
    desk.clock.advance(timedelta(days=1))
    await answer_ticket(desk, ticket)
    await desk.run_due()
    shown = await figures(desk)
    assert shown[("first_response", "first_response")] == (0, 1, 0, 0)
    kept = (await results(desk))["first_response:1"]
    # From nine to five on Monday, and two hours of Tuesday, against one hour.
    assert (kept.decided_at, kept.elapsed_seconds, kept.overdue_seconds) == (START + HOUR, 10 * 3600, 9 * 3600)
    assert await is_consistent(desk)


async def test_a_breach_that_a_request_finds_first_counts_as_the_timer_s_does(desk: TicketsDesk) -> None:
    ticket = await desk.open_ticket()
    desk.clock.advance(2 * HOUR)
    await answer_ticket(desk, ticket)
    assert await figures(desk) == {("first_response", "first_response"): (0, 1, 0, 0)}
    assert await desk.run_due() == 0
    assert await is_consistent(desk)


async def test_reopening_takes_a_met_resolution_back_until_it_is_solved_again(desk: TicketsDesk) -> None:
    ticket = await desk.open_ticket()
    await answer_ticket(desk, ticket)
    solved = await desk.patch(await first_ticket(desk), status="solved")
    assert (await figures(desk))["resolution", "resolution"] == (1, 0, 0, 0)
    reopened = await desk.patch(solved, status="open")
    assert ("resolution", "resolution") not in await figures(desk)
    desk.clock.advance(5 * HOUR)
    await desk.patch(reopened, status="solved")
    assert (await figures(desk))["resolution", "resolution"] == (0, 1, 0, 0)
    assert await is_consistent(desk)


async def test_a_late_fact_that_withdraws_a_breach_corrects_the_figures(desk: TicketsDesk) -> None:
    await desk.hand_in(source())
    await desk.deliver(ticket_fact(START))
    desk.clock.advance(2 * HOUR)
    await desk.run_due()
    assert (await figures(desk))["first_response", "first_response"] == (0, 1, 0, 1)
    await desk.deliver(comment_fact(START + 55 * MINUTE))
    assert (await figures(desk))["first_response", "first_response"] == (1, 0, 0, 0)
    assert (await results(desk))["first_response:1"].elapsed_seconds == 55 * 60
    assert await is_consistent(desk)


async def test_a_ticket_that_is_deleted_before_anything_was_decided_is_in_no_figure(desk: TicketsDesk) -> None:
    await desk.hand_in(source())
    await desk.deliver(ticket_fact(START))
    desk.clock.advance(MINUTE)
    await desk.deliver(ticket_fact(desk.clock.now(), type="deleted"))
    whole = (await report(desk))["whole"]
    assert (whole["decided"], whole["cancelled"], whole["raw_said"]) == (0, 2, "none")


async def test_the_wave_of_a_result_follows_the_ticket_and_who_held_it_then_stays(desk: TicketsDesk) -> None:
    await desk.hand_in(plan(), wave(), person(), enrolment())
    ticket = await desk.open_ticket(system="Vidstream")
    ticket = await desk.patch(ticket, assignee="ann@example.com")
    desk.clock.advance(2 * HOUR)
    await desk.run_due()
    assert ("safety-video:north", "first_response") in await figures(desk, "by=wave")
    ticket = await desk.patch(
        await first_ticket(desk), assignee="bob@example.com", attribution={"rollout": "safety-video", "wave": "it"}
    )
    shown = await figures(desk, "by=wave")
    assert shown["safety-video:it", "first_response"] == (0, 1, 0, 1)
    assert ("safety-video:north", "first_response") not in shown
    assert ("ann@example.com", "first_response") in await figures(desk, "by=agent")
    assert await is_consistent(desk)


async def test_each_way_to_tell_figures_apart_adds_up_to_the_same_sum(desk: TicketsDesk) -> None:
    for number in range(6):
        ticket = await desk.open_ticket(priority="P1" if number % 2 else "P2")
        if number % 3 == 0:
            await answer_ticket(desk, ticket)
    desk.clock.advance(timedelta(days=2))
    await desk.run_due()
    for by in ("policy", "team", "priority", "target", "rollout", "wave", "agent"):
        found = await report(desk, f"by={by}", Role.IT_LEAD)
        rows = [row for row in found["rows"] if row["target"] is not None]
        assert (sum(row["met"] for row in rows), sum(row["breached"] for row in rows)) == (2, 10)
        assert (found["whole"]["met"], found["whole"]["breached"]) == (2, 10)
        sums = [row for row in found["rows"] if row["target"] is None]
        assert sum(row["decided"] for row in sums) == (0 if by == "target" else 12)
        assert all(row["elapsed_p50_seconds"] is None for row in sums)
    assert {row["key"] for row in (await report(desk, "by=policy"))["rows"]} == {"standard@1"}


async def test_percentiles_are_values_that_occurred_and_the_same_on_both_databases(desk: TicketsDesk) -> None:
    took = [3, 7, 8, 12, 13, 14, 18, 21, 40, 41, 55]
    for minutes in took:
        ticket = await desk.open_ticket(priority="P2")
        desk.clock.advance(minutes * MINUTE)
        await answer_ticket(desk, ticket)
    row = next(row for row in (await report(desk))["rows"] if row["target"] == "first_response")
    for percent in (50, 90, 95):
        expected = nearest_rank([minutes * 60.0 for minutes in took], percent)
        assert row[f"elapsed_p{percent}_seconds"] == expected


async def test_percents_are_said_from_twenty_cases_on(desk: TicketsDesk) -> None:
    for _ in range(20):
        await answer_ticket(desk, await desk.open_ticket())
    row = (await report(desk))["rows"][0]
    assert (row["raw_percent"], row["raw_said"]) == (100.0, "100.0 %")


async def test_days_of_a_zone_are_exact_beside_the_counted_days(desk: TicketsDesk) -> None:
    """Breached on the 23rd at ten in UTC, which is the 24th on Kiritimati (UTC+14)."""
    await desk.open_ticket()
    desk.clock.advance(90 * MINUTE)
    await desk.run_due()

    async def decided(query: str) -> int:
        answer = await desk.ask("GET", f"/v1/reports/attainment?{query}", Role.VIEWER)
        return int(answer.json()["whole"]["decided"])

    assert await decided("from=2026-11-23&to=2026-11-24") == 1
    assert await decided("from=2026-11-23&to=2026-11-24&zone=Pacific/Kiritimati") == 0
    assert await decided("from=2026-11-24&to=2026-11-25&zone=Pacific/Kiritimati") == 1
    assert await decided("from=2026-11-01&to=2026-11-24&zone=Pacific/Kiritimati") == 0
    assert await decided("from=2026-11-01&to=2026-11-25&zone=Pacific/Kiritimati") == 1


async def test_a_period_that_makes_no_sense_is_refused_by_its_place(desk: TicketsDesk) -> None:
    for query, pointer in (
        ("from=2026-11-02&to=2026-11-02", "query/to"),
        ("from=2020-01-01&to=2026-01-01", "query/to"),
        ("zone=Atlantis", "query/zone"),
    ):
        answer = await desk.ask("GET", f"/v1/reports/attainment?{query}", Role.VIEWER)
        assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, pointer)
    answer = await desk.ask("GET", "/v1/reports/attainment?by=agent&rollout=x", Role.IT_LEAD)
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, "query/rollout")


async def test_figures_of_an_agent_are_for_the_agent_and_the_lead_and_nobody_else(desk: TicketsDesk) -> None:
    await desk.patch(await desk.open_ticket(), assignee="Ann@Example.com")
    desk.clock.advance(2 * HOUR)
    await desk.run_due()
    path = f"/v1/reports/attainment?{NOVEMBER}"
    own = await desk.ask("GET", f"{path}&by=agent&agent=ann@example.com", Role.IT_AGENT, email="ann@example.com")
    assert [row["key"] for row in own.json()["rows"] if row["target"]] == ["ann@example.com"]
    lead = await desk.ask("GET", f"{path}&by=agent", Role.IT_LEAD)
    assert lead.status_code == 200
    for query, role in (
        ("by=agent", Role.IT_AGENT),
        ("by=agent", Role.TRAINING),
        ("by=agent&agent=ann@example.com", Role.IT_AGENT),
        ("by=team&agent=ann@example.com", Role.MANAGER),
    ):
        answer = await desk.ask("GET", f"{path}&{query}", role, email="bob@example.com")
        assert (answer.status_code, answer.json()["code"]) == (403, "figures_are_personal")
        assert "agent=bob@example.com" in answer.json()["detail"]


async def test_a_spreadsheet_takes_no_formula_from_the_csv(desk: TicketsDesk) -> None:
    for number, name in enumerate(("=cmd|' /C calc'!A0", "+1", "-1", "@SUM(A1)", "\t=1", "plain, with a comma")):
        tags = [f"rollout:{name}", "wave:north"]
        await answer_ticket(desk, await desk.open_ticket(subject=f"T{number}", tags=tags))
    answer = await desk.ask("GET", f"/v1/reports/attainment?{NOVEMBER}&by=rollout&format=csv", Role.VIEWER)
    assert answer.headers["content-type"].startswith("text/csv")
    assert "attachment" in answer.headers["content-disposition"]
    header, *lines = list(csv.reader(io.StringIO(answer.text)))
    assert header[:4] == ["rollout", "target", "decided", "met"]
    assert not [line for line in lines if line[0][:1] in ("=", "+", "-", "@", "\t")]
    assert {"'=cmd|' /C calc'!A0", "'+1", "'-1", "'@SUM(A1)", "plain, with a comma"} <= {line[0] for line in lines}


async def test_an_exemption_changes_adjusted_figures_only_and_names_who_gave_it(desk: TicketsDesk) -> None:
    ticket = await desk.patch(await desk.open_ticket(), assignee="ann@example.com")
    await answer_ticket(desk, await desk.open_ticket(subject="Other"))
    desk.clock.advance(2 * HOUR)
    clock_id = (await desk.clock_of(ticket))["clock_id"]
    answer = await exempt(desk, clock_id, email="lead@example.com")
    assert answer.status_code == 201, answer.text
    given = answer.json()
    assert (given["given_by"], given["breached_at"], given["revoked_at"]) == (
        "lead@example.com",
        "2026-11-23T10:00:00Z",
        None,
    )
    row = next(row for row in (await report(desk))["rows"] if row["key"] == "first_response")
    assert (row["breached"], row["exempted"], row["raw_said"], row["adjusted_said"]) == (1, 1, "1 of 2", "1 of 1")
    assert (await desk.clock_of(ticket))["breached_at"] == "2026-11-23T10:00:00Z"
    history = (await desk.get(f"/v1/tickets/{ticket['ticket_id']}/history"))["items"]
    assert [(each["kind"], each["actor"]) for each in history if each["kind"] == "exempted"] == [
        ("exempted", "lead@example.com")
    ]
    assert (await exempt(desk, clock_id)).json()["code"] == "already_exempted"
    revoke = f"/v1/exemptions/{given['exemption_id']}/revoke"
    revoked = await desk.ask("POST", revoke, Role.TRAINING, json={"reason": "It had power"})
    assert revoked.json()["revoked_by"] == "training"
    assert (await desk.ask("POST", revoke, Role.TRAINING, json={"reason": "again"})).json()[
        "code"
    ] == "exemption_revoked"
    assert (await figures(desk))["first_response", "first_response"] == (1, 1, 0, 1)
    assert (await exempt(desk, clock_id)).status_code == 201
    listed = (await desk.ask("GET", f"/v1/exemptions?ticket_id={ticket['ticket_id']}", Role.VIEWER)).json()["items"]
    assert [each["revoked_at"] is None for each in listed] == [True, False]
    assert await is_consistent(desk)


async def test_nobody_exempts_their_own_breach_or_one_that_is_none(desk: TicketsDesk) -> None:
    ticket = await desk.patch(await desk.open_ticket(), assignee="Lead@Example.com")
    clock_id = (await desk.clock_of(ticket))["clock_id"]
    early = await exempt(desk, clock_id, email="other@example.com")
    assert (early.status_code, early.json()["code"]) == (409, "clock_not_breached")
    desk.clock.advance(2 * HOUR)
    await desk.run_due()
    own = await exempt(desk, clock_id, email="lead@example.com")
    assert (own.status_code, own.json()["code"]) == (403, "own_breach")
    # Giving the ticket away does not help whoever held it when it was breached.
    await desk.patch(await first_ticket(desk), assignee="somebody@example.com")
    assert (await exempt(desk, clock_id, email="lead@example.com")).json()["code"] == "own_breach"
    assert (await exempt(desk, f"{ticket['ticket_id']}:ola:9")).status_code == 404
    assert (await exempt(desk, "nobody:resolution:1")).status_code == 404
    assert (await desk.ask("GET", "/v1/exemptions", Role.VIEWER)).json()["items"] == []


async def test_an_exemption_outlives_a_breach_that_comes_and_goes(desk: TicketsDesk) -> None:
    """A late fact withdraws the breach, another restores it: what was forgiven stays forgiven."""
    await desk.hand_in(source())
    await desk.deliver(ticket_fact(START, priority="P2"))
    desk.clock.advance(timedelta(days=1))
    await desk.run_due()
    ticket = await first_ticket(desk)
    assert (await exempt(desk, (await desk.clock_of(ticket))["clock_id"])).status_code == 201
    await desk.deliver(comment_fact(START + 10 * MINUTE))
    assert (await figures(desk))["first_response", "first_response"] == (1, 0, 0, 0)
    await desk.deliver(ticket_fact(START + 5 * MINUTE, priority="P1", created_at="2026-11-19T09:00:00Z"))
    assert (await figures(desk))["first_response", "first_response"] == (0, 1, 1, 0)
    assert await is_consistent(desk)


async def test_parts_of_counters_are_folded_without_changing_a_figure(desk: TicketsDesk) -> None:
    for _ in range(5):
        await answer_ticket(desk, await desk.open_ticket())
    desk.clock.advance(timedelta(days=1))
    await desk.run_due()
    before = await figures(desk)
    async with desk.database.unit() as unit:
        assert await unit.reports.fold_counters(7) == 7
    assert await figures(desk) == before
    async with desk.database.unit() as unit:
        while await unit.reports.fold_counters(100):
            pass
    assert await figures(desk) == before
    async with desk.database.work() as work:
        rows = (await work.session.execute(select(ResultCountRow))).scalars().all()
    assert all(row.folded for row in rows)
    assert len(rows) == 4
    assert await is_consistent(desk)


async def test_a_counter_that_is_wrong_is_said_and_put_right(desk: TicketsDesk) -> None:
    ticket = await desk.open_ticket()
    await answer_ticket(desk, ticket)
    async with desk.database.work() as work:
        await work.session.execute(update(ResultCountRow).values(met=ResultCountRow.met + 41))
    answer = (await desk.ask("GET", f"/v1/reports/consistency?{NOVEMBER}", Role.ADMIN)).json()
    assert (answer["consistent"], answer["different"], answer["missing"]) == (False, 2, 0)
    wrong = answer["differences"][0]
    assert (wrong["day"], wrong["kept"]["met"], wrong["counted"]["met"]) == ("2026-11-23", 42, 1)
    assert wrong["key"]["target"] == "first_response"
    repaired = await desk.ask("POST", f"/v1/reports/recount?{NOVEMBER}", Role.ADMIN)
    assert repaired.json()["different"] == 2
    assert await is_consistent(desk)
    assert await figures(desk) == {("first_response", "first_response"): (1, 0, 0, 0)}


async def test_a_decided_clock_without_a_result_is_named_and_made_up_for(desk: TicketsDesk) -> None:
    """As after an upgrade from a release that kept no results."""
    ticket = await desk.open_ticket()
    await answer_ticket(desk, ticket)
    await desk.open_ticket()
    desk.clock.advance(2 * HOUR)
    await desk.run_due()
    before, kept = await figures(desk), await elapsed(desk)
    assert len(kept) == 2
    async with desk.database.work() as work:
        await work.session.execute(text("DELETE FROM clock_results"))
        await work.session.execute(text("DELETE FROM result_counts"))
    answer = (await desk.ask("GET", f"/v1/reports/consistency?{NOVEMBER}", Role.ADMIN)).json()
    assert (answer["consistent"], answer["missing"]) == (False, 2)
    assert f"{ticket['ticket_id']}:first_response:1" in answer["missing_clocks"]
    repaired = await desk.ask("POST", f"/v1/reports/recount?{NOVEMBER}", Role.ADMIN)
    assert repaired.json()["missing"] == 2
    assert await is_consistent(desk)
    assert await figures(desk) == before
    assert await elapsed(desk) == kept


@pytest.mark.parametrize("query", ["elapsed_seconds", "overdue_seconds"])
async def test_percentiles_read_the_index_and_not_the_rows(desk: TicketsDesk, query: str) -> None:
    statement = (
        f"SELECT target, row_number() OVER (PARTITION BY target ORDER BY {query}) FROM clock_results "
        "WHERE decided_at >= '2026-11-01' AND decided_at < '2026-12-01' AND counts_as IN ('met', 'breached') "
        f"AND {query} IS NOT NULL"
    )
    async with desk.database.work() as work:
        if work.dialect == "sqlite":
            shown = (await work.session.execute(text(f"EXPLAIN QUERY PLAN {statement}"))).all()
            assert "USING COVERING INDEX ix_clock_results_figures" in str(shown)
            return
        for setting in ("enable_seqscan", "enable_bitmapscan"):
            await work.session.execute(text(f"SET LOCAL {setting} = off"))
        shown = (await work.session.execute(text(f"EXPLAIN {statement}"))).all()
    assert "Index Only Scan using ix_clock_results_figures" in str(shown)
