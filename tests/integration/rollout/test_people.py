"""Importing people, and names that are nobody's yet, on both databases."""

from collections.abc import AsyncIterator, Callable

import pytest
from sqlalchemy.event import listen, remove

from services.rollout.domain.person import read_records
from services.rollout.usecases.people import IdentityAlreadyLinked, ImportRefused, import_people, link_identity
from shared.rest import PagingRequest
from tests.integration.rollout.people_desk import PeopleDesk, people_desk


@pytest.fixture
async def desk(service_database: Callable[[str], str]) -> AsyncIterator[PeopleDesk]:
    async with people_desk(service_database("rollout")) as made:
        yield made


async def names(desk: PeopleDesk, search: str | None = None) -> list[str]:
    async with desk.database.read() as unit:
        found: list[str] = []
        cursor: str | None = None
        while True:
            rows, cursor = await unit.people.directory.list_people(PagingRequest(2, cursor), search=search, filters={})
            found += [row.name for row in rows]
            if cursor is None:
                return found


async def test_importing_the_same_file_again_changes_nothing_and_tells_nobody(desk: PeopleDesk) -> None:
    text = "id,name,email,region,champion\n1,Ada,ada@example.test,North,yes\n2,Bo,,South,\n"
    first = await desk.import_text(text)
    again = await desk.import_text(text)
    assert (first.created, first.changed, first.unchanged) == (2, 0, 0)
    assert (again.created, again.changed, again.unchanged) == (0, 0, 2)
    assert len(await desk.events("person.changed")) == 2


async def test_only_people_who_really_changed_are_told_of_with_a_higher_version(desk: PeopleDesk) -> None:
    await desk.import_text("id,name,region\n1,Ada,North\n2,Bo,South\n")
    outcome = await desk.import_text("id,name,region\n1,Ada,North\n2,Bo,East\n")
    assert (outcome.changed, outcome.unchanged) == (1, 1)
    event = (await desk.events("person.changed"))[-1]
    assert (event["data"]["name"], event["data"]["region"], event["aggregateversion"]) == ("Bo", "East", 2)


async def test_columns_that_a_file_does_not_have_stay_as_they_are(desk: PeopleDesk) -> None:
    await desk.import_text("id,name,email,region,tags\n1,Ada,ada@example.test,North,vpn|laptop\n")
    await desk.import_text("id,name\n1,Ada L.\n")
    async with desk.database.read() as unit:
        (person,) = await unit.people.list_audience_people()
    assert (person.email, person.region, person.tags) == ("ada@example.test", "North", ("laptop", "vpn"))


async def test_one_bad_row_keeps_everybody_out_and_every_bad_row_is_named(desk: PeopleDesk) -> None:
    with pytest.raises(ImportRefused) as caught:
        await desk.import_text("id,name,zone,manager\n1,Ada,UTC,\n2,Bo,Nowhere/Land,\n3,,UTC,\n")
    assert [problem.pointer for problem in caught.value.errors] == ["/line/3/zone", "/line/4/name"]
    assert "line 3, zone: 'Nowhere/Land'" in caught.value.errors[0].detail
    with pytest.raises(ImportRefused) as caught:
        await desk.import_text("id,name,manager\n1,Ada,nobody@example.test\n")
    assert caught.value.errors[0].pointer == "/line/2/manager"
    assert await names(desk) == []


async def test_managers_are_found_in_the_file_and_in_the_directory(desk: PeopleDesk) -> None:
    await desk.import_text("id,name,email\nboss,Eve,eve@example.test\n")
    await desk.import_text("id,name,manager\n1,Ada,EVE@example.test\n2,Bo,1\n")
    data = [event["data"] for event in await desk.events("person.changed")]
    by_name = {person["name"]: person for person in data}
    assert by_name["Ada"]["manager_id"] == by_name["Eve"]["person_id"]
    assert by_name["Bo"]["manager_id"] == by_name["Ada"]["person_id"]


async def test_addresses_may_be_swapped_in_one_import_but_not_taken(desk: PeopleDesk) -> None:
    await desk.import_text("id,name,email\n1,Ada,a@example.test\n2,Bo,b@example.test\n3,Cy,c@example.test\n")
    await desk.import_text("id,name,email\n1,Ada,b@example.test\n2,Bo,a@example.test\n")
    async with desk.database.read() as unit:
        people = {person.id: person.email for person in await unit.people.list_audience_people()}
    assert sorted(people.values(), key=str) == ["a@example.test", "b@example.test", "c@example.test"]
    with pytest.raises(ImportRefused, match="1 row is wrong"):
        await desk.import_text("id,name,email\n1,Ada,C@example.test\n")


async def test_somebody_first_known_by_address_is_the_same_person_when_an_id_comes(desk: PeopleDesk) -> None:
    await desk.import_text("name,email\nAda,ada@example.test\n")
    outcome = await desk.import_text("id,name,email\n1,Ada,ADA@example.test\n")
    assert (outcome.created, outcome.changed) == (0, 1)


