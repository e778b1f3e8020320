from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import yaml
from hypothesis import given
from hypothesis import strategies as st

import services.survey
from services.survey.domain.campaign import Campaign, CampaignState, close, launch, release
from services.survey.domain.instrument import Answers, Mode, QuestionId, parse_instrument
from services.survey.domain.result import Showing, build_results
from services.survey.domain.tally import barriers, count_answers, distribution, yes_and_no
from services.survey.domain.verdict import Outcome

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
CLOSES = datetime(2026, 3, 9, 17, tzinfo=UTC)
READINESS = parse_instrument(
    yaml.safe_load((Path(services.survey.__file__).parent / "instruments/readiness.yaml").read_text())
)
STEPS = [question.id for question in READINESS.questions]
answer_sets = st.lists(
    st.lists(st.integers(1, 5), min_size=5, max_size=5).map(lambda row: dict(zip(STEPS, row, strict=True))), max_size=30
)


def campaign(**changes: object) -> Campaign:
    made = Campaign(
        id="c1",
        request_id="r1",
        instrument_id="readiness",
        instrument_version=1,
        title="Are you ready?",
        mode=Mode.CONFIDENTIAL,
        k=5,
        rollout="safety-video",
        wave="it",
        gate="ready",
        measure="ready",
        threshold=0.7,
        confidence=0.95,
        on_undecided=Outcome.UNDECIDED,
        audience_size=40,
        closes_at=CLOSES,
    )
    return replace(made, **changes)  # type: ignore[arg-type]


def ready(**changes: int) -> Answers:
    return {step: changes.get(step, 4) for step in STEPS}


def test_ten_answers_are_shown_with_n_interval_and_barriers() -> None:
    batch = [ready()] * 7 + [ready(ability=2)] * 3
    results = build_results(campaign(invited=40, answered=10), READINESS, count_answers(READINESS, batch))
    [measure] = results.measures
    assert (measure.showing, measure.n, measure.yes, measure.share) == (Showing.SHOWN, 10, 7, 0.7)
    assert measure.interval is not None
    assert (round(measure.interval.low, 4), round(measure.interval.high, 4)) == (0.3968, 0.8922)
    assert measure.extremes is not None
    assert (measure.extremes.worst, measure.extremes.best) == (7 / 40, 37 / 40)
    assert measure.barriers == {"awareness": 0, "desire": 0, "knowledge": 0, "ability": 3, "reinforcement": 0}
    ability = results.questions[3]
    assert (ability.n, ability.counts, ability.mean) == (10, {"1": 0, "2": 3, "3": 0, "4": 7, "5": 0}, 3.4)


def test_withheld_looks_the_same_as_empty() -> None:
    empty = build_results(campaign(invited=40), READINESS, {})
    few = build_results(campaign(invited=40), READINESS, count_answers(READINESS, [ready(), ready(ability=1)] * 2))
    assert few == empty
    assert empty.measures[0].showing is Showing.WITHHELD
    assert empty.measures[0].n is None


def test_all_alike_is_told_as_a_band_only() -> None:
    for batch, band in (([ready()] * 6, (0.9, None)), ([ready(desire=1)] * 6, (None, 0.1))):
        [measure] = build_results(campaign(invited=40, answered=6), READINESS, count_answers(READINESS, batch)).measures
        assert (measure.showing, measure.at_least, measure.at_most) == (Showing.BANDED, *band)
        assert (measure.yes, measure.share, measure.interval, measure.barriers) == (None, None, None, None)


def test_identified_answers_are_not_banded() -> None:
    tally = count_answers(READINESS, [ready()])
    [measure] = build_results(campaign(mode=Mode.IDENTIFIED, k=1, invited=3, answered=1), READINESS, tally).measures
    assert (measure.showing, measure.share) == (Showing.SHOWN, 1.0)


@given(answer_sets)
def test_a_tally_counts_every_answer_once_per_question_and_measure(batch: list[Answers]) -> None:
    tally = count_answers(READINESS, batch)
    for question in READINESS.questions:
        assert sum(distribution(tally, question).values()) == len(batch)
    [measure] = READINESS.measures
    counts = yes_and_no(tally, measure)
    assert counts["yes"] == sum(min(answers.values()) > 3 for answers in batch)
    assert sum(counts.values()) == len(batch)
    assert sum(barriers(tally, measure).values()) == counts["no"]


@given(answer_sets, answer_sets)
def test_tallies_of_batches_add_up_to_the_tally_of_all(first: list[Answers], second: list[Answers]) -> None:
    added = Counter(count_answers(READINESS, first))
    added.update(count_answers(READINESS, second))
    assert dict(added) == count_answers(READINESS, [*first, *second])


def test_a_campaign_goes_from_preparing_over_open_to_closed() -> None:
    opened = launch(campaign(), invited=40, now=NOW)
    assert (opened.state, opened.invited, opened.opens_at, opened.version) == (CampaignState.OPEN, 40, NOW, 2)
    assert opened.takes_answers(NOW)
    assert not opened.takes_answers(CLOSES)
    counted = release(opened, 5)
    assert (counted.answered, counted.version) == (5, 3)
    late = close(counted, CLOSES.replace(hour=20))
    assert (late.state, late.closed_at) == (CampaignState.CLOSED, CLOSES)
    assert not late.takes_answers(NOW)


def test_only_an_anonymous_campaign_is_refused_for_a_small_audience() -> None:
    assert campaign().why_not_published(3) is None
    assert campaign().why_not_published(0) == "Nobody belongs to the audience."
    assert campaign(mode=Mode.ANONYMOUS).why_not_published(9) is not None
    assert campaign(mode=Mode.ANONYMOUS).why_not_published(10) is None


def test_step_ids_are_stable_question_ids() -> None:
    assert QuestionId("ability") in STEPS
