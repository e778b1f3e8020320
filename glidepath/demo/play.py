"""Plays the story: on a deployment of its own, or on one that already runs."""

import shutil
import signal
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from threading import Event
from types import FrameType
from typing import Any

from glidepath.client import Client
from glidepath.context import Deployment
from glidepath.demo import story
from glidepath.demo.business_time import BusinessTime
from glidepath.demo.checks import Verdict, run_checks
from glidepath.demo.deployment import DemoDeployment
from glidepath.demo.population import employees
from glidepath.demo.screen import opened_screen
from glidepath.demo.state import StoryState
from glidepath.demo.story.opening import connect_learning_systems
from glidepath.demo.world import World, running_simulators
from glidepath.embedded.broker import free_port
from glidepath.faults import Fault, NotThere
from glidepath.output import console

PATIENCE_SECONDS = 90.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Playbill:
    """How the story is to be told. `speed` 0: without pauses for readers."""

    once: bool
    speed: float


class Terminated(BaseException):
    """SIGTERM: end like Ctrl-C."""


@contextmanager
def ending_on_sigterm() -> Iterator[None]:
    def end(number: int, frame: FrameType | None) -> None:
        raise Terminated

    before = signal.signal(signal.SIGTERM, end)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def play_embedded(folder: Path, *, port: int, bill: Playbill) -> bool:
    """On `glidepath up`, whose data lie in `folder` too. A story that was cut off goes on; a finished one begins anew."""
    state = StoryState.load(folder / "story.json")
    if len(state.done) >= len(story.STEPS) and folder.exists():
        shutil.rmtree(folder)
        state = StoryState.load(folder / "story.json")
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    mail_port = free_port()
    deployment = DemoDeployment(folder / "up", port=port, mail_port=mail_port)
    console().print(f"{'continuing' if state.done else 'starting'} a demo on port {port}, data in {folder}")
    try:
        deployment.start()
        credentials = deployment.credentials
        client = Client(credentials["url"], credentials["api_key"], patience_seconds=PATIENCE_SECONDS)
        passed = _play(client, folder, state, bill, host="127.0.0.1", mail_port=mail_port, deployment=deployment)
    finally:
        deployment.stop()
    return passed


def play_elsewhere(folder: Path, target: Deployment, *, bill: Playbill) -> bool:
    """On a deployment that already runs with GLIDEPATH_DEMO=1. Each story gets a rollout of its own."""
    client = target.client(patience_seconds=PATIENCE_SECONDS)
    demo = client.get("/api/gateway/v1/about")["demo"]
    if not demo["enabled"]:
        raise Fault(f"{target.url} does not allow a demo: business time can be stepped only with GLIDEPATH_DEMO=1")
    if not demo["mail_port"]:
        raise Fault(f"{target.url} names no mailbox for a demo: set GLIDEPATH_DEMO_MAIL_PORT there")
    state = StoryState.load(folder / "story.json")
    fresh = not state.begins_at
    if len(state.done) >= len(story.STEPS):
        last = state.run
        shutil.rmtree(folder)
        state, fresh = StoryState(path=folder / "story.json", run=last + 1), True
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    while fresh and _exists(client, state.rollout):
        state.run += 1
    state.save()
    host = demo["simulator_host"] or "127.0.0.1"
    return _play(client, folder, state, bill, host=host, mail_port=demo["mail_port"], deployment=None)


def _exists(client: Client, rollout: str) -> bool:
    try:
        client.get(f"/api/rollout/v1/rollouts/{rollout}")
    except NotThere:
        return False
    return True


def _play(
    client: Client,
    folder: Path,
    state: StoryState,
    bill: Playbill,
    *,
    host: str,
    mail_port: int,
    deployment: DemoDeployment | None,
) -> bool:
    clock = BusinessTime(client)
    clock.join()
    watching = client.impatient()
    with running_simulators(folder, state, clock, employees(), host=host, mail_port=mail_port) as simulators:
        try:
            with opened_screen(speed=bill.speed, fetch=lambda: _picture(watching, state.rollout)) as screen:
                world = World(client, state, clock, simulators, screen)
                trouble = _tell(world)
            verdicts = run_checks(world)
            world.close()
            _report(verdicts, trouble)
            if not bill.once:
                _serve_on(client.base_url, deployment)
        finally:
            watching.close()
    print(_last_line(verdicts), flush=True)
    return trouble is None and all(verdict.passed for verdict in verdicts)


def _picture(client: Client, rollout: str) -> dict[str, Any] | None:
    try:
        tree: dict[str, Any] = client.get(f"/api/rollout/v1/rollouts/{rollout}")
    except NotThere:
        return None
    return tree


def _tell(world: World) -> Fault | None:
    """Tell the story; what stopped it, if anything did."""
    if world.state.done:
        connect_learning_systems(world)  # the simulators have new ports since the last time
        world.say(f"going on after: {', '.join(world.state.done)}")
    try:
        story.tell(world)
    except Fault as fault:
        return fault
    return None


def _report(verdicts: list[Verdict], trouble: Fault | None) -> None:
    for verdict in verdicts:
        print(f"  {'ok    ' if verdict.passed else 'FAILED'} {verdict.name}: {verdict.detail}")
    if trouble is not None:
        print("the story stopped: " + "\n".join(trouble.lines()))


def _last_line(verdicts: list[Verdict]) -> str:
    return f"demo: {sum(verdict.passed for verdict in verdicts)} of {len(verdicts)} checks passed"


def _serve_on(url: str, deployment: DemoDeployment | None) -> None:
    """Keep the deployment and the simulators for looking around, until Ctrl-C."""
    print(f"console: {deployment.credentials['login_url'] if deployment else url}")
    print("It goes on running; Ctrl-C ends it.", flush=True)
    with suppress(KeyboardInterrupt):
        Event().wait()
