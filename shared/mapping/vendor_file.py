"""The shape of a vendor file. `docs/vendors.md` tells how to write one; the models here are the reference.

A file is checked whole when it is read: expressions compile, functions exist, maps exist, words are ours, headers are kept.
"""

import json
from collections.abc import Iterator, Mapping
from functools import lru_cache
from importlib import resources
from typing import Annotated, Any, Literal

import yaml
from pydantic import BaseModel, BeforeValidator, Field, PrivateAttr, ValidationError, model_validator

from shared.mapping.bodies import BodyFormat
from shared.mapping.calls import Calls, Leaf, ListCall
from shared.mapping.errors import VendorFileError
from shared.mapping.expressions import Expression
from shared.mapping.rules import LMS_TYPES, Code, Meaning, Part, Spec, ValueMap, one_or_many
from shared.mapping.times import TimeFormat, zone
from shared.mapping.verify_models import Verify

NEVER_KEPT = frozenset({"authorization", "cookie", "proxy-authorization", "set-cookie"})


class Answer(Meaning):
    """What a page of a REST answer means. `items` finds the array in it; without it the whole document is one item."""

    items: Code | None = None
    refused: Code | None = None
    """True or a text when the document is an error, whatever its HTTP status said."""


class Times(Part):
    formats: Annotated[list[TimeFormat], BeforeValidator(one_or_many)] = ["iso"]
    zone: str = "UTC"
    """Read for times that name no zone; the facts then say `zone_assumed`."""


class Reply(Part):
    """What the sender counts as success."""

    status: int = Field(default=200, ge=200, le=299)
    body: str = ""
    content_type: str = "text/plain"


class Handshake(Part):
    """A request that is answered and not kept. `when` sees `headers`, `body` (if JSON) and `context.{method,path}`."""

    method: str = "POST"
    path: str = ""
    """What follows `/hooks/{source}`, without the slash."""
    when: Code | None = None
    status: int = 200
    headers: dict[str, str] = {}
    """Values may quote request headers: `{header:webhook-request-origin}`."""
    document: Any = None
    """JSON to answer with; or `echo`, an expression."""
    echo: Code | None = None


class Dedupe(Part):
    """How the gateway knows a delivery again: the first header that is set, else the raw body within the horizon."""

    headers: list[str] = []
    horizon_hours: int = Field(default=24, gt=0)
    """The longest that this vendor retries."""


class VendorFile(Meaning):
    """A whole vendor file. Made by `parse_vendor` or `load_vendor`."""

    vendor: str = Field(pattern=r"^[a-z0-9][a-z0-9-]{0,39}$")
    title: str
    kind: Literal["lms", "helpdesk", "any"]
    documents: list[str] = []
    """Where the vendor writes down what this file relies on."""
    verify: Annotated[list[Verify], BeforeValidator(one_or_many), Field(min_length=1)]
    """Any of these schemes lets a delivery in."""
    answer: Reply = Reply()
    handshake: list[Handshake] = []
    dedupe: Dedupe = Dedupe()
    kept_headers: list[str] = []
    """Headers that travel with the body; no credential may be among them."""
    body: list[BodyFormat] = ["json", "form"]
    batch: list[Code] = []
    """Expressions that find the array in a delivery of several items. An array at the top is always a batch."""
    times: Times = Times()
    maps: dict[str, ValueMap] = {}
    answers: dict[str, Answer] = {}
    calls: Calls | None = None
    """How it is asked and told, for two-way sync (`docs/helpdesks.md`)."""
    _document: dict[str, Any] = PrivateAttr(default_factory=dict)

    @property
    def document(self) -> dict[str, Any]:
        """The file as plain JSON values, to travel in `gateway.source.changed`; `parse_vendor` reads it again."""
        return self._document

    @model_validator(mode="after")
    def _is_coherent(self) -> "VendorFile":
        zone(self.times.zone)
        kept = {name.lower() for name in self.kept_headers}
        if kept & NEVER_KEPT:
            raise ValueError(f"kept_headers names a credential: {', '.join(sorted(kept & NEVER_KEPT))}")
        for place, part in _parts(self, ""):
            if isinstance(part, Spec) and isinstance(part.map, str) and part.map not in self.maps:
                raise ValueError(f"{place[1:]} uses the map {part.map!r}, which is not under `maps`")
            if (
                isinstance(part, Leaf)
                and isinstance(part.map, str)
                and part.map not in (self.calls.maps if self.calls else {})
            ):
                raise ValueError(f"{place[1:]} uses the map {part.map!r}, which is not under `calls.maps`")
            if isinstance(part, ListCall) and part.answer not in self.answers:
                raise ValueError(f"{place[1:]} names the answer {part.answer!r}, which is not under `answers`")
            if isinstance(part, Expression) and not place.startswith((".handshake", ".calls")):
                missing = part.header_names() - kept
                if missing:
                    raise ValueError(
                        f"{place[1:]} reads {', '.join(sorted(missing))}, which kept_headers does not name"
                    )
        for rule in self.facts:
            if rule.type is not None and self.kind != "any" and (rule.type in LMS_TYPES) != (self.kind == "lms"):
                raise ValueError(f"a vendor of kind {self.kind} cannot yield facts of type {rule.type}")
        return self


