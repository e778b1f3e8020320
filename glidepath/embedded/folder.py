"""The data folder: who may use it, where things lie in it, and the secrets that were made for it once."""

import fcntl
import json
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import IO

from glidepath.faults import Fault

SERVICES = ("gateway", "rollout", "tickets", "survey")


@dataclass(frozen=True, slots=True, kw_only=True)
class Secrets:
    """Random texts, made at the first start and kept: losing them would make sealed data unreadable."""

    identity_key: str
    link_key: str
    credentials_key: str
    key_pepper: str
    nats_password: str
    admin_api_key: str


@dataclass(frozen=True, slots=True)
class DataFolder:
    path: Path

    @property
    def secrets_file(self) -> Path:
        return self.path / "secrets.json"

    @property
    def credentials_file(self) -> Path:
        """Address and key for the command line, while `up` runs and after."""
        return self.path / "credentials.json"

    @property
    def nats(self) -> Path:
        return self.path / "nats"

    @property
    def log_file(self) -> Path:
        return self.path / "logs" / "glidepath.log"

    def database_url(self, service: str) -> str:
        return f"sqlite+aiosqlite:///{(self.path / f'{service}.db').resolve()}"

    def prepare(self) -> None:
        """Make the folder, readable by its owner only. `Fault` when that cannot be done."""
        try:
            for folder in (self.path, self.nats, self.log_file.parent):
                folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        except OSError as error:
            raise Fault(f"cannot use {self.path} as data folder: {error.strerror}") from error

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Only one process uses the folder; the kernel gives the lock back however that process ends."""
        with (self.path / "lock").open("a+", encoding="utf-8") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise Fault(
                    f"Glidepath already runs on {self.path} ({_holder(file)}). Stop it first, or choose another folder"
                    " with --data."
                ) from None
            file.truncate(0)
            file.write(f"process {os.getpid()}\n")
            file.flush()
            yield

    def secrets(self) -> Secrets:
        """What is in secrets.json; what is missing there is made and written (mode 0600) before it is used."""
        known = self._read_secrets()
        made = {field.name: known.get(field.name) or _make(field.name) for field in fields(Secrets)}
        result = Secrets(**made)
        if made != known:
            write_private(self.secrets_file, json.dumps(asdict(result), indent=2))
        return result

    def _read_secrets(self) -> dict[str, str]:
        if not self.secrets_file.exists():
            return {}
        try:
            document = json.loads(self.secrets_file.read_text(encoding="utf-8"))
        except ValueError as error:
            raise Fault(f"{self.secrets_file} is damaged: {error}. Restore it from a backup.") from error
        return {str(name): str(value) for name, value in document.items()}


def write_private(path: Path, text: str) -> None:
    """Write a file that only its owner can read, whole or not at all."""
    draft = path.with_suffix(".new")
    draft.unlink(missing_ok=True)
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)


def _make(name: str) -> str:
    random = secrets.token_urlsafe(32)
    return f"gp_{random}" if name == "admin_api_key" else random


def _holder(file: IO[str]) -> str:
    file.seek(0)
    return file.read().strip() or "by another process"
