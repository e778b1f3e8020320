"""Posts to webhooks of others."""

from collections.abc import Mapping

from shared.http_client import post_outside


class WebhookPost:
    """`ports.Post`."""

    def __init__(self, *, allow_private: bool) -> None:
        self._allow_private = allow_private

    async def send(self, url: str, body: bytes, headers: Mapping[str, str]) -> None:
        await post_outside(url, body, headers, system="The webhook", allow_private=self._allow_private)
