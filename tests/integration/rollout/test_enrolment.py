"""Telling Moodle who is enrolled: paced, read back, resumable, and one person's trouble is nobody else's."""

from collections.abc import AsyncIterator, Callable
from datetime import timedelta

import httpx
import pytest

from services.rollout.domain.batch import Pace
from services.rollout.usecases.enrolment import PushOutcome
from shared.rest import PagingRequest
from tests.integration.rollout.people_desk import TOKEN, PeopleDesk, account, people_desk

ENROL = "enrol_manual_enrol_users"


@pytest.fixture
async def desk(service_database: Callable[[str], str]) -> AsyncIterator[PeopleDesk]:
    async with people_desk(service_database("rollout")) as made:
        yield made


async def trouble(desk: PeopleDesk) -> dict[str | None, str | None]:
    async with desk.database.read() as unit:
        rows, _ = await unit.people.enrolments.list_members(
            "r", PagingRequest(200, None), wave=None, state=None, failed=True
        )
    return {email: row.push_error for row, _, email in rows}


async def test_a_wave_is_enrolled_in_batches_of_fifty_and_read_back(desk: PeopleDesk) -> None:
    await desk.connect()
    await desk.open_wave(await desk.import_numbers(range(120)))
    assert await desk.counts() == {"invited": 120}
    await desk.push_all()
    assert await desk.counts() == {"enrolled": 120}
    assert len(desk.site.enrolled[2]) == 120
    assert desk.calls.count(ENROL) == 3
    assert desk.rollouts.looks
    assert await desk.push_all(patience=3) == 0


async def test_nothing_is_pushed_while_the_wave_is_held_and_it_goes_on_afterwards(desk: PeopleDesk) -> None:
    await desk.connect()
    await desk.open_wave(await desk.import_numbers(range(70)))
    await desk.push.step()
    desk.rollouts.phases["r", "north"] = "holding"
    await desk.push_all(patience=5)
    assert await desk.counts() == {"invited": 20, "enrolled": 50}
    desk.rollouts.phases["r", "north"] = "open"
    await desk.push_all()
    assert await desk.counts() == {"enrolled": 70}


async def test_the_pace_between_batches_is_kept(desk: PeopleDesk) -> None:
    await desk.connect(pace=Pace(size=10, pause_for=timedelta(seconds=30)))
    await desk.open_wave(await desk.import_numbers(range(20)))
    assert await desk.push.step()
    assert not await desk.push.step()
    desk.clock.advance(timedelta(seconds=30))
    assert await desk.push.step()


async def test_whoever_has_no_account_is_listed_and_the_wave_goes_on(desk: PeopleDesk) -> None:
    await desk.connect()
    people = await desk.import_numbers([1, 2, 777])
    await desk.import_text("id,name\nE-x,No Address\n")
    async with desk.database.read() as unit:
        everybody = [person.id for person in await unit.people.list_audience_people()]
    await desk.open_wave(sorted({*people, *everybody}))
    await desk.push_all()
    assert await desk.counts() == {"invited": 2, "enrolled": 2, "push_failed": 2}
    told = await trouble(desk)
    assert "no account in moodle has this e-mail address" in str(told["p777@example.test"])
    assert "no e-mail address" in str(told[None])


async def test_whoever_failed_is_tried_again_only_when_somebody_asks(desk: PeopleDesk) -> None:
    await desk.connect()
    (person,) = await desk.import_numbers([777])
    await desk.open_wave([person])
    await desk.push_all()
    await desk.open_wave([person])  # looking again changes nothing
    assert await desk.push_all(patience=3) == 0
    desk.site.users[877] = account(777)
    async with desk.database.unit() as unit:
        assert await unit.people.retry_failed("r", "north", desk.clock.now()) == 1
    await desk.push_all()
    assert await desk.counts() == {"enrolled": 1}


async def test_mending_the_connection_tries_everybody_again(desk: PeopleDesk) -> None:
    await desk.connect(match_by="username")  # Moodle's user names are not the directory's ids
    await desk.open_wave(await desk.import_numbers([1, 2]))
    await desk.push_all()
    assert await desk.counts() == {"invited": 2, "push_failed": 2}
    await desk.connect(match_by="idnumber")
    await desk.push_all()
    assert await desk.counts() == {"enrolled": 2}


async def test_a_crash_between_the_call_and_the_commit_tells_the_system_again_and_loses_nobody(
    desk: PeopleDesk,
) -> None:
    await desk.connect()
    await desk.open_wave(await desk.import_numbers(range(60)))
    job = await desk.push._take()
    assert job is not None
    async with desk.platforms.open(job.connection) as platform:
        await desk.push._carry_out(job, platform, PushOutcome())
    assert len(desk.site.enrolled[2]) == 50  # and here the process dies
    await desk.push_all()
    assert await desk.counts() == {"enrolled": 60}
    assert desk.site.enrol_calls == 2  # who is there already is not enrolled again


