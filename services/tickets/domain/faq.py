"""Questions with answers, from solved tickets: who sees them, which fits a problem, and what must not be in them."""

import math
import re
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

from services.tickets.domain.wording import words_of

MOST_RANKED = 1_000
"""Entries that are compared with a question in memory: a FAQ that is longer is none."""
BEST = 3
MOST_COMPARED = 2_000
"""Characters of an answer that are compared: what it is about is said at its beginning."""
_COMMON = frozenset(
    words_of(
        "a an and are as at be but by can do does for from has have how i if in is it its me my no not of on or so that the their"
        " then there they this to was we were what when where which who why will with you your please help hello hi thanks"
        " der die das und oder ich du er sie es wir ihr ein eine einen einem einer ist sind war nicht kein keine mit von vom zu"
        " zum zur im in am an auf aus bei bitte danke hallo wie was wo wann warum mein meine dass den dem des für funktioniert"
    )
)
_ENDINGS = ("ations", "ation", "ings", "ing", "ern", "ies", "ed", "es", "en", "er", "s", "e", "n")
_STEM_LEAST = 4
_NAME_LEAST = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One version of a question with its answer. Without rollout it is for everybody, without wave for the whole rollout."""

    entry_id: str
    ticket_id: str
    rollout: str | None
    wave: str | None
    question: str
    answer: str
    published: bool = True
    version: int = 1
    created_at: datetime
    created_by: str
    updated_at: datetime
    shown: int = 0
    helped: int = 0
    not_helped: int = 0

    @property
    def scope(self) -> str:
        if self.wave is not None:
            return "wave"
        return "everywhere" if self.rollout is None else "rollout"


@dataclass(frozen=True, slots=True)
class Finding:
    """Something in a text that may point at a person. `start` counts characters."""

    kind: str
    text: str
    start: int


def tokens(text: str) -> list[str]:
    """Words that carry meaning, cut to what singular and plural, `login` and `logins`, have in common."""
    return [_stem(word) for word in words_of(text) if word not in _COMMON and len(word) > 1]


def _stem(word: str) -> str:
    for ending in _ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) >= _STEM_LEAST:
            return _stem(word[: -len(ending)])
    return word


@lru_cache(maxsize=2 * MOST_RANKED)
def _document(question: str, answer: str) -> tuple[frozenset[str], Counter[str]]:
    """The words of the question, and those of the whole with how often; taking texts apart is what costs."""
    asked = tokens(question)
    return frozenset(asked), Counter([*asked * 3, *tokens(answer[:MOST_COMPARED])])


def rank(text: str, entries: Sequence[Entry], most: int = BEST, *, least: float = 0.0) -> list[tuple[Entry, float]]:
    """The entries that fit, best first, with a score (BM25; words of an entry's question count three times).

    What has proved to help goes before what fits as well. `least` is the share of an entry's own question, its words weighed by
    how rare they are, that the text must hold: a single common word in a long story is no fit.
    """
    asked = set(tokens(text))
    if not asked or not entries:
        return []
    documents = [_document(each.question, each.answer) for each in entries]
    frequency = Counter(word for _, document in documents for word in document)
    weight = {word: math.log(1 + (len(entries) - count + 0.5) / (count + 0.5)) for word, count in frequency.items()}
    average = sum(document.total() for _, document in documents) / len(documents) or 1.0
    scored = []
    for entry, (question, document) in zip(entries, documents, strict=True):
        found = document.keys() & asked
        whole = sum(weight[word] for word in question)
        if not found or sum(weight[word] for word in question & asked) < least * whole:
            continue
        length = 1.2 * (0.25 + 0.75 * document.total() / average)
        score = sum(weight[word] * document[word] * 2.2 / (document[word] + length) for word in found)
        scored.append((entry, score * (1 + usefulness(entry) / 4)))
    scored.sort(key=lambda pair: (-pair[1], pair[0].entry_id))
    return scored[:most]


def usefulness(entry: Entry) -> float:
    """How likely it helps, from 0 to 1, cautious while few have said so (Laplace)."""
    return (entry.helped + 1) / (entry.helped + entry.not_helped + 2)


_EMAIL = re.compile(r"[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63})+")
_PHONE = re.compile(r"(?<![\w.])\+?\(?\d(?:[ ./()-]{0,2}\d){6,14}(?![\w])")
_ADDRESS_V4 = re.compile(r"(?<![\w.])\d{1,3}(?:\.\d{1,3}){3}(?![\w.])")


def find_personal(text: str, names: Collection[str]) -> list[Finding]:
    """E-mail addresses, telephone numbers, addresses of devices, and the names of the people of the ticket."""
    found = [Finding("e-mail address", match[0], match.start()) for match in _EMAIL.finditer(text)]
    found += [Finding("network address", match[0], match.start()) for match in _ADDRESS_V4.finditer(text)]
    numbers = (match for match in _PHONE.finditer(text) if _dialled(match[0]))
    found += _besides(found, (Finding("telephone number", match[0], match.start()) for match in numbers))
    found += _besides(found, _names_in(text, names))
    return sorted(dict.fromkeys(found), key=lambda each: (each.start, each.kind))


def _besides(found: Sequence[Finding], more: Iterable[Finding]) -> list[Finding]:
    """Those that are not a part of what was found already."""
    taken = [range(each.start, each.start + len(each.text)) for each in found]
    return [each for each in more if not any(each.start in span for span in taken)]


def _dialled(number: str) -> bool:
    """Versions, dates and error codes are rows of digits as well; numbers to dial begin with + or 0, or are set apart."""
    return number[0] in "+0(" or any(mark in number for mark in " -/")


def _names_in(text: str, names: Iterable[str]) -> Iterable[Finding]:
    """Whole names and their parts, as words of their own and in any case."""
    parts = {part for name in names for part in re.split(r"[\s,;<>()\"]+", name) if _looks_like_name(part)}
    for part in sorted(parts):
        for match in re.finditer(rf"(?<!\w){re.escape(part)}(?!\w)", text, re.IGNORECASE):
            yield Finding("name", match[0], match.start())


def _looks_like_name(part: str) -> bool:
    return "@" not in part and len(part) >= _NAME_LEAST and any(letter.isalpha() for letter in part)
