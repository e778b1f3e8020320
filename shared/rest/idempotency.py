"""Idempotency-Key: the same POST sent twice has one effect and one answer.

The answer is stored in the transaction of the effect, so there is no moment at which one exists without the other.
"""

import hashlib
import json
from datetime import datetime
from typing import Any

from sqlalchemy import insert, select, text
from starlette.requests import Request
from starlette.responses import Response

from shared.database import UnitOfWork
from shared.errors import Conflict, FieldProblem, InvalidRequest
from shared.outbox import Plumbing

KEY_HEADER = "idempotency-key"
REPLAYED_HEADER = "Idempotency-Replayed"
MAX_KEY_LENGTH = 255
_KEPT_HEADERS = ("content-type", "location", "etag")


class RequestInFlight(Conflict):
    code = "request_in_flight"
    title = "The same request is being handled"


class KeyReused(InvalidRequest):
    code = "idempotency_key_reused"
    title = "The Idempotency-Key was used for another request"


class AnswerNotKept(Conflict):
    code = "answer_not_kept"
    title = "It was done already; its answer bore a secret and was not kept"


def read_key(request: Request) -> str | None:
    """The caller's key, or None. `InvalidRequest` for one that is empty or too long."""
    key = request.headers.get(KEY_HEADER)
    if key is None:
        return None
    if not 1 <= len(key) <= MAX_KEY_LENGTH:
        raise InvalidRequest(
            "The Idempotency-Key is not usable.",
            errors=[FieldProblem("header/Idempotency-Key", f"1 to {MAX_KEY_LENGTH} characters")],
        )
    return key


def hash_request(request: Request, body: bytes) -> str:
    """What makes two requests the same: method, path, query and the bytes of the body."""
    digest = hashlib.sha256()
    for part in (request.method.encode(), request.url.path.encode(), request.url.query.encode(), body):
        digest.update(len(part).to_bytes(8, "big") + part)
    return digest.hexdigest()


class StoredAnswers:
    """The stored answers of one service, inside one transaction."""

    def __init__(self, work: UnitOfWork, plumbing: Plumbing) -> None:
        self._work = work
        self._table = plumbing.idempotency

    async def lock(self, caller: str, key: str) -> None:
        """`RequestInFlight` if another replica handles the same key now (PostgreSQL; SQLite means one process)."""
        if self._work.dialect == "postgresql":
            statement = text("SELECT pg_try_advisory_xact_lock(hashtextextended(:key, 0))")
            if not (await self._work.session.execute(statement, {"key": f"{caller}\n{key}"})).scalar_one():
                raise RequestInFlight("Wait for the first request's answer and repeat it then.", retry_after_seconds=1)

    async def find(self, caller: str, key: str, request_hash: str) -> Response | None:
        """The first answer, marked as replayed; None if the key is new. `KeyReused` for another request."""
        table = self._table
        row = (
            await self._work.session.execute(select(table).where(table.c.caller == caller, table.c.key == key))
        ).first()
        if row is None:
            return None
        if row.request_hash != request_hash:
            raise KeyReused("Use a new Idempotency-Key for a new request.")
        if row.body is None:
            raise AnswerNotKept("Look up what was made, or make another with a new key.")
        headers = {**json.loads(row.headers), REPLAYED_HEADER: "true"}
        return Response(row.body, status_code=row.status, headers=headers)

    async def store(
        self, caller: str, key: str, request_hash: str, response: Response, *, keep_body: bool, now: datetime
    ) -> None:
        """Keep the answer beside its effect."""
        headers = {name: response.headers[name] for name in _KEPT_HEADERS if name in response.headers}
        values: dict[str, Any] = {
            "caller": caller,
            "key": key,
            "request_hash": request_hash,
            "status": response.status_code,
            "headers": json.dumps(headers),
            "body": bytes(response.body) if keep_body else None,
            "stored_at": now,
        }
        await self._work.session.execute(insert(self._table).values(values))
