"""The text of API keys."""

from hypothesis import given
from hypothesis import strategies as st

from services.gateway.domain.api_key import ALPHABET, TEXT_LENGTH, hint_of, is_plausible, keyed_hash, new_key_text


def test_a_new_key_is_plausible_and_never_the_same_twice() -> None:
    first, second = new_key_text(), new_key_text()
    assert is_plausible(first)
    assert len(first) == TEXT_LENGTH
    assert first != second


@given(place=st.integers(3, TEXT_LENGTH - 1), char=st.sampled_from(ALPHABET))
def test_a_key_with_one_mistyped_character_is_refused_without_a_look_at_the_database(place: int, char: str) -> None:
    key = new_key_text()
    mistyped = key[:place] + char + key[place + 1 :]
    assert is_plausible(mistyped) is (mistyped == key)


def test_a_key_that_an_operator_chose_is_plausible_if_it_is_long_enough() -> None:
    assert is_plausible("gp_" + "0123456789abcdef" * 3)
    assert is_plausible("gp_this-is-the-bootstrap-key-of-a-demo-1234")
    assert not is_plausible("gp_short")
    assert not is_plausible("xx_" + "0123456789abcdef" * 3)
    assert not is_plausible("gp_" + "a b" * 20)


@given(st.text())
def test_no_text_at_all_makes_the_check_fail_otherwise_than_with_no(text: str) -> None:
    assert is_plausible(text) in (True, False)


def test_the_hash_depends_on_the_pepper_and_the_hint_shows_nothing_of_the_secret() -> None:
    key = new_key_text()
    assert keyed_hash(key, b"one") != keyed_hash(key, b"other")
    assert key.startswith(hint_of(key))
    assert len(hint_of(key)) == 11
