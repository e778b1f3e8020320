"""A simulated helpdesk that is connected over REST, as an administrator does it."""

from typing import Any

import httpx

from shared.auth import Role
from tests.integration.tickets.sync.synced import NAME, Synced

PATH = f"/v1/connectors/{NAME}"


def wanted(synced: Synced, **changes: Any) -> dict[str, Any]:
    """What is put for the simulated helpdesk."""
    there = synced.there
    return {"vendor": there.vendor, "base_url": there.base_url, "settings": dict(there.settings), **changes}


async def put(synced: Synced, *, version: int | None = None, path: str = PATH, **changes: Any) -> httpx.Response:
    headers = {} if version is None else {"If-Match": f'W/"{version}"'}
    return await synced.here.ask("PUT", path, Role.ADMIN, json=wanted(synced, **changes), headers=headers)


async def log_in(synced: Synced, **credential: str) -> httpx.Response:
    body = credential or dict(synced.there.credential)
    return await synced.here.ask("PUT", f"{PATH}/credential", Role.ADMIN, json=body)


async def connect(synced: Synced, **changes: Any) -> dict[str, Any]:
    """The connector with its credential; read-only unless told otherwise."""
    answer = await put(synced, **changes)
    assert answer.status_code == 200, answer.text
    answer = await log_in(synced)
    assert answer.status_code == 204, answer.text
    return await told(synced)


async def told(synced: Synced) -> dict[str, Any]:
    answer: dict[str, Any] = await synced.here.get(PATH)
    return answer


async def act(synced: Synced, path: str, role: Role = Role.IT_LEAD, *, status: int = 200, body: Any = None) -> Any:
    """POST; the answer's JSON."""
    answer = await synced.here.ask("POST", path, role, json=body)
    assert answer.status_code == status, answer.text
    return answer.json() if answer.content else None


def problems_of(answer: httpx.Response) -> dict[str, str]:
    return {each["pointer"]: each["detail"] for each in answer.json().get("errors", [])}
