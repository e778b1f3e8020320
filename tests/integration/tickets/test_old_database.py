"""A database of the first release, with tickets in it, comes up under rules: nothing of it is lost and everything goes on."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from alembic import command
from sqlalchemy.engine import make_url
from sqlalchemy.pool import NullPool

from shared.auth import Role
from shared.migrations import config_for, upgrade_now
from tests.integration.tickets.desk import HOUR, START, TicketsDesk
from tests.integration.tickets.test_policies_api import rule
from tests.integration.tickets.test_policy_migrations import dump, order, preview, published, run

MIGRATIONS = Path(__file__).parents[3] / "services" / "tickets" / "migrations"
OPENED = datetime(2026, 11, 23, 9, tzinfo=UTC)
RUNNING, ANSWERED, DELETED = (f"01990000-0000-7000-8000-00000000000{each}" for each in (1, 2, 3))


def _engine(url: str) -> sa.Engine:
    parsed = make_url(url)
    if parsed.get_backend_name() == "sqlite":
        parsed = parsed.set(drivername="sqlite")
    return sa.create_engine(parsed, poolclass=NullPool)


def _ticket(ticket_id: str, number: int, **said: Any) -> dict[str, Any]:
    return {
        "ticket_id": ticket_id,
        "number": number,
        "subject": "Video stalls",
        "description": "It stops.",
        "status": "new",
        "vendor_status": None,
        "priority": "P1",
        "kind": "incident",
        "requester_id": "c1",
        "assignee": None,
        "tags": json.dumps(["video"]),
        "course": "42",
        "system": None,
        "rollout": "safety-video",
        "wave": "north",
        "rule": "course",
        "by_hand": False,
        "source": None,
        "external_id": None,
        "external_key": None,
        "policy_name": "standard",
        "policy_version": 1,
        "opened_at": OPENED,
        "solved_at": None,
        "deleted_at": None,
        "version": 3,
        "told_at": "{}",
    } | said


def _moment(number: int, ticket_id: str, kind: str, minutes: int, value: str = "") -> dict[str, Any]:
    at = OPENED + timedelta(minutes=minutes)
    moment_id = f"01990000-0000-7000-9000-00000000000{number}"
    return {"moment_id": moment_id, "ticket_id": ticket_id, "kind": kind, "at": at, "observed_at": at, "value": value}


def _clock(ticket_id: str, target: str, hours: int, **said: Any) -> dict[str, Any]:
    return {
        "clock_id": f"{ticket_id}:{target}:1",
        "ticket_id": ticket_id,
        "target": target,
        "cycle": 1,
        "started_at": OPENED,
        "target_seconds": hours * 3600.0,
        "state": "running",
        "stops": "[]",
        "due_at": OPENED + timedelta(hours=hours),
        "breached_at": None,
        "cause": "elapsed",
        "settled_at": None,
        "answered": False,
    } | said


def _ended(minutes: int, state: str) -> dict[str, Any]:
    at = OPENED + timedelta(minutes=minutes)
    stop = {"kind": "settled", "began_at": at.isoformat().replace("+00:00", "Z"), "ended_at": None}
    return {"state": state, "settled_at": at, "stops": json.dumps([stop]), "answered": state == "settled"}


def fill_as_the_first_release_did(url: str) -> None:
    tables: dict[str, list[dict[str, Any]]] = {
        "contacts": [
            {
                "contact_id": "c1",
                "system": "",
                "scheme": "email",
                "value": "ada@example.com",
                "name": "Ada",
                "person_id": None,
            }
        ],
        "tickets": [
            _ticket(RUNNING, 1),
            _ticket(ANSWERED, 2, status="open"),
            _ticket(DELETED, 3, status="closed", deleted_at=OPENED + timedelta(minutes=5)),
        ],
        "moments": [
            _moment(1, RUNNING, "opened", 0, "P1"),
            _moment(2, ANSWERED, "opened", 0, "P1"),
            _moment(3, ANSWERED, "answered", 10),
            _moment(4, ANSWERED, "status", 10, "open"),
            _moment(5, DELETED, "opened", 0, "P1"),
            _moment(6, DELETED, "deleted", 5),
        ],
        "clocks": [
            _clock(RUNNING, "first_response", 1),
            _clock(RUNNING, "resolution", 4),
            _clock(ANSWERED, "first_response", 1, **_ended(10, "settled")),
            _clock(ANSWERED, "resolution", 4),
            _clock(DELETED, "first_response", 1, **_ended(5, "cancelled")),
            _clock(DELETED, "resolution", 4, **_ended(5, "cancelled")),
        ],
    }
    engine = _engine(url)
    metadata = sa.MetaData()
    with engine.begin() as connection:
        metadata.reflect(connection, only=list(tables))
        for name in ("contacts", "tickets", "moments", "clocks"):
            table = metadata.tables[name]
            for row in tables[name]:
                # On PostgreSQL the columns of documents take values, on SQLite text.
                plain = {key: _document(table.c[key].type, value) for key, value in row.items()}
                connection.execute(table.insert(), plain)
        connection.execute(sa.text("UPDATE counters SET value = 3"))
    engine.dispose()


def _document(kind: Any, value: Any) -> Any:
    if isinstance(kind, sa.JSON) and isinstance(value, str):
        return json.loads(value)
    if isinstance(value, datetime) and not getattr(kind, "timezone", False):
        return value.replace(tzinfo=None)
    return value


@pytest.mark.timeout(200)
async def test_a_database_of_the_first_release_comes_up_and_goes_on(database_url: str) -> None:
    command.upgrade(config_for(database_url, MIGRATIONS), "0001")
    fill_as_the_first_release_did(database_url)
    upgrade_now(database_url, MIGRATIONS)
    desk = TicketsDesk(database_url)
    try:
        [standard] = (await desk.get("/v1/policies"))["items"]
        assert (standard["state"], standard["in_force_at"]) == ("in_force", "2026-11-22T00:00:00Z")
        await _says_what_it_said(desk)
        await _goes_on(desk)
    finally:
        await desk.stop()


async def _says_what_it_said(desk: TicketsDesk) -> None:
    told = await desk.get(f"/v1/tickets/{RUNNING}/explain")
    assert (told["policy"], told["rule"]) == ("standard@1", "everything")
    assert (told["features"]["course"], told["features"]["tags"], told["features"]["wave"]) == (
        "42",
        ["video"],
        "north",
    )
    clocks = {clock["clock_id"]: clock for clock in await desk.get(f"/v1/tickets/{RUNNING}/clocks")}
    first = clocks[f"{RUNNING}:first_response:1"]
    assert (first["due_at"], first["policy"], first["rule"]) == ("2026-11-23T10:00:00Z", "standard@1", "everything")
    [cancelled, *_] = await desk.get(f"/v1/tickets/{DELETED}/clocks")
    assert cancelled["state"] == "cancelled"
    # Running the old moments again finds the old clocks: what the migration wrote is what a replay says.
    before = await dump(desk)
    new = await published(desk, {"P1": {"first_response_minutes": 30, "resolution_minutes": 60}})
    found = await preview(desk, "standard@1", new)
    assert (found["counts"]["tickets"], found["counts"]["earlier"]) == (2, 3)
    await order(desk, f"/{found['migration_id']}/apply")
    await run(desk)
    await order(desk, f"/{found['migration_id']}/undo")
    await run(desk)
    assert await dump(desk) == before


async def _goes_on(desk: TicketsDesk) -> None:
    desk.clock.at = START + HOUR
    await desk.run_due()
    [breached] = await desk.told("tickets.clock.breached")
    assert (breached["clock_id"], breached["breached_at"]) == (f"{RUNNING}:first_response:1", "2026-11-23T10:00:00Z")
    ticket = await desk.ticket(2)
    changed = await desk.patch(ticket, status="solved")
    assert [clock["state"] for clock in changed["clocks"]] == ["settled", "settled"]
    assert (await desk.open_ticket(priority="P2"))["number"] == 4
    made = await desk.ask("PUT", "/v1/policies/standard", Role.IT_LEAD, json={"rules": [rule()]})
    assert made.json()["version"] == 3
