"""What a connector shows at the door: a token, a name and password, or OAuth 2 with a token that is renewed.

A sealed credential is a JSON object `{"kind": "token", "secret": ...}`, `{"kind": "basic", "user": ..., "secret": ...}` or
`{"kind": "oauth2", "client_id": ..., "client_secret": ..., "refresh_token": ..., "access_token": ...}`. Nothing of it is logged
or told in an error.
"""

import base64
import json
from collections.abc import Awaitable, Callable, Mapping
from typing import Any
from urllib.parse import urljoin

import httpx

from services.tickets.ports.sync import CredentialRefused
from shared.http_client import mapped_errors
from shared.mapping.calls import Auth

SaveCredential = Callable[[Mapping[str, str]], Awaitable[None]]
OAUTH_ENDED = frozenset({400, 401, 403})


class Credential:
    """Puts itself into headers. An access token that is refused is renewed once a call; a new refresh token is saved first."""

    def __init__(self, values: Mapping[str, str], auth: Auth, base_url: str, save: SaveCredential) -> None:
        self._values = dict(values)
        self._auth = auth
        self._base_url = base_url
        self._save = save
        self.kind = self._values.get("kind", "")
        if getattr(auth, self.kind, None) is None:
            raise CredentialRefused(f"This helpdesk takes no credential of kind {self.kind or 'none'!r}.")

    def headers(self) -> dict[str, str]:
        if self.kind == "oauth2":
            return {"Authorization": f"Bearer {self._values.get('access_token', '')}"}
        if self.kind == "basic":
            sent = self._auth.basic
            if sent is None or not sent.template:
                pair = f"{self._values.get('user', '')}:{self._values.get('secret', '')}"
                return {"Authorization": f"Basic {base64.b64encode(pair.encode()).decode()}"}
        else:
            sent = self._auth.token
        assert sent is not None
        filled = (sent.template or "Bearer {secret}").replace("{user}", self._values.get("user", ""))
        if "{basic}" in filled:
            pair = f"{self._values.get('user', '')}:{self._values.get('secret', '')}"
            filled = filled.replace("{basic}", base64.b64encode(pair.encode()).decode())
        return {sent.header: filled.replace("{secret}", self._values.get("secret", ""))}

    @property
    def needs_renewal(self) -> bool:
        return self.kind == "oauth2" and not self._values.get("access_token")

    async def renew(self, client: httpx.AsyncClient) -> bool:
        """Get a new access token; False where this kind of credential has none. Raises `CredentialRefused`."""
        oauth = self._auth.oauth2
        if self.kind != "oauth2" or oauth is None:
            return False
        form = {"client_id": self._values.get("client_id", ""), "client_secret": self._values.get("client_secret", "")}
        if self._values.get("refresh_token"):
            form |= {"grant_type": "refresh_token", "refresh_token": self._values["refresh_token"]}
        else:
            form |= {"grant_type": "client_credentials"}
        if oauth.scope:
            form["scope"] = oauth.scope
        with mapped_errors("The helpdesk's token endpoint"):
            answer = await client.post(urljoin(self._base_url.rstrip("/") + "/", oauth.token_url), data=form)
            if answer.status_code in OAUTH_ENDED:
                raise CredentialRefused(
                    "The helpdesk does not renew the access token: authorise Glidepath there again."
                )
            answer.raise_for_status()
        told = _object(answer)
        if not told.get("access_token"):
            raise CredentialRefused("The helpdesk's token endpoint told no access token.")
        self._values["access_token"] = str(told["access_token"])
        if told.get("refresh_token"):
            self._values["refresh_token"] = str(told["refresh_token"])
        # Saved before it is used: a refresh token counts once, and losing the new one locks us out.
        await self._save(self._values)
        return True


def _object(answer: httpx.Response) -> dict[str, Any]:
    try:
        told = json.loads(answer.content)
    except ValueError:
        return {}
    return told if isinstance(told, dict) else {}
