"""Bodies that are slow, cut off, or not what Content-Length promised."""

import asyncio
from collections.abc import Iterable
from typing import Any

import pytest

from services.gateway.errors import BodyTooLarge, BodyTooSlow
from services.gateway.forward.http import CallerGone, limited, read_body


def receiving(messages: Iterable[dict[str, Any]], *, then_silence: bool = False) -> Any:
    queue = list(messages)

    async def receive() -> dict[str, Any]:
        if queue:
            return queue.pop(0)
        if then_silence:
            await asyncio.Event().wait()
        return {"type": "http.disconnect"}

    return receive


def part(body: bytes, *, more: bool = True) -> dict[str, Any]:
    return {"type": "http.request", "body": body, "more_body": more}


def scope(**headers: str) -> dict[str, Any]:
    return {"headers": [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]}


async def test_a_body_in_pieces_is_read_whole() -> None:
    body = await read_body(scope(), receiving([part(b"a"), part(b""), part(b"b", more=False)]), most=2, seconds=1)
    assert body == b"ab"


async def test_a_content_length_that_lies_does_not_help() -> None:
    pieces = [part(b"x" * 60) for _ in range(3)]
    with pytest.raises(BodyTooLarge):
        await read_body(scope(content_length="5"), receiving(pieces), most=100, seconds=1)


@pytest.mark.parametrize("promised", ["101", "9" * 5000])
async def test_a_content_length_above_the_limit_is_refused_before_a_byte_is_read(promised: str) -> None:
    with pytest.raises(BodyTooLarge):
        await read_body(scope(content_length=promised), receiving([], then_silence=True), most=100, seconds=1)


@pytest.mark.parametrize("promised", ["", "-5", "abc", "1e9", "٣"])
async def test_a_content_length_that_is_no_number_is_not_believed(promised: str) -> None:
    headers = {"headers": [(b"content-length", promised.encode())]}
    assert await read_body(headers, receiving([part(b"a", more=False)]), most=100, seconds=1) == b"a"


async def test_a_body_that_stops_coming_is_given_up() -> None:
    with pytest.raises(BodyTooSlow):
        await read_body(scope(), receiving([part(b"a")], then_silence=True), most=100, seconds=0.01)


async def test_a_sender_that_goes_away_is_not_answered() -> None:
    with pytest.raises(CallerGone):
        await read_body(scope(), receiving([part(b"a")]), most=100, seconds=1)


async def test_a_streamed_body_is_bounded_too_but_waiting_for_the_end_of_the_connection_is_not() -> None:
    receive = limited(receiving([part(b"x" * 60), part(b"x" * 60)]), most=100, seconds=1)
    await receive()
    with pytest.raises(BodyTooLarge):
        await receive()
    receive = limited(receiving([part(b"x", more=False)], then_silence=True), most=100, seconds=0.01)
    await receive()
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.05):
            await receive()
