"""Optimistic locking: a row's integer version is its ETag; a change names the version it was made on."""

from typing import Annotated

from fastapi import Depends, Header, Response

from shared.errors import FieldProblem, InvalidRequest, PreconditionFailed, PreconditionRequired


def etag(version: int) -> str:
    """A weak ETag: the same version may be rendered in other bytes by a later release."""
    return f'W/"{version}"'


def set_etag(response: Response, version: int) -> None:
    response.headers["ETag"] = etag(version)


def _read_if_match(if_match: Annotated[str | None, Header(alias="If-Match")] = None) -> int:
    if if_match is None:
        raise PreconditionRequired("Send If-Match with the ETag you read, so that nobody's change is overwritten.")
    text = if_match.strip().removeprefix("W/").strip('"')
    if not text.isascii() or not text.isdigit():
        raise InvalidRequest(
            "If-Match is not an ETag of ours.", errors=[FieldProblem("header/If-Match", 'expected like W/"3"')]
        )
    return int(text)


IfMatch = Annotated[int, Depends(_read_if_match)]
"""The version that the caller read. 428 without the header."""


def require_match(current: int, if_match: int) -> None:
    """`PreconditionFailed` unless the caller read the current version."""
    if current != if_match:
        raise PreconditionFailed(
            f"It is at version {current} now; you read {if_match}. Read it again and redo the change."
        )
