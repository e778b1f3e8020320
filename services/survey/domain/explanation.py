"""A verdict as one sentence for a person. It tells no more than the results do: unanimity is a band, few people nothing."""

from services.survey.domain.verdict import Basis, Outcome, Question, Verdict, needed


def explain(question: Question, verdict: Verdict, *, yes: int, answered: int) -> str:
    target = f"{needed(question.threshold, question.population)} of {question.population}"
    if answered < question.at_least:
        few = "Nobody answered" if question.at_least == 1 else f"Fewer than {question.at_least} people answered"
        return f"{few}, which says nothing about whether {target} would say yes{_policy(question, verdict)}."
    counted = counted_share(question, yes=yes, answered=answered)
    if verdict.basis is Basis.CERTAIN and verdict.outcome is Outcome.PASS:
        return f"{counted}; {target} are needed, and no answer still out can change that."
    if verdict.basis is Basis.CERTAIN:
        return f"{counted}; {target} are needed and can no longer be reached, whatever the others say."
    if verdict.by_policy or verdict.outcome is Outcome.UNDECIDED:
        return f"{counted}, which leaves it open whether {target} would say yes{_policy(question, verdict)}."
    side = "fewer than" if verdict.outcome is Outcome.PASS else "as many as"
    sure = f"{question.confidence * 100:g} %"
    return f"{counted}; an exact test at {sure} confidence rules out that {side} {target} would say yes."


def counted_share(question: Question, *, yes: int, answered: int) -> str:
    """How the counted answers came out, as a band where all answered alike and answers are not identified."""
    if question.at_least > 1 and yes == answered:
        return f"At least 90 % of {answered} counted answers are a yes"
    if question.at_least > 1 and yes == 0:
        return f"At most 10 % of {answered} counted answers are a yes"
    return f"{yes} of {answered} counted answers are a yes"


def _policy(question: Question, verdict: Verdict) -> str:
    if verdict.by_policy:
        return f"; it was declared beforehand that this counts as a {verdict.outcome}"
    if question.on_undecided is Outcome.PASS:
        return "; silence never passes"
    return ""