async def test_an_account_elsewhere_is_one_persons(desk: PeopleDesk) -> None:
    await desk.import_text("id,name,external_id:moodle\n1,Ada,77\n2,Bo,78\n")
    with pytest.raises(ImportRefused) as caught:
        await desk.import_text("id,name,external_id:moodle\n3,Cy,77\n")
    assert caught.value.errors[0].pointer == "/line/2/external_id:moodle"
    await desk.import_text("id,name,external_id:moodle\n1,Ada,78\n2,Bo,77\n")


async def test_the_directory_is_searched_word_by_word_and_paged(desk: PeopleDesk) -> None:
    await desk.import_text("id,name,email\n1,Ada Lovelace,\n2,Åsa Berg,asa@berg.test\n3,Bo 100%,\n4,Cy,\n5,Di,\n")
    assert len(await names(desk)) == 5
    assert await names(desk, "love ADA") == ["Ada Lovelace"]
    assert await names(desk, "åsa") == ["Åsa Berg"]
    assert await names(desk, "BERG.test") == ["Åsa Berg"]
    assert await names(desk, "%") == ["Bo 100%"]


async def test_ten_thousand_people_come_in_with_a_few_dozen_statements(desk: PeopleDesk) -> None:
    lines = [f"E-{n},Person {n},p{n}@example.test,Region {n % 6},{'' if n == 0 else 'E-0'}" for n in range(10_000)]
    text = "id,name,email,region,manager\n" + "\n".join(lines)
    statements: list[str] = []
    listener = (desk.database.writer.sync_engine, "before_cursor_execute", lambda *call: statements.append(call[2]))
    listen(*listener)
    assert (await desk.import_text(text)).created == 10_000
    assert (await desk.import_text(text.replace("Region 5", "Region 7"))).changed == 1_666
    remove(*listener)
    assert len(statements) < 150


async def test_a_list_of_records_is_imported_like_a_file(desk: PeopleDesk) -> None:
    sheet = read_records([{"id": "1", "name": "Ada", "tags": ["x"]}, {"id": "2", "name": "Bo", "manager": "1"}])
    async with desk.database.unit() as unit:
        outcome = await import_people(unit, sheet, desk.clock.now())
    assert outcome.created == 2


def completed(email: str, seconds: int = 1_900_000_000) -> dict[str, str]:
    return {
        "eventname": "\\core\\event\\course_completed",
        "courseid": "2",
        "timecreated": str(seconds),
        "user_email": email,
    }


async def test_facts_of_an_unknown_person_wait_and_count_once_somebody_says_who_it_is(desk: PeopleDesk) -> None:
    (ada,) = await desk.import_numbers([1])
    await desk.open_wave([ada])
    await desk.set_source()
    await desk.deliver(completed("Ada.Private@mail.test"))
    assert await desk.counts() == {"invited": 1}
    async with desk.database.unit() as unit:
        (unknown,), _ = await unit.people.directory.list_unknown(PagingRequest(10, None), linked=False)
        assert (unknown.source, unknown.scheme, unknown.shown) == ("moodle", "email", "Ada.Private@mail.test")
        await link_identity(unit, unknown.id, ada, by="key:1", now=desk.clock.now())
    assert await desk.counts() == {"completed": 1}
    assert desk.rollouts.looks == [("r", "north")]
    await desk.deliver(completed("ada.private@mail.test", 1_900_000_001))
    async with desk.database.read() as unit:
        assert (await unit.people.directory.list_unknown(PagingRequest(10, None), linked=False))[0] == []
        assert len((await unit.people.directory.list_unknown(PagingRequest(10, None), linked=True))[0]) == 1


async def test_a_name_is_linked_to_one_person_only(desk: PeopleDesk) -> None:
    ada, bo = await desk.import_numbers([1, 2])
    await desk.set_source()
    await desk.deliver(completed("x@mail.test"))
    async with desk.database.unit() as unit:
        (unknown,), _ = await unit.people.directory.list_unknown(PagingRequest(10, None), linked=False)
        await link_identity(unit, unknown.id, ada, by="key:1", now=desk.clock.now())
    async with desk.database.unit() as unit:
        await link_identity(unit, unknown.id, ada, by="key:1", now=desk.clock.now())
        with pytest.raises(IdentityAlreadyLinked):
            await link_identity(unit, unknown.id, bo, by="key:1", now=desk.clock.now())


async def test_facts_that_came_before_the_import_count_from_the_import_on(desk: PeopleDesk) -> None:
    await desk.set_source()
    await desk.deliver(completed("P7@example.test"))
    (person,) = await desk.import_numbers([7])
    await desk.open_wave([person])
    assert await desk.counts() == {"completed": 1}
    async with desk.database.read() as unit:
        assert (await unit.people.directory.list_unknown(PagingRequest(10, None), linked=False))[0] == []
