"""The organisation, the plan, the go-to person and the three sign-offs."""

import json
from datetime import timedelta

import httpx

from glidepath.demo.forms import Form, submit
from glidepath.demo.population import people_csv
from glidepath.demo.world import AGENT, OUTSIDER, ZONE, World
from shared.clock import render_instant

FREEZE_FROM, FREEZE_TO = 29, 37
"""Days of the story. Everyone's turn comes inside."""


def set_up_organisation(world: World) -> None:
    """1,500 people, two learning systems, a helpdesk, and the quarter-end freeze in the calendar."""
    today = world.clock.now().astimezone(ZONE)
    monday = (today + timedelta(days=7 - today.weekday())).replace(hour=9, minute=0, second=0, microsecond=0)
    world.state.begin_at(monday)
    world.clock.advance_to(world.day(0, "09:00"))
    world.client.send("/api/rollout/v1/people/import", people_csv(world.people), "text/csv")
    world.say(f"{len(world.people):,} people imported")
    for name, vendor, kind, secret in (
        ("moodle-test", "moodle", "lms", world.state.lms_secret),
        ("moodle", "moodle", "lms", world.state.lms_secret),
        ("helpdesk", "zendesk", "helpdesk", world.state.helpdesk_secret),
    ):
        world.client.put(f"/api/gateway/v1/sources/{name}", {"vendor": vendor, "kind": kind, "secrets": [secret]})
    connect_learning_systems(world)
    freeze = {
        "from": render_instant(world.day(FREEZE_FROM, "00:00")),
        "to": render_instant(world.day(FREEZE_TO, "08:00")),
        "reason": "closing of the quarter",
    }
    world.client.put("/api/rollout/v1/freezes/quarter-end", freeze)
    desk = world.outside.helpdesk
    desk.add_user(AGENT, "Ann Agent", "ann.agent@it.nordwind.example", staff=True)
    desk.add_user(OUTSIDER, "Otto Outside", "otto@partner.example")
    world.say("test LMS, LMS and helpdesk connected; quarter-end freeze in the calendar")


def connect_learning_systems(world: World) -> None:
    """Tell the deployment where the simulators listen this time."""
    for name, url in (("moodle-test", world.outside.test_lms_url), ("moodle", world.outside.lms_url)):
        body = {
            "vendor": "moodle",
            "base_url": url,
            "token": world.state.lms_token,
            # The simulator is fast, and the audience of a demo is not patient.
            "pause_seconds": 0,
            # Polled only when the story asks: the poll must find what the webhooks left out, not overtake them.
            "poll_every_seconds": 86_400,
        }
        world.client.put(f"/api/rollout/v1/connections/{name}", body)


def apply_plan(world: World) -> None:
    """The plan takes effect; IT's go-to person gets a mail at once."""
    document = world.plan()
    if world.rollout() is None:
        content = json.dumps(document).encode()
        world.client.send("/api/rollout/v1/plans/apply", content, "application/json")
    go_to = document["spec"]["go_to"]["email"]
    world.until(f"a mail to {go_to}", lambda: world.outside.mail.mails_to(go_to))
    world.say(f"plan applied; {document['spec']['go_to']['name']} of IT has two weeks' notice")


def sign_off(world: World) -> None:
    """DBA, network and security each open their link and approve."""
    world.clock.advance_to(world.day(1, "10:00"))
    with httpx.Client(timeout=30, trust_env=False) as http:
        for role, (signer,) in world.plan()["spec"]["signers"].items():
            submit(http, _link_to(world, signer["email"]), approve)
            world.say(f"{signer['name']} ({role}) signs off")
    world.until("three sign-offs", lambda: len(given_signoffs(world)) >= 3)


def _link_to(world: World, address: str) -> str:
    """The link in the newest mail to this address that has one, as soon as there is one."""

    def look() -> str | None:
        links = [mail.link for mail in world.outside.mail.mails_to(address) if mail.link]
        return links[-1] if links else None

    return world.until(f"a mail with a link to {address}", look)


def approve(form: Form) -> dict[str, str]:
    """Whatever the form calls it: the choice that says `approve`, and nothing in the comment."""
    chosen = {name: "approve" for name, choices in form.choices.items() if "approve" in choices}
    return chosen | dict.fromkeys(form.texts, "")


def given_signoffs(world: World) -> list[dict[str, object]]:
    rows = world.client.items("/api/rollout/v1/signoffs", rollout=world.state.rollout)
    return [row for row in rows if row.get("decision")]
