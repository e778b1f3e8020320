"""The monthly review over REST: both sides on one page, signed, frozen, corrected afterwards."""

from datetime import timedelta
from typing import Any

import httpx

from shared.auth import Role
from tests.integration.tickets.desk import HOUR, START, TicketsDesk, enrolment, person, plan, wave

DECEMBER = timedelta(days=14)
MONTH = "2026-11"
PATH = f"/v1/reviews/{MONTH}"


async def a_month(desk: TicketsDesk) -> Any:
    """A wave opened with two days too little notice, a breach in it that was exempted, and a ticket that waited a day."""
    notice = {"announced_at": START - timedelta(days=13), "notice_seconds": timedelta(days=14).total_seconds()}
    await desk.hand_in(
        plan().model_copy(update=notice), wave().model_copy(update={"audience_size": 40}), person(), enrolment()
    )
    ticket = await desk.open_ticket(system="Vidstream")
    desk.clock.advance(2 * HOUR)
    await desk.run_due()
    clock_id = (await desk.clock_of(ticket))["clock_id"]
    body = {"reason": "The building had no power"}
    answer = await desk.ask("POST", f"/v1/clocks/{clock_id}/exemptions", Role.IT_LEAD, json=body)
    assert answer.status_code == 201, answer.text
    ticket = await desk.patch(await desk.get("/v1/tickets/1"), status="pending")
    desk.clock.advance(timedelta(days=1))
    await desk.patch(ticket, status="solved")
    return ticket


async def sign(desk: TicketsDesk, side: str, fingerprint: str, role: Role | None = None, **who: str) -> httpx.Response:
    role = role or {"it": Role.IT_LEAD, "training": Role.TRAINING}[side]
    body = {"side": side, "fingerprint": fingerprint}
    return await desk.ask("POST", f"{PATH}/sign", role, json=body, **who)


async def test_a_review_shows_what_both_sides_owed_each_other(desk: TicketsDesk) -> None:
    ticket = await a_month(desk)
    review = await desk.get(PATH)
    assert (review["over"], review["snapshot"], review["since_signing"]) == (False, None, [])
    [first, resolution] = review["content"]["it"]["by_target"]
    assert (first["key"], first["breached"], first["exempted"]) == ("first_response", 1, 1)
    assert (resolution["key"], resolution["met"], resolution["elapsed"]["p50_seconds"]) == ("resolution", 1, 7200)
    training = review["content"]["training"]
    assert training["notice"] == [
        {
            "rollout": "safety-video",
            "title": "Safety video",
            "wave": "north",
            "opened_at": "2026-11-22T09:00:00Z",
            "announced_at": "2026-11-10T09:00:00Z",
            "promised_seconds": 14 * 86_400,
            "given_seconds": 12 * 86_400,
            "kept": False,
        }
    ]
    wait = training["requester_wait"]
    assert (wait["tickets"], wait["seconds"], wait["p50_seconds"]) == (1, 86_400, 86_400)
    assert wait["by_rollout"] == [{"rollout": "safety-video", "tickets": 1, "seconds": 86_400}]
    assert training["waves"] == [
        {"rollout": "safety-video", "wave": "north", "tickets": 1, "learners": 40, "per_100_learners": 2.5}
    ]
    exemptions = review["content"]["exemptions"]
    assert exemptions["by"] == [{"name": "it_lead", "given": 1}]
    assert exemptions["items"][0]["clock_id"] == f"{ticket['ticket_id']}:first_response:1"
    [policy] = review["content"]["policies"]
    assert (policy["policy"], policy["until"]) == ("standard@1", None)


async def test_a_review_can_be_read_as_a_page(desk: TicketsDesk) -> None:
    await a_month(desk)
    body = {"body": "We | will tell IT\n<b>earlier</b>"}
    answer = await desk.ask("POST", f"{PATH}/comments", Role.TRAINING, json=body)
    assert answer.status_code == 201, answer.text
    page = await desk.ask("GET", f"{PATH}?format=markdown", Role.VIEWER)
    assert page.headers["content-type"].startswith("text/markdown")
    lines = page.text.splitlines()
    assert lines[0] == "# Review of 2026-11"
    assert "| first\\_response | 0 of 1 | none | 1 | 1 | 0 | 1 h |" in lines
    assert "| Safety video | north | 2026-11-22T09:00:00Z | 12 d | 14 d | not kept |" in lines
    assert "| safety-video | north | 1 | 40 | 2.5 |" in lines
    assert "Tickets of rollouts that waited for their requester: 1, 1 d in all; half of them up to 1 d." in lines
    assert lines[-1] == "- **training**, 2026-11-24: We \\| will tell IT \\<b>earlier\\</b>"


