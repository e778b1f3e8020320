"""Credentials of outside systems at rest: AES-256-GCM under versioned keys from the environment.

A sealed text is `v<key version>:<base64url of nonce and ciphertext>`. The row's id is the associated data, so a seal that is
copied to another row does not open. Rotation: put the new key first, keep the old one until every connection was saved anew.
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
_MIN_KEY = 16
_VERSIONED = re.compile(r"(\d{1,6}):(.+)", re.DOTALL)


class CredentialVault:
    """Seals and opens. `keys` is `GLIDEPATH_CREDENTIALS_KEY`: one key, or `2:new,1:old` where the first one seals."""

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

    def seal(self, secret: str, row_id: str) -> str:
        """Encrypt under the current key, for this row alone."""
        nonce = os.urandom(_NONCE_BYTES)
        sealed = nonce + self._keys[self._current].encrypt(nonce, secret.encode(), row_id.encode())
        return f"v{self._current}:{base64.urlsafe_b64encode(sealed).decode()}"

    def open(self, sealed: str, row_id: str) -> str:
        """`PermanentFailure` if the key is gone, or the text was made for another row or changed."""
        version, _, body = sealed.removeprefix("v").partition(":")
        key = self._keys.get(int(version)) if version.isdigit() else None
        if key is None:
            raise PermanentFailure("the credential was sealed with a key that is not in GLIDEPATH_CREDENTIALS_KEY")
        try:
            raw = base64.urlsafe_b64decode(body)
            return key.decrypt(raw[:_NONCE_BYTES], raw[_NONCE_BYTES:], row_id.encode()).decode()
        except (InvalidTag, ValueError, binascii.Error) as error:
            raise PermanentFailure("the credential does not open: it was changed, or belongs to another row") from error


def _derive(material: str) -> bytes:
    return HKDF(algorithm=SHA256(), length=32, salt=None, info=b"glidepath connector credentials").derive(
        material.encode()
    )
