"""A ticket and the day around it, told in instants: the desk's acts at their times, and what the clocks say of them."""

from collections.abc import Iterable, Mapping
from itertools import pairwise
from typing import Any

from shared.auth import Role
from shared.clock import parse_instant
from tests.integration.tickets.desk import TicketsDesk

OFFICE = {day: ["09:00-17:00"] for day in ("monday", "tuesday", "wednesday", "thursday", "friday")}
ALWAYS = {day: ["00:00-24:00"] for day in (*OFFICE, "saturday", "sunday")}
PRIORITIES = ("P1", "P2", "P3", "P4")
Minutes = Mapping[str, int]


def mon(time: str) -> str:
    """Monday, 23 November 2026, in UTC, which is the zone of the policies here unless they say otherwise."""
    return _instant("2026-11-23", time)


def tue(time: str) -> str:
    return _instant("2026-11-24", time)


def wed(time: str) -> str:
    return _instant("2026-11-25", time)


def thu(time: str) -> str:
    return _instant("2026-11-26", time)


def fri(time: str) -> str:
    return _instant("2026-11-27", time)


def sat(time: str) -> str:
    """Saturday, 28 November 2026."""
    return _instant("2026-11-28", time)


def next_mon(time: str) -> str:
    """Monday, 30 November 2026."""
    return _instant("2026-11-30", time)


def next_tue(time: str) -> str:
    return _instant("2026-12-01", time)


def _instant(on: str, time: str) -> str:
    seconds = "" if time.count(":") == 2 else ":00"
    return f"{on}T{time}{seconds}Z"


def go(desk: TicketsDesk, at: str) -> None:
    """Let it be that instant. Time here never runs backwards, except at the very beginning of a test."""
    desk.clock.at = parse_instant(at)


def same_for_all(targets: Minutes) -> dict[str, Any]:
    """The same targets in minutes for every priority, e.g. `{"resolution": 60}`."""
    return {priority: written(targets) for priority in PRIORITIES}


def written(targets: Minutes) -> dict[str, int]:
    return {f"{target}_minutes": minutes for target, minutes in targets.items()}


def calendar(hours: Mapping[str, Any] = OFFICE, zone: str = "UTC", **more: Any) -> dict[str, Any]:
    return {"zone": zone, "hours": dict(hours), **more}


def rule(name: str, targets: Mapping[str, Any], **more: Any) -> dict[str, Any]:
    """A rule of a policy; open 09:00-17:00 on weekdays unless `calendar` says otherwise."""
    return {"name": name, "targets": dict(targets), "calendar": calendar(), **more}


async def promise(desk: TicketsDesk, *rules: dict[str, Any], name: str = "standard", **more: Any) -> str:
    """A version of a policy that both sides have signed, so that it is in force; its label."""
    document = {"rules": list(rules), **more}
    answer = await desk.ask("PUT", f"/v1/policies/{name}", Role.IT_LEAD, json=document)
    assert answer.status_code in (200, 201), answer.text
    version = answer.json()["version"]
    for side, role in (("it", Role.IT_LEAD), ("training", Role.TRAINING)):
        path = f"/v1/policies/{name}/versions/{version}/sign"
        signed = await desk.ask("POST", path, role, json={"side": side})
        assert signed.status_code in (200, 201), signed.text
    return f"{name}@{version}"


