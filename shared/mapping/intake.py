"""What the door for webhooks asks of a vendor file: is this a handshake, which delivery is it, what is the right answer."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from shared.mapping.bodies import read_body
from shared.mapping.errors import NotUnderstood
from shared.mapping.expressions import ExpressionFailed
from shared.mapping.vendor_file import Handshake, VendorFile

_QUOTED = re.compile(r"\{header:([A-Za-z0-9-]+)\}")


@dataclass(frozen=True, slots=True)
class IntakeAnswer:
    """An HTTP answer to the sender."""

    status: int
    body: bytes = b""
    content_type: str = "text/plain"
    headers: dict[str, str] = field(default_factory=dict)


def answer_handshake(
    vendor: VendorFile, *, method: str, path: str, headers: Mapping[str, str], body: bytes
) -> IntakeAnswer | None:
    """The answer to a handshake, or None if it is none. `path` is what follows `/hooks/{source}/`, `headers` lower case."""
    for shake in vendor.handshake:
        if shake.method == method.upper() and shake.path == path.strip("/"):
            root = {"body": _peek(body), "headers": dict(headers), "context": {"method": method, "path": path}}
            answer = _answer(shake, {**root, "envelope": None, "each": None, "let": {}})
            if answer is not None:
                return answer
    return None


def delivery_id(vendor: VendorFile, headers: Mapping[str, str]) -> str | None:
    """The vendor's own id of a delivery, equal on its retries; None where it sends none. `headers` lower case."""
    for name in vendor.dedupe.headers:
        if value := headers.get(name.lower(), "").strip():
            return value
    return None


def accepted_answer(vendor: VendorFile) -> IntakeAnswer:
    """What this vendor counts as success."""
    reply = vendor.answer
    return IntakeAnswer(reply.status, reply.body.encode(), reply.content_type)


def kept_header_names(vendor: VendorFile) -> frozenset[str]:
    """Lower-case names of the headers that travel with the body."""
    return frozenset(name.lower() for name in vendor.kept_headers)


def _answer(shake: Handshake, root: Mapping[str, Any]) -> IntakeAnswer | None:
    try:
        if shake.when is not None and not shake.when.of(root):
            return None
        document = shake.echo.of(root) if shake.echo is not None else shake.document
    except ExpressionFailed:
        return None
    quoted = {name: _quote(value, root["headers"]) for name, value in shake.headers.items()}
    if document is None:
        return IntakeAnswer(shake.status, headers=quoted)
    return IntakeAnswer(shake.status, json.dumps(document).encode(), "application/json", quoted)


def _quote(template: str, headers: Mapping[str, str]) -> str:
    """Header values quoted back, without anything that could end the line."""
    return _QUOTED.sub(lambda match: re.sub(r"[^\x20-\x7e]", "", headers.get(match[1].lower(), ""))[:200], template)


def _peek(body: bytes) -> Any:
    try:
        return read_body(body, "application/json", ["json"]) if body else None
    except NotUnderstood:
        return None
