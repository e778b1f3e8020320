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


def _read_if_match_given(if_match: Annotated[str | None, Header(alias="If-Match")] = None) -> int | None:
    return None if if_match is None else _read_if_match(if_match)


IfMatch = Annotated[int, Depends(_read_if_match)]
"""The version that the caller read. 428 without the header."""
IfMatchGiven = Annotated[int | None, Depends(_read_if_match_given)]
"""The same for what may not exist yet; `require_match_or_new` judges it."""


def require_match_or_new(current: int | None, if_match: int | None) -> None:
    """For a PUT that makes or changes: 428 for a change without If-Match, 412 for a version that is not there (any more)."""
    if current is None:
        if if_match is not None:
            raise PreconditionFailed("It is not there any more. Leave out If-Match to make it anew.")
        return
    if if_match is None:
        raise PreconditionRequired("It exists already. Send If-Match with the ETag you read to change it.")
    require_match(current, if_match)


def require_match(current: int, if_match: int) -> None:
    """`PreconditionFailed` unless the caller read the current version."""
    if current != if_match:
        raise PreconditionFailed(
            f"It is at version {current} now; you read {if_match}. Read it again and redo the change."
        )
