"""What a problem's `type` URI leads to: the code in plain words."""

import services.gateway.errors as gateway_errors
import shared.errors as shared_errors
from shared.errors import ServiceError

_ADVICE = (
    "Every problem answer of Glidepath is problem+json (RFC 9457): `code` is stable, `detail` says what is wrong this time,\n"
    "`errors` points at each wrong place, `trace_id` finds it in the logs.\n"
)


def explain(code: str) -> str:
    """A page of plain text about a problem code; a code that belongs to one service alone is named as such."""
    known = {
        error.code: error
        for module in (shared_errors, gateway_errors)
        for error in vars(module).values()
        if isinstance(error, type) and issubclass(error, ServiceError)
    }
    found = known.get(code)
    if found is None:
        return f"A service gave the code of this address for a fact of its own; its `title` and `detail` say which.\n\n{_ADVICE}"
    return f"{found.code} ({found.status}): {found.title}.\n\n{_ADVICE}"
