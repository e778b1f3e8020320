"""What the REST surface answers. Models of requests do not exist: campaigns are made by gates, answers come from a page."""

from typing import Literal

from pydantic import AwareDatetime, BaseModel

from services.survey.domain.instrument import Instrument
from services.survey.domain.result import MeasureResult, QuestionResult, Results
from services.survey.ports import ReachedVerdict
from services.survey.usecases import CampaignStanding

ModeName = Literal["identified", "confidential", "anonymous"]
OutcomeName = Literal["pass", "fail", "undecided"]
ShowingName = Literal["shown", "banded", "withheld"]


class ChoiceView(BaseModel):
    value: int
    label: str


class QuestionView(BaseModel):
    id: str
    step: str
    text: str
    choices: list[ChoiceView]


class MeasureView(BaseModel):
    """A person counts as a yes if every listed answer is greater than `above`."""

    id: str
    title: str
    questions: list[str]
    above: int


class InstrumentView(BaseModel):
    """A published version; it never changes."""

    id: str
    version: int
    title: str
    intro: str
    language: str
    mode: ModeName
    k: int
    privacy: list[str]
    questions: list[QuestionView]
    measures: list[MeasureView]
    sha256: str


class VerdictView(BaseModel):
    """`estimate` is None without answers, or where all answered alike (then `explanation` tells a band)."""

    verdict: OutcomeName
    basis: Literal["certain", "deadline"]
    estimate: float | None
    answered: int
    explanation: str
    reached_at: AwareDatetime


class CampaignView(BaseModel):
    """`answered` counts released batches only, so it stands still while single answers come in."""

    id: str
    request_id: str | None
    instrument: str
    instrument_version: int
    title: str
    mode: ModeName
    k: int
    rollout: str
    wave: str
    gate: str
    measure: str
    threshold: float
    confidence: float
    on_undecided: OutcomeName
    state: Literal["preparing", "open", "closed"]
    invited: int
    answered: int
    opens_at: AwareDatetime | None
    closes_at: AwareDatetime
    closed_at: AwareDatetime | None
    verdict: VerdictView | None


class IntervalView(BaseModel):
    """Wilson's score interval."""

    low: float
    high: float
    confidence: float


class BarrierView(BaseModel):
    step: str
    count: int


class MeasureResultView(BaseModel):
    """Withheld looks the same as empty. Banded: all alike, told as `at_least` or `at_most` only.

    `worst` and `best` are the share of the whole audience if all who are silent said no, or yes; `tipping_point` is the
    share of them that must say yes for the threshold to hold (None where they cannot change it).
    """

    id: str
    title: str
    status: ShowingName
    n: int | None = None
    yes: int | None = None
    share: float | None = None
    interval: IntervalView | None = None
    worst: float | None = None
    best: float | None = None
    tipping_point: float | None = None
    at_least: float | None = None
    at_most: float | None = None
    barriers: list[BarrierView] | None = None


class CountView(BaseModel):
    value: int
    label: str
    count: int


class QuestionResultView(BaseModel):
    id: str
    step: str
    text: str
    status: ShowingName
    n: int | None = None
    mean: float | None = None
    counts: list[CountView] | None = None


class ResultsView(BaseModel):
    campaign_id: str
    instrument: str
    instrument_version: int
    mode: ModeName
    k: int
    invited: int
    answered: int
    measures: list[MeasureResultView]
    questions: list[QuestionResultView]


def view_instrument(instrument: Instrument) -> InstrumentView:
    return InstrumentView(
        id=instrument.id,
        version=instrument.version,
        title=instrument.title,
        intro=instrument.intro,
        language=instrument.language,
        mode=instrument.mode.value,
        k=instrument.k,
        privacy=list(instrument.privacy),
        questions=[
            QuestionView(
                id=question.id,
                step=question.step,
                text=question.text,
                choices=[ChoiceView(value=choice.value, label=choice.label) for choice in question.choices],
            )
            for question in instrument.questions
        ],
        measures=[
            MeasureView(id=one.id, title=one.title, questions=list(one.questions), above=one.above)
            for one in instrument.measures
        ],
        sha256=instrument.sha256,
    )


def view_campaign(standing: CampaignStanding) -> CampaignView:
    campaign = standing.campaign
    return CampaignView(
        id=campaign.id,
        request_id=campaign.request_id,
        instrument=campaign.instrument_id,
        instrument_version=campaign.instrument_version,
        title=campaign.title,
        mode=campaign.mode.value,
        k=campaign.k,
        rollout=campaign.rollout,
        wave=campaign.wave,
        gate=campaign.gate,
        measure=campaign.measure,
        threshold=campaign.threshold,
        confidence=campaign.confidence,
        on_undecided=campaign.on_undecided.value,
        state=campaign.state.value,
        invited=campaign.invited,
        answered=campaign.answered,
        opens_at=campaign.opens_at,
        closes_at=campaign.closes_at,
        closed_at=campaign.closed_at,
        verdict=_verdict(standing.verdict) if standing.verdict else None,
    )


def view_results(results: Results) -> ResultsView:
    campaign = results.campaign
    return ResultsView(
        campaign_id=campaign.id,
        instrument=campaign.instrument_id,
        instrument_version=campaign.instrument_version,
        mode=campaign.mode.value,
        k=campaign.k,
        invited=campaign.invited,
        answered=campaign.answered,
        measures=[_measure(measure) for measure in results.measures],
        questions=[_question(question) for question in results.questions],
    )


def _verdict(verdict: ReachedVerdict) -> VerdictView:
    return VerdictView(
        verdict=verdict.outcome.value,
        basis=verdict.basis.value,
        estimate=verdict.estimate,
        answered=verdict.answered,
        explanation=verdict.explanation,
        reached_at=verdict.reached_at,
    )


def _measure(result: MeasureResult) -> MeasureResultView:
    interval, bounds = result.interval, result.extremes
    return MeasureResultView(
        id=result.id,
        title=result.title,
        status=result.showing.value,
        n=result.n,
        yes=result.yes,
        share=result.share,
        interval=IntervalView(low=interval.low, high=interval.high, confidence=interval.confidence)
        if interval
        else None,
        worst=bounds.worst if bounds else None,
        best=bounds.best if bounds else None,
        tipping_point=bounds.tipping_point if bounds else None,
        at_least=result.at_least,
        at_most=result.at_most,
        barriers=None
        if result.barriers is None
        else [BarrierView(step=step, count=count) for step, count in result.barriers.items()],
    )


def _question(result: QuestionResult) -> QuestionResultView:
    return QuestionResultView(
        id=result.id,
        step=result.step,
        text=result.text,
        status=result.showing.value,
        n=result.n,
        mean=result.mean,
        counts=None
        if result.counts is None
        else [
            CountView(value=int(value), label=result.labels[value], count=count)
            for value, count in result.counts.items()
        ],
    )
