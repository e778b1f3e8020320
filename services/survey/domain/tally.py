"""Counts kept as answers are released, so that results never scan answers.

A tally maps (item, value) to a count. Items are `question:<id>` (value: the number chosen), `measure:<id>` (`yes` or
`no`) and `barrier:<measure id>` (value: the step that is missing).
"""

from collections import Counter
from collections.abc import Iterable, Mapping

from services.survey.domain.instrument import Answers, Instrument, Measure, ScaleQuestion

Tally = Mapping[tuple[str, str], int]


def count_answers(instrument: Instrument, batch: Iterable[Answers]) -> dict[tuple[str, str], int]:
    """What a batch adds to the tally. Nothing with a count of zero."""
    counts: Counter[tuple[str, str]] = Counter()
    for answers in batch:
        for question in instrument.questions:
            counts[question_item(question), str(answers[question.id])] += 1
        for measure in instrument.measures:
            barrier = measure.barrier(answers)
            counts[measure_item(measure), "no" if barrier else "yes"] += 1
            if barrier:
                counts[barrier_item(measure), barrier] += 1
    return dict(counts)


def distribution(tally: Tally, question: ScaleQuestion) -> dict[str, int]:
    """Every value of the scale with its count, zeros included."""
    return {str(value): tally.get((question_item(question), str(value)), 0) for value in question.values}


def yes_and_no(tally: Tally, measure: Measure) -> dict[str, int]:
    return {value: tally.get((measure_item(measure), value), 0) for value in ("yes", "no")}


def barriers(tally: Tally, measure: Measure) -> dict[str, int]:
    """Every step in order with the number of people for whom it is the first that is missing."""
    return {step: tally.get((barrier_item(measure), step), 0) for step in measure.questions}


def question_item(question: ScaleQuestion) -> str:
    return f"question:{question.id}"


def measure_item(measure: Measure) -> str:
    return f"measure:{measure.id}"


def barrier_item(measure: Measure) -> str:
    return f"barrier:{measure.id}"
