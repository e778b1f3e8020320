"""Which deployment the command speaks to: options, then the environment, then ./.env, then what `glidepath up` left in ./data."""

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from glidepath.client import Client
from glidepath.faults import NotAllowed

DEFAULT_PORT = 8080


@dataclass(frozen=True, slots=True, kw_only=True)
class Deployment:
    """Where a deployment is and how to prove who asks. `found_in` says where the answer came from, for `doctor`."""

    url: str
    api_key: str | None
    found_in: str

    def client(self, *, patience_seconds: float = 0.0) -> Client:
        """Raises `NotAllowed` when no key is known: nothing but public pages would answer."""
        if not self.api_key:
            raise NotAllowed(
                "no API key: set GLIDEPATH_API_KEY (environment or ./.env), or start `glidepath up` in this folder first"
            )
        return Client(self.url, self.api_key, patience_seconds=patience_seconds)


def read_env_file(path: Path) -> dict[str, str]:
    """`NAME=value` lines; blank lines and comments are skipped, quotes around a value are taken off."""
    if not path.is_file():
        return {}
    values: dict[str, str] = {}
    for line in path.read_text(encoding="utf-8").splitlines():
        name, separator, value = line.strip().partition("=")
        if separator and not name.startswith("#"):
            values[name.removeprefix("export ").strip()] = value.strip().strip("\"'")
    return values


def data_folder(environment: Mapping[str, str] = os.environ) -> Path:
    """GLIDEPATH_DATA or ./data."""
    return Path(environment.get("GLIDEPATH_DATA") or "data")


def find_deployment(
    *,
    url: str | None = None,
    api_key: str | None = None,
    environment: Mapping[str, str] = os.environ,
    folder: Path | None = None,
) -> Deployment:
    """The first of options, environment, ./.env and the data folder that knows; each value on its own."""
    env_file = read_env_file((folder or Path()) / ".env")
    left_by_up = read_credentials((folder or Path()) / data_folder(environment) / "credentials.json")
    port = environment.get("GLIDEPATH_PORT") or env_file.get("GLIDEPATH_PORT") or str(DEFAULT_PORT)
    named_url = url or environment.get("GLIDEPATH_URL") or env_file.get("GLIDEPATH_URL")
    named_key = api_key or environment.get("GLIDEPATH_API_KEY") or env_file.get("GLIDEPATH_API_KEY")
    if named_url is None and named_key is None and left_by_up:
        return Deployment(url=left_by_up["url"], api_key=left_by_up["api_key"], found_in="the data folder")
    found_in = "options or environment" if named_url or named_key else "the default address"
    key = named_key or (left_by_up.get("api_key") if named_url in (None, left_by_up.get("url")) else None)
    return Deployment(url=named_url or f"http://127.0.0.1:{port}", api_key=key, found_in=found_in)


def read_credentials(path: Path) -> dict[str, str]:
    """`url` and `api_key` as `glidepath up` left them; empty when there is no such file or it is damaged."""
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
        return {"url": str(document["url"]), "api_key": str(document["api_key"])}
    except (OSError, ValueError, KeyError, TypeError):
        return {}
