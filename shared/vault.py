"""Secrets at rest: AES-256-GCM under versioned keys from the environment, each seal bound to one row.

Layout: two bytes key version, 12 bytes nonce, ciphertext with tag. The owner's id is the associated data, so a seal that is
copied to another row does not open. To rotate, put the new key first (`2:new,1:old`) and keep the old one until every secret
was saved anew.
"""

import base64
import binascii
import os
import re

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from pydantic import SecretStr

from shared.errors import PermanentFailure

_NONCE_BYTES = 12
_VERSION_BYTES = 2
_MIN_KEY = 16
_VERSIONED = re.compile(r"(\d{1,4}):(.+)", re.DOTALL)


class Unsealable(PermanentFailure):
    """The key is gone, the seal belongs to another row, or it was changed."""


class Vault:
    """Seals and opens. `keys` is `GLIDEPATH_CREDENTIALS_KEY`: one key, or several with their versions; the first seals."""

    def __init__(self, keys: SecretStr) -> None:
        self._keys: dict[int, AESGCM] = {}
        for part in keys.get_secret_value().split(","):
            versioned = _VERSIONED.fullmatch(part.strip())
            version, material = (int(versioned[1]), versioned[2]) if versioned else (1, part.strip())
            if len(material) < _MIN_KEY:
                raise ValueError(f"GLIDEPATH_CREDENTIALS_KEY: key {version} is shorter than {_MIN_KEY} characters")
            if version in self._keys:
                raise ValueError(f"GLIDEPATH_CREDENTIALS_KEY: version {version} stands twice")
            self._keys[version] = AESGCM(_derive(material))
        self._current = next(iter(self._keys))

    def seal(self, plain: bytes, *, owner: str) -> bytes:
        """Encrypt under the current key, for this owner (a row's id) alone."""
        version, nonce = self._current.to_bytes(_VERSION_BYTES, "big"), os.urandom(_NONCE_BYTES)
        return version + nonce + self._keys[self._current].encrypt(nonce, plain, version + owner.encode())

    def open(self, sealed: bytes, *, owner: str) -> bytes:
        """`Unsealable` if the key or the owner is another, or the bytes were changed."""
        version, nonce, body = sealed[:2], sealed[2 : 2 + _NONCE_BYTES], sealed[2 + _NONCE_BYTES :]
        key = self._keys.get(int.from_bytes(version, "big"))
        if key is None:
            raise Unsealable("it was sealed with a key that is not in GLIDEPATH_CREDENTIALS_KEY")
        try:
            return key.decrypt(nonce, body, version + owner.encode())
        except (InvalidTag, ValueError) as error:
            raise Unsealable("it does not open: it was changed, or belongs to another row") from error

    def seal_text(self, plain: str, *, owner: str) -> str:
        """The same for text columns: base64url."""
        return base64.urlsafe_b64encode(self.seal(plain.encode(), owner=owner)).decode()

    def open_text(self, sealed: str, *, owner: str) -> str:
        """`Unsealable` as `open`, and for what is no base64url."""
        try:
            raw = base64.urlsafe_b64decode(sealed)
        except (ValueError, binascii.Error) as error:
            raise Unsealable("it does not open: it was changed, or belongs to another row") from error
        return self.open(raw, owner=owner).decode()


def _derive(material: str) -> bytes:
    info = b"glidepath credentials"
    return HKDF(algorithm=SHA256(), length=32, salt=None, info=info).derive(material.encode())