async def test_both_sides_sign_the_same_and_then_it_is_frozen(desk: TicketsDesk) -> None:
    await a_month(desk)
    early = (await desk.get(PATH))["fingerprint"]
    assert (await sign(desk, "it", early)).json()["code"] == "month_not_over"
    desk.clock.advance(DECEMBER)
    read = (await desk.get(PATH))["fingerprint"]
    assert (await sign(desk, "training", read, Role.IT_LEAD)).status_code == 403
    first = await sign(desk, "it", read)
    assert first.status_code == 200, first.text
    assert first.json()["snapshot"]["frozen_at"] is None
    assert (await sign(desk, "it", read)).json()["code"] == "signed_already"
    both = (await sign(desk, "training", read)).json()
    assert both["snapshot"]["frozen_at"] is not None
    assert [(each["side"], each["lapsed"]) for each in both["signatures"]] == [("it", False), ("training", False)]
    assert (await sign(desk, "it", read, email="other@example.com")).json()["code"] == "signed_already"
    assert [each["month"] for each in (await desk.get("/v1/reviews"))["items"]] == [MONTH]


async def test_one_person_does_not_sign_for_both_sides(desk: TicketsDesk) -> None:
    desk.clock.advance(DECEMBER)
    read = (await desk.get(PATH))["fingerprint"]
    assert (await sign(desk, "it", read, email="both@example.com")).status_code == 200
    refused = await sign(desk, "training", read, email="both@example.com")
    assert (refused.status_code, refused.json()["code"]) == (409, "one_signs_for_one_side")


async def test_a_correction_after_signing_is_shown_and_changes_nothing_that_was_signed(desk: TicketsDesk) -> None:
    await a_month(desk)
    desk.clock.advance(DECEMBER)
    read = (await desk.get(PATH))["fingerprint"]
    for side in ("it", "training"):
        assert (await sign(desk, side, read)).status_code == 200
    [exemption] = (await desk.ask("GET", "/v1/exemptions", Role.VIEWER)).json()["items"]
    revoke = f"/v1/exemptions/{exemption['exemption_id']}/revoke"
    assert (await desk.ask("POST", revoke, Role.TRAINING, json={"reason": "It had power"})).status_code == 200
    review = await desk.get(PATH)
    assert review["snapshot"]["fingerprint"] == read != review["fingerprint"]
    changed = {each["place"]: (each["signed"], each["now"]) for each in review["since_signing"]}
    assert changed["/it/by_target/first_response first_response/exempted"] == (1, 0)
    assert changed[f"/exemptions/items/{exemption['exemption_id']} first_response/revoked_by"] == (None, "training")
    page = await desk.ask("GET", f"{PATH}?format=markdown", Role.VIEWER)
    assert "## Since signing" in page.text
    assert "it: signed by it\\_lead on 2026-12-08; training: signed by training on 2026-12-08." in page.text


async def test_figures_that_changed_before_the_second_signature_are_signed_anew_or_as_they_were(
    desk: TicketsDesk,
) -> None:
    await a_month(desk)
    desk.clock.advance(DECEMBER)
    read = (await desk.get(PATH))["fingerprint"]
    assert (await sign(desk, "it", read)).status_code == 200
    [exemption] = (await desk.ask("GET", "/v1/exemptions", Role.VIEWER)).json()["items"]
    revoke = f"/v1/exemptions/{exemption['exemption_id']}/revoke"
    assert (await desk.ask("POST", revoke, Role.TRAINING, json={"reason": "It had power"})).status_code == 200
    stale = await sign(desk, "training", "0" * 32)
    assert (stale.status_code, stale.json()["code"]) == (409, "review_changed_meanwhile")
    now = (await desk.get(PATH))["fingerprint"]
    renewed = (await sign(desk, "training", now)).json()
    assert [(each["side"], each["lapsed"]) for each in renewed["signatures"]] == [("it", True), ("training", False)]
    assert renewed["snapshot"]["frozen_at"] is None
    assert (await sign(desk, "it", now)).json()["snapshot"]["frozen_at"] is not None


async def test_a_month_that_is_none_or_has_not_begun_is_refused(desk: TicketsDesk) -> None:
    for month in ("2026-13", "november", "2027-01"):
        answer = await desk.ask("GET", f"/v1/reviews/{month}", Role.VIEWER)
        assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, "path/month")
