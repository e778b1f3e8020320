"""Style sheet, modules and icon: read once, served under a version that changes with their content, so kept for ever."""

import gzip
import hashlib
from dataclasses import dataclass
from pathlib import Path

from starlette.requests import Request
from starlette.responses import Response

FOLDER = Path(__file__).parent / "assets"
_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml; charset=utf-8",
}
_FOR_EVER = "public, max-age=31536000, immutable"


@dataclass(frozen=True, slots=True)
class _Asset:
    content_type: str
    body: bytes
    packed: bytes


class Assets:
    """One version for all: modules import each other by relative paths, which a query of its own would not reach."""

    def __init__(self, folder: Path = FOLDER) -> None:
        files = {path.name: path.read_bytes() for path in sorted(folder.iterdir()) if path.suffix in _TYPES}
        digest = hashlib.sha256()
        for name, body in files.items():
            digest.update(f"{name}\x00{len(body)}\x00".encode() + body)
        self.version = digest.hexdigest()[:12]
        self._assets = {
            name: _Asset(_TYPES[Path(name).suffix], body, gzip.compress(body, mtime=0)) for name, body in files.items()
        }

    def url(self, name: str) -> str:
        """`KeyError` for a file that is not there: a template that names one is wrong."""
        assert self._assets[name]
        return f"/console/assets/{self.version}/{name}"

    async def serve(self, request: Request) -> Response:
        """The file; under an old version too, for pages that were loaded before an upgrade, but then not kept."""
        asset = self._assets.get(request.path_params["name"])
        if asset is None:
            return Response("There is no such file.\n", status_code=404, media_type="text/plain")
        current = request.path_params["version"] == self.version
        headers = {"cache-control": _FOR_EVER if current else "no-cache", "vary": "accept-encoding"}
        body = asset.body
        if "gzip" in request.headers.get("accept-encoding", ""):
            headers["content-encoding"], body = "gzip", asset.packed
        return Response(body, headers={**headers, "content-type": asset.content_type})
