"""What `problems.yaml` says of each problem code, for the pages that the `type` of a problem answer leads to."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import MappingProxyType

import yaml

FILE = Path(__file__).parent / "problems.yaml"


@dataclass(frozen=True, slots=True, kw_only=True)
class ProblemText:
    """One code. `status` is the HTTP status that it comes with."""

    status: int
    title: str
    meaning: str
    remedy: str


@cache
def read_problem_texts() -> Mapping[str, ProblemText]:
    """By code, in the order of the file, which is ours: it is read once."""
    with FILE.open(encoding="utf-8") as file:
        texts = yaml.load(file, Loader=yaml.CSafeLoader)
    return MappingProxyType({code: ProblemText(**text) for code, text in texts.items()})
