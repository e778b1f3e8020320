"""Deliveries of a learning system: understood, kept, folded, counted once, on both databases."""

import asyncio
import itertools
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from shared.errors import TemporaryFailure
from tests.integration.rollout.people_desk import PeopleDesk, people_desk

EPOCH = 1_900_000_000


@pytest.fixture
async def desk(service_database: Callable[[str], str]) -> AsyncIterator[PeopleDesk]:
    async with people_desk(service_database("rollout")) as made:
        await made.set_source()
        yield made


def event(name: str, number: int, seconds: int = 0, **more: Any) -> dict[str, Any]:
    """A tool_trigger body, all strings."""
    return {
        "eventname": f"\\core\\event\\{name}",
        "courseid": "2",
        "relateduserid": str(100 + number),
        "userid": "2",
        "timecreated": str(EPOCH + seconds),
        "user_id": str(100 + number),
        "user_email": f"P{number}@example.test",
        **more,
    }


async def states(desk: PeopleDesk) -> list[str]:
    return [one["data"]["state"] for one in await desk.events("enrolment.changed")]


async def test_a_completion_delivered_three_times_counts_once_and_is_told_once(desk: PeopleDesk) -> None:
    await desk.open_wave(await desk.import_numbers([1, 2]))
    for _ in range(3):
        await desk.deliver(event("course_completed", 1))
    await desk.deliver(event("course_completed", 1, user_username="p1"))  # the same under another body
    assert await desk.counts() == {"invited": 1, "completed": 1}
    assert (await states(desk)).count("completed") == 1
    assert desk.rollouts.looks == [("r", "north")]


STORY = (("user_enrolment_created", 0), ("course_completed", 10), ("user_enrolment_deleted", 20))


async def test_whatever_the_order_of_arrival_the_end_is_the_same(desk: PeopleDesk) -> None:
    orders = list(enumerate(itertools.permutations(STORY)))
    await desk.open_wave(await desk.import_numbers([number for number, _ in orders]))
    for number, order in orders:
        for name, seconds in (*order, order[0]):
            await desk.deliver(event(name, number, seconds))
    assert await desk.counts() == {"withdrawn": 6}
    await desk.deliver(event("user_enrolment_created", 1, 30))  # re-enrolling brings the completion back
    assert await desk.counts() == {"withdrawn": 5, "completed": 1}


async def test_each_change_is_told_with_the_next_version(desk: PeopleDesk) -> None:
    await desk.open_wave(await desk.import_numbers([1]))
    for name, seconds in STORY:
        await desk.deliver(event(name, 1, seconds))
    told = [(one["data"]["state"], one["aggregateversion"]) for one in await desk.events("enrolment.changed")]
    assert told == [("assigned", 1), ("invited", 2), ("enrolled", 3), ("completed", 4), ("withdrawn", 5)]


async def test_a_module_completed_only_starts_the_course(desk: PeopleDesk) -> None:
    await desk.open_wave(await desk.import_numbers([1]))
    await desk.deliver(
        event("course_module_completion_updated", 1, contextinstanceid="7", other='{"completionstate":1}')
    )
    assert await desk.counts() == {"started": 1}


async def test_a_completion_before_the_wave_opens_counts_when_it_does(desk: PeopleDesk) -> None:
    (person,) = await desk.import_numbers([1])
    await desk.deliver(event("course_completed", 1))
    await desk.open_wave([person])
    assert await desk.counts() == {"completed": 1}
    assert await desk.push_all(patience=2) == 0


async def test_a_completion_in_another_course_counts_for_nobody(desk: PeopleDesk) -> None:
    await desk.open_wave(await desk.import_numbers([1]))
    await desk.deliver(event("course_completed", 1, courseid="3"))
    assert await desk.counts() == {"invited": 1}


async def test_the_gateway_is_told_what_a_delivery_meant(desk: PeopleDesk) -> None:
    await desk.import_numbers([1])
    await desk.deliver(event("course_completed", 1))
    await desk.deliver(event("course_completed", 99))
    await desk.deliver(event("course_viewed", 1))
    await desk.deliver("{ this is no JSON")
    told = [one["data"] for one in await desk.events("delivery.understood")]
    assert [one["outcome"] for one in told] == ["applied", "applied", "ignored", "quarantined"]
    assert told[0]["facts"][0]["state"] == "completed"
    assert told[0]["reason"] is None
    assert "not known here" in told[1]["reason"]
    assert told[2]["reason"]
    assert told[3]["reason"]


async def test_a_delivery_of_a_source_that_is_not_known_yet_waits_for_it(desk: PeopleDesk) -> None:
    with pytest.raises(TemporaryFailure):
        await desk.deliver(event("course_completed", 1), source="never-heard-of")


async def test_a_fact_without_a_time_is_ordered_by_its_first_receipt_whichever_is_handled_first(
    desk: PeopleDesk,
) -> None:
    await desk.open_wave(await desk.import_numbers([1]))
    at = datetime.fromtimestamp(EPOCH + 60, UTC)
    timeless = event("user_enrolment_deleted", 1)
    del timeless["timecreated"]
    await desk.deliver(timeless, received_at=at + timedelta(seconds=100))
    await desk.deliver(timeless, received_at=at)
    await desk.deliver(event("user_enrolment_created", 1, 120))
    assert await desk.counts() == {"enrolled": 1}


async def test_deliveries_at_the_same_moment_for_the_same_people_lose_nothing(desk: PeopleDesk) -> None:
    people = await desk.import_numbers(range(8))
    await desk.open_wave(people)
    work = [
        desk.deliver(event(name, number, seconds))
        for number in range(8)
        for name, seconds in (("user_enrolment_created", 0), ("course_completed", 10), ("course_completed", 11))
    ]
    await asyncio.gather(*work)
    assert await desk.counts() == {"completed": 8}


async def test_a_wave_that_opens_while_its_members_complete_counts_every_one(desk: PeopleDesk) -> None:
    people = await desk.import_numbers(range(8))
    await asyncio.gather(
        *[desk.deliver(event("course_completed", number)) for number in range(4)],
        desk.open_wave(people),
        *[desk.deliver(event("course_completed", number)) for number in range(4, 8)],
    )
    assert await desk.counts() == {"completed": 8}


async def test_a_fact_without_a_time_counts_in_business_time(desk: PeopleDesk) -> None:
    await desk.open_wave(await desk.import_numbers([1]))
    desk.business.step_to_offset(timedelta(days=20))
    later = int((desk.clock.now() + timedelta(days=10)).timestamp())
    await desk.deliver(event("user_enrolment_created", 1, timecreated=str(later)))
    timeless = event("user_enrolment_deleted", 1)
    del timeless["timecreated"]
    await desk.deliver(timeless)
    assert await desk.counts() == {"withdrawn": 1}
