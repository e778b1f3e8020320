"""Rollouts as the pages show them: icons, words, bars and sentences made from the rollout service's tree. Pure.

Read with tolerance: a field that an older or newer service does not send leaves its place empty, never a page broken.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from services.gateway.console.sentences import Tree, say_evidence, say_measure


@dataclass(frozen=True, slots=True)
class Look:
    """How a state is shown: an icon and a word, never colour alone. `tone` names the colour."""

    icon: str
    word: str
    tone: str


PHASES: Final[Mapping[str, Look]] = {
    "pending": Look("pending", "Pending", "idle"),
    "waiting": Look("clock", "Waiting", "wait"),
    "open": Look("play", "Open", "go"),
    "baking": Look("timer", "Baking", "bake"),
    "holding": Look("hold", "Holding", "stop"),
    "completed": Look("check", "Completed", "done"),
    "aborted": Look("cross", "Aborted", "over"),
    "rolled_back": Look("undo", "Rolled back", "over"),
}
STANDS: Final[Mapping[str, Look]] = {
    "waiting": Look("clock", "Waiting", "wait"),
    "under_way": Look("play", "Under way", "go"),
    "holding": Look("hold", "Holding", "stop"),
    "completed": Look("check", "Completed", "done"),
    "stopped": Look("cross", "Stopped", "over"),
}
ASSESSMENTS: Final[Mapping[str, Look]] = {
    "passed": Look("check", "Passed", "done"),
    "failed": Look("cross", "Failed", "stop"),
    "insufficient": Look("dots", "Not enough yet", "wait"),
    "inconclusive": Look("question", "Inconclusive", "wait"),
    "error": Look("alert", "Not measured", "bake"),
}
OWNERS: Final[Mapping[str, str]] = {
    "gate": "a gate",
    "training": "the training team",
    "it_lead": "IT",
    "system": "the system",
    "freeze": "a freeze",
}
_UNDER_WAY = ("holding", "baking", "open", "waiting")
OVER: Final = frozenset({"completed", "aborted", "rolled_back"})
_UNKNOWN = Look("question", "Unknown", "idle")


@dataclass(frozen=True, slots=True)
class Segment:
    """A part of a bar: where it begins and how long it is, in percent."""

    kind: str
    start: float
    length: float
    words: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """Members of a wave by how far they are."""

    members: int
    done: int
    failed: int
    started: int
    not_begun: int
    push_failed: int
    segments: tuple[Segment, ...]

    @property
    def sentence(self) -> str:
        """`812 of 1,500 done (54 %)`, rounded down: 99.9 % never reads as all."""
        if not self.members:
            return "Nobody yet"
        return f"{self.done:,} of {self.members:,} done ({100 * self.done // self.members} %)"

    @property
    def rest(self) -> str:
        """Where the others are."""
        parts = [(self.started, "under way"), (self.failed, "failed"), (self.not_begun, "not begun")]
        return ", ".join(f"{number:,} {words}" for number, words in parts if number)


@dataclass(frozen=True, slots=True, kw_only=True)
class GateView:
    name: str
    kind: str
    stage: str
    look: Look
    sentence: str
    actual: str
    needed: str
    """Both empty where there is nothing to compare."""
    share: float | None
    """Percent, for gates on a share."""
    share_needed: float | None
    evidence: tuple[tuple[str, str | None], ...]
    """(words, instant)"""
    next_look_at: str | None
    bad_since: str | None
    cleared_at: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryView:
    """A line of the timeline. `look` is the phase that a wave went to; `actor` is empty where the sentence names them."""

    position: int
    at: str
    wave: str | None
    kind: str
    look: Look | None
    sentence: str
    actor: str


@dataclass(frozen=True, slots=True, kw_only=True)
class WaveView:
    name: str
    title: str
    phase: str
    look: Look
    progress: Progress
    gates: tuple[GateView, ...]
    holds: tuple[Tree, ...]
    waits: tuple[Tree, ...]
    verbs: tuple[str, ...]
    raw: Tree

    @property
    def over(self) -> bool:
        return self.phase in OVER

    @property
    def other_waits(self) -> list[Tree]:
        """What it waits for beside its holds, which are shown in full by themselves."""
        reasons = [str(hold.get("reason") or "") for hold in self.holds]
        return [wait for wait in self.waits if not any(reason in str(wait.get("sentence")) for reason in reasons)]

    def gates_at(self, stage: str) -> list[GateView]:
        return [gate for gate in self.gates if gate.stage == stage]


@dataclass(frozen=True, slots=True, kw_only=True)
class RolloutView:
    name: str
    title: str
    look: Look
    zone: str
    waves: tuple[WaveView, ...]
    raw: Tree

    @property
    def current(self) -> WaveView | None:
        """The wave that people will ask about: what holds comes before what goes on, and that before what waits."""
        for phase in _UNDER_WAY:
            for wave in self.waves:
                if wave.phase == phase:
                    return wave
        return next((wave for wave in self.waves if wave.phase == "pending"), None)

    @property
    def standing(self) -> tuple[str, str, str | None]:
        """Where it stands in a few words, what it waits for, and until when."""
        wave = self.current
        if wave is None:
            stopped = [one.title for one in self.waves if one.phase in ("aborted", "rolled_back")]
            return (f"{', '.join(stopped)} was stopped." if stopped else "Every wave is completed.", "", None)
        first = f"{wave.title} is {wave.look.word.lower()}."
        if wave.holds:
            hold = wave.holds[0]
            said = next((w for w in wave.waits if w.get("until")), None)
            return first, str(hold.get("reason") or ""), hold.get("expires_at") or (said or {}).get("until")
        if wave.waits:
            return first, str(wave.waits[0].get("sentence") or ""), wave.waits[0].get("until")
        return first, str(wave.raw.get("waits_for") or ""), None

    def wave(self, name: str) -> WaveView | None:
        return next((wave for wave in self.waves if wave.name == name), None)

    def followers(self, name: str) -> list[WaveView]:
        """The waves that wait for this one."""
        return [wave for wave in self.waves if name in (wave.raw.get("after") or ())]


def rollout_view(tree: Tree) -> RolloutView:
    """`tree` as `GET /v1/rollouts/{name}` answers, or one item of the list, which lacks gates and holds."""
    waves = tuple(wave_view(wave) for wave in tree.get("waves") or ())
    stands = str(tree.get("stands") or "")
    return RolloutView(
        name=str(tree.get("name") or ""),
        title=str(tree.get("title") or tree.get("name") or ""),
        look=STANDS.get(stands, _UNKNOWN),
        zone=str(tree.get("zone") or "UTC"),
        waves=waves,
        raw=tree,
    )


def wave_view(wave: Tree) -> WaveView:
    phase = str(wave.get("phase") or "pending")
    name = str(wave.get("wave") or "")
    return WaveView(
        name=name,
        title=str(wave.get("title") or name),
        phase=phase,
        look=PHASES.get(phase, Look("question", phase.replace("_", " ").capitalize(), "idle")),
        progress=progress_of(wave),
        gates=tuple(gate_view(gate) for gate in wave.get("gates") or ()),
        holds=tuple(wave.get("holds") or ()),
        waits=tuple(wave.get("waits") or ()),
        verbs=tuple(str(verb) for verb in wave.get("verbs") or ()),
        raw=wave,
    )


def progress_of(wave: Tree) -> Progress:
    """Counts by state where they are known, else the two figures of a wave's brief."""
    counts = wave.get("counts") or {}
    members = int(counts.get("members") or wave.get("audience_size") or 0)
    done = int(counts["completed"]) + int(counts["passed"]) if counts else int(wave.get("completed") or 0)
    failed, started = int(counts.get("failed") or 0), int(counts.get("started") or 0)
    not_begun = max(0, members - done - failed - started)
    parts = [("done", done, "done"), ("failed", failed, "failed"), ("started", started, "under way")]
    return Progress(
        members=members,
        done=done,
        failed=failed,
        started=started,
        not_begun=not_begun,
        push_failed=int(counts.get("push_failed") or 0),
        segments=_segments(parts, members),
    )


