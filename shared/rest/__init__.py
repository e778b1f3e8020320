"""The REST conventions that every route follows from its first day.

One transaction per request (`Router`), problem+json, keyset pages, Idempotency-Key, ETag and If-Match, JSON Merge Patch,
RFC 3339 UTC.
"""

from shared.rest.pages import Page, Paging, PagingRequest, keyset_page, page_of
from shared.rest.patch import changes
from shared.rest.preconditions import IfMatch, IfMatchGiven, etag, require_match, require_match_or_new, set_etag
from shared.rest.routes import Caller, Now, RealNow, Router, bears_secret, caller, request_unit, request_work

__all__ = [
    "Caller",
    "IfMatch",
    "IfMatchGiven",
    "Now",
    "Page",
    "Paging",
    "PagingRequest",
    "RealNow",
    "Router",
    "bears_secret",
    "caller",
    "changes",
    "etag",
    "keyset_page",
    "page_of",
    "request_unit",
    "request_work",
    "require_match",
    "require_match_or_new",
    "set_etag",
]
