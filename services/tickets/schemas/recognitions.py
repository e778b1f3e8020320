"""Recognitions over the wire."""

from typing import Annotated

from pydantic import AwareDatetime, BaseModel, ConfigDict, StringConstraints

from services.tickets.domain.recognition import Candidate, Praise, Recognition
from services.tickets.domain.report import said
from services.tickets.schemas.requests import STORABLE


class RecognitionIn(BaseModel):
    """`to` is an agent's e-mail address, or `team:<name>`. `attainment` and `improvement` must be borne out by the results."""

    model_config = ConfigDict(extra="forbid")
    kind: Praise
    to: Annotated[str, StringConstraints(strip_whitespace=True, min_length=3, max_length=254, pattern=STORABLE)]
    message: Annotated[str, StringConstraints(strip_whitespace=True, min_length=3, max_length=4_000, pattern=STORABLE)]
    month: Annotated[str, StringConstraints(pattern=r"^\d{4}-\d{2}$")]


class RecognitionOut(BaseModel):
    """`told` is who got mail: `person`, `manager`; of a team `lead`, `team`."""

    recognition_id: str
    kind: Praise
    to: str
    month: str
    message: str
    told: list[str]
    given_at: AwareDatetime
    given_by: str


class CandidateOut(BaseModel):
    """`attainment` is adjusted and of all targets together; `before` that of the month before, null if too few to say."""

    kind: Praise
    to: str
    decided: int
    attainment: str
    before: str | None


class RefusalOut(BaseModel):
    refused: bool


def recognition_out(recognition: Recognition) -> RecognitionOut:
    return RecognitionOut(
        recognition_id=recognition.recognition_id,
        kind=recognition.praise,
        to=recognition.receiver,
        month=recognition.month,
        message=recognition.message,
        told=list(recognition.told),
        given_at=recognition.given_at,
        given_by=recognition.given_by,
    )


def candidate_out(candidate: Candidate) -> CandidateOut:
    return CandidateOut(
        kind=candidate.praise,
        to=candidate.receiver,
        decided=candidate.decided,
        attainment=_percent(candidate.attainment),
        before=None if candidate.before is None else _percent(candidate.before),
    )


def _percent(share: float) -> str:
    # A candidate has enough cases for a percentage.
    return said(int(share * 1_000_000), 1_000_000)
