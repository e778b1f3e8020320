"""The story's own checks. Each reads what the deployment says back through its public API, and what the outside systems saw."""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from glidepath.demo.population import IT, NORTH, OTHERS, REHEARSAL, TOTAL
from glidepath.demo.story.opening import FREEZE_TO
from glidepath.demo.story.outage import find_ticket, first_response
from glidepath.demo.world import World
from glidepath.faults import Fault
from shared.clock import parse_instant

BASES = {"certain", "anytime", "deadline"}


class Broken(Exception):
    """What a check found instead."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    name: str
    passed: bool
    detail: str


def run_checks(world: World) -> list[Verdict]:
    """All of them; one that cannot even be asked has failed."""
    return [_verdict(name, check, world) for name, check in CHECKS]


def _verdict(name: str, check: Callable[[World], str], world: World) -> Verdict:
    try:
        return Verdict(name=name, passed=True, detail=check(world))
    except Broken as found:
        return Verdict(name=name, passed=False, detail=str(found))
    except (Fault, LookupError, TypeError, ValueError, StopIteration) as error:
        return Verdict(name=name, passed=False, detail=f"could not be checked: {type(error).__name__}: {error}")


def _must(holds: bool, otherwise: str) -> None:
    if not holds:
        raise Broken(otherwise)


def _tree(world: World) -> dict[str, Any]:
    tree = world.rollout()
    if tree is None:
        raise Broken("there is no rollout")
    return tree


def _opened_at(world: World, wave: str) -> datetime:
    at = world.wave(wave)["opened_at"]
    _must(at is not None, f"{wave} never opened")
    return parse_instant(at)


def _timeline(world: World, wave: str) -> Iterator[dict[str, Any]]:
    return world.client.items(f"{world.rollout_path}/timeline", wave=wave)


def go_to_person_is_told(world: World) -> str:
    go_to = _tree(world)["go_to"]["email"]
    count = len(world.outside.mail.mails_to(go_to, about=world.plan()["metadata"]["title"]))
    _must(count == 1, f"{count} mails reached {go_to}")
    return f"one mail to {go_to}"


def notice_is_respected(world: World) -> str:
    applied_at = parse_instant(_tree(world)["applied_at"])
    opened_at = _opened_at(world, "rehearsal")
    _must(opened_at - applied_at >= timedelta(days=14), f"opened {opened_at - applied_at} after the plan was applied")
    before = world.state.notes.get("phase_on_day_13")
    _must(before == "waiting", f"on day 13 the rehearsal was {before}")
    return f"the first wave opened {(opened_at - applied_at).days} days after the plan was applied"


def three_sign_offs(world: World) -> str:
    rows = list(world.client.items("/api/rollout/v1/signoffs", rollout=world.state.rollout))
    approved = {row["role"] for row in rows if row["decision"] == "approve" and row["voided_at"] is None}
    _must(approved == {"dba", "network", "security"}, f"approved by {sorted(approved)}")
    plan_hash = _tree(world)["plan_hash"]
    _must(all(row["plan_hash"] == plan_hash for row in rows), "a sign-off is bound to another plan")
    return "dba, network and security approved this very plan"


def rehearsal_stays_on_the_test_lms(world: World) -> str:
    rehearsing = {person.moodle_user.id for person in world.members("rehearsal")}
    there = world.outside.test_lms.enrolled[world.state.test_course]
    elsewhere = world.outside.lms.enrolled[world.state.course]
    _must(there == rehearsing, f"{len(there)} are enrolled on the test LMS")
    _must(not rehearsing & elsewhere, "the rehearsal reached the real LMS")
    _must(world.state.notes.get("enrolled_on_lms_at_rehearsal") == 0, "somebody was on the real LMS too early")
    return f"{len(there)} people, on the test LMS only"


def verdict_opened_the_pilot(world: World) -> str:
    campaigns = world.client.items("/api/survey/v1/campaigns")
    campaign = next(one for one in campaigns if one["rollout"] == world.state.rollout and one["wave"] == "it")
    verdict = campaign["verdict"]
    _must(verdict is not None and verdict["verdict"] == "pass", f"the verdict is {verdict}")
    _must(verdict["basis"] in BASES, f"its basis is {verdict['basis']}")
    opened_at, reached_at = _opened_at(world, "it"), parse_instant(verdict["reached_at"])
    _must(reached_at <= opened_at, f"the pilot opened at {opened_at}, before the verdict of {reached_at}")
    return f"basis {verdict['basis']}: {verdict['explanation']}"


def completions_count_once(world: World) -> str:
    wave, notes = world.wave("it"), world.state.notes
    _must(wave["completed"] == wave["audience_size"] == IT, f"{wave['completed']} of {wave['audience_size']}")
    for name in ("rehearsal", "it", "north", "everyone"):
        wave = world.wave(name)
        course = world.state.test_course if name == "rehearsal" else world.state.course
        site = world.outside.test_lms if name == "rehearsal" else world.outside.lms
        done = sum((course, person.moodle_user.id) in site.completed for person in world.members(name))
        _must(wave["completed"] == done, f"{name}: {wave['completed']} counted, {done} happened")
    return f"{notes['pilot_sent']} webhooks, {notes['pilot_doubled']} of them doubled, made {IT - 1} completions"


def reordered_webhooks_do_no_harm(world: World) -> str:
    reversed_count = world.state.notes["pilot_reversed"]
    _must(reversed_count > 0, "none was sent out of order")
    states = Counter(row["state"] for row in _enrolments(world, "it"))
    _must(states == {"completed": IT}, f"the pilot's people are {dict(states)}")
    return f"{reversed_count} learners' enrolment was told after their completion, all {IT} are completed"


def poll_found_the_silent_one(world: World) -> str:
    silent = world.members("it")[-1]
    told = 0
    for delivery in world.client.items("/api/gateway/v1/deliveries", source="moodle"):
        for fact in delivery["facts"] or []:
            told += 1
            _must((fact["person"] or {}).get("value") != silent.email, f"a webhook told of {silent.email}")
    row = next(row for row in _enrolments(world, "it") if row["email"] == silent.email)
    _must(row["state"] == "completed", f"{silent.email} is {row['state']}")
    return f"none of {told:,} facts from webhooks names {silent.name}, who is completed all the same"


def breach_is_dated_exactly(world: World) -> str:
    ticket = _ticket(world)
    clock = first_response(world, ticket)
    _must(clock["breached_at"] is not None, "the first response is not breached")
    breached_at, started_at = parse_instant(clock["breached_at"]), parse_instant(clock["started_at"])
    target = _target_for(world, ticket)
    _must(breached_at == started_at + target, f"breached at {breached_at}, due at {started_at + target}")
    _must(parse_instant(ticket["opened_at"]) == started_at, "the clock did not start when the ticket was opened")
    return f"{clock['breached_at']}, exactly {int(target.total_seconds() // 60)} minutes after the ticket was opened"


def _ticket(world: World) -> dict[str, Any]:
    ticket = find_ticket(world)
    if ticket is None:
        raise Broken("the ticket is not there")
    return ticket


def _target_for(world: World, ticket: dict[str, Any]) -> timedelta:
    name, _, version = ticket["policy"].partition("@")
    policies = world.client.items("/api/tickets/v1/policies")
    policy = next(one for one in policies if one["name"] == name and one["version"] == int(version))
    return timedelta(minutes=policy["policy"]["targets"][ticket["priority"]]["first_response_minutes"])


def attributed_to_the_wave(world: World) -> str:
    attribution = _ticket(world)["attribution"]
    expected = {"rollout": world.state.rollout, "wave": "north", "rule": "tag"}
    _must(attribution == expected, f"it is attributed to {attribution}")
    return "by its tags"


def held_within_a_second(world: World) -> str:
    history = world.client.items(f"/api/tickets/v1/tickets/{_ticket(world)['ticket_id']}/history")
    breached = next(
        entry for entry in history if entry["kind"] == "breached" and entry["detail"]["target"] == "first_response"
    )
    # Business time is not stepped between the two, so their distance is real time.
    late = (_held_at(world) - parse_instant(breached["observed_at"])).total_seconds()
    _must(0 <= late < 1.0, f"held {late:.3f} s after the breach was noticed")
    return f"{late * 1000:.0f} ms after the breach was noticed"


def _held_at(world: World) -> datetime:
    entries = [entry for entry in _timeline(world, "north") if _moved_to(entry, "holding")]
    _must(bool(entries), "north was never held")
    return parse_instant(entries[-1]["at"])


def _moved_to(entry: dict[str, Any], phase: str) -> bool:
    return entry["kind"] == "transition" and f"→ {phase}:" in entry["sentence"]


def hold_explains_itself(world: World) -> str:
    holds = world.state.notes["hold"]
    _must(len(holds) == 1, f"{len(holds)} holds")
    hold, number = holds[0], _ticket(world)["number"]
    _must(f"#{number}" in hold["reason"], f"why: {hold['reason']}")
    _must(bool(hold["lifted_by"]), "it does not say who can lift it")
    _must(bool(hold["next_step"]), "it does not say what would lift it")
    return f"{hold['reason']} {hold['next_step']} Lifted by: {hold['lifted_by']}"


def resumed_by_itself(world: World) -> str:
    entries = list(_timeline(world, "north"))  # newest first
    resumed = [entry for entry in entries if _moved_to(entry, "open") and "holding →" in entry["sentence"]]
    _must(len(resumed) == 1, f"north resumed {len(resumed)} times")
    by_hand = [entry for entry in entries if entry["kind"] in ("resume", "lift", "promote")]
    _must(not by_hand, f"somebody did it by hand: {by_hand[:1]}")
    settled_at = parse_instant(first_response(world, _ticket(world))["settled_at"])
    waited = parse_instant(resumed[0]["at"]) - settled_at
    _must(waited >= timedelta(days=1), f"it resumed {waited} after the clock settled")
    _must(world.state.notes.get("phase_after_solved") == "holding", "it resumed before its bake time was over")
    return f"{resumed[0]['sentence']} (by {resumed[0]['actor']})"


def clock_is_settled(world: World) -> str:
    ticket = _ticket(world)
    _must(ticket["status"] in ("solved", "closed"), f"the ticket is {ticket['status']}")
    states = {clock["target"]: clock["state"] for clock in ticket["clocks"]}
    _must(set(states.values()) == {"settled"}, f"its clocks are {states}")
    return f"#{ticket['number']} is {ticket['status']}; {' and '.join(sorted(states))} settled"


def freeze_stops_the_last_wave(world: World) -> str:
    phase = world.state.notes.get("phase_in_freeze")
    _must(phase == "waiting", f"inside the freeze it was {phase}")
    ends_at = world.day(FREEZE_TO, "08:00")
    opened_at = _opened_at(world, "everyone")
    _must(opened_at >= ends_at, f"it opened at {opened_at}, the freeze ends at {ends_at}")
    _must(opened_at - ends_at < timedelta(minutes=15), f"it opened only at {opened_at}")
    return f"it waited, and opened {int((opened_at - ends_at).total_seconds())} s after the freeze ended"


def everybody_is_accounted_for(world: World) -> str:
    sizes = {wave["wave"]: wave["audience_size"] for wave in _tree(world)["waves"]}
    expected = {"rehearsal": REHEARSAL, "it": IT, "north": NORTH, "everyone": OTHERS}
    _must(sizes == expected, f"the waves have {sizes}")
    people = Counter(row["person_id"] for row in _enrolments(world))
    _must(len(people) == TOTAL and set(people.values()) == {1}, f"{len(people)} people in {people.total()} places")
    on_lms = world.outside.lms.enrolled[world.state.course]
    _must(len(on_lms) == TOTAL - REHEARSAL, f"{len(on_lms)} are enrolled on the LMS")
    phases = {wave["phase"] for wave in _tree(world)["waves"]}
    _must(phases == {"completed"}, f"the waves are {phases}")
    return f"{len(people):,} people, each in one wave and enrolled once"


def _enrolments(world: World, wave: str | None = None) -> Iterator[dict[str, Any]]:
    return world.client.items(f"{world.rollout_path}/enrolments", wave=wave)


def no_mail_twice(world: World) -> str:
    doubles = world.outside.mail.doubles()
    _must(not doubles, f"{len(doubles)} doubles, the first: {doubles[:1]}")
    rows = list(world.client.items("/api/gateway/v1/notifications", rollout=world.state.rollout))
    unsent = [row for row in rows if row["state"] != "sent"]
    _must(not unsent, f"{len(unsent)} notices are not sent: {unsent[:1]}")
    _must(len(rows) == len(world.outside.mail.mails), f"{len(rows)} notices, {len(world.outside.mail.mails)} mails")
    return f"{len(rows)} notices, {len(rows)} mails"


def nothing_is_stuck(world: World) -> str:
    held = [row for row in world.client.items("/api/gateway/v1/quarantine") if row["state"] == "held"]
    _must(not held, f"{len(held)} deliveries are quarantined: {held[:1]}")
    for service in ("gateway", "rollout", "tickets", "survey"):
        rows = [row for row in world.client.items(f"/api/{service}/v1/message-quarantine") if not row["replayed_at"]]
        _must(not rows, f"{service}: {len(rows)} events are quarantined: {rows[:1]}")
    unknown = [row for row in world.client.items("/api/rollout/v1/unknown-identities") if row["person_id"] is None]
    _must(not unknown, f"{len(unknown)} unknown people: {unknown[:1]}")
    return "no delivery and no event is quarantined, nobody is unknown"


CHECKS: tuple[tuple[str, Callable[[World], str]], ...] = (
    ("IT's go-to person is told", go_to_person_is_told),
    ("the notice of 14 days is respected", notice_is_respected),
    ("three roles sign off", three_sign_offs),
    ("the rehearsal stays on the test LMS", rehearsal_stays_on_the_test_lms),
    ("the readiness verdict opens the pilot", verdict_opened_the_pilot),
    ("completions count once", completions_count_once),
    ("webhooks out of order do no harm", reordered_webhooks_do_no_harm),
    ("a poll finds what no webhook said", poll_found_the_silent_one),
    ("the outage counts for region North", attributed_to_the_wave),
    ("the breach is dated exactly", breach_is_dated_exactly),
    ("the wave is held within a second", held_within_a_second),
    ("the hold says why, by whom and how", hold_explains_itself),
    ("the wave resumes by itself", resumed_by_itself),
    ("the ticket's clocks are settled", clock_is_settled),
    ("the freeze stops the last wave until it ends", freeze_stops_the_last_wave),
    ("all 1,500 people are accounted for", everybody_is_accounted_for),
    ("nobody gets a mail twice", no_mail_twice),
    ("nothing is stuck", nothing_is_stuck),
)
