"""What is asked before an order goes out: what it will do, to whom, and what somebody must type. Pure."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from services.gateway.console.rendering import say_count
from services.gateway.console.sentences import Tree
from services.gateway.console.views import RolloutView, WaveView

UNDER_WAY: Final = frozenset({"open", "baking", "holding"})


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderForm:
    """One order, ready to be confirmed. `path` follows the wave's own path in the REST API."""

    verb: str
    icon: str
    title: str
    button: str
    tone: str
    says: tuple[str, ...]
    path: str
    needs_typing: bool = False
    offers_expiry: bool = False
    offers_next_step: bool = False
    offers_roll_back: str = ""
    """Empty, or what rolling back would do."""
    ask: str = "Why?"


@dataclass(frozen=True, slots=True)
class VerbLook:
    """How a verb is offered on a wave."""

    label: str
    icon: str
    tone: str


VERBS: Final[Mapping[str, VerbLook]] = {
    "promote": VerbLook("Promote", "promote", "plain"),
    "resume": VerbLook("Resume", "play", "primary"),
    "retry": VerbLook("Retry", "undo", "primary"),
    "pause": VerbLook("Pause", "hold", "plain"),
    "hold": VerbLook("Hold", "hand", "plain"),
    "abort": VerbLook("Abort", "cross", "danger"),
}
"""In the order in which they are shown; `lift` stands beside each hold."""
DONE: Final[Mapping[str, str]] = {
    "promote": "promoted",
    "promote-full": "promoted in full",
    "pause": "paused",
    "resume": "resumed",
    "hold": "held",
    "abort": "aborted",
    "retry": "retried",
    "lift": "freed of one hold",
}


def order_form(rollout: RolloutView, wave: WaveView, verb: str, *, hold: Tree | None = None) -> OrderForm | None:
    """The form for a verb; None if there is no such verb. `hold` is the one that `lift` is about."""
    if verb == "lift":
        return _lift(wave, hold) if hold is not None else None
    make = _FORMS.get(verb)
    return make(rollout, wave) if make else None


def required_verb(verb: str) -> str:
    """What the rollout service calls the permission that a form needs."""
    return "promote" if verb == "promote-full" else verb


def affected(rollout: RolloutView, wave: WaveView) -> list[str]:
    """Whom an order to this wave touches, in sentences."""
    progress = wave.progress
    if not progress.members:
        lines = ["Nobody is in this wave yet: its people are chosen when it begins."]
    elif wave.phase in UNDER_WAY or wave.over:
        rest = f"; {progress.rest}" if progress.rest else ""
        lines = [
            f"{say_count(progress.members, 'person is', 'people are')} in this wave: {progress.done:,} done{rest}."
        ]
    else:
        lines = [f"{say_count(progress.members, 'person is', 'people are')} in this wave; none of them has begun."]
    followers = [f for f in rollout.followers(wave.name) if not f.over]
    if followers:
        names = ", ".join(follower.title for follower in followers)
        lines.append(f"After it {'comes' if len(followers) == 1 else 'come'}: {names}.")
    return lines


def _promote(rollout: RolloutView, wave: WaveView) -> OrderForm:
    under_way = wave.phase in UNDER_WAY
    what = (
        "It counts as completed now, past its bake time, as soon as its gates pass."
        if under_way
        else "It opens now, past notice and planned date, as soon as its entry gates pass."
    )
    return OrderForm(
        verb="promote",
        icon="promote",
        title=f"Promote {wave.title}",
        button="Promote",
        tone="primary",
        says=(what, "Gates still decide, and holds that people placed stay in force."),
        path="promote",
    )


