"""Polling finds what no webhook said, and a webhook that comes late changes nothing."""

from collections.abc import AsyncIterator, Callable
from datetime import timedelta

import httpx
import pytest

from services.rollout.usecases.connection import ask_for_poll
from shared.errors import InvalidRequest
from tests.integration.rollout.people_desk import NOW, PeopleDesk, people_desk

AT = int(NOW.timestamp()) - 3_600


@pytest.fixture
async def desk(service_database: Callable[[str], str]) -> AsyncIterator[PeopleDesk]:
    async with people_desk(service_database("rollout")) as made:
        await made.set_source()
        await made.connect()
        yield made


async def enrolled(desk: PeopleDesk, count: int) -> None:
    await desk.open_wave(await desk.import_numbers(range(count)))
    await desk.push_all()
    await desk.poll_all()


async def ask(desk: PeopleDesk) -> None:
    async with desk.database.unit() as unit:
        await ask_for_poll(unit, "moodle")


async def test_a_completion_that_no_webhook_told_of_is_found_and_its_late_webhook_counts_no_more(
    desk: PeopleDesk,
) -> None:
    await enrolled(desk, 90)
    assert await desk.counts() == {"enrolled": 90}
    desk.site.complete(2, 189, AT)
    await ask(desk)
    await desk.poll_all()
    assert await desk.counts() == {"enrolled": 89, "completed": 1}
    body = {
        "eventname": "\\core\\event\\course_completed",
        "courseid": "2",
        "timecreated": str(AT + 5),
        "relateduserid": "189",
    }
    await desk.deliver(body)
    assert await desk.counts() == {"enrolled": 89, "completed": 1}
    states = [event["data"]["state"] for event in await desk.events("enrolment.changed")]
    assert states.count("completed") == 1


async def test_polls_come_by_themselves_at_their_interval_and_ask_only_about_those_who_are_not_done(
    desk: PeopleDesk,
) -> None:
    await enrolled(desk, 3)
    desk.site.complete(2, 100, AT)
    assert not await desk.poll.step()
    desk.clock.advance(timedelta(minutes=5))
    await desk.poll_all()
    assert await desk.counts() == {"enrolled": 2, "completed": 1}
    desk.calls.clear()
    desk.clock.advance(timedelta(minutes=5))
    await desk.poll_all()
    assert desk.calls.count("core_completion_get_course_completion_status") == 2


async def test_a_poll_that_finds_nothing_new_adds_nothing(desk: PeopleDesk) -> None:
    await enrolled(desk, 3)
    before = len(await desk.events("enrolment.changed"))
    for _ in range(3):
        await ask(desk)
        await desk.poll_all()
    assert len(await desk.events("enrolment.changed")) == before


async def test_an_interrupted_poll_goes_on_where_it_was(desk: PeopleDesk) -> None:
    await enrolled(desk, 90)
    for number in range(90):
        desk.site.complete(2, 100 + number, AT)
    await ask(desk)
    assert await desk.poll.step()
    desk.faults = [httpx.Response(503)]
    assert await desk.poll.step()
    assert not await desk.poll.step()  # left alone for a while
    found = (await desk.counts())["completed"]
    desk.calls.clear()
    desk.clock.advance(timedelta(minutes=1))
    await desk.poll_all()
    assert await desk.counts() == {"completed": 90}
    assert desk.calls.count("core_completion_get_course_completion_status") == 90 - found


async def test_somebody_unenrolled_behind_our_back_is_noticed_and_so_is_the_way_back(desk: PeopleDesk) -> None:
    await enrolled(desk, 2)
    desk.site.complete(2, 101, AT)
    desk.site.unenrol([(2, 101)])
    await ask(desk)
    await desk.poll_all()
    assert await desk.counts() == {"enrolled": 1, "withdrawn": 1}
    desk.site.enrol([(2, 101)])
    desk.clock.advance(timedelta(seconds=1))
    await ask(desk)
    await desk.poll_all()
    assert await desk.counts() == {"enrolled": 1, "completed": 1}


async def test_a_webhook_that_names_an_account_counts_once_the_account_was_looked_up(desk: PeopleDesk) -> None:
    people = await desk.import_numbers([1])
    await desk.open_wave(people)
    body = {
        "eventname": "\\core\\event\\course_completed",
        "courseid": "2",
        "timecreated": str(AT),
        "relateduserid": "101",
    }
    await desk.deliver(body)
    assert await desk.counts() == {"invited": 1}
    await desk.push_all()
    assert await desk.counts() == {"completed": 1}


async def test_the_token_is_sealed_in_the_row_and_needed_again_for_another_address(desk: PeopleDesk) -> None:
    async with desk.database.read() as unit:
        (connection,) = await unit.people.connections.list_connections()
    assert "0123456789abcdef" not in connection.sealed_token
    await desk.connect(token=None)
    with pytest.raises(InvalidRequest, match="token"):
        await desk.connect(token=None, base_url="http://elsewhere.example.test")
