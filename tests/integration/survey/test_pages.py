"""The respondent's page over HTTP, on both databases."""

import asyncio
import re
from datetime import timedelta

from sqlalchemy import func, select
from sqlmodel import col

from services.survey.adapters.tables import StagedAnswerRow
from shared.auth import Role
from shared.events.messages import SignedLink
from tests.integration.survey.desk import CLOSES, NOT_READY, READY, START, SurveyDesk


async def staged(desk: SurveyDesk) -> int:
    return int((await desk.query(select(func.count()).select_from(StagedAnswerRow)))[0][0])


async def test_the_page_asks_five_statements_with_labels_and_says_what_is_stored(desk: SurveyDesk) -> None:
    token, *_ = await desk.open(5)
    answer = await desk.show(token)
    assert answer.status_code == 200
    assert answer.text.count("<fieldset") == answer.text.count("<legend>") == 5
    assert answer.text.count('type="radio"') == 25
    names = re.findall(r'<input type="radio" id="([^"]+)"', answer.text)
    assert names == re.findall(r'<label for="([^"]+)"', answer.text)
    assert "in a separate table that only the program reads" in answer.text
    assert '<html lang="en">' in answer.text
    assert '<meta name="viewport" content="width=device-width, initial-scale=1">' in answer.text


async def test_the_page_needs_no_script_and_nothing_from_elsewhere(desk: SurveyDesk) -> None:
    token, *_ = await desk.open(5)
    answer = await desk.show(token)
    assert not re.search(r"<script|<style|style=|onclick=|https?://", answer.text)
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert answer.headers["cache-control"] == "no-store"
    # The gateway shows the page as /survey/{token} and the sheet as /survey/assets/survey.css.
    assert 'href="assets/survey.css"' in answer.text
    sheet = await desk.http.get("/public/assets/survey.css", headers=desk.identity())
    assert sheet.headers["content-type"].startswith("text/css")
    assert "url(" not in sheet.text


async def test_looking_changes_nothing(desk: SurveyDesk) -> None:
    token, *_ = await desk.open(5)
    for _ in range(3):
        assert "<form" in (await desk.show(token)).text
    assert await staged(desk) == 0


async def test_a_whole_answer_is_taken_and_thanked_for(desk: SurveyDesk) -> None:
    token, *_ = await desk.open(5)
    answer = await desk.answer(token, READY)
    assert answer.status_code == 200
    assert "<h1>Thank you</h1>" in answer.text
    assert await staged(desk) == 1
    assert "<h1>You have already answered</h1>" in (await desk.show(token)).text


async def test_missing_and_wrong_answers_are_named_beside_their_statement_and_the_rest_is_kept(
    desk: SurveyDesk,
) -> None:
    token, *_ = await desk.open(5)
    answer = await desk.answer(token, {"awareness": "5", "desire": "9", "knowledge": "2", "ability": "", "extra": "1"})
    assert answer.status_code == 422
    assert "<title>Error: Are you ready for the change?</title>" in answer.text
    assert 'role="alert"' in answer.text
    assert "3 of 5 statements still need an answer" in answer.text
    for step in ("desire", "ability", "reinforcement"):
        assert f'<fieldset id="{step}" class="wrong" aria-describedby="{step}-problem">' in answer.text
        assert f'id="{step}-problem"' in answer.text
        assert f'<a href="#{step}-1">' in answer.text
    assert re.findall(r'id="([a-z]+-\d)" name="[a-z]+" value="\d" checked', answer.text) == [
        "awareness-5",
        "knowledge-2",
    ]
    assert await staged(desk) == 0


async def test_what_was_typed_in_is_never_shown_as_markup(desk: SurveyDesk) -> None:
    token, *_ = await desk.open(5)
    answer = await desk.answer(token, READY | {"ability": '"><script>alert(1)</script>'})
    assert answer.status_code == 422
    assert "<script" not in answer.text


async def test_sending_the_same_answer_again_is_thanked_for_and_counts_once(desk: SurveyDesk) -> None:
    token, *_ = await desk.open(5)
    for _ in range(3):
        assert "<h1>Thank you</h1>" in (await desk.answer(token, READY)).text
    assert await staged(desk) == 1


async def test_another_answer_on_a_used_invitation_is_refused_in_words(desk: SurveyDesk) -> None:
    token, *_ = await desk.open(5)
    await desk.answer(token, READY)
    answer = await desk.answer(token, NOT_READY)
    assert "The first answer counts; nothing was changed." in answer.text
    [row] = await desk.query(select(col(StagedAnswerRow.answers)))
    assert row[0]["ability"] == 4


