"""The console's machinery: times, assets, the explained problem codes, and the bell that says "fetch again"."""

import asyncio
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import pytest

import services.gateway.main
import services.rollout.main
import services.survey.main
import services.tickets.main  # noqa: F401  # each main imports its service whole, and with it every error
from services.gateway.console.assets import Assets
from services.gateway.console.deliveries import say_facts
from services.gateway.console.live import TOPICS, Bell
from services.gateway.console.problem_texts import read_problem_texts
from services.gateway.console.rendering import say_time, zone_of
from shared.errors import ServiceError


def all_errors(of: type[ServiceError] = ServiceError) -> set[type[ServiceError]]:
    return {of}.union(*(all_errors(error) for error in of.__subclasses__()))


def test_every_problem_code_of_every_service_is_explained() -> None:
    texts = read_problem_texts()
    codes = {error.code for error in all_errors() if error.__module__.startswith(("services", "shared"))}
    framework = {"unsupported_media_type", "http_error"}
    assert codes | framework == set(texts)


def test_an_explained_problem_has_the_status_that_its_error_has() -> None:
    texts = read_problem_texts()
    named = {error.code: error.status for error in all_errors() if error.__module__.startswith(("services", "shared"))}
    assert {code: texts[code].status for code in named} == named


def test_a_time_is_said_in_the_zone_of_the_rollout() -> None:
    instant = datetime(2026, 3, 2, 8, 0, 5, tzinfo=UTC)
    berlin = zone_of("Europe/Berlin")
    assert say_time(instant, berlin) == "Mon 2 Mar 2026, 09:00"
    assert say_time(instant, berlin, "short") == "2 Mar, 09:00"
    assert say_time(instant, berlin, "log") == "2 Mar, 09:00:05"


@pytest.mark.parametrize("name", ["Nowhere/At-All", "../../etc/passwd", "", "/etc/localtime"])
def test_an_unknown_zone_falls_back_to_utc(name: str) -> None:
    assert zone_of(name).key == "UTC"


def test_assets_change_their_address_with_their_content_and_only_then(tmp_path: Any) -> None:
    (tmp_path / "a.css").write_text("body {}")
    (tmp_path / "notes.txt").write_text("not served")
    first = Assets(tmp_path)
    assert first.version == Assets(tmp_path).version
    with pytest.raises(KeyError):
        first.url("notes.txt")
    (tmp_path / "a.css").write_text("body { margin: 0 }")
    assert Assets(tmp_path).url("a.css") != first.url("a.css")


def test_facts_of_a_delivery_are_told_in_a_line_each() -> None:
    facts: list[Mapping[str, Any]] = [
        {"type": "completion", "person": {"scheme": "email", "value": "a@x.example"}, "course": {"id": "21"}},
        {"type": "ticket", "ticket": {"id": "7", "key": "IT-7"}, "subject": "No sound", "status": "on_hold"},
        {"type": "ignored", "reason": "a test event"},
    ]
    assert say_facts(facts) == [
        "Completion · a@x.example · course 21",
        "Ticket · #IT-7 · “No sound” · on hold",
        "Ignored · a test event",
    ]
    assert say_facts(None) == []


class SilentBus:
    """A connection that never comes up."""

    def __init__(self) -> None:
        self.connected = asyncio.Event()
        self.client = None
        self.generation = 0

    async def settled(self) -> None:
        """Nothing waits."""


class SpeakingBus(SilentBus):
    """A connection whose subscriptions are called by hand."""

    def __init__(self) -> None:
        super().__init__()
        self.connected.set()
        self.client: Any = self
        self.heard: dict[str, Any] = {}
        self.left = asyncio.Event()

    async def subscribe(self, subject: str, cb: Any) -> "SpeakingBus":
        self.heard[subject] = cb
        return self

    async def unsubscribe(self) -> None:
        self.left.set()


async def test_the_bell_listens_only_while_a_page_is_open() -> None:
    bus = SpeakingBus()
    bell = Bell(bus)
    async with bell.listening():
        assert await bell.wait(2.0)  # what was said before we listened is unknown, so it counts as a change
        before = bell.counts()
        await bus.heard["rollout.wave.>"](None)
        assert bell.counts() == before | {"rollouts": before["rollouts"] + 1}
    async with asyncio.timeout(2):
        await bus.left.wait()


async def test_two_processes_never_give_an_event_the_same_id() -> None:
    assert Bell(SilentBus()).marker() != Bell(SilentBus()).marker()
    bell = Bell(SilentBus())
    before = bell.marker()
    bell.ring(*TOPICS)
    assert bell.marker() != before


async def test_without_nats_a_stream_stays_silent_and_ends_when_told() -> None:
    bell = Bell(SilentBus())
    async with bell.listening():
        waiting = asyncio.create_task(bell.wait(5.0))
        await asyncio.sleep(0)
        bell.hang_up()
        assert await waiting
        assert bell.closing
