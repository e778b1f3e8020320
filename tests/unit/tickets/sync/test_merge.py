"""Whose word counts: every row of the table in `domain.sync.merge`."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.tickets.domain.sync import Decision, Observation, Owner, decide

AT = datetime(2026, 3, 2, 9, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
AGREED = Observation(
    said="open", said_at=AT, whole=False, here="open", here_at=None, ours="open", theirs="open", theirs_at=AT
)
CHANGED_HERE = replace(AGREED, here="solved", here_at=AT + 5 * MINUTE)


def test_what_is_heard_for_the_first_time_is_taken() -> None:
    first = replace(AGREED, ours=None, theirs=None, theirs_at=None, here="new")
    assert decide(first, Owner.LOCAL) == (Decision.TAKE, False)


def test_older_news_go_to_their_place_in_history() -> None:
    old = replace(AGREED, said="new", said_at=AT - MINUTE)
    assert decide(old, Owner.NEWEST) == (Decision.LATE, False)


def test_older_news_do_not_undo_a_change_that_was_made_here_before_them() -> None:
    known_later = replace(CHANGED_HERE, theirs_at=AT + 20 * MINUTE)
    assert decide(replace(known_later, said="pending", said_at=AT + 6 * MINUTE), Owner.NEWEST)[0] is Decision.NOTHING
    assert decide(replace(known_later, said="pending", said_at=AT + 4 * MINUTE), Owner.NEWEST)[0] is Decision.LATE


def test_what_was_agreed_said_again_is_no_news_and_our_change_stands() -> None:
    assert decide(replace(AGREED, said_at=AT + MINUTE), Owner.REMOTE) == (Decision.SEEN, False)
    assert decide(replace(CHANGED_HERE, said_at=AT + 9 * MINUTE), Owner.REMOTE) == (Decision.NOTHING, False)


def test_our_own_change_coming_back_before_its_answer_is_no_change() -> None:
    echo = replace(CHANGED_HERE, said="solved", said_at=AT + 6 * MINUTE, telling="solved")
    assert decide(echo, Owner.REMOTE) == (Decision.ECHO, False)


def test_our_own_change_comes_back_in_the_helpdesks_words() -> None:
    on_hold = replace(AGREED, here="on_hold", theirs="solved", ours="solved", said="open", telling="open")
    assert decide(replace(on_hold, said_at=AT + MINUTE), Owner.NEWEST) == (Decision.ECHO, False)


def test_another_word_of_the_same_instant_is_asked_about_unless_it_was_read() -> None:
    tie = replace(AGREED, said="pending")
    assert decide(tie, Owner.NEWEST) == (Decision.ASK, False)
    assert decide(replace(tie, said_at=None), Owner.NEWEST) == (Decision.ASK, False)
    assert decide(replace(tie, whole=True), Owner.NEWEST) == (Decision.TAKE, False)


def test_a_change_there_is_taken_where_nothing_was_changed_here() -> None:
    assert decide(replace(AGREED, said="solved", said_at=AT + MINUTE), Owner.LOCAL) == (Decision.TAKE, False)


def test_the_same_change_on_both_sides_is_no_conflict() -> None:
    same = replace(CHANGED_HERE, said="solved", said_at=AT + MINUTE)
    assert decide(same, Owner.NEWEST) == (Decision.SAME, False)


@pytest.mark.parametrize(
    ("owner", "minutes", "decision"),
    [
        (Owner.REMOTE, 1, Decision.TAKE),
        (Owner.REMOTE, 9, Decision.TAKE),
        (Owner.LOCAL, 1, Decision.KEEP),
        (Owner.LOCAL, 9, Decision.KEEP),
        (Owner.NEWEST, 1, Decision.KEEP),
        (Owner.NEWEST, 9, Decision.TAKE),
    ],
)
def test_a_conflict_goes_by_the_owner_of_the_field(owner: Owner, minutes: int, decision: Decision) -> None:
    both = replace(CHANGED_HERE, said="pending", said_at=AT + minutes * MINUTE)
    assert decide(both, owner) == (decision, True)


WORDS = st.sampled_from(["new", "open", "pending", "solved"])
TIMES = st.none() | st.integers(0, 30).map(lambda minutes: AT + minutes * MINUTE)


@given(
    seen=st.builds(
        Observation,
        said=WORDS,
        said_at=TIMES,
        whole=st.booleans(),
        here=WORDS,
        here_at=TIMES,
        ours=WORDS | st.none(),
        theirs=WORDS | st.none(),
        theirs_at=TIMES,
        telling=WORDS | st.none(),
    ),
    owner=st.sampled_from(Owner),
)
def test_a_conflict_needs_changes_on_both_sides_to_different_words(seen: Observation, owner: Owner) -> None:
    decision, conflict = decide(seen, owner)
    if conflict:
        assert seen.here != seen.ours
        assert seen.said != seen.theirs
        assert seen.said != seen.here
        assert decision in (Decision.TAKE, Decision.KEEP)
    if decision is Decision.KEEP:
        assert conflict
        assert owner is not Owner.REMOTE
