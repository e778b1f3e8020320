"""The console with the real rollout service behind it: what people order there is what the waves do."""

from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import urlencode

import pytest
from pydantic import SecretStr

from services.rollout.main import create_app
from shared import migrations
from shared.auth import Role
from shared.clock import FixedClock
from tests.integration.rollout.rollout_desk import PEOPLE, PLAN, make_settings
from tests.support.console import NOON, StagedConsole, staged_console
from tests.support.gateway import ADMIN_KEY

SERVICES = Path(__file__).parents[3] / "services"
IT = "/rollouts/video/waves/it"


@pytest.fixture
async def console(tmp_path: Path) -> AsyncIterator[StagedConsole]:
    urls = {name: f"sqlite+aiosqlite:///{tmp_path}/{name}.db" for name in ("gateway", "rollout")}
    for name, url in urls.items():
        migrations.upgrade_now(url, SERVICES / name / "migrations")
    clock = FixedClock(NOON)
    settings = make_settings(urls["rollout"], "nats://127.0.0.1:1")
    settings = settings.model_copy(update={"identity_key": SecretStr("identity-key-of-tests")})
    rollout = create_app(settings, clock=clock)
    async with staged_console(urls["gateway"], clock=clock, rollout=rollout) as running:
        for path, body, kind in (
            ("people/import", PEOPLE, "text/csv"),
            ("plans/apply", PLAN, "application/yaml"),
        ):
            headers = {"authorization": f"Bearer {ADMIN_KEY}", "content-type": kind}
            answer = await running.client.post(f"/api/rollout/v1/{path}", content=body, headers=headers)
            assert answer.status_code == 200, answer.text
        yield running
    await rollout.state.runtime.database.dispose()
    rollout.state.runtime.telemetry.shutdown()


async def order(console: StagedConsole, path: str, **fields: str) -> str:
    """Send the form that the page shows, as it stands there; the page that follows."""
    page = await console.client.get(path)
    assert page.status_code == 200, page.text
    hidden = {
        name: page.text.split(f'name="{name}" value="', 1)[1].split('"', 1)[0] for name in ("csrf", "once", "phase")
    }
    answer = await console.client.post(
        path,
        content=urlencode(hidden | {"reason": "Because of a test."} | fields),
        headers={"content-type": "application/x-www-form-urlencoded"},
    )
    assert answer.status_code == 303, answer.text
    return (await console.client.get(answer.headers["location"])).text


async def test_a_rollout_is_paused_held_lifted_resumed_aborted_and_retried(console: StagedConsole) -> None:
    await console.sign_in(Role.ADMIN)
    assert "IT is asked" not in (page := (await console.client.get("/")).text)
    assert "Safety on camera" in page
    page = await order(console, f"{IT}/pause")
    assert "it was paused." in page
    assert "1 hold in force" in page
    page = await order(console, f"{IT}/hold", next_step="Ask Rosa.", expires_at="2026-04-30T08:00")
    assert "2 holds in force" in page
    assert "Ask Rosa." in page
    assert "30 Apr 2026, 08:00" in page
    lift = page.split('data-dialog href="/rollouts/video/waves/it/holds/')[2].split('"', 1)[0]
    page = await order(console, f"{IT}/holds/{lift}")
    assert "1 hold in force" in page
    page = await order(console, f"{IT}/resume")
    assert "hold in force" not in page
    page = await order(console, f"{IT}/abort", typed="it")
    assert "it was aborted. It is now aborted." in page
    assert f'href="{IT}/promote"' not in page
    page = await order(console, f"{IT}/retry")
    assert "it was retried." in page
    for said in ("aborted it: Because of a test.", "retries it: Because of a test."):
        assert said in page.split('id="timeline"')[1]


async def test_promoting_past_the_gates_opens_the_wave(console: StagedConsole) -> None:
    await console.sign_in(Role.TRAINING)
    page = await console.client.get(f"{IT}/promote-full")
    assert "Skipped: “clearance”, which says:" in page.text
    opened = await order(console, f"{IT}/promote-full", typed="it")
    assert "it was promoted in full. It is now open." in opened


async def test_what_the_service_forbids_is_refused_with_its_own_words(console: StagedConsole) -> None:
    await console.sign_in(Role.IT_LEAD)
    await order(console, f"{IT}/hold")
    console.client.cookies.clear()
    await console.sign_in(Role.TRAINING)
    page = (await console.client.get("/rollouts/video")).text
    assert "an IT lead or an admin" in page
    assert "/lift" not in page
    token = console.csrf(page)
    hold = page.split('<li class="hold" id="hold-', 1)[1].split('"', 1)[0]
    forced = await console.client.post(f"{IT}/holds/{hold}/lift", data={"csrf": token, "reason": "I insist."})
    assert forced.status_code == 403
    assert "Others hold the wave" in forced.text
    expired = await console.client.post(
        f"{IT}/pause", data={"csrf": token, "reason": "Too late.", "expires_at": "2020-01-01T00:00"}
    )
    assert expired.status_code == 409
    assert "expires_at must lie ahead" in expired.text


async def test_a_manager_sees_where_it_stands_but_neither_verbs_nor_timeline(console: StagedConsole) -> None:
    await console.sign_in(Role.MANAGER)
    page = (await console.client.get("/rollouts/video")).text
    assert "Safety on camera" in page
    assert 'class="verbs"' not in page
    assert 'id="timeline"' not in page
