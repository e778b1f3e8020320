"""Monthly reviews over the wire, as JSON and as a page to read."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from typing import Annotated, Any

from pydantic import AwareDatetime, BaseModel, ConfigDict, StringConstraints

from services.tickets.domain.report import said
from services.tickets.domain.review import Side, Signature, Snapshot
from services.tickets.ports.reviews import Remark
from services.tickets.schemas.requests import STORABLE
from services.tickets.usecases.reporting.reviewing import Review, figures_in


class SignReviewIn(BaseModel):
    """`fingerprint` is that of the review, or of its snapshot, as it was read."""

    model_config = ConfigDict(extra="forbid")
    side: Side
    fingerprint: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{32}$")]


class RemarkIn(BaseModel):
    model_config = ConfigDict(extra="forbid")
    body: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=4_000, pattern=STORABLE)]


class RemarkOut(BaseModel):
    comment_id: str
    at: AwareDatetime
    author: str
    body: str


class SignatureOut(BaseModel):
    """`lapsed`: other figures than those of the snapshot were signed."""

    side: Side
    signed_at: AwareDatetime
    signed_by: str
    lapsed: bool


class SignedMonthOut(BaseModel):
    """A month that somebody has signed; frozen once both sides have."""

    month: str
    fingerprint: str
    taken_at: AwareDatetime
    frozen_at: AwareDatetime | None


class SnapshotOut(SignedMonthOut):
    """What was signed, word for word."""

    content: dict[str, Any]


class DifferenceOut(BaseModel):
    place: str
    signed: Any
    now: Any


class ReviewOut(BaseModel):
    """`content` is as things stand: `it`, `training`, `exemptions`, `policies`. `since_signing` is what the snapshot says
    otherwise. A month that is not `over` cannot be signed."""

    month: str
    over: bool
    fingerprint: str
    content: dict[str, Any]
    snapshot: SnapshotOut | None
    signatures: list[SignatureOut]
    since_signing: list[DifferenceOut]
    comments: list[RemarkOut]


def signed_month_out(snapshot: Snapshot) -> SignedMonthOut:
    return SignedMonthOut(**{name: getattr(snapshot, name) for name in SignedMonthOut.model_fields})


def snapshot_out(snapshot: Snapshot) -> SnapshotOut:
    return SnapshotOut(
        month=snapshot.month,
        fingerprint=snapshot.fingerprint,
        taken_at=snapshot.taken_at,
        frozen_at=snapshot.frozen_at,
        content=dict(snapshot.content),
    )


def remark_out(remark: Remark) -> RemarkOut:
    return RemarkOut(comment_id=remark.comment_id, at=remark.at, author=remark.author, body=remark.body)


def review_out(review: Review) -> ReviewOut:
    return ReviewOut(
        month=review.month,
        over=review.over,
        fingerprint=review.fingerprint,
        content=dict(review.content),
        snapshot=None if review.snapshot is None else snapshot_out(review.snapshot),
        signatures=[_signature(each, review.snapshot) for each in review.signatures],
        since_signing=[DifferenceOut(place=each.place, signed=each.signed, now=each.now) for each in review.since],
        comments=[remark_out(each) for each in review.comments],
    )


def _signature(signature: Signature, snapshot: Snapshot | None) -> SignatureOut:
    lapsed = snapshot is None or signature.fingerprint != snapshot.fingerprint
    return SignatureOut(
        side=signature.side, signed_at=signature.signed_at, signed_by=signature.signed_by, lapsed=lapsed
    )


def review_markdown(review: Review) -> str:
    """The snapshot once both sides have signed it, else the figures as they stand."""
    frozen = review.snapshot is not None and review.snapshot.frozen_at is not None
    content = review.snapshot.content if frozen and review.snapshot is not None else review.content
    return "\n".join(_lines(review, content)) + "\n"


def _lines(review: Review, content: Mapping[str, Any]) -> Iterator[str]:
    yield f"# Review of {review.month}"
    yield ""
    yield _standing(review)
    yield ""
    yield "## What IT owed"
    yield from _attainment("Target", content["it"]["by_target"])
    yield from _attainment("Team", content["it"]["by_team"])
    yield "## What training owed"
    yield from _training(content["training"])
    yield "## Exemptions"
    yield from _exemptions(content["exemptions"])
    yield "## Policies in force"
    yield from _table(
        ("Policy", "Since", "Until", "IT", "Training"),
        [(each["policy"], each["since"], each["until"] or "", *_signed(each)) for each in content["policies"]],
    )
    if review.since:
        yield "## Since signing"
        yield from _table(("Place", "Signed", "Now"), [(each.place, each.signed, each.now) for each in review.since])
    if review.comments:
        yield "## Comments"
        yield ""
        for remark in review.comments:
            yield f"- **{_cell(remark.author)}**, {remark.at:%Y-%m-%d}: {_cell(remark.body)}"


def _standing(review: Review) -> str:
    if not review.over:
        return "The month is not over; these are the figures so far."
    valid = (
        {}
        if review.snapshot is None
        else {each.side: each for each in review.signatures if each.fingerprint == review.snapshot.fingerprint}
    )
    parts = [
        f"{side}: signed by {_cell(valid[side].signed_by)} on {valid[side].signed_at:%Y-%m-%d}"
        if side in valid
        else f"{side}: not signed"
        for side in Side
    ]
    return "; ".join(parts) + "."


def _attainment(name: str, rows: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    lines = []
    for row in rows:
        figures = figures_in(row)
        raw = said(figures.met, figures.decided)
        adjusted = said(figures.met, figures.decided - figures.exempted)
        overdue = row["overdue"]
        p90 = "" if overdue is None else span(overdue["p90_seconds"])
        named = (row["target"],) if name == "Target" else (row["key"] or "no team", row["target"])
        lines.append((*named, raw, adjusted, figures.breached, figures.exempted, figures.open_overdue, p90))
    head = (name,) if name == "Target" else (name, "Target")
    yield from _table((*head, "Met", "Adjusted", "Breached", "Exempted", "Still open", "Overdue p90"), lines)


def _training(training: Mapping[str, Any]) -> Iterator[str]:
    kept = {None: "nothing promised", True: "kept", False: "not kept"}
    yield from _table(
        ("Rollout", "Wave", "Opened", "Notice given", "Promised", ""),
        [
            (
                each["title"],
                each["wave"],
                each["opened_at"],
                "unknown" if each["given_seconds"] is None else span(each["given_seconds"]),
                span(each["promised_seconds"] or 0),
                "unknown" if each["promised_seconds"] and each["given_seconds"] is None else kept[each["kept"]],
            )
            for each in training["notice"]
        ],
    )
    wait = training["requester_wait"]
    yield f"Tickets of rollouts that waited for their requester: {wait['tickets']}, {span(wait['seconds'])} in all" + (
        "." if wait["p50_seconds"] is None else f"; half of them up to {span(wait['p50_seconds'])}."
    )
    yield from _table(
        ("Rollout", "Wave", "Tickets", "Learners", "Per 100 learners"),
        [
            (each["rollout"], each["wave"], each["tickets"], each["learners"] or "unknown", each["per_100_learners"])
            for each in training["waves"]
        ],
    )


def _exemptions(exemptions: Mapping[str, Any]) -> Iterator[str]:
    yield from _table(("Given by", "Number"), [(each["name"], each["given"]) for each in exemptions["by"]])
    yield from _table(
        ("Target", "Reason", "Given by", "Revoked by"),
        [(e["target"], e["reason"], e["given_by"], e["revoked_by"] or "") for e in exemptions["items"]],
    )


def _signed(policy: Mapping[str, Any]) -> tuple[str, str]:
    it, training = (policy["signed"][side.value] for side in Side)
    otherwise = f"enforced by {policy['enforced_by']}" if policy["enforced_by"] else "not signed"
    return it or otherwise, training or otherwise


def _table(head: Sequence[str], lines: Sequence[Sequence[object]]) -> Iterator[str]:
    yield ""
    if not lines:
        yield "Nothing."
        yield ""
        return
    yield f"| {' | '.join(head)} |"
    yield f"|{'---|' * len(head)}"
    for line in lines:
        yield f"| {' | '.join(_cell(cell) for cell in line)} |"
    yield ""


def _cell(value: object) -> str:
    """What people wrote must not end the cell, the line or the table, nor become markup."""
    text = "" if value is None else str(value)
    for mark in ("\\", "|", "<", "[", "`", "*", "_", "#"):
        text = text.replace(mark, f"\\{mark}")
    return " ".join(text.split())


def span(seconds: float) -> str:
    """`2 d 3 h`, `45 min`: two units at most."""
    whole = timedelta(seconds=round(seconds))
    hours, minutes = divmod(whole.seconds // 60, 60)
    parts = [
        f"{whole.days} d" if whole.days else "",
        f"{hours} h" if hours else "",
        f"{minutes} min" if minutes else "",
    ]
    return " ".join([part for part in parts if part][:2]) or "0 min"