class Case:
    """One ticket; every act names the instant at which it happens."""

    def __init__(self, desk: TicketsDesk, ticket: Mapping[str, Any]) -> None:
        self.desk = desk
        self.ticket_id = str(ticket["ticket_id"])
        self.path = f"/v1/tickets/{self.ticket_id}"

    @classmethod
    async def opened(cls, desk: TicketsDesk, at: str, **fields: Any) -> "Case":
        """A P1 of Ada unless `fields` say otherwise."""
        go(desk, at)
        return cls(desk, await desk.open_ticket(**fields))

    @classmethod
    async def major(cls, desk: TicketsDesk, at: str) -> "Case":
        """A major incident."""
        case = await cls.opened(desk, at, subject="The network is down")
        await case.set(at, major=True)
        return case

    async def ticket(self) -> Any:
        return await self.desk.get(self.path)

    async def set(self, at: str, **fields: Any) -> Any:
        go(self.desk, at)
        return await self.desk.patch(await self.ticket(), **fields)

    async def answer(self, at: str, **fields: Any) -> Any:
        """The desk writes; in public unless `fields` say otherwise."""
        return await self._write(at, Role.IT_AGENT, None, {"body": "We are on it", **fields})

    async def ask(self, at: str, body: str = "Any news?") -> Any:
        """The requester writes."""
        return await self._write(at, Role.MANAGER, "ada@example.com", {"body": body})

    async def write_as(self, at: str, role: Role, email: str | None = None, **fields: Any) -> Any:
        return await self._write(at, role, email, {"body": "Words", **fields})

    async def _write(self, at: str, role: Role, email: str | None, body: dict[str, Any]) -> Any:
        go(self.desk, at)
        answer = await self.desk.ask("POST", f"{self.path}/comments", role, json=body, email=email)
        assert answer.status_code == 201, answer.text
        return answer.json()

    async def act(self, at: str, verb: str, body: Mapping[str, Any], role: Role = Role.IT_LEAD) -> Any:
        """A POST below the ticket, like `merge`."""
        go(self.desk, at)
        answer = await self.desk.ask("POST", f"{self.path}/{verb}", role, json=dict(body))
        assert answer.status_code < 300, answer.text
        return answer.json() if answer.content else None

    async def link(self, at: str, kind: str, other: "Case") -> None:
        go(self.desk, at)
        answer = await self.desk.ask("PUT", f"{self.path}/links/{kind}/{other.ticket_id}", json={})
        assert answer.status_code < 300, answer.text
        await settle(self.desk)

    async def unlink(self, at: str, kind: str, other: "Case") -> None:
        go(self.desk, at)
        answer = await self.desk.ask("DELETE", f"{self.path}/links/{kind}/{other.ticket_id}")
        assert answer.status_code < 300, answer.text
        await settle(self.desk)

    async def clocks(self, at: str | None = None) -> list[Any]:
        if at is not None:
            go(self.desk, at)
        answer = await self.desk.get(f"{self.path}/clocks")
        return list(answer["items"] if isinstance(answer, dict) else answer)

    async def clock(self, target: str, cycle: int = 1, at: str | None = None) -> Any:
        found = [each for each in await self.clocks(at) if (each["target"], each["cycle"]) == (target, cycle)]
        assert len(found) == 1, f"{target} {cycle} is not among {await self.names()}"
        return found[0]

    async def names(self) -> list[tuple[str, int]]:
        return sorted((each["target"], each["cycle"]) for each in await self.clocks())

    async def due(self, target: str, cycle: int = 1) -> str | None:
        due_at: str | None = (await self.clock(target, cycle))["due_at"]
        return due_at

    async def breaches(self) -> list[tuple[str, int, str, str]]:
        """What was told: target, cycle, instant, cause; in the order in which it was told."""
        told = await self.desk.told("tickets.clock.breached")
        mine = [each for each in told if each["ticket_id"] == self.ticket_id]
        return [(each["target"], each["cycle"], each["breached_at"], each["cause"]) for each in mine]

    async def withdrawn(self) -> list[tuple[str, str]]:
        told = await self.desk.told("tickets.clock.breach_withdrawn")
        return [(each["target"], each["breached_at"]) for each in told if each["ticket_id"] == self.ticket_id]


async def settle(desk: TicketsDesk, at: str | None = None) -> int:
    """Run what is due and what was left to workers until nothing is left; how many steps that took."""
    if at is not None:
        go(desk, at)
    steps, before = 0, -1
    while before != steps:
        before = steps
        steps += await desk.run_due()
        for worker in desk.runtime.workers:
            while await worker.step():
                steps += 1
    return steps


def drawn(clock: Mapping[str, Any]) -> list[tuple[str, str, str]]:
    """A clock's segments as (kind, from, to)."""
    return [(each["kind"], each["began_at"], each["ended_at"]) for each in clock["segments"]]


def adds_up(clock: Mapping[str, Any], until: str) -> bool:
    """From the start to `until` without a gap, and the running pieces are what was counted."""
    pieces = drawn(clock)
    joins = [pieces[0][1] == clock["started_at"], pieces[-1][2] == until]
    joins += [before[2] == after[1] for before, after in pairwise(pieces)]
    running = sum(each["seconds"] for each in clock["segments"] if each["kind"] == "running")
    return all(joins) and running == clock["elapsed_seconds"]


def kinds(segments: Iterable[tuple[str, str, str]]) -> list[str]:
    return [kind for kind, _, _ in segments]
