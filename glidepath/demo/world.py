"""Everything the story plays with: the deployment's REST, the simulated systems, the people and the clock."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from importlib.resources import files
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import quote
from zoneinfo import ZoneInfo

import yaml

from glidepath.client import Client
from glidepath.demo.business_time import BusinessTime
from glidepath.demo.population import Employee, employees
from glidepath.demo.screen import Screen
from glidepath.demo.simulators.helpdesk import Helpdesk, HelpdeskWebhooks, helpdesk_app
from glidepath.demo.simulators.hosting import Hosting
from glidepath.demo.simulators.journal import Journal
from glidepath.demo.simulators.mail import MailSink
from glidepath.demo.simulators.moodle import MoodleSite, ToolTrigger, moodle_app
from glidepath.demo.state import StoryState
from glidepath.faults import Fault, NotThere, TimedOut
from shared.clock import monotonic

T = TypeVar("T")
ZONE = ZoneInfo("Europe/Berlin")
PATIENCE_SECONDS = 120.0
AGENT, OUTSIDER = 9001, 9002


@dataclass(frozen=True, slots=True, kw_only=True)
class Simulators:
    """The outside systems, running."""

    test_lms: MoodleSite
    lms: MoodleSite
    helpdesk: Helpdesk
    mail: MailSink
    test_lms_url: str
    lms_url: str
    helpdesk_url: str


@contextmanager
def running_simulators(
    folder: Path, state: StoryState, clock: BusinessTime, people: list[Employee], *, host: str, mail_port: int
) -> Iterator[Simulators]:
    """Start them on `host`'s interface; journals in `folder`. The mail port must be the one the deployment sends to."""
    loopback = host in ("127.0.0.1", "localhost")
    hosting = Hosting("127.0.0.1" if loopback else "0.0.0.0")  # noqa: S104 - containers must reach the simulators
    users = [person.moodle_user for person in people]
    test_lms = MoodleSite("Test LMS", users, {state.test_course: "Safety (rehearsal)"}, _journal(folder, "test-lms"))
    lms = MoodleSite("LMS", users, {state.course: "Safety"}, _journal(folder, "lms"))
    helpdesk = Helpdesk(clock.clock, _journal(folder, "helpdesk"), first_number=1000 * state.run + 1)
    mail = MailSink(_journal(folder, "mail"))
    try:
        try:
            hosting.serve_lines(mail.talk, mail_port)
        except OSError as error:
            raise Fault(f"port {mail_port} for the demo's mailbox is in use: {error.strerror}") from error
        ports = [
            hosting.serve_http(moodle_app(test_lms, token=state.lms_token)),
            hosting.serve_http(moodle_app(lms, token=state.lms_token)),
            hosting.serve_http(helpdesk_app(helpdesk, account="glidepath@nordwind.example", token=state.lms_token)),
        ]
        urls = [f"http://{host}:{port}" for port in ports]
        yield Simulators(
            test_lms=test_lms,
            lms=lms,
            helpdesk=helpdesk,
            mail=mail,
            test_lms_url=urls[0],
            lms_url=urls[1],
            helpdesk_url=urls[2],
        )
    finally:
        hosting.stop()


def _journal(folder: Path, name: str) -> Journal:
    return Journal(folder / f"{name}.jsonl")


class World:
    """What the steps of the story are given."""

    def __init__(
        self, client: Client, state: StoryState, clock: BusinessTime, simulators: Simulators, screen: Screen
    ) -> None:
        self.client = client
        self.state = state
        self.clock = clock
        self.outside = simulators
        self.screen = screen
        self.people = employees()
        self.test_hooks = ToolTrigger(simulators.test_lms, self.hook("moodle-test"), state.lms_secret)
        self.hooks = ToolTrigger(simulators.lms, self.hook("moodle"), state.lms_secret)
        self.helpdesk_hooks = HelpdeskWebhooks(simulators.helpdesk, self.hook("helpdesk"), state.helpdesk_secret)

    def close(self) -> None:
        for sender in (self.test_hooks, self.hooks, self.helpdesk_hooks):
            sender.close()

    def hook(self, source: str) -> str:
        return f"{self.client.base_url}/hooks/{source}"

    def say(self, line: str) -> None:
        self.screen.say(self.clock.now(), line)

    def day(self, number: int, wall: str) -> datetime:
        """`wall` ("10:00") in Berlin on day `number` of the story; day 0 is its first Monday."""
        hour, minute = (int(part) for part in wall.split(":"))
        first = self.state.begin.astimezone(ZONE).date()
        on = first + timedelta(days=number)
        return datetime(on.year, on.month, on.day, hour, minute, tzinfo=ZONE)

    def plan(self) -> dict[str, Any]:
        """plan.yaml under this run's name and course ids."""
        document: dict[str, Any] = yaml.safe_load(
            files("glidepath.demo").joinpath("plan.yaml").read_text(encoding="utf-8")
        )
        document["metadata"]["name"] = self.state.rollout
        document["spec"]["courses"] = {"moodle-test": str(self.state.test_course), "moodle": str(self.state.course)}
        return document

    @property
    def rollout_path(self) -> str:
        return f"/api/rollout/v1/rollouts/{quote(self.state.rollout, safe='')}"

    def rollout(self) -> dict[str, Any] | None:
        """The whole tree; None before the plan was applied."""
        try:
            tree: dict[str, Any] = self.client.get(self.rollout_path)
        except NotThere:
            return None
        return tree

    def wave(self, name: str) -> dict[str, Any]:
        tree = self.rollout()
        for wave in (tree or {}).get("waves", []):
            if wave["wave"] == name:
                found: dict[str, Any] = wave
                return found
        raise Fault(f"{self.state.rollout} has no wave {name}")

    def until(self, what: str, look: Callable[[], T | None], *, seconds: float = PATIENCE_SECONDS) -> T:
        """What `look` finds, as soon as it finds something true. `TimedOut` says what was waited for."""
        deadline = monotonic() + seconds
        pause_seconds = 0.05
        while True:
            found = look()
            if found:
                return found
            if monotonic() > deadline:
                raise TimedOut(f"waited {seconds:g} s in vain: {what}")
            time.sleep(pause_seconds)
            pause_seconds = min(pause_seconds * 1.5, 0.5)

    def until_phase(self, wave: str, *phases: str, seconds: float = PATIENCE_SECONDS) -> dict[str, Any]:
        """The wave once it is in one of the phases."""

        def look() -> dict[str, Any] | None:
            found = self.wave(wave)
            return found if found["phase"] in phases else None

        return self.until(f"{wave} to be {' or '.join(phases)}", look, seconds=seconds)

    def members(self, wave: str) -> list[Employee]:
        """Who is in the wave, by the plan's audiences."""
        return [person for person in self.people if person.wave == wave]
