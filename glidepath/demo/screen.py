"""What a person sees of the story: a live tree on a terminal, plain lines anywhere else."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from threading import Event, Thread
from typing import Any, Protocol
from zoneinfo import ZoneInfo

from rich.console import Group
from rich.live import Live
from rich.text import Text

from glidepath.faults import Fault
from glidepath.output import console
from glidepath.tree import rollout_tree

ZONE = ZoneInfo("Europe/Berlin")
KEPT_LINES = 12


def say_time(at: datetime) -> str:
    local = at.astimezone(ZONE)
    return f"{local:%a} {local.day} {local:%b %H:%M}"


class Screen(Protocol):
    def say(self, at: datetime, line: str) -> None:
        """Something happened in the story at this business time."""

    def linger(self, seconds: float) -> None:
        """Give people time to read, where there are people."""


class PlainScreen:
    """One line per happening."""

    def __init__(self, speed: float) -> None:
        self._speed = speed

    def say(self, at: datetime, line: str) -> None:
        print(f"[{say_time(at)}] {line}", flush=True)

    def linger(self, seconds: float) -> None:
        if self._speed > 0:
            time.sleep(seconds / self._speed)


class LiveScreen(PlainScreen):
    """The rollout's tree, fetched twice a second, above the last lines of the story."""

    def __init__(self, speed: float, live: Live, fetch: Callable[[], dict[str, Any] | None]) -> None:
        super().__init__(speed)
        self._live = live
        self._fetch = fetch
        self._lines: list[str] = []
        self._now = ""
        self.ended = Event()

    def say(self, at: datetime, line: str) -> None:
        self._now = say_time(at)
        self._lines = [*self._lines, f"{self._now}  {line}"][-KEPT_LINES:]
        self.draw()

    def draw(self) -> None:
        try:
            rollout = self._fetch()
        except Fault:
            return  # restarting: the last picture stays
        tree = [rollout_tree(rollout, now=self._now)] if rollout else []
        self._live.update(Group(*tree, Text(), *(Text(line, style="dim") for line in self._lines)), refresh=True)

    def run(self) -> None:
        while not self.ended.wait(0.5):
            self.draw()


@contextmanager
def opened_screen(*, speed: float, fetch: Callable[[], dict[str, Any] | None]) -> Iterator[Screen]:
    """A live screen on a terminal, else a plain one. `speed` 0 never lingers."""
    if not sys.stdout.isatty():
        yield PlainScreen(speed)
        return
    with Live(console=console(), auto_refresh=False) as live:
        screen = LiveScreen(speed, live, fetch)
        drawing = Thread(target=screen.run, name="screen", daemon=True)
        drawing.start()
        try:
            yield screen
        finally:
            screen.draw()
            screen.ended.set()
            drawing.join(timeout=5)
