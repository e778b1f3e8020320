"""AES-256-GCM for what must not lie about in the clear: secrets of sources, and refused deliveries.

Layout: version byte, 12 bytes nonce, ciphertext with tag. The row's id is the associated data, so that a sealed value cannot
be moved to another row.
"""

import hashlib
import os

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from pydantic import SecretStr

_VERSION = 1
_NONCE_BYTES = 12


class Unsealable(Exception):
    """Sealed with another key or for another row, or changed since."""


class AesVault:
    """Seals with a key derived from the `credentials_key` of the settings."""

    def __init__(self, key: SecretStr) -> None:
        derived = hashlib.sha256(b"glidepath-credentials:" + key.get_secret_value().encode()).digest()
        self._cipher = AESGCM(derived)

    def seal(self, plain: bytes, *, owner: str) -> bytes:
        nonce = os.urandom(_NONCE_BYTES)
        return bytes([_VERSION]) + nonce + self._cipher.encrypt(nonce, plain, _bound(owner))

    def open(self, sealed: bytes, *, owner: str) -> bytes:
        """`Unsealable` if it cannot be opened."""
        if len(sealed) <= 1 + _NONCE_BYTES or sealed[0] != _VERSION:
            raise Unsealable("not sealed by this release")
        try:
            return self._cipher.decrypt(sealed[1 : 1 + _NONCE_BYTES], sealed[1 + _NONCE_BYTES :], _bound(owner))
        except InvalidTag as error:
            raise Unsealable("sealed with another credentials_key, or changed since") from error


def _bound(owner: str) -> bytes:
    return bytes([_VERSION]) + owner.encode()
