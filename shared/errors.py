"""Errors that a caller meets, and how work that failed is to be treated.

    Exception
    ├─ ServiceError                 rendered as problem+json (RFC 9457)
    │  ├─ BadRequest        400     the request itself is broken (JSON that does not parse)
    │  ├─ Unauthenticated   401     we do not know who asks
    │  ├─ Forbidden         403     we know, and they may not
    │  ├─ NotFound          404
    │  ├─ Conflict          409     the state of things forbids it now
    │  ├─ PreconditionFailed 412    the row changed since it was read (If-Match)
    │  ├─ TooLarge          413
    │  ├─ InvalidRequest    422     understood, but a value is wrong; `errors` names each place
    │  ├─ PreconditionRequired 428  If-Match is missing
    │  ├─ TooManyRequests   429     `retry_after_seconds`
    │  └─ Unavailable       503     `retry_after_seconds`
    ├─ TemporaryFailure             try the same work again later
    └─ PermanentFailure             trying again cannot help: quarantine

A service's own errors are facts named after what is so (`TicketAlreadyClosed`) and subclass these with a stable `code`.
Standard library only: the domain may raise them.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True, slots=True)
class FieldProblem:
    """One wrong place. `pointer` is a JSON pointer (RFC 6901) into the body, or `query/<name>`, `header/<name>`."""

    pointer: str
    detail: str


class ServiceError(Exception):
    """`detail` tells the caller what is wrong and what to do about it; it must not hold a secret."""

    status: ClassVar[int] = 500
    code: ClassVar[str] = "internal"
    title: ClassVar[str] = "Something went wrong on our side"

    def __init__(
        self, detail: str, *, errors: Sequence[FieldProblem] = (), retry_after_seconds: int | None = None
    ) -> None:
        super().__init__(detail)
        self.detail = detail
        self.errors = tuple(errors)
        self.retry_after_seconds = retry_after_seconds


class BadRequest(ServiceError):
    status = 400
    code = "bad_request"
    title = "The request cannot be read"


class Unauthenticated(ServiceError):
    status = 401
    code = "unauthenticated"
    title = "We do not know who you are"


class Forbidden(ServiceError):
    status = 403
    code = "forbidden"
    title = "You may not do this"


class NotFound(ServiceError):
    status = 404
    code = "not_found"
    title = "There is no such thing here"


class Conflict(ServiceError):
    status = 409
    code = "conflict"
    title = "This cannot be done as things stand"


class PreconditionFailed(ServiceError):
    status = 412
    code = "precondition_failed"
    title = "It changed since you read it"


class TooLarge(ServiceError):
    status = 413
    code = "too_large"
    title = "The request is too large"


class InvalidRequest(ServiceError):
    status = 422
    code = "invalid_request"
    title = "The request has a wrong value"


class PreconditionRequired(ServiceError):
    status = 428
    code = "precondition_required"
    title = "Say which version you read"


class TooManyRequests(ServiceError):
    status = 429
    code = "too_many_requests"
    title = "Too many requests"


class Unavailable(ServiceError):
    status = 503
    code = "unavailable"
    title = "Not available just now"


class TemporaryFailure(Exception):
    """The same work may succeed later. `retry_after_seconds` where the other side said how long to wait."""

    def __init__(self, detail: str, *, retry_after_seconds: float | None = None) -> None:
        super().__init__(detail)
        self.retry_after_seconds = retry_after_seconds


class PermanentFailure(Exception):
    """The same work will fail again until something is mended."""
