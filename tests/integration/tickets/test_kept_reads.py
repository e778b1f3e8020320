"""What is read once and kept: policies for all transactions, contacts for one."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import event

from services.tickets.errors import PolicyNotFound
from services.tickets.ports import Identification, PolicyVersion
from shared.clock import new_id
from shared.events.envelope import Envelope
from tests.integration.tickets.desk import START, TicketsDesk, person
from tests.integration.tickets.test_policies_api import rule

ADA = Identification(system="", scheme="email", value="ada@example.com")


def second_version(rule_name: str) -> PolicyVersion:
    return PolicyVersion(
        name="standard", version=2, document={"rules": [rule(rule_name)]}, created_at=START, created_by="ada"
    )


@contextmanager
def statements(desk: TicketsDesk) -> Iterator[list[str]]:
    said: list[str] = []
    listener = (desk.database.writer.sync_engine, "before_cursor_execute", lambda *call: said.append(call[2]))
    event.listen(*listener)
    yield said
    event.remove(*listener)


async def rule_of(unit: Any) -> str:
    return str((await unit.policies.book({"standard@2"}))["standard@2"].rules[0].name)


async def test_a_version_that_was_never_committed_is_not_remembered(desk: TicketsDesk) -> None:
    async def change_my_mind() -> None:
        async with desk.database.unit() as unit:
            await unit.policies.add(second_version("given up"))
            assert await rule_of(unit) == "given up"
            raise RuntimeError("changed my mind")

    with pytest.raises(RuntimeError, match="changed my mind"):
        await change_my_mind()
    async with desk.database.unit() as unit:
        with pytest.raises(PolicyNotFound):
            await unit.policies.book({"standard@2"})
        await unit.policies.add(second_version("kept"))
    async with desk.database.unit() as unit:
        assert await rule_of(unit) == "kept"


async def test_a_version_is_read_once_for_all_transactions(desk: TicketsDesk) -> None:
    async with desk.database.unit() as unit:
        await unit.policies.add(second_version("kept"))
    with statements(desk) as first:
        async with desk.database.unit() as unit:
            assert await rule_of(unit) == "kept"
    with statements(desk) as second:
        async with desk.database.unit() as unit:
            assert await rule_of(unit) == "kept"
    assert [sum("policies" in said for said in each) for each in (first, second)] == [1, 0]


async def test_a_contact_is_read_once_in_a_transaction_and_anew_once_the_person_is_forgotten(desk: TicketsDesk) -> None:
    async with desk.database.unit() as unit:
        contact = (await unit.contacts.identify({ADA: "Ada"}))[ADA]
        with statements(desk) as said:
            assert await unit.contacts.load({contact.contact_id}) == {contact.contact_id: contact}
        assert said == []
        told = Envelope(id=new_id(), source="rollout", time=START, data=person(), aggregate_version=1)
        await unit.directory.keep_person(told)
        assert (await unit.contacts.load({contact.contact_id}))[contact.contact_id].person_id == "p-ada"
        await unit.directory.erase_person("p-ada")
        assert (await unit.contacts.load({contact.contact_id}))[contact.contact_id].name == ""
