"""Vendor files as the door for webhooks sees them."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from services.gateway.domain.delivery import Arrival
from services.gateway.domain.intake import Answer, Trusted, Untrusted
from services.gateway.ports import VendorIntake
from shared.errors import FieldProblem, InvalidRequest
from shared.mapping import (
    IntakeAnswer,
    NotUnderstood,
    VendorFile,
    VendorFileError,
    accepted_answer,
    answer_handshake,
    delivery_id,
    kept_header_names,
    load_vendor,
    parse_vendor,
)
from shared.mapping.bodies import read_body

Judge = Callable[[Any, Arrival, Sequence[str], datetime], Awaitable[str | None]]
"""One `verify` section of a vendor file against a delivery: None if it is right, else why not."""
SEVERAL = "No scheme of this source accepts the delivery"


class VendorShelf:
    """The vendor files that come with Glidepath, and those that operators bring."""

    def __init__(self, judge: Judge) -> None:
        self._judge = judge

    def named(self, vendor: str) -> Mapping[str, Any]:
        try:
            return load_vendor(vendor).document
        except VendorFileError as error:
            raise InvalidRequest(str(error.detail), errors=[FieldProblem("/vendor", error.detail)]) from error

    def intake_of(self, vendor_file: Mapping[str, Any]) -> VendorIntake:
        try:
            return _FileIntake(parse_vendor(dict(vendor_file)), self._judge)
        except VendorFileError as error:
            pointer = "/vendor_file" + "".join(f"/{part}" for part in _steps(error.place))
            raise InvalidRequest(str(error), errors=[FieldProblem(pointer, error.detail)]) from error


class _FileIntake:
    """Fulfils `ports.VendorIntake` by what the file says."""

    def __init__(self, file: VendorFile, judge: Judge) -> None:
        self._file = file
        self._judge = judge
        self._accepted = _answer(accepted_answer(file))
        self.kept_headers = kept_header_names(file)
        self.horizon = timedelta(hours=file.dedupe.horizon_hours)
        self.vendor = file.vendor

    def greet(self, arrival: Arrival) -> Answer | None:
        answer = answer_handshake(
            self._file, method=arrival.method, path=arrival.path, headers=arrival.headers, body=arrival.body
        )
        return _answer(answer) if answer is not None else None

    async def judge(self, arrival: Arrival, secrets: Sequence[str], now: datetime) -> Trusted | Untrusted:
        reasons = []
        for spec in self._file.verify:
            reason = await self._judge(spec, arrival, secrets, now)
            if reason is None:
                return Trusted()
            reasons.append(reason)
        return Untrusted(reasons[0] if len(reasons) == 1 else f"{SEVERAL}: {'; '.join(reasons)}")

    def delivery_id(self, arrival: Arrival) -> str | None:
        return delivery_id(self._file, arrival.headers)

    def find_fault(self, arrival: Arrival) -> str | None:
        try:
            read_body(arrival.body, arrival.content_type, self._file.body)
        except NotUnderstood as error:
            return error.reason
        return None

    def accepted(self) -> Answer:
        return self._accepted

    def unreadable(self) -> Answer | None:
        """Vendor files name no answer of their own for this yet: 400, so that the sender's log shows it."""
        return None


def _answer(answer: IntakeAnswer) -> Answer:
    return Answer(
        status=answer.status, body=answer.body, content_type=answer.content_type, headers=dict(answer.headers)
    )


def _steps(place: str) -> list[str]:
    """`facts[3].state` as the steps of a JSON pointer."""
    return [step for step in place.replace("[", ".").replace("]", "").split(".") if step]
