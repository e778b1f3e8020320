"""From raw bytes to a document: JSON, form (plain, PHP-nested or carrying `payload=`) or the claims of a JWT.

Everything here is input of strangers: whatever is not clean gives `NotUnderstood` with a plain reason, never another exception.
"""

import base64
import binascii
import json
import math
import re
from collections.abc import Sequence
from typing import Any, Literal
from urllib.parse import unquote_to_bytes

from shared.mapping.errors import NotUnderstood
from shared.mapping.php import listed

BodyFormat = Literal["json", "form", "jwt"]

MAX_BYTES = 512 * 1024
MAX_DEPTH = 64
MAX_FIELDS = 2_000
MAX_DIGITS = 400

_JWT = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*={0,2}", re.ASCII)
_FORM_NAME = re.compile(r"([^\[\]]+)((?:\[[^\[\]]*\])*)")
_DIRT = re.compile("[\x00\ud800-\udfff]")


def read_body(body: bytes, content_type: str, formats: Sequence[BodyFormat]) -> Any:
    """The document in a body. The bytes decide and the content type breaks ties, because senders mislabel
    (Moodle's local_webhooks calls JSON a form)."""
    if len(body) > MAX_BYTES:
        raise NotUnderstood(f"the body has {len(body)} bytes; at most {MAX_BYTES} are read")
    try:
        text = body.decode("utf-8-sig").strip()
    except UnicodeDecodeError as error:
        raise NotUnderstood(f"the body is not UTF-8 text (byte {error.start})") from error
    if not text:
        raise NotUnderstood("the body is empty")
    if "jwt" in formats and _JWT.fullmatch(text.strip('"')):
        return read_claims(text.strip('"'))
    looks_like_form = "form" in formats and text[0] not in '{["' and "=" in text
    if looks_like_form and ("json" not in formats or "json" not in content_type.lower() or not text[0].isdigit()):
        return read_form(text, formats)
    if "json" not in formats:
        raise NotUnderstood(f"the body is none of {', '.join(formats)}")
    return read_json(text)


def read_json(text: str) -> Any:
    """Strict JSON (RFC 8259): no NaN, no key twice, no number out of range, at most 64 levels.

    NUL and lone surrogates become U+FFFD: no database and no UTF-8 stream takes them.
    """
    try:
        document = json.loads(
            text,
            object_pairs_hook=_unique,
            parse_constant=_refuse_constant,
            parse_float=_finite,
            parse_int=_bounded,
        )
    except NotUnderstood:
        raise
    except RecursionError as error:
        raise NotUnderstood(f"the body is nested deeper than {MAX_DEPTH} levels") from error
    except ValueError as error:
        raise NotUnderstood(f"the body is not JSON: {error}") from error
    return clean(document)


def read_form(text: str, formats: Sequence[BodyFormat] = ("json", "form")) -> Any:
    """Form fields as an object of texts; `a[b][]=c` nests as PHP nests it. A lone `payload` field carries JSON."""
    fields = text.split("&")
    if len(fields) > MAX_FIELDS:
        raise NotUnderstood(f"the form has more than {MAX_FIELDS} fields")
    form: dict[str, Any] = {}
    for field in fields:
        name, _, value = field.partition("=")
        match = _FORM_NAME.fullmatch(_percent_decoded(name))
        if match is None:
            if name:
                raise NotUnderstood(f"the form has a field without a usable name: {name[:60]!r}")
            continue
        path = [match[1], *match[2][1:-1].split("][")] if match[2] else [match[1]]
        if len(path) > MAX_DEPTH:
            raise NotUnderstood(f"the form is nested deeper than {MAX_DEPTH} levels")
        _put(form, path, _percent_decoded(value))
    if "json" in formats and list(form) == ["payload"] and isinstance(form["payload"], str):
        return read_json(form["payload"])
    return clean({name: _lists(value) for name, value in form.items()})


def read_claims(token: str) -> Any:
    """The claims of a JWT, unverified: for its meaning only. The gateway verified the signature before it passed the body on."""
    try:
        payload = token.split(".")[1]
        raw = base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4))
        return read_json(raw.decode("utf-8"))
    except (IndexError, binascii.Error, UnicodeDecodeError) as error:
        raise NotUnderstood(f"the JWT has no readable claims: {error}") from error


def clean(document: Any) -> Any:
    """The document with NUL and lone surrogates replaced; `NotUnderstood` when it is nested too deep."""
    return _clean(document, MAX_DEPTH)


def _clean(value: Any, depth: int) -> Any:
    if isinstance(value, str):
        return _DIRT.sub("�", value) if _DIRT.search(value) else value
    if not isinstance(value, dict | list):
        return value
    if depth == 0:
        raise NotUnderstood(f"the body is nested deeper than {MAX_DEPTH} levels")
    if isinstance(value, list):
        return [_clean(item, depth - 1) for item in value]
    return {_clean(key, depth): _clean(item, depth - 1) for key, item in value.items()}


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in pairs:
        if name in found:
            raise NotUnderstood(f"the body is not clear: the key {name[:60]!r} stands twice in one object")
        found[name] = value
    return found


def _refuse_constant(name: str) -> Any:
    raise NotUnderstood(f"the body is not JSON: {name} is no JSON number")


def _finite(digits: str) -> float:
    number = float(digits) if len(digits) <= MAX_DIGITS else math.inf
    if not math.isfinite(number):
        raise NotUnderstood(f"the body holds a number out of range: {digits[:30]}")
    return number


def _bounded(digits: str) -> int:
    if len(digits) > MAX_DIGITS:
        raise NotUnderstood(f"the body holds a number of {len(digits)} digits")
    return int(digits)


def _percent_decoded(text: str) -> str:
    try:
        return unquote_to_bytes(text.replace("+", " ")).decode("utf-8")
    except (UnicodeDecodeError, UnicodeEncodeError) as error:
        raise NotUnderstood("the form is not UTF-8 text") from error


def _put(form: dict[str, Any], path: list[str], value: str) -> None:
    node = form
    for name, following in zip(path, [*path[1:], None], strict=True):
        key = name or str(len(node))
        if following is None:
            node[key] = value
            return
        if not isinstance(node.get(key), dict):
            node[key] = {}
        node = node[key]


def _lists(value: Any) -> Any:
    return listed({name: _lists(item) for name, item in value.items()}) if isinstance(value, dict) else value
