"""Which entries fit a problem, and what in a text may point at people."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from services.tickets.domain.faq import Entry, find_personal, rank, tokens, usefulness

AT = datetime(2026, 11, 23, 9, tzinfo=UTC)


def entry(question: str, answer: str = "", entry_id: str = "") -> Entry:
    return Entry(
        entry_id=entry_id or question,
        ticket_id="t",
        rollout=None,
        wave=None,
        question=question,
        answer=answer,
        created_at=AT,
        created_by="Tina",
        updated_at=AT,
    )


FAQ = [
    entry("The video stalls in the branch office", "Choose 480p; the line there is narrow."),
    entry("I cannot log in with my staff number", "Use the address instead of the number."),
    entry("Where is my certificate?", "Under your name, top right, after the last module."),
    entry("Das Video ruckelt", "480p wählen."),
]


@pytest.mark.parametrize(
    ("asked", "first"),
    [
        ("Videos are stalling", FAQ[0]),
        ("my login with the number fails: cannot log in", FAQ[1]),
        ("I want my certificates", FAQ[2]),
        ("ruckelnde Videos", FAQ[3]),
    ],
)
def test_the_entry_that_fits_best_comes_first(asked: str, first: Entry) -> None:
    assert rank(asked, FAQ)[0][0] is first


def test_words_that_say_nothing_fit_nothing() -> None:
    assert rank("how can I do this please?", FAQ) == []
    assert rank("", FAQ) == []
    assert rank("printer", FAQ) == []
    assert rank("video", []) == []


def test_one_common_word_in_a_long_story_is_no_fit_where_more_is_asked_for() -> None:
    story = "The printer on the third floor eats paper, toner leaks, the drawer jams, and a video about it was promised"
    assert rank(story, FAQ, least=0.4) == []
    assert rank("The video stalls", FAQ, least=0.4)


def test_of_two_that_fit_alike_the_one_that_helped_goes_first() -> None:
    liked = replace(entry("The video stalls", entry_id="b"), helped=9, not_helped=1)
    disliked = replace(entry("The video stalls", entry_id="a"), helped=1, not_helped=9)
    assert [each.entry_id for each, _ in rank("video stalls", [disliked, liked])] == ["b", "a"]
    assert usefulness(entry("new")) == 0.5


def test_singular_plural_case_and_accents_are_the_same_word() -> None:
    assert tokens("Logins") == tokens("login")
    assert tokens("CAFÉS") == tokens("cafe")
    assert tokens("the of and") == []


def test_scope_is_told_by_what_is_named() -> None:
    assert entry("q").scope == "everywhere"
    assert replace(entry("q"), rollout="r").scope == "rollout"
    assert replace(entry("q"), rollout="r", wave="w").scope == "wave"


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Ask ada@example.com.", [("e-mail address", "ada@example.com")]),
        ("Call +49 (30) 1234-5678 today", [("telephone number", "+49 (30) 1234-5678")]),
        ("Connect to 10.1.2.3 first", [("network address", "10.1.2.3")]),
        ("As lovelace said, ADA knows", [("name", "lovelace"), ("name", "ADA")]),
        ("Choose 480p in 2026, error 0x80070005, version 10.0.19045", []),
        ("An adamant Lovelaces", []),
    ],
)
def test_what_points_at_people_is_found(text: str, found: list[tuple[str, str]]) -> None:
    personal = find_personal(text, ["Ada Lovelace", "al", "ada@example.com"])
    assert [(each.kind, each.text) for each in personal] == found
    assert all(text[each.start :].startswith(each.text) for each in personal)
