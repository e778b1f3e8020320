"""The gateway's permission table, walked through its public door and at its own."""

from pathlib import Path

from services.gateway.main import MIGRATIONS
from services.gateway.permissions import PERMISSIONS
from shared import migrations
from shared.app import OPERATIONS
from shared.auth import Role
from tests.support.gateway import running_gateway
from tests.support.permission_walk import walk


async def test_every_route_lets_in_whom_its_row_names_and_nobody_else(tmp_path: Path) -> None:
    url = f"sqlite+aiosqlite:///{tmp_path}/gateway.db"
    migrations.upgrade_now(url, MIGRATIONS)
    async with running_gateway(url, demo=True) as gateway:
        keys = {}
        for role in Role:
            made = await gateway.call("POST", "/api/gateway/v1/keys", json={"name": role, "roles": [role]})
            keys[role] = made.json()["key"]

        async def ask(method: str, path: str, role: Role | None) -> int:
            key = keys[role] if role is not None else None
            json: dict[str, str] | None = {} if method in ("POST", "PUT", "PATCH") else None
            answer = await gateway.call(method, f"/api/gateway{path}", key=key, json=json)
            return answer.status_code

        assert await walk({**OPERATIONS, **PERMISSIONS}, ask) == []


async def test_what_is_inside_cannot_be_reached_past_the_doors(tmp_path: Path) -> None:
    url = f"sqlite+aiosqlite:///{tmp_path}/gateway.db"
    migrations.upgrade_now(url, MIGRATIONS)
    async with running_gateway(url) as gateway:
        for row in {**OPERATIONS, **PERMISSIONS}:
            method, path = row.split(" ", 1)
            answer = await gateway.call(method, path.replace("{", "").replace("}", ""))
            assert answer.status_code == 404, row
        assert (await gateway.call("GET", "/metrics", key=None)).status_code == 401
        for path in ("/openapi.json", "/docs"):
            assert (await gateway.call("GET", path)).status_code == 404
