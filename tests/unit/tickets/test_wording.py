"""Words as search compares them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.tickets.domain.wording import LONGEST_WORD, MOST_ASKED, MOST_BYTES, Question, words_of

SAID = [
    ("Größe der Übung", ["grosse", "der", "ubung"]),
    ("ITSM-42: can't log in!", ["itsm", "42", "can", "t", "log", "in"]),
    ("ada@example.com", ["ada", "example", "com"]),
    ("snake_case", ["snake", "case"]),
    ("ᴬ№ 5", ["ano", "5"]),
    ("動画が止まる", ["動", "画", "か", "止", "ま", "る"]),
    ("' & | ! :* \" \\", []),
    ("", []),
]


@pytest.mark.parametrize(("text", "words"), SAID)
def test_words_are_letters_and_digits_without_case_and_accents(text: str, words: list[str]) -> None:
    assert words_of(text) == words


@given(st.text(max_size=500))
def test_words_of_words_are_the_same_words(text: str) -> None:
    words = words_of(text)
    assert words_of(" ".join(words)) == words
    assert all(0 < len(word) <= LONGEST_WORD for word in words)


def test_a_document_ends_before_the_index_does() -> None:
    words = words_of("wörter " * MOST_BYTES)
    assert sum(len(word.encode()) + 1 for word in words) <= MOST_BYTES


def test_a_number_alone_is_meant_as_it_is_and_the_last_word_may_be_a_beginning() -> None:
    assert Question.of("#42") == Question(words=("42",), prefix=False, number=42)
    assert Question.of(" 42 ").prefix is False
    assert Question.of("video sta") == Question(words=("video", "sta"), prefix=True)
    assert len(Question.of("a b c d e f g h i j k l m n o p").words) == MOST_ASKED
