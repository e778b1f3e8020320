"""Which tickets count for a wave, and which must not."""

from datetime import UTC, datetime, timedelta

import pytest

from services.tickets.domain.attribution import Attribution, Evidence, Membership, Rule, Subject, attribute

NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)
DAY = timedelta(days=1)
SUBJECTS = [
    Subject(rollout="safety-video", courses={"moodle": "42", "edx": "course-v1:Acme+SV+1"}, systems=("Vidstream",))
]
IN_NORTH = [Membership(rollout="safety-video", wave="north", opened_at=NOW - DAY)]


def evidence(
    text: str = "", *, tags: tuple[str, ...] = (), course: str | None = None, system: str | None = None
) -> Evidence:
    return Evidence(tags=tags, text=text, course=course, system=system, opened_at=NOW)


def rule_for(case: Evidence, memberships: list[Membership] | None = None) -> str | None:
    found = attribute(case, SUBJECTS, IN_NORTH if memberships is None else memberships)
    return None if found is None else f"{found.rule} {found.wave}"


def test_tags_name_the_wave_whoever_asks() -> None:
    tags = ("video", "rollout:safety-video", "wave:it")
    assert attribute(evidence(tags=tags), [], []) == Attribution(rollout="safety-video", wave="it", rule=Rule.TAG)


def test_a_rollout_tag_alone_takes_the_wave_from_the_requester() -> None:
    assert rule_for(evidence(tags=("rollout:safety-video",))) == "tag north"
    assert rule_for(evidence(tags=("rollout:safety-video",)), []) is None


def test_tags_that_contradict_each_other_say_nothing() -> None:
    assert rule_for(evidence(tags=("rollout:safety-video", "rollout:other", "wave:it"))) is None


def test_membership_alone_never_attributes() -> None:
    assert rule_for(evidence("My keyboard is broken")) is None


@pytest.mark.parametrize(
    "case",
    [
        evidence(course="42"),
        evidence(tags=("course:42",)),
        evidence("The video in course 42 stalls"),
        evidence("https://lms.example/course/view.php?id=42 shows nothing"),
        evidence("course-v1:Acme+SV+1 does not load"),
    ],
)
def test_a_member_who_mentions_the_course_counts_for_the_wave(case: Evidence) -> None:
    assert rule_for(case) == "course north"


@pytest.mark.parametrize(
    "case", [evidence("vidstream is slow"), evidence(system="VIDSTREAM"), evidence(tags=("system:vidstream",))]
)
def test_a_member_who_mentions_an_affected_system_counts_for_the_wave(case: Evidence) -> None:
    assert rule_for(case) == "system north"


@pytest.mark.parametrize("text", ["Error 42", "course 421", "course 4", "the vidstreamer", "room 42, no course"])
def test_what_only_looks_like_the_course_or_the_system_does_not_count(text: str) -> None:
    assert rule_for(evidence(text)) is None


def test_a_stranger_who_mentions_the_course_does_not_count() -> None:
    assert rule_for(evidence(course="42"), []) is None


def test_only_a_wave_that_was_open_when_the_ticket_was_opened_counts() -> None:
    later = Membership(rollout="safety-video", wave="north", opened_at=NOW + DAY)
    over = Membership(rollout="safety-video", wave="it", opened_at=NOW - 9 * DAY, completed_at=NOW - DAY)
    assert rule_for(evidence(course="42"), [later, over]) is None


def test_of_two_open_waves_the_one_opened_last_counts() -> None:
    older = Membership(rollout="safety-video", wave="it", opened_at=NOW - 9 * DAY)
    assert rule_for(evidence(course="42"), [older, *IN_NORTH]) == "course north"
