"""problem+json (RFC 9457): a stable `code`, a `type` that resolves, a pointer for each wrong place, and the trace id."""

from collections.abc import Sequence
from typing import Any

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from opentelemetry import trace
from sqlalchemy.exc import IntegrityError, OperationalError
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, Response

from shared.errors import BadRequest, FieldProblem, ServiceError, TooLarge

MEDIA_TYPE = "application/problem+json"


def problem_document(
    *, status: int, code: str, title: str, detail: str, errors: Sequence[FieldProblem] = (), base_url: str = ""
) -> dict[str, Any]:
    """The body of a problem answer. `type` resolves to a page of the gateway that explains the code."""
    document: dict[str, Any] = {
        "type": f"{base_url}/problems/{code}",
        "title": title,
        "status": status,
        "detail": detail,
        "code": code,
    }
    if errors:
        document["errors"] = [{"pointer": problem.pointer, "detail": problem.detail} for problem in errors]
    context = trace.get_current_span().get_span_context()
    if context.is_valid:
        document["trace_id"] = trace.format_trace_id(context.trace_id)
    return document


def render(error: ServiceError, *, base_url: str = "") -> JSONResponse:
    """A `ServiceError` as an answer."""
    headers = {"Cache-Control": "no-store"}
    if error.retry_after_seconds is not None:
        headers["Retry-After"] = str(error.retry_after_seconds)
    document = problem_document(
        status=error.status,
        code=error.code,
        title=error.title,
        detail=error.detail,
        errors=error.errors,
        base_url=base_url,
    )
    return JSONResponse(document, status_code=error.status, media_type=MEDIA_TYPE, headers=headers)


def install(app: FastAPI, base_url: str) -> None:
    """Every error of the app leaves it as problem+json, also those of the framework."""

    async def on_service_error(_: Request, error: Exception) -> Response:
        assert isinstance(error, ServiceError)
        return render(error, base_url=base_url)

    async def on_invalid(_: Request, error: Exception) -> Response:
        assert isinstance(error, RequestValidationError)
        broken = next((one for one in error.errors() if one["type"] == "json_invalid"), None)
        if broken is not None:
            where = f"the body is not JSON: {broken['ctx']['error']} at character {broken['loc'][-1]}"
            return _render_plain(400, "bad_request", "The request cannot be read", where, [FieldProblem("/", where)])
        return _render_plain(422, "invalid_request", "The request has a wrong value", _first(error), _places(error))

    async def on_http(_: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        code, title, detail = _of_framework(error, app.max_body_size)
        answer = _render_plain(error.status_code, code, title, detail)
        answer.headers.update(error.headers or {})
        return answer

    async def on_conflict(_: Request, error: Exception) -> Response:
        structlog.get_logger().warning("request.conflict", error=type(error).__name__)
        return _render_plain(409, "conflict", "Somebody changed the same thing just now", "Read it again and repeat.")

    async def on_busy(_: Request, error: Exception) -> Response:
        structlog.get_logger().error("database.unavailable", error=type(error).__name__)
        answer = _render_plain(503, "unavailable", "The database cannot be reached", "Try again in a moment.")
        answer.headers["Retry-After"] = "2"
        return answer

    async def on_fault(_: Request, error: Exception) -> Response:
        structlog.get_logger().error("request.failed", exc_info=error)
        return _render_plain(500, "internal", "Something went wrong on our side", "It was logged with this trace id.")

    def _render_plain(
        status: int, code: str, title: str, detail: str, errors: Sequence[FieldProblem] = ()
    ) -> JSONResponse:
        document = problem_document(
            status=status, code=code, title=title, detail=detail or title, errors=errors, base_url=base_url
        )
        return JSONResponse(document, status_code=status, media_type=MEDIA_TYPE, headers={"Cache-Control": "no-store"})

    app.add_exception_handler(ServiceError, on_service_error)
    app.add_exception_handler(RequestValidationError, on_invalid)
    app.add_exception_handler(HTTPException, on_http)
    app.add_exception_handler(IntegrityError, on_conflict)
    app.add_exception_handler(OperationalError, on_busy)
    app.add_exception_handler(Exception, on_fault)


def body_too_large(most: int) -> TooLarge:
    """`most` in bytes."""
    return TooLarge(f"The body may have {most} bytes at most.")


def _of_framework(error: HTTPException, most: int | None) -> tuple[str, str, str]:
    """Code, title and detail of what the framework refuses by itself."""
    if error.status_code == TooLarge.status and most is not None:
        refusal = body_too_large(most)
        return refusal.code, refusal.title, refusal.detail
    if error.status_code == BadRequest.status:
        return BadRequest.code, BadRequest.title, "The body is not what its content type says, or is nested too deeply."
    codes = {404: "not_found", 405: "method_not_allowed", 415: "unsupported_media_type"}
    return codes.get(error.status_code, "http_error"), str(error.detail), ""


def _places(error: RequestValidationError) -> list[FieldProblem]:
    return [FieldProblem(_pointer(problem["loc"]), str(problem["msg"])) for problem in error.errors()]


def _first(error: RequestValidationError) -> str:
    problems = _places(error)
    more = f" (and {len(problems) - 1} more)" if len(problems) > 1 else ""
    return f"{problems[0].pointer}: {problems[0].detail}{more}" if problems else "The request has a wrong value."


def _pointer(place: Sequence[str | int]) -> str:
    """Pydantic's location as a JSON pointer into the body, or `query/x`, `header/x`, `path/x`."""
    where, *rest = place
    if where == "body":
        return "".join("/" + str(step).replace("~", "~0").replace("/", "~1") for step in rest) or "/"
    return "/".join([str(where), *map(str, rest)])
