"""Kill the service at random while it tells a helpdesk: no ticket and no comment is there twice, and none is missing.

    python -m tests.bench.helpdesk_kills --writes 5000

The helpdesk is simulated and runs in this process over real HTTP; the service is a process of its own that is killed with
SIGKILL every few hundred milliseconds and started again.
"""

import argparse
import asyncio
import json
import random
import sys
import tempfile
from collections import Counter
from dataclasses import dataclass, replace
from datetime import timedelta
from multiprocessing import Pipe
from pathlib import Path

from services.tickets.domain.sync import Connector, Mode, owner_of
from shared import migrations
from shared.auth import Role
from shared.clock import SystemClock, new_id
from shared.events.gateway import SourceChanged
from shared.vault import Vault
from tests.integration.tickets.desk import TicketsDesk
from tests.support import sync_process
from tests.support.helpdesks.desk import SimulatedDesk
from tests.support.helpdesks.plaindesk import PlainDesk
from tests.support.processes import ended, start
from tests.support.serving import served

NAME = "helpdesk"
MIGRATIONS = Path(__file__).resolve().parents[2] / "services" / "tickets" / "migrations"


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """`doubled` and `missing` count tickets and comments at the helpdesk against what was written here."""

    writes: int
    kills: int
    doubled: int
    missing: int
    refused: int

    @property
    def holds(self) -> bool:
        return (self.doubled, self.missing, self.refused) == (0, 0, 0)


async def kill_while_telling(
    url: str, writes: int, *, seed: int, kills: int, least: float = 0.3, most: float = 2.0
) -> Verdict:
    """Half of the writes open tickets, the others comment on them. `least` and `most` are seconds from work to the next kill."""
    chance = random.Random(seed)
    here = TicketsDesk(url)
    here.clock.at = SystemClock().now()
    there = PlainDesk(SystemClock().now)
    try:
        async with served(there.app) as port:
            await _connect(here, there, f"http://127.0.0.1:{port}")
            words = await _write(here, writes)
            killed = await _told_under_kills(here, url, chance, kills, least, most)
        return await _judge(here, there, words, writes, killed)
    finally:
        await here.stop()


async def _connect(here: TicketsDesk, there: SimulatedDesk, base_url: str) -> None:
    assert there.vendor_file is not None
    document = {**there.vendor_file.document}
    # What this helpdesk is told takes effect at once or never: lost answers can be cleared up after a moment.
    document["calls"] = {**document["calls"], "settle_seconds": 1}
    source = SourceChanged(
        source_id=new_id(), name=NAME, vendor=there.vendor, kind="helpdesk", enabled=True, vendor_file=document
    )
    await here.hand_in(source)
    now = here.clock.now()
    sealed = Vault(here.runtime.settings.credentials_key).seal_text(
        json.dumps(dict(there.credential)), owner=owner_of(NAME)
    )
    connector = Connector(
        name=NAME,
        vendor=there.vendor,
        base_url=base_url,
        settings=there.settings,
        credential=sealed,
        credential_kind=there.credential["kind"],
        mode=Mode.TWO_WAY,
        exports=("*",),
        poll_every_for=timedelta(hours=1),
        created_at=now,
        changed_at=now,
    )
    async with here.database.unit() as unit:
        await unit.connectors.put(replace(connector, polled_at=now))


async def _write(here: TicketsDesk, writes: int) -> list[tuple[str, str]]:
    """Subjects with what is said on them."""
    words = []
    for number in range(writes // 2):
        ticket = await here.open_ticket(subject=f"Trouble {number}", priority="P3", impact=None)
        body = f"Word {number}"
        answer = await here.ask(
            "POST", f"/v1/tickets/{ticket['ticket_id']}/comments", Role.IT_AGENT, json={"body": body, "public": True}
        )
        assert answer.status_code == 201, answer.text
        words.append((f"Trouble {number}", body))
    return words


async def _told_under_kills(
    here: TicketsDesk, url: str, chance: random.Random, most_kills: int, least: float, most: float
) -> int:
    kills = 0
    while True:
        hears, says = Pipe(duplex=False)
        process = await start(sync_process.main, url, says)
        says.close()  # the other end is the process's alone: if it dies, nothing is waited for
        await asyncio.to_thread(hears.recv)
        hears.close()
        try:
            async with asyncio.timeout(chance.uniform(least, most) if kills < most_kills else None):
                while await _waiting(here):  # noqa: ASYNC110  # what is waited for happens in another process
                    await asyncio.sleep(0.2)
        except TimeoutError:
            process.kill()
            await ended(process)
            kills += 1
            continue
        process.kill()
        await ended(process)
        return kills


async def _waiting(here: TicketsDesk) -> bool:
    async with here.database.read() as unit:
        return await unit.remote_writes.next_try(NAME) is not None


async def _judge(
    here: TicketsDesk, there: SimulatedDesk, words: list[tuple[str, str]], writes: int, kills: int
) -> Verdict:
    said = Counter(
        (there.state(key).subject, comment.body) for key in there.ticket_ids() for comment in there.state(key).comments
    )
    subjects = Counter(there.state(key).subject for key in there.ticket_ids())
    doubled = sum(count - 1 for count in (*said.values(), *subjects.values()))
    missing = sum(pair not in said for pair in words) + sum(subject not in subjects for subject, _ in words)
    async with here.database.read() as unit:
        figures = (await unit.sync_records.figures(here.clock.now())).get(NAME)
    return Verdict(
        writes=writes, kills=kills, doubled=doubled, missing=missing, refused=figures.refused if figures else 0
    )


async def _main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--writes", type=int, default=5000)
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--seed", type=int, default=20261128)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite+aiosqlite:///{folder}/tickets.db"
        await migrations.upgrade(url, MIGRATIONS)
        verdict = await kill_while_telling(url, asked.writes, seed=asked.seed, kills=asked.kills)
    print(verdict)  # noqa: T201  # a bench prints
    return 0 if verdict.holds else 1


if __name__ == "__main__":
    sys.exit(asyncio.run(_main()))