async def test_twenty_clicks_at_once_store_one_answer(desk: SurveyDesk) -> None:
    token, *_ = await desk.open(5)
    answers = await asyncio.gather(*(desk.answer(token, READY) for _ in range(20)))
    assert {answer.status_code for answer in answers} == {200}
    assert all("<h1>Thank you</h1>" in answer.text for answer in answers)
    assert await staged(desk) == 1


async def test_a_used_invitation_stays_used_after_its_answer_was_released(desk: SurveyDesk) -> None:
    tokens = await desk.open(40)
    for token in tokens[:15]:
        await desk.answer(token, READY)
    await desk.run_due()
    assert (await desk.campaign())["answered"] == 10
    for token in tokens[:15]:
        assert "already answered" in (await desk.show(token)).text
        assert (
            "<h1>Thank you</h1>" in (await desk.answer(token, READY)).text
        )  # confidential: the same can be recognised
        assert "already answered" in (await desk.answer(token, NOT_READY)).text
    await desk.run_due()
    assert (await desk.campaign())["answered"] == 10


async def test_the_close_is_exact_however_late_the_timer_is(desk: SurveyDesk) -> None:
    token, *_ = await desk.open(5)
    desk.clock.advance(CLOSES - START)
    for answer, status in ((await desk.show(token), 200), (await desk.answer(token, READY), 410)):
        assert answer.status_code == status
        assert "<h1>This survey is closed</h1>" in answer.text
        assert "<form" not in answer.text
    assert await staged(desk) == 0
    desk.clock.advance(timedelta(days=29))
    assert "This survey is closed" in (await desk.show(token)).text
    desk.clock.advance(timedelta(days=2))
    assert (await desk.show(token)).status_code == 404  # by then the link itself has expired


async def test_a_link_that_is_not_ours_gets_a_page_that_says_so(desk: SurveyDesk) -> None:
    token, *_ = await desk.open(5)
    link = {"expires_at": CLOSES, "subject": "no-such-invitation"}
    forged = [
        token[:-3] + "abc",
        token.partition(".")[0],
        "x",
        desk.runtime.links.mint(SignedLink.model_validate({**link, "purpose": "signoff"})),
        desk.runtime.links.mint(SignedLink.model_validate({**link, "purpose": "survey"})),
    ]
    for bad in forged:
        for answer in (await desk.show(bad), await desk.answer(bad, READY)):
            assert answer.status_code == 404
            assert answer.headers["content-type"].startswith("text/html")
            assert "Nothing was stored." in answer.text
    assert await staged(desk) == 0


async def test_what_no_form_of_ours_sends_is_refused(desk: SurveyDesk) -> None:
    token, *_ = await desk.open(5)
    path, identity = f"/public/invitations/{token}", desk.identity()
    form = {"content-type": "application/x-www-form-urlencoded"} | identity
    assert (await desk.http.post(path, json=READY, headers=identity)).status_code == 415
    assert (await desk.http.post(path, files={"ability": b"4"}, headers=identity)).status_code == 415
    assert (await desk.http.post(path, content=b"a=" + b"b" * 20_000, headers=form)).status_code == 413
    assert (await desk.http.post(path, content=b"\xff\xfe", headers=form)).status_code == 400
    assert (await desk.http.post(path, content=b"&".join([b"a=1"] * 101), headers=form)).status_code == 400
    assert (await desk.http.post(path, content=b"", headers=form)).status_code == 422
    assert await staged(desk) == 0


async def test_pages_and_figures_are_for_nobody_who_comes_past_the_gateway(desk: SurveyDesk) -> None:
    token, *_ = await desk.open(5)
    assert (await desk.http.get(f"/public/invitations/{token}")).status_code == 401
    assert (await desk.http.get("/v1/campaigns")).status_code == 401
    assert (await desk.http.get("/v1/campaigns", headers=desk.identity())).status_code == 401


async def test_published_instruments_are_listed_and_unknown_campaigns_are_named_as_such(desk: SurveyDesk) -> None:
    listed = (await desk.get("/v1/instruments"))["items"]
    assert [(one["id"], one["version"], one["mode"]) for one in listed] == [
        ("readiness", 1, "confidential"),
        ("readiness-anonymous", 1, "anonymous"),
    ]
    for path in ("/v1/campaigns/nope", "/v1/campaigns/nope/results"):
        answer = await desk.http.get(path, headers=desk.identity(Role.VIEWER))
        assert (answer.status_code, answer.json()["code"]) == (404, "campaign_unknown")
