"""Asking a simulated helpdesk by hand, with a clock that stands still until it is moved."""

from datetime import UTC, datetime, timedelta
from typing import Any

import httpx

from tests.support.helpdesks.desk import SimulatedDesk
from tests.support.helpdesks.faults import DeskTransport


class HandClock:
    def __init__(self, at: datetime = datetime(2026, 3, 2, 9, 30, 0, 123456, tzinfo=UTC)) -> None:
        self.at = at

    def __call__(self) -> datetime:
        return self.at

    def go(self, **span: float) -> None:
        self.at += timedelta(**span)


class Asking:
    """One client with the credential of the helpdesk."""

    def __init__(self, desk: SimulatedDesk) -> None:
        self.transport = DeskTransport(desk)
        self._headers = desk.door()
        self._client = httpx.AsyncClient(transport=self.transport, base_url=desk.base_url)

    async def __call__(self, method: str, path: str, **more: Any) -> httpx.Response:
        headers = {**self._headers, **more.pop("headers", {})}
        return await self._client.request(method, path, headers=headers, **more)

    async def json(self, method: str, path: str, **more: Any) -> Any:
        answer = await self(method, path, **more)
        assert answer.is_success, answer.text
        return answer.json()
