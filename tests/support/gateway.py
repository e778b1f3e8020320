"""A gateway to test: its app with lifespan, in process, with upstreams that say what reached them."""

import base64
import hashlib
import hmac
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import httpx
from fastapi import FastAPI

from services.gateway.adapters.upstreams import InProcessUpstream
from services.gateway.main import create_app
from services.gateway.ports import Receive, Scope, Send, Upstream
from services.gateway.settings import GatewaySettings
from shared.clock import Clock

ADMIN_KEY = "gp_" + "0123456789abcdef" * 3
SECRET = "a-secret-of-tests"


def gateway_settings(database_url: str, **more: Any) -> GatewaySettings:
    values: dict[str, Any] = {
        "nats_url": "nats://127.0.0.1:1",
        "identity_key": "identity-key-of-tests",
        "link_key": "link-key-of-all-tests",
        "credentials_key": "credentials-key-of-tests",
        "key_pepper": "pepper-of-all-tests",
        "bootstrap_api_key": ADMIN_KEY,
        "public_url": "http://glide.example",
        "shutdown_seconds": 2.0,
        "disk_floor_bytes": 0,
        "log_level": "error",
        **more,
    }
    return GatewaySettings(database_url=database_url, **values)


class EchoService:
    """An ASGI app that answers with what reached it."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.requests: list[dict[str, Any]] = []

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        assert scope["type"] == "http"
        body = b""
        while True:
            message = await receive()
            body += message.get("body", b"")
            if not message.get("more_body", False):
                break
        seen = {
            "service": self.name,
            "method": scope["method"],
            "path": scope["path"],
            "query": scope["query_string"].decode(),
            "headers": [[name.decode("latin-1"), value.decode("latin-1")] for name, value in scope["headers"]],
            "body": body.decode("latin-1"),
        }
        self.requests.append(seen)
        headers = [
            (b"content-type", b"application/json"),
            (b"set-cookie", b"sneaky=1"),
            (b"etag", b'W/"1"'),
            (b"link", b'<http://inside:1/v1/things?cursor=x>; rel="next"'),
        ]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": json.dumps(seen).encode()})


@dataclass(frozen=True, slots=True)
class Gateway:
    """A running gateway. `call` speaks as an admin unless another key (or None) is given."""

    app: FastAPI
    client: httpx.AsyncClient
    echoes: Mapping[str, EchoService]

    async def call(self, method: str, path: str, *, key: str | None = ADMIN_KEY, **more: Any) -> httpx.Response:
        headers = dict(more.pop("headers", {}))
        if key is not None:
            headers["authorization"] = f"Bearer {key}"
        return await self.client.request(method, path, headers=headers, **more)

    async def add_source(self, name: str = "helpdesk", vendor: str = "zammad", *secrets: str) -> None:
        answer = await self.call(
            "PUT",
            f"/api/gateway/v1/sources/{name}",
            json={"vendor": vendor, "kind": "helpdesk", "secrets": list(secrets or (SECRET,))},
        )
        assert answer.status_code == 200, answer.text

    async def deliver(
        self, body: bytes, *, source: str = "helpdesk", secret: str = SECRET, **headers: str
    ) -> httpx.Response:
        return await self.client.post(f"/hooks/{source}", content=body, headers={**signed(body, secret), **headers})


def signed(body: bytes, secret: str = SECRET) -> dict[str, str]:
    """Headers as Zammad sends them: `X-Hub-Signature: sha1=<hex HMAC-SHA1(token, raw body)>`."""
    digest = hmac.new(secret.encode(), body, hashlib.sha1).hexdigest()
    return {"content-type": "application/json", "x-hub-signature": f"sha1={digest}"}


def signed_by_zendesk(body: bytes, timestamp: str, secret: str = SECRET) -> dict[str, str]:
    digest = hmac.new(secret.encode(), timestamp.encode() + body, hashlib.sha256).digest()
    return {
        "content-type": "application/json",
        "x-zendesk-webhook-signature": base64.b64encode(digest).decode(),
        "x-zendesk-webhook-signature-timestamp": timestamp,
    }


@asynccontextmanager
async def running_gateway(
    database_url: str,
    *,
    upstreams: Mapping[str, Upstream] | None = None,
    clock: Clock | None = None,
    **settings: Any,
) -> AsyncIterator[Gateway]:
    """A migrated database's gateway, started, with a client that talks to it in process."""
    echoes = {name: EchoService(name) for name in ("rollout", "tickets", "survey")}
    behind: Mapping[str, Upstream] = upstreams or {
        name: InProcessUpstream(echo, name=name, timeout_seconds=5) for name, echo in echoes.items()
    }
    app = create_app(gateway_settings(database_url, **settings), upstreams=behind, clock=clock)
    transport = httpx.ASGITransport(app=app, client=("192.0.2.1", 4711))
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=transport, base_url="http://glide.example") as client,
    ):
        yield Gateway(app, client, echoes)
