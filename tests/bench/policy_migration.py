"""A policy migration of many open clocks: previewed, applied and undone, with the clocks as they were to the byte.

    python -m tests.bench.policy_migration --clocks 100000 [--database sqlite|postgresql|both]

Tickets lie in a migrated database as the service stores them; a part of them has been answered, paused, solved and reopened
through the service itself. The new version has other targets, other hours and drops one target. What is compared is
every column of the table `clocks`, and of the breaches that stand, read by the bare driver.
"""

import argparse
import asyncio
import hashlib
import json
import sqlite3
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
from pydantic import SecretStr
from sqlalchemy.engine import make_url

from services.tickets.domain.moment import Moment, MomentKind
from services.tickets.main import create_app
from services.tickets.ports import Migration, Phase, PolicyVersion
from services.tickets.settings import TicketsSettings
from services.tickets.usecases.filing import Folder, close_folders
from services.tickets.usecases.policies import MigrationRunner, apply_migration, start_migration, undo_migration
from shared import migrations
from shared.clock import FixedClock, monotonic, new_id
from shared.runtime import Runtime
from tests.bench.report import Figure, render
from tests.bench.stock import DAYS, LABEL, POLICY, Stock, fill, ticket_id
from tests.support.servers import Postgres

BENCH = "policy migration"
NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
LIVED = 4
"""One ticket in this many has a history: answered, paused, solved, reopened."""
BAR_SECONDS = 300.0
SERVICES = Path(__file__).parents[2] / "services"
WEEK = {day: ["08:00-12:00", "13:00-18:00"] for day in DAYS[:5]}
NEXT = {
    "order": 100,
    "rules": [
        {
            "name": "urgent",
            "when": {"priority": ["P1"]},
            "calendar": {"zone": "Europe/Berlin", "hours": WEEK, "holidays": ["2026-12-25"]},
            "targets": {"P1": {"first_response_minutes": 45, "next_response_minutes": 60}},
        },
        {
            "name": "others",
            "calendar": {"zone": "UTC", "hours": {day: ["00:00-24:00"] for day in DAYS}},
            "targets": {"P4": {"first_response_minutes": 10 * 24 * 60, "resolution_minutes": 45 * 24 * 60}},
        },
    ],
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """What one database took, in seconds, and whether the clocks came back."""

    database: str
    clocks: int
    tickets: int
    seconds: dict[str, float]
    counts: dict[str, int]
    identical: bool
    moved: bool

    def figures(self) -> Iterator[Figure]:
        for phase, seconds in self.seconds.items():
            yield Figure(
                bench=BENCH,
                what=f"{phase} of {self.clocks:,} open clocks of {self.tickets:,} tickets on {self.database}",
                measured=f"{seconds:,.1f} s, {self.clocks / seconds:,.0f} clocks/s",
                bar=f"< {BAR_SECONDS:.0f} s",
                held=seconds < BAR_SECONDS,
            )
        yield Figure(
            bench=BENCH,
            what=f"clocks and ledger after the undo on {self.database}",
            measured="the same to the byte" if self.identical else "different",
            bar="the same to the byte, and changed in between",
            held=self.identical and self.moved,
        )


async def measure(url: str, database: str, clocks: int) -> Run:
    """Fill the database behind `url`, migrate it there and back."""
    tickets = max(1, clocks // 2)
    migrations.upgrade_now(url, SERVICES / "tickets" / "migrations")
    soon = max(1, tickets // 10)
    fill(url, Stock(tickets=tickets, soon=soon, due_from=NOW + 5 * MINUTE, window=timedelta(minutes=50)))
    settings = TicketsSettings(
        database_url=url,
        nats_url="nats://127.0.0.1:1",
        identity_key=SecretStr("identity-key-for-benches"),
        link_key=SecretStr("link-key-for-the-benches"),
    )
    clock = FixedClock(NOW)
    runtime: Runtime[Any] = create_app(settings, clock=clock).state.runtime
    try:
        await _live(runtime, tickets)
        await _publish(runtime)
        runner = MigrationRunner(runtime.database, business=runtime.business)
        before = _dump(url)
        async with runtime.database.unit() as unit:
            order = await start_migration(
                unit, LABEL, f"{POLICY}@2", retroactive=False, reason="bench", by="bench", now=NOW
            )
        seconds = {"preview": await _run(runner)}
        clock.advance(MINUTE)
        async with runtime.database.unit() as unit:
            await apply_migration(unit, order.migration_id, by="bench", now=clock.at)
        seconds["apply"] = await _run(runner)
        between = _dump(url)
        async with runtime.database.unit() as unit:
            await undo_migration(unit, order.migration_id, by="bench", now=clock.at)
        seconds["undo"] = await _run(runner)
        done = await _read(runtime, order)
    finally:
        await runtime.database.dispose()
        runtime.telemetry.shutdown()
    assert done.phase is Phase.UNDONE, done.phase
    return Run(
        database=database,
        clocks=done.foreseen["clocks"],
        tickets=done.foreseen["tickets"],
        seconds=seconds,
        counts=dict(done.foreseen),
        identical=_dump(url) == before,
        moved=between != before,
    )


async def _run(runner: MigrationRunner) -> float:
    began = monotonic()
    while await runner.step():
        pass
    return monotonic() - began


async def _read(runtime: Runtime[Any], order: Migration) -> Migration:
    async with runtime.database.read() as unit:
        found: Migration = await unit.migrations.get(order.migration_id)
        return found


async def _publish(runtime: Runtime[Any]) -> None:
    async with runtime.database.unit() as unit:
        await unit.policies.add(
            PolicyVersion(name=POLICY, version=2, document=NEXT, created_at=NOW, created_by="bench", in_force_at=NOW)
        )


async def _live(runtime: Runtime[Any], tickets: int) -> None:
    """Give a part of the tickets a history, each through the service's own way of filing."""
    numbers = range(0, tickets, LIVED)
    for start in range(0, len(numbers), 500):
        some = numbers[start : start + 500]
        async with runtime.database.unit() as unit:
            folders = [Folder.of(each) for each in await unit.tickets.load([ticket_id(number) for number in some])]
            for index, folder in enumerate(folders):
                opened_at = folder.ticket.opened_at
                lives = _LIVES[index % len(_LIVES)]
                for after, kind, value in lives:
                    at = min(opened_at + after * MINUTE, NOW)
                    folder.moments.append(Moment(moment_id=new_id(), kind=kind, at=at, observed_at=at, value=value))
            await close_folders(unit, folders, NOW)


_LIVES = (
    ((2, MomentKind.STATUS, "pending"), (4, MomentKind.STATUS, "open")),
    ((1, MomentKind.ANSWERED, ""), (3, MomentKind.ASKED, "")),
    ((2, MomentKind.STATUS, "on_hold"),),
    ((1, MomentKind.ANSWERED, ""), (2, MomentKind.STATUS, "solved"), (4, MomentKind.STATUS, "open")),
    ((1, MomentKind.PRIORITY, "P4"), (2, MomentKind.ANSWERED, "")),
)


def _dump(url: str) -> dict[str, str]:
    """A digest of every column of every row, as the bare driver gives them. Breaches that were withdrawn stay in the ledger."""
    return {
        "clocks": _digest(url, "SELECT * FROM clocks ORDER BY clock_id"),
        "breaches": _digest(url, "SELECT * FROM breaches WHERE withdrawn_at IS NULL ORDER BY breach_id"),
    }


def _digest(url: str, statement: str) -> str:
    digest = hashlib.sha256()
    parsed = make_url(url)
    if parsed.get_backend_name() == "sqlite":
        with sqlite3.connect(str(parsed.database)) as lite:
            for row in lite.execute(statement):
                digest.update(repr(row).encode())
        lite.close()
        return digest.hexdigest()
    plain = parsed.set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(plain) as connection, connection.cursor("dump") as cursor:
        cursor.execute(statement.encode())
        for row in cursor:
            digest.update(repr([_plain(value) for value in row]).encode())
    return digest.hexdigest()


def _plain(value: Any) -> Any:
    return json.dumps(value, sort_keys=True) if isinstance(value, dict | list) else value


def run(clocks: int, database: str = "both") -> Iterator[Figure]:
    """Preview, apply and undo, each within a few minutes, on each database."""
    if database in ("sqlite", "both"):
        with tempfile.TemporaryDirectory() as folder:
            yield from asyncio.run(measure(f"sqlite+aiosqlite:///{folder}/tickets.db", "sqlite", clocks)).figures()
    if database in ("postgresql", "both"):
        server = Postgres()
        try:
            url = server.url(server.create_database())
            yield from asyncio.run(measure(url, "postgresql", clocks)).figures()
        finally:
            server.stop()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else "")
    parser.add_argument("--clocks", type=int, default=100_000)
    parser.add_argument("--database", choices=("sqlite", "postgresql", "both"), default="both")
    asked = parser.parse_args()
    print(render(list(run(asked.clocks, asked.database))))  # noqa: T201


if __name__ == "__main__":
    main()
