"""Orders as a person reads them before they are sent: `set status to solved`."""

from collections.abc import Mapping

from services.tickets.domain.sync.write import RemoteWrite, WriteKind

LONGEST_QUOTE = 80


def say_write(write: RemoteWrite, payload: Mapping[str, str]) -> str:
    """What an order tells. `payload` are fields with our words, `subject` and `priority` of a new ticket, or `body` and `public`
    of a comment; without a body the comment is not to be read by whoever asks."""
    if write.kind is WriteKind.CREATE:
        return f"open it there as {_quoted(payload.get('subject', ''))}, {payload.get('priority', 'no priority')}"
    if write.kind is WriteKind.COMMENT:
        return _said(payload)
    told = [f"{name} to {_quoted(word) if name == 'subject' else word}" for name, word in payload.items()]
    return f"set {', '.join(told)}" if told else "nothing: both sides say the same by now"


def _said(payload: Mapping[str, str]) -> str:
    if not payload:
        return "nothing: the comment was taken back"
    verb = "write" if payload.get("public") == "true" else "note internally"
    body = payload.get("body")
    return verb if body is None else f"{verb} {_quoted(body)}"


def _quoted(text: str) -> str:
    words = " ".join(text.split())
    return f"“{words if len(words) <= LONGEST_QUOTE else words[: LONGEST_QUOTE - 1] + '…'}”"
