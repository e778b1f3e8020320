"""The public form over HTTP, on both databases: two steps, honest about what is missing, nothing shown to who is not proved."""

import re

import pytest

from shared.auth import Role
from tests.integration.tickets.desk import TicketsDesk, enrolment, person, plan, wave
from tests.integration.tickets.mailbag import FORM, hidden, notices, path_of, raise_ticket, send, show

WAVE = "/public/help/safety-video/north"


async def publish(desk: TicketsDesk, question: str, answer: str, **fields: object) -> dict[str, object]:
    """An entry made of a solved ticket; its ticket is nobody's who could be told."""
    ticket = await desk.open_ticket(subject=question, impact="x", **dict(fields.pop("ticket", {})))  # type: ignore[call-overload]
    await desk.patch(ticket, status="solved")
    body = {"ticket_id": ticket["ticket_id"], "question": question, "answer": answer, **fields}
    made = await desk.ask("POST", "/v1/faq", Role.TRAINING, json=body)
    assert made.status_code == 201, made.text
    entry: dict[str, object] = made.json()
    return entry


async def test_every_field_has_a_label_and_the_page_needs_no_script(desk: TicketsDesk) -> None:
    page = await show(desk, "/public/help")
    assert page.status_code == 200
    fields = re.findall(r'<(?:input|select|textarea)[^>]*id="([^"]+)"', page.text)
    assert set(fields) <= set(re.findall(r'<label[^>]* for="([^"]+)"', page.text))
    assert not re.search(r"<script|<style|style=|onclick=|https?://", page.text)
    assert "default-src 'none'" in page.headers["content-security-policy"]
    assert page.headers["cache-control"] == "no-store"
    assert "set-cookie" not in page.headers
    sheet = await show(desk, "/public/assets/support.css")
    assert sheet.headers["content-type"].startswith("text/css")
    assert "url(" not in sheet.text


async def test_a_form_becomes_a_ticket_after_the_second_step_and_not_before(desk: TicketsDesk) -> None:
    blank = await show(desk, "/public/help")
    checked = await send(desk, "/public/help", **hidden(blank), **FORM, step="check")
    assert "Nothing was sent yet" in checked.text
    assert "The video stalls" in checked.text
    assert (await desk.get("/v1/tickets"))["items"] == []
    back = await send(desk, "/public/help", **hidden(checked), step="edit")
    assert 'value="The video stalls"' in back.text
    receipt = await send(desk, "/public/help", **hidden(checked), step="send")
    assert receipt.status_code == 200
    ticket = await desk.ticket(1)
    assert (ticket["subject"], ticket["system"], ticket["cause"]) == ("The video stalls", "Vidstream", "network")
    assert (ticket["minutes_lost"], ticket["priority"], ticket["tags"]) == (30, "P3", ["form"])
    assert ticket["requester"]["email"] == "ada@example.com"
    assert "#1" in receipt.text
    assert "A first answer is promised by <strong>" in receipt.text


async def test_the_receipt_shows_number_and_promise_and_nothing_of_the_ticket(desk: TicketsDesk) -> None:
    receipt = await raise_ticket(desk)
    for secret in ("video", "three minutes", "Ada", "example.com", "Vidstream", "/ticket/"):
        assert secret not in receipt.text
    (notice,) = await notices(desk)
    assert (notice["to_email"], notice["thread"]) == ("ada@example.com", "1")
    assert notice["subject"] == "[#1] The video stalls"
    assert "A first answer is promised by Monday 23 November 2026" in notice["body"]
    assert notice["link"]["purpose"] == "ticket"
    assert "The video stalls" in (await show(desk, path_of(desk, notice))).text


async def test_the_promise_in_the_mail_is_in_the_zone_of_a_person_the_directory_knows(desk: TicketsDesk) -> None:
    known = person(email="ada@example.com").model_copy(update={"zone": "Asia/Tokyo"})
    await desk.hand_in(known)
    receipt = await raise_ticket(desk)
    assert "Asia/Tokyo" not in receipt.text  # whoever typed the address need not be that person
    (notice,) = await notices(desk)
    assert "(Asia/Tokyo)" in notice["body"]


async def test_the_same_form_sent_twice_is_one_ticket(desk: TicketsDesk) -> None:
    blank = await show(desk, "/public/help")
    fields = {**hidden(blank), **FORM, "step": "send"}
    first, second = await send(desk, "/public/help", **fields), await send(desk, "/public/help", **fields)
    assert first.text == second.text
    assert len((await desk.get("/v1/tickets"))["items"]) == 1
    assert len(await notices(desk)) == 1


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"name": ""}, "name"),
        ({"email": "ada@"}, "email"),
        ({"email": "a@b, c@d"}, "email"),
        ({"subject": " "}, "subject"),
        ({"description": "x" * 20_001}, "description"),
        ({"cause": "curse"}, "cause"),
        ({"minutes_lost": "-5"}, "minutes_lost"),
        ({"minutes_lost": "٣"}, "minutes_lost"),
        ({"urgency": "P0"}, "urgency"),
        ({"urgency": "P1", "impact": " "}, "impact"),
        ({"website": "https://spam.example"}, "website"),
    ],
)
async def test_what_is_missing_or_wrong_is_named_at_its_field_and_the_rest_is_kept(
    desk: TicketsDesk, wrong: dict[str, str], field: str
) -> None:
    page = await send(desk, "/public/help", **{**FORM, **wrong, "step": "send"})
    assert page.status_code == 422
    assert page.text.count('class="problem"') == 1
    assert f'id="{field}-problem"' in page.text
    assert "<title>Error: " in page.text
    assert 'role="alert"' in page.text
    assert (await desk.get("/v1/tickets"))["items"] == []