async def test_a_system_that_is_away_is_left_alone_ever_longer_and_nothing_is_lost(desk: PeopleDesk) -> None:
    await desk.connect()
    await desk.open_wave(await desk.import_numbers(range(5)))
    desk.faults = [httpx.Response(503) for _ in range(6)]
    assert await desk.push.step()
    assert not await desk.push.step()
    async with desk.database.read() as unit:
        (connection,) = await unit.people.connections.list_connections()
    assert connection.failures == 1
    assert "503" in str(connection.last_error)
    await desk.push_all()
    assert await desk.counts() == {"enrolled": 5}
    async with desk.database.read() as unit:
        (connection,) = await unit.people.connections.list_connections()
    assert (connection.failures, connection.last_error) == (0, None)


async def test_a_token_that_expired_fails_nobody_and_a_new_one_goes_on_at_once(desk: PeopleDesk) -> None:
    await desk.connect(token="wrong" * 5)
    await desk.open_wave(await desk.import_numbers(range(5)))
    await desk.push_all(patience=40)
    assert await desk.counts() == {"invited": 5}
    async with desk.database.read() as unit:
        (connection,) = await unit.people.connections.list_connections()
    assert "invalidtoken" in str(connection.last_error)
    await desk.connect(token=TOKEN)
    assert await desk.push.step()
    assert await desk.counts() == {"enrolled": 5}


async def test_a_null_that_enrolled_nobody_is_noticed_and_given_up_after_some_tries(desk: PeopleDesk) -> None:
    await desk.connect()
    await desk.open_wave(await desk.import_numbers([1]))
    desk.site.enrol = lambda pairs: None  # type: ignore[method-assign]  # what max_input_vars does to the tail of a batch
    await desk.push_all()
    assert await desk.counts() == {"invited": 1, "push_failed": 1}
    assert "read back" in str((await trouble(desk))["p1@example.test"])
    assert desk.calls.count(ENROL) == 4


async def test_a_course_that_does_not_exist_is_said_of_everybody_and_then_left(desk: PeopleDesk) -> None:
    await desk.connect()
    people = await desk.import_numbers([1, 2])
    async with desk.database.unit() as unit:
        await unit.people.assign_members("r", "north", people, desk.clock.now())
        await unit.people.want_enrolled("r", "north", "moodle", "999", desk.clock.now())
    desk.rollouts.phases["r", "north"] = "open"
    await desk.push_all()
    assert await desk.counts() == {"invited": 2, "push_failed": 2}
    assert all("course" in str(reason) for reason in (await trouble(desk)).values())


async def test_a_wave_taken_back_unenrols_whom_it_enrolled_and_keeps_what_was_reached(desk: PeopleDesk) -> None:
    await desk.connect()
    await desk.set_source()
    people = await desk.import_numbers(range(6))
    desk.site.enrol([(2, 105)])  # somebody enrolled this one long ago
    await desk.open_wave(people)
    await desk.push_all()
    body = {
        "eventname": "\\core\\event\\course_completed",
        "courseid": "2",
        "timecreated": "1",
        "user_email": "p0@example.test",
    }
    await desk.deliver(body)
    async with desk.database.unit() as unit:
        await unit.people.withdraw_wave("r", "north", "moodle", "2", desk.clock.now())
    desk.rollouts.phases["r", "north"] = "rolled_back"
    assert await desk.counts() == {"completed": 1, "withdrawn": 5}
    await desk.push_all()
    assert desk.site.enrolled[2] == {100, 105}
    assert await desk.counts() == {"completed": 1, "withdrawn": 5}


async def test_a_wave_taken_back_before_anything_was_pushed_tells_nobody(desk: PeopleDesk) -> None:
    await desk.connect()
    await desk.open_wave(await desk.import_numbers(range(3)))
    async with desk.database.unit() as unit:
        await unit.people.withdraw_wave("r", "north", "moodle", "2", desk.clock.now())
    assert await desk.push_all(patience=3) == 0
    assert desk.calls == []


async def test_everybody_has_one_place_in_a_rollout(desk: PeopleDesk) -> None:
    people = await desk.import_numbers(range(4))
    async with desk.database.unit() as unit:
        assert await unit.people.assign_members("r", "it", people[:2], desk.clock.now()) == 2
        assert await unit.people.assign_members("r", "north", people, desk.clock.now()) == 2
        assert await unit.people.assign_members("r", "north", people, desk.clock.now()) == 0
        assert set((await unit.people.list_assigned_people("r")).values()) == {"it", "north"}
    assert await desk.counts("north") == {"assigned": 2}
