"""The text of an API key: `gp_` + id (12) + secret (32) + checksum (6), all base62.

The checksum (CRC-32, as GitHub's tokens have it) lets a mistyped key be refused without asking the database and lets secret
scanners tell a key from noise. Only a keyed hash of the whole text is ever stored.
"""

import hashlib
import hmac
import re
import secrets
import zlib
from dataclasses import dataclass
from datetime import datetime

PREFIX = "gp_"
ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
ID_LENGTH, SECRET_LENGTH, CHECKSUM_LENGTH = 12, 32, 6
TEXT_LENGTH = len(PREFIX) + ID_LENGTH + SECRET_LENGTH + CHECKSUM_LENGTH
# What an operator may choose for the bootstrap key, e.g. gp_$(openssl rand -hex 24): long enough to be unguessable.
_CHOSEN = re.compile(r"gp_[A-Za-z0-9_-]{32,120}")


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiKey:
    """A key as it is kept: never its text."""

    id: str
    name: str
    hint: str
    hash: str
    roles: tuple[str, ...]
    created_at: datetime
    created_by: str
    expires_at: datetime | None
    last_used_at: datetime | None
    revoked_at: datetime | None
    revoked_by: str | None

    def works_at(self, now: datetime) -> bool:
        """Neither revoked nor expired at `now` (real time)."""
        return self.revoked_at is None and (self.expires_at is None or now < self.expires_at)


def new_key_text() -> str:
    """A fresh key: 190 random bits in the secret part."""
    stem = PREFIX + _random(ID_LENGTH) + _random(SECRET_LENGTH)
    return stem + _checksum(stem)


def is_plausible(text: str) -> bool:
    """False for what cannot be a key: another shape, or our shape with a wrong checksum."""
    if _CHOSEN.fullmatch(text) is None:
        return False
    if len(text) == TEXT_LENGTH and text[len(PREFIX) :].isalnum():
        return hmac.compare_digest(_checksum(text[:-CHECKSUM_LENGTH]), text[-CHECKSUM_LENGTH:])
    return True


def keyed_hash(text: str, pepper: bytes) -> str:
    """HMAC-SHA256 in hex: what is stored and looked up. A key's 190 bits need no slow hash; the pepper is not in the database."""
    return hmac.new(pepper, text.encode(), hashlib.sha256).hexdigest()


def hint_of(text: str) -> str:
    """The part that may be shown, so that people can tell keys apart: the prefix and eight characters of the id."""
    return text[: len(PREFIX) + 8]


def _random(length: int) -> str:
    return "".join(secrets.choice(ALPHABET) for _ in range(length))


def _checksum(stem: str) -> str:
    value = zlib.crc32(stem.encode())
    digits = ""
    for _ in range(CHECKSUM_LENGTH):
        value, place = divmod(value, len(ALPHABET))
        digits = ALPHABET[place] + digits
    return digits
