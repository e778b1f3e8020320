"""Words as search compares them: the same on every database, whatever its own idea of a word is."""

import re
import unicodedata
from dataclasses import dataclass

LONGEST_WORD = 64
MOST_BYTES = 200_000
"""Of one document. PostgreSQL's index of a document ends at 1 MiB; nobody looks for what comes later in a ticket."""
MOST_ASKED = 12
# Chinese and Japanese are written without spaces: there a sign is a word.
_SIGNS = "\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff"
_WORD = re.compile(rf"[{_SIGNS}]|(?:(?![{_SIGNS}])[^\W_])+")
_NUMBER = re.compile(r"\s*#?(\d{1,18})\s*")


def words_of(text: str, most_bytes: int = MOST_BYTES) -> list[str]:
    """Letters and digits only, without case and accents: `Größe` is found by `grosse`, `ITSM-42` by `itsm 42`."""
    # Twice: what a sign is made of may be a capital again (ᴬ is an A).
    plain = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", text.casefold()).casefold())
    plain = "".join(letter for letter in plain if not unicodedata.combining(letter))
    words: list[str] = []
    for match in _WORD.finditer(plain):
        word = match[0][:LONGEST_WORD]
        most_bytes -= len(word.encode()) + 1
        if most_bytes < 0:
            break
        words.append(word)
    return words


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """All of `words` must be in a ticket; the last one may be the beginning of a word unless it is a number alone."""

    words: tuple[str, ...]
    prefix: bool
    number: int | None = None

    @classmethod
    def of(cls, text: str) -> "Question":
        number = _NUMBER.fullmatch(text)
        words = tuple(words_of(text)[:MOST_ASKED])
        return cls(words=words, prefix=number is None, number=int(number[1]) if number else None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """What may be looked for in a ticket. `internal` is for the desk's own people only."""

    ticket_id: str
    number: int
    title: str
    public: str
    internal: str
