"""What of a campaign may be shown to people, from its tally alone."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from services.survey.domain.anonymity import BANDED_AT, is_unanimous, may_tell
from services.survey.domain.campaign import Campaign
from services.survey.domain.instrument import Instrument, Measure, Mode, ScaleQuestion
from services.survey.domain.interval import Extremes, Interval, extremes, wilson
from services.survey.domain.tally import Tally, barriers, distribution, yes_and_no


class Showing(StrEnum):
    SHOWN = "shown"
    BANDED = "banded"  # all answered alike: told as "at least 90 %" or "at most 10 %"
    WITHHELD = "withheld"  # too few, or nobody: the two look the same


@dataclass(frozen=True, slots=True, kw_only=True)
class MeasureResult:
    """`at_least` and `at_most` bound the share where it is banded; everything is None where it is withheld."""

    id: str
    title: str
    showing: Showing
    n: int | None = None
    yes: int | None = None
    share: float | None = None
    interval: Interval | None = None
    extremes: Extremes | None = None
    at_least: float | None = None
    at_most: float | None = None
    barriers: Mapping[str, int] | None = None
    """People by the first step that is missing, in the order of the steps."""


@dataclass(frozen=True, slots=True, kw_only=True)
class QuestionResult:
    """`counts` has every value of the scale, zeros included. `mean` to one decimal."""

    id: str
    step: str
    text: str
    labels: Mapping[str, str]
    showing: Showing
    n: int | None = None
    counts: Mapping[str, int] | None = None
    mean: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Results:
    campaign: Campaign
    measures: tuple[MeasureResult, ...]
    questions: tuple[QuestionResult, ...]


def build_results(campaign: Campaign, instrument: Instrument, tally: Tally) -> Results:
    return Results(
        campaign=campaign,
        measures=tuple(_measure(campaign, measure, tally) for measure in instrument.measures),
        questions=tuple(_question(campaign, question, tally) for question in instrument.questions),
    )


def _measure(campaign: Campaign, measure: Measure, tally: Tally) -> MeasureResult:
    counts = yes_and_no(tally, measure)
    n, yes = sum(counts.values()), counts["yes"]
    showing = _showing(campaign, counts)
    if showing is Showing.WITHHELD:
        return MeasureResult(id=measure.id, title=measure.title, showing=showing)
    if showing is Showing.BANDED:
        return MeasureResult(
            id=measure.id,
            title=measure.title,
            showing=showing,
            n=n,
            at_least=BANDED_AT if yes else None,
            at_most=None if yes else round(1 - BANDED_AT, 2),
        )
    return MeasureResult(
        id=measure.id,
        title=measure.title,
        showing=showing,
        n=n,
        yes=yes,
        share=yes / n,
        interval=wilson(yes, n, confidence=campaign.confidence),
        extremes=extremes(yes, n, campaign.invited, threshold=campaign.threshold),
        barriers=barriers(tally, measure),
    )


def _question(campaign: Campaign, question: ScaleQuestion, tally: Tally) -> QuestionResult:
    counts = distribution(tally, question)
    n = sum(counts.values())
    labels = {str(choice.value): choice.label for choice in question.choices}
    showing = _showing(campaign, counts)
    shown = showing is Showing.SHOWN
    return QuestionResult(
        id=question.id,
        step=question.step,
        text=question.text,
        labels=labels,
        showing=showing,
        n=None if showing is Showing.WITHHELD else n,
        counts=counts if shown else None,
        mean=round(sum(int(value) * count for value, count in counts.items()) / n, 1) if shown else None,
    )


def _showing(campaign: Campaign, counts: Mapping[str, int]) -> Showing:
    if not may_tell(sum(counts.values()), campaign.k) or not sum(counts.values()):
        return Showing.WITHHELD
    if campaign.mode is not Mode.IDENTIFIED and is_unanimous(counts):
        return Showing.BANDED
    return Showing.SHOWN