def _parts(value: Any, place: str) -> Iterator[tuple[str, Any]]:
    """Every spec and expression below a value, with its place."""
    if isinstance(value, BaseModel):
        yield place, value
        for name in type(value).model_fields:
            yield from _parts(getattr(value, name), f"{place}.{name}")
    elif isinstance(value, Mapping):
        for name, item in value.items():
            yield from _parts(item, f"{place}.{name}")
    elif isinstance(value, list):
        for number, item in enumerate(value):
            yield from _parts(item, f"{place}[{number}]")
    elif isinstance(value, Expression):
        yield place, value


def parse_vendor(document: Any) -> VendorFile:
    """A vendor file from its plain values. `VendorFileError` names the first place that is wrong."""
    if not isinstance(document, dict):
        raise VendorFileError("", "a vendor file is a mapping")
    name = str(document.get("vendor", ""))
    try:
        plain = json.loads(json.dumps(document))
        vendor = VendorFile.model_validate(document)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        detail = str(first["msg"]).removeprefix("Value error, ")
        raise VendorFileError(_place(first["loc"]), detail, vendor=name) from error
    except (TypeError, ValueError, RecursionError) as error:
        raise VendorFileError("", f"a vendor file holds plain values only: {error}", vendor=name) from error
    vendor._document.update(plain)
    return vendor


def _place(loc: tuple[int | str, ...]) -> str:
    if loc[:1] == ("verify",):
        loc = (*loc[:2], *loc[3:])  # the third is the scheme's name, by which pydantic tells the sections apart
    return "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in loc).lstrip(".")


def read_vendor_text(text: str) -> VendorFile:
    """A vendor file from its YAML."""
    try:
        document = yaml.safe_load(text)
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        raise VendorFileError("", f"not YAML: {error}") from error
    return parse_vendor(document)


def vendor_names() -> list[str]:
    """The vendors that come with Glidepath."""
    folder = resources.files("shared") / "vendors"
    return sorted(entry.name.removesuffix(".yaml") for entry in folder.iterdir() if entry.name.endswith(".yaml"))


@lru_cache(maxsize=64)
def load_vendor(name: str) -> VendorFile:
    """The vendor file that comes with Glidepath under that name. `VendorFileError` if there is none."""
    name = name.replace("_", "-")
    if name not in vendor_names():
        raise VendorFileError("", f"no vendor {name!r} comes with Glidepath; there are {', '.join(vendor_names())}")
    return read_vendor_text((resources.files("shared") / "vendors" / f"{name}.yaml").read_text("utf-8"))