def _segments(parts: Sequence[tuple[str, int, str]], whole: int) -> tuple[Segment, ...]:
    found, at = [], 0.0
    for kind, number, words in parts:
        length = 100 * number / whole if whole else 0.0
        if number:
            found.append(Segment(kind, round(at, 2), round(length, 2), f"{number:,} {words}"))
        at += length
    return tuple(found)


def gate_view(gate: Tree) -> GateView:
    kind, actual, threshold = str(gate.get("kind") or ""), gate.get("actual"), gate.get("threshold")
    is_share = kind in ("completion", "survey")
    found, needed = say_measure(kind, actual, threshold)
    return GateView(
        name=str(gate.get("gate") or ""),
        kind=kind,
        stage=str(gate.get("stage") or ""),
        look=ASSESSMENTS.get(str(gate.get("assessment")), _UNKNOWN),
        sentence=str(gate.get("sentence") or "Not looked at yet."),
        actual=found,
        needed=needed,
        share=round(100 * float(actual), 1) if is_share and actual is not None else None,
        share_needed=round(100 * float(threshold), 1) if is_share and threshold is not None else None,
        evidence=tuple(say_evidence(row) for row in gate.get("evidence") or ()),
        next_look_at=gate.get("next_look_at"),
        bad_since=gate.get("bad_since"),
        cleared_at=gate.get("cleared_at"),
    )


# How the rollout service begins the sentence of a transition: `open → holding: why`.
_TRANSITION = re.compile(r"(\w+) → (\w+): (.+)", re.DOTALL)
_NOBODY = frozenset({"", "glidepath", "system"})


def entry_view(entry: Tree) -> EntryView:
    """`entry` as the timeline lists it."""
    sentence, actor = str(entry.get("sentence") or ""), str(entry.get("actor") or "")
    moved = _TRANSITION.fullmatch(sentence)
    look = PHASES.get(moved[2]) if moved else None
    said = moved[3] if moved and look else sentence
    return EntryView(
        position=int(entry.get("position") or 0),
        at=str(entry.get("at") or ""),
        wave=entry.get("wave"),
        kind=str(entry.get("kind") or "").replace("_", "-"),
        look=look,
        sentence=said,
        actor="" if actor in _NOBODY or actor in said else actor,
    )
