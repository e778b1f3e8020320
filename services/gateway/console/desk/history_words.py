"""What happened to a ticket, a sentence per entry of its history. Pure."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from services.gateway.console.desk.sync_words import field_word, owner_words, value_word
from services.gateway.console.desk.words import CAUSES, spaced, status_look, target_words

Tree = Mapping[str, Any]

KINDS_OF_LINK: Final[Mapping[str, str]] = {
    "parent": "part of",
    "duplicate_of": "a duplicate of",
    "duplicated_by": "duplicated by",
    "follow_up_of": "a follow-up of",
    "followed_up_by": "followed up by",
    "related": "related to",
}
ICONS: Final[Mapping[str, str]] = {
    "opened": "plus",
    "comment": "pen",
    "breached": "alert",
    "merged": "link",
    "linked": "link",
    "conflict": "alert",
    "status": "play",
    "priority": "promote",
}


def say_entry(kind: str, detail: Tree) -> str:
    """`detail` as the tickets service keeps it; of a kind that is not known here, what it holds."""
    say = _SAY.get(kind)
    return say(detail) if say else _plainly(kind, detail)


def _opened(detail: Tree) -> str:
    return f"Opened as {detail['priority']}." if detail.get("priority") else "Opened."


def _status(detail: Tree) -> str:
    said = f"{_state(detail.get('before'))} → {_state(detail.get('after'))}"
    return f"{said}, with ticket {detail['parent']}" if detail.get("parent") else said


def _state(status: object) -> str:
    return status_look(status).word if status else "none"


def _priority(detail: Tree) -> str:
    before = f"{detail['before']} → " if detail.get("before") else ""
    return f"Priority {before}{detail.get('after') or 'none'}"


def _comment(detail: Tree) -> str:
    return "Wrote to everybody on the ticket." if detail.get("public", True) else "Wrote an internal note."


def _retracted(detail: Tree) -> str:
    return f"Took back what was written{_because(detail)}"


def _attributed(detail: Tree) -> str:
    after = detail.get("after") or {}
    if not after.get("rollout"):
        return "Counts for no wave any more."
    rule = f", by {spaced(after.get('rule'))}" if after.get("rule") else ""
    return f"Counts for {after['rollout']} / {after.get('wave')}{rule}."


def _breached(detail: Tree) -> str:
    cause = CAUSES.get(str(detail.get("cause")), "")
    return f"{_target(detail)} was missed. {cause}".strip()


def _withdrawn(detail: Tree) -> str:
    return f"{_target(detail)} was not missed after all{_because(detail)}"


def _settled(detail: Tree) -> str:
    words = {"met": "was kept.", "breached": "has come, too late.", "cancelled": "is no longer promised."}
    return f"{_target(detail)} {words.get(str(detail.get('outcome')), 'is settled.')}"


def _merged(detail: Tree) -> str:
    return f"Merged into ticket {detail.get('into')}{_because(detail)}"


def _absorbed(detail: Tree) -> str:
    return f"Took in ticket {detail.get('ticket')}{_because(detail)}"


def _unmerged(detail: Tree) -> str:
    return f"The merge with ticket {detail.get('ticket')} was undone{_because(detail)}"


def _conflict(detail: Tree) -> str:
    name, theirs_kept = detail.get("field"), detail.get("kept") == "theirs"
    ours, theirs = value_word(name, detail.get("ours")), value_word(name, detail.get("theirs"))
    kept = "theirs was kept" if theirs_kept else "ours was kept"
    rule = f", because {owner_words(detail['rule'])}" if detail.get("rule") else ""
    return f"{field_word(name)} was changed on both sides, to {ours} here and to {theirs} there: {kept}{rule}."


def _linked(detail: Tree) -> str:
    if detail.get("external_id"):
        return (
            f"Is {detail['external_id']} at {detail.get('connector') or detail.get('source') or 'the helpdesk'}, too."
        )
    kind, other = str(detail.get("kind")), detail.get("ticket")
    if kind == "child":
        return f"Ticket {other} is part of it now."
    return f"Is {KINDS_OF_LINK.get(kind, 'linked to')} ticket {other} now."


def _unlinked(detail: Tree) -> str:
    if detail.get("external_id"):
        return f"Is kept apart from {detail['external_id']} at {detail.get('connector') or 'the helpdesk'} from now on."
    kind, other = str(detail.get("kind")), detail.get("ticket")
    if kind == "child":
        return f"Ticket {other} is no longer part of it."
    return f"Is no longer {KINDS_OF_LINK.get(kind, 'linked to')} ticket {other}."


def _changed(detail: Tree) -> str:
    major = detail.get("major")
    if len(detail) == 1 and isinstance(major, Mapping | list | tuple):
        is_now = major.get("after") if isinstance(major, Mapping) else major[-1]
        return "It is a major incident now." if is_now else "It is no longer a major incident."
    return _plainly("changed", detail)


def _escalated(detail: Tree) -> str:
    told = [str(whom) for whom in detail.get("told") or ()]
    at = f" at {detail['threshold']}" if detail.get("threshold") else ""
    whom = f"told {', '.join(told)}" if told else f"nobody was told{_because(detail)}"
    return f"{_target(detail)} escalated{at}: {whom}"


def _waits(detail: Tree) -> str:
    return f"Waits for the major incident {detail.get('parent')}."


def _exempted(detail: Tree) -> str:
    return f"{_target(detail)}: the breach was forgiven{_because(detail)}"


def _pardon_revoked(detail: Tree) -> str:
    return f"An exemption was taken back{_because(detail)}"


def _policy(detail: Tree) -> str:
    before, after = detail.get("before") or detail.get("from"), detail.get("after") or detail.get("to")
    return f"Moved from {before} to {after}." if before and after else _plainly("policy", detail)


def _target(detail: Tree) -> str:
    said = target_words(detail["target"]) if detail.get("target") else "A promise"
    cycle = detail.get("cycle")
    return f"{said} (cycle {cycle})" if isinstance(cycle, int) and cycle > 1 else said


def _because(detail: Tree) -> str:
    return f": {detail['reason']}" if detail.get("reason") else "."


_SAY: Final[Mapping[str, Callable[[Tree], str]]] = {
    "opened": _opened,
    "status": _status,
    "priority": _priority,
    "comment": _comment,
    "comment_retracted": _retracted,
    "comment_edited": lambda _: "Changed what was written.",
    "attributed": _attributed,
    "breached": _breached,
    "breach_withdrawn": _withdrawn,
    "settled": _settled,
    "merged": _merged,
    "absorbed": _absorbed,
    "unmerged": _unmerged,
    "released": _unmerged,
    "conflict": _conflict,
    "linked": _linked,
    "unlinked": _unlinked,
    "changed": _changed,
    "escalated": _escalated,
    "waits": _waits,
    "waits_no_more": lambda _: "Waits no more for a major incident.",
    "exempted": _exempted,
    "exemption_revoked": _pardon_revoked,
    "policy": _policy,
    "deleted": lambda _: "Deleted at the helpdesk that it came from.",
    "undone": lambda _: "A change to several tickets was taken back.",
}


def _plainly(kind: str, detail: Tree) -> str:
    parts = [_part(str(name), value) for name, value in detail.items() if _says_something(str(name), value)]
    said = spaced(kind.replace(".", " ")).capitalize()
    return f"{said}: {'; '.join(parts)}" if parts else f"{said}."


def _says_something(name: str, value: object) -> bool:
    """Ids are for programs."""
    return value not in (None, "", [], {}) and not name.endswith("_id")


def _part(name: str, value: object) -> str:
    if isinstance(value, Mapping) and {"before", "after"} & set(value):
        return f"{spaced(name)} {_plain(value.get('before'))} → {_plain(value.get('after'))}"
    if isinstance(value, Sequence) and not isinstance(value, str) and len(value) == 2 and name != "tags":
        return f"{spaced(name)} {_plain(value[0])} → {_plain(value[1])}"
    return f"{spaced(name)} {_plain(value)}"


def _plain(value: object) -> str:
    if value is None or value in ("", []):
        return "none"
    if isinstance(value, Mapping):
        return ", ".join(f"{spaced(key)} {_plain(inner)}" for key, inner in value.items())
    if isinstance(value, list | tuple):
        return ", ".join(_plain(one) for one in value)
    return str(value)