async def test_a_p1_with_its_impact_is_taken(desk: TicketsDesk) -> None:
    await raise_ticket(desk, urgency="P1", impact="Nobody in Oslo can take the course.")
    ticket = await desk.ticket(1)
    assert (ticket["priority"], ticket["impact"]) == ("P1", "Nobody in Oslo can take the course.")


async def test_what_people_write_is_text_and_never_markup(desk: TicketsDesk) -> None:
    nasty = "<img src=x onerror=alert(1)>\"'\x00\x07{{ 7*7 }}"
    checked = await send(desk, "/public/help", **{**FORM, "subject": nasty, "description": nasty, "step": "check"})
    assert "<img" not in checked.text
    assert "{{ 7*7 }}" in checked.text
    receipt = await send(desk, "/public/help", **hidden(checked), step="send")
    assert receipt.status_code == 200, receipt.text
    (notice,) = await notices(desk)
    assert "<img" not in (await show(desk, path_of(desk, notice))).text


async def test_what_is_no_form_or_too_large_is_refused_in_words(desk: TicketsDesk) -> None:
    headers = desk.identity(None)
    json = await desk.http.post("/public/help", json=FORM, headers=headers)
    large = await send(desk, "/public/help", **{**FORM, "description": "x" * 140_000})
    assert (json.status_code, large.status_code) == (415, 413)
    assert "text/html" in json.headers["content-type"]
    many = await send(desk, "/public/help", **{f"f{number}": "" for number in range(100)})
    assert many.status_code == 400


async def test_entries_that_fit_are_shown_first_and_a_yes_is_counted_instead_of_a_ticket(desk: TicketsDesk) -> None:
    entry = await publish(desk, "The video stalls in the branch office", "Choose 480p.")
    await publish(desk, "Where is my certificate?", "Top right.")
    checked = await send(desk, "/public/help", **{**hidden(await show(desk, "/public/help")), **FORM, "step": "check"})
    assert "Does one of these answer it?" in checked.text
    assert "Choose 480p." in checked.text
    assert "Top right." not in checked.text
    for _ in range(2):
        answered = await send(desk, "/public/help", **hidden(checked), answered=str(entry["entry_id"]))
        assert "Nothing was sent" in answered.text
    counted = await desk.get(f"/v1/faq/{entry['entry_id']}")
    assert (counted["shown"], counted["helped"], counted["not_helped"]) == (1, 1, 0)
    other = await raise_ticket(desk)
    assert "Thank you" in other.text
    counted = await desk.get(f"/v1/faq/{entry['entry_id']}")
    assert (counted["shown"], counted["helped"], counted["not_helped"]) == (2, 1, 1)


async def test_a_wave_has_a_form_of_its_own_and_only_what_is_said_to_be_about_it_counts_for_it(
    desk: TicketsDesk,
) -> None:
    assert (await show(desk, WAVE)).status_code == 404
    for event in (plan(), wave(), person(), enrolment()):
        await desk.hand_in(event)
    page = await show(desk, WAVE)
    assert "Help with Safety video" in page.text
    assert '<option value="system:Vidstream">Vidstream</option>' in page.text
    wrong = await send(desk, WAVE, **{**FORM, "affected": "Vidstream", "step": "check"})
    assert wrong.status_code == 422
    await raise_ticket(desk, WAVE, affected="system:Vidstream")
    await raise_ticket(desk, WAVE, affected="else", email="bob@example.com", subject="Printer")
    about, not_about = await desk.ticket(1), await desk.ticket(2)
    assert about["attribution"] == {"rollout": "safety-video", "wave": "north", "rule": "tag"}
    assert about["system"] == "Vidstream"
    assert not_about["attribution"] is None


async def test_a_wave_sees_its_own_answers_those_of_its_rollout_and_those_for_everybody(desk: TicketsDesk) -> None:
    for event in (plan(), wave(), wave("it")):
        await desk.hand_in(event)
    tags = {"ticket": {"tags": ["rollout:safety-video", "wave:north"]}}
    await publish(desk, "Of the wave", "w", **tags)
    await publish(desk, "Of the rollout", "r", scope="rollout", **tags)
    await publish(desk, "Of everybody", "e", scope="everywhere", **tags)

    async def listed(path: str) -> set[str]:
        return set(re.findall(r"<summary>(Of [a-z ]+)</summary>", (await show(desk, path)).text))

    assert await listed(WAVE) == {"Of the wave", "Of the rollout", "Of everybody"}
    assert await listed("/public/help/safety-video/it") == {"Of the rollout", "Of everybody"}
    assert await listed("/public/help") == {"Of everybody"}