def _promote_full(rollout: RolloutView, wave: WaveView) -> OrderForm:
    stages = ("background", "exit") if wave.phase in UNDER_WAY else ("entry",)
    skipped = [gate for gate in wave.gates if gate.stage in stages and gate.look.word != "Passed"]
    says = [f"It {'counts as completed' if wave.phase in UNDER_WAY else 'opens'} now, whatever its gates say."]
    says += [f"Skipped: “{gate.name}”, which says: {gate.sentence}" for gate in skipped]
    others = [hold for hold in wave.holds if hold.get("owner") != "gate"]
    if others:
        says.append(f"It still waits for {say_count(len(others), 'hold')} that a gate did not place.")
    return OrderForm(
        verb="promote-full",
        icon="promote",
        title=f"Promote {wave.title} past its gates",
        button="Promote past the gates",
        tone="danger",
        says=tuple(says),
        path="promote",
        needs_typing=True,
        ask="Why are the gates skipped?",
    )


def _pause(rollout: RolloutView, wave: WaveView) -> OrderForm:
    return OrderForm(
        verb="pause",
        icon="hold",
        title=f"Pause {wave.title}",
        button="Pause",
        tone="primary",
        says=("It stands still until somebody resumes it, or until the time below. Nobody loses what they have.",),
        path="pause",
        offers_expiry=True,
    )


def _resume(rollout: RolloutView, wave: WaveView) -> OrderForm:
    others = [hold for hold in wave.holds if not hold.get("pause")]
    says = ["The pause is taken back."]
    if others:
        says.append(f"{say_count(len(others), 'other hold stays', 'other holds stay')} in force.")
    return OrderForm(
        verb="resume",
        icon="play",
        title=f"Resume {wave.title}",
        button="Resume",
        tone="primary",
        says=tuple(says),
        path="resume",
    )


def _hold(rollout: RolloutView, wave: WaveView) -> OrderForm:
    return OrderForm(
        verb="hold",
        icon="hand",
        title=f"Hold {wave.title}",
        button="Place the hold",
        tone="primary",
        says=(
            "A hold in your name is put on top of any other, and must be lifted by itself.",
            "What an IT lead holds, only IT can lift.",
        ),
        path="hold",
        offers_expiry=True,
        offers_next_step=True,
    )


def _abort(rollout: RolloutView, wave: WaveView) -> OrderForm:
    begun = wave.phase in UNDER_WAY
    waiting = wave.progress.not_begun
    return OrderForm(
        verb="abort",
        icon="cross",
        title=f"Abort {wave.title}",
        button="Abort the wave",
        tone="danger",
        says=("It stops; nobody further is enrolled, and what comes after it waits until it is retried.",),
        path="abort",
        needs_typing=True,
        offers_roll_back=(
            f"Also un-enrol the {say_count(waiting, 'person who has', 'people who have')} not begun. Progress is kept."
            if begun and waiting
            else ""
        ),
    )


def _retry(rollout: RolloutView, wave: WaveView) -> OrderForm:
    if wave.over:
        says = ("It begins again from the start of its way; its gates are looked at afresh.",)
    else:
        says = ("Whoever was asked and said no is asked again.",)
    return OrderForm(
        verb="retry",
        icon="undo",
        title=f"Retry {wave.title}",
        button="Retry",
        tone="primary",
        says=says,
        path="retry",
    )


def _lift(wave: WaveView, hold: Tree) -> OrderForm:
    left = len(wave.holds) - 1
    says = [f"The hold says: {hold.get('reason') or ''}"]
    if hold.get("owner") == "gate":
        says.append("It is lifted only if the gate passes; the bake time after it is then skipped.")
    others = f"{say_count(left, 'other hold stays', 'other holds stay')} in force." if left else "No other hold stays."
    return OrderForm(
        verb="lift",
        icon="play",
        title=f"Lift a hold of {wave.title}",
        button="Lift the hold",
        tone="primary",
        says=(*says, others),
        path=f"holds/{hold['hold_id']}/lift",
    )


_FORMS: Final[Mapping[str, Callable[[RolloutView, WaveView], OrderForm]]] = {
    "promote": _promote,
    "promote-full": _promote_full,
    "pause": _pause,
    "resume": _resume,
    "hold": _hold,
    "abort": _abort,
    "retry": _retry,
}
