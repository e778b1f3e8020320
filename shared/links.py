"""Signed links: they carry a person without an account to exactly one thing. Single use is the owner's business.

A token is `<base64url payload>.<base64url HMAC-SHA256>`, 43 characters of signature. It is minted when it is sent, so that no
event, outbox row or log ever bears one.
"""

import base64
import binascii
import hashlib
import hmac
import json
from datetime import UTC, datetime

from pydantic import SecretStr

from shared.errors import NotFound
from shared.events.messages import SignedLink


class LinkInvalid(NotFound):
    """Forged, cut off, expired, or for another purpose: the bearer is told the same for each."""

    code = "link_invalid"
    title = "This link does not work (any more)"


class LinkExpired(LinkInvalid):
    """One of ours for this very purpose, whose time is over; `subject` is what it led to, to offer a new one."""

    def __init__(self, detail: str, *, subject: str) -> None:
        super().__init__(detail)
        self.subject = subject


class LinkSigner:
    def __init__(self, key: SecretStr) -> None:
        self._key = hashlib.sha256(b"glidepath-link:" + key.get_secret_value().encode()).digest()

    def mint(self, link: SignedLink) -> str:
        """The token for a URL path."""
        payload = json.dumps([link.purpose, link.subject, int(link.expires_at.timestamp())], separators=(",", ":"))
        encoded = _encode(payload.encode())
        return f"{encoded}.{_encode(self._sign(encoded))}"

    def read(self, token: str, *, purpose: str, now: datetime) -> str:
        """The id of the one thing. `LinkInvalid` if the token is not one of ours, or its time is over (real time)."""
        encoded, _, signature = token.partition(".")
        try:
            if not hmac.compare_digest(_encode(self._sign(encoded)).encode(), signature.encode()):
                raise LinkInvalid("Check that the link was copied whole, or ask for a new one.")
            link_purpose, subject, expires = json.loads(_decode(encoded))
        except (ValueError, binascii.Error) as error:
            raise LinkInvalid("Check that the link was copied whole, or ask for a new one.") from error
        if link_purpose != purpose:
            raise LinkInvalid("This link belongs to another page.")
        if now >= datetime.fromtimestamp(expires, UTC):
            raise LinkExpired("The link has expired; ask whoever sent it for a new one.", subject=str(subject))
        return str(subject)

    def thread_token(self, thread: str) -> str:
        """What follows the `+` of an address to which a conversation is answered: `<thread>.<signature>`.

        Lower case and short, because mail systems change the case of addresses and cut long ones; 80 bits cannot be guessed.
        """
        return f"{thread}.{self._sign_thread(thread)}"

    def read_thread(self, token: str) -> str | None:
        """The conversation, or None if we never gave out such a token."""
        thread, _, signature = token.strip().lower().rpartition(".")
        good = bool(thread) and hmac.compare_digest(self._sign_thread(thread).encode(), signature.encode())
        return thread if good else None

    def _sign_thread(self, thread: str) -> str:
        return base64.b32encode(self._sign(f"thread:{thread}")[:10]).decode().lower()

    def _sign(self, encoded: str) -> bytes:
        return hmac.new(self._key, encoded.encode(), hashlib.sha256).digest()


def _encode(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _decode(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
