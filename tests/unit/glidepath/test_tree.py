"""The tree that `get rollout` and the demo show."""

from typing import Any

from rich.console import Console

from glidepath.tree import bar, rollout_tree

ROLLOUT: dict[str, Any] = {
    "name": "safety-video",
    "title": "Safety on camera",
    "plan_version": 1,
    "waves": [
        {
            "wave": "north",
            "phase": "holding",
            "audience_size": 398,
            "completed": 199,
            "holds": [{"reason": "A first response is overdue.", "next_step": "Answer #7.", "lifted_by": "itself"}],
            "gates": [{"gate": "first-response", "assessment": "failed", "sentence": "1 [target] missed."}],
        }
    ],
}


def shown(rollout: dict[str, Any]) -> str:
    console = Console(width=120, no_color=True)
    with console.capture() as capture:
        console.print(rollout_tree(rollout))
    return capture.get()


def test_a_held_wave_says_why_what_next_and_who_can_lift_it() -> None:
    text = shown(ROLLOUT)
    assert "north  holding  ██████░░░░░░ 199/398" in text
    assert "held: A first response is overdue. Answer #7. (lifted by itself)" in text


def test_words_in_brackets_are_text_and_not_markup() -> None:
    assert "first-response: 1 [target] missed." in shown(ROLLOUT)


def test_a_bar_is_never_longer_than_its_width() -> None:
    assert bar(0, 0) == "░" * 12
    assert bar(20, 10) == "█" * 12
