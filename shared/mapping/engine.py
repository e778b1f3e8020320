"""What a delivery means: items, names, rules, facts. Pure: no clock, no network, no state.

One bad item of a batch becomes a problem and never loses the others; `NotUnderstood` is raised only when nothing was understood.
"""

import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from pydantic import TypeAdapter, ValidationError

from shared.events.facts import CanonicalFact, CourseRef, HelpdeskFact, Ignored, LearningFact
from shared.mapping.bodies import clean, read_body
from shared.mapping.errors import NotUnderstood
from shared.mapping.expressions import ExpressionFailed, as_text
from shared.mapping.fields import FieldReader
from shared.mapping.rules import Meaning, Rule
from shared.mapping.vendor_file import VendorFile

Fact = LearningFact | HelpdeskFact | Ignored

MAX_ITEMS = 2_000
MAX_PROBLEMS = 100
MAX_KEY = 200
_ONE: TypeAdapter[LearningFact | HelpdeskFact | Ignored] = TypeAdapter(CanonicalFact)
_NAME = re.compile(r"\{(\w+)\}")


@dataclass(frozen=True, slots=True, kw_only=True)
class RawDelivery:
    """A verified delivery. `headers` with lower-case names; `source` (the source's name) becomes `course.source` where set."""

    body: bytes
    content_type: str
    headers: Mapping[str, str]
    received_at: datetime
    source: str | None = None


@dataclass(frozen=True, slots=True)
class ItemProblem:
    """An item of a batch (0 for a single body) that could not be understood: the expression that failed, and how."""

    item: int
    expression: str
    detail: str


@dataclass(frozen=True, slots=True)
class Understanding:
    facts: list[Fact] = field(default_factory=list)
    problems: list[ItemProblem] = field(default_factory=list)


def understand(vendor: VendorFile, delivery: RawDelivery) -> Understanding:
    """The facts of a delivery. `NotUnderstood` when the body cannot be read or none of its items could be."""
    document = read_body(delivery.body, delivery.content_type, vendor.body)
    headers = {name.lower(): value for name, value in delivery.headers.items()}
    root = {"body": document, "envelope": document, "headers": headers, "context": {}, "each": None, "let": {}}
    items = _items_of(vendor, document, root)
    if items is not None and not items:
        empty = Understanding([Ignored(reason="the batch is empty")])
        return _finished(empty, delivery.source, delivery.received_at)
    found = Understanding()
    for number, item in enumerate([document] if items is None else items):
        _understand_item(vendor, vendor, {**root, "body": item}, number, found)
    return _finished(found, delivery.source, delivery.received_at)


def understand_answer(
    vendor: VendorFile, answer: str, document: Any, *, context: Mapping[str, Any] | None = None
) -> list[Fact]:
    """The facts of a page of a REST answer. `context` is what the call asked about; `context.source` becomes `course.source`.

    `NotUnderstood` when the document is an error of the system (whatever its HTTP status), or when any item fails:
    a page is fetched again, so half a page is worth nothing. (Who keeps what fails takes `understand_page`.)
    """
    found, _ = understand_page(vendor, answer, document, context=context)
    if found.problems:
        raise NotUnderstood(found.problems[0].detail, found.problems[0].expression)
    return found.facts


def understand_page(
    vendor: VendorFile, answer: str, document: Any, *, context: Mapping[str, Any] | None = None
) -> tuple[Understanding, list[Any]]:
    """The facts of a page, the items that could not be understood, and all items as they came.

    `NotUnderstood` when the document is an error of the system (whatever its HTTP status) or holds no list.
    """
    meaning = vendor.answers.get(answer)
    if meaning is None:
        raise NotUnderstood(f"the vendor file {vendor.vendor} knows no answer {answer!r}")
    asked = dict(context or {})
    document = clean(document)
    root: dict[str, Any] = {
        "body": document, "envelope": document, "headers": {}, "context": asked, "each": None, "let": {},
    }  # fmt: skip
    try:
        refusal = meaning.refused.of(root) if meaning.refused is not None else None
        items = meaning.items.of(root) if meaning.items is not None else [document]
    except ExpressionFailed as error:
        raise NotUnderstood(error.detail, error.expression) from error
    if refusal:
        raise NotUnderstood(f"the system answered with an error: {as_text(refusal) or 'refused'}")
    if not isinstance(items, list):
        raise NotUnderstood("the answer holds no list", meaning.items.text if meaning.items is not None else None)
    found = Understanding()
    for number, item in enumerate(items):
        _understand_item(vendor, meaning, {**root, "body": item}, number, found)
    taken: dict[str, str] = {}
    source = as_text(asked.get("source"))
    facts = [_keyed(_sourced(fact, source), taken, None) for fact in found.facts]
    return Understanding(facts, found.problems), items


def understand_item(vendor: VendorFile, answer: str, item: Any, *, context: Mapping[str, Any]) -> Understanding:
    """One item of a page again, as it was kept when it could not be understood."""
    meaning = vendor.answers.get(answer)
    if meaning is None:
        raise NotUnderstood(f"the vendor file {vendor.vendor} knows no answer {answer!r}")
    found = Understanding()
    root: dict[str, Any] = {
        "body": item, "envelope": item, "headers": {}, "context": dict(context), "each": None, "let": {},
    }  # fmt: skip
    _understand_item(vendor, meaning, root, 0, found)
    taken: dict[str, str] = {}
    return Understanding([_keyed(fact, taken, None) for fact in found.facts], found.problems)


def _items_of(vendor: VendorFile, document: Any, root: Mapping[str, Any]) -> list[Any] | None:
    """The items of a batch; None where the body is one item."""
    items = document if isinstance(document, list) else None
    for expression in vendor.batch if items is None else ():
        try:
            value = expression.of(root)
        except ExpressionFailed as error:
            raise NotUnderstood(error.detail, error.expression) from error
        if isinstance(value, list):
            items = value
            break
    if items is not None and len(items) > MAX_ITEMS:
        raise NotUnderstood(f"the batch has {len(items)} items; at most {MAX_ITEMS} are read")
    return items


def _understand_item(
    vendor: VendorFile, meaning: Meaning, root: dict[str, Any], number: int, into: Understanding
) -> None:
    facts: list[Fact] = []
    try:
        names: dict[str, Any] = {}
        root["let"] = names
        reader = FieldReader(vendor, root)
        for name, spec in meaning.names():
            names[name] = reader.scalar(spec)
        for fact in _facts_of(vendor, meaning, root):
            facts.append(fact)
            if len(into.facts) + len(facts) > MAX_ITEMS:
                raise ExpressionFailed("facts", f"the delivery yields more than {MAX_ITEMS} facts")
        if not facts:
            raise ExpressionFailed("facts", f"no rule of the vendor file {vendor.vendor} says what this means")
    except ExpressionFailed as error:
        if len(into.problems) < MAX_PROBLEMS:
            into.problems.append(ItemProblem(number, error.expression, error.detail))
        return
    into.facts.extend(facts)


def _facts_of(vendor: VendorFile, meaning: Meaning, root: Mapping[str, Any]) -> Iterator[Fact]:
    for rule, specs in meaning.rules():
        if rule.when is not None and not _true(rule.when.of(root)):
            continue
        members = [None] if rule.each is None else rule.each.of(root)
        for member in members if isinstance(members, list) else ():
            yield _fact(vendor, rule, specs, {**root, "each": member})
        if not rule.also:
            return


def _true(value: Any) -> bool:
    """JMESPath's own truth: false, null and the empty are false, 0 is true."""
    return value is not None and value is not False and value != "" and value != [] and value != {}


def _fact(vendor: VendorFile, rule: Rule, specs: Mapping[str, Any], root: Mapping[str, Any]) -> Fact:
    reader = FieldReader(vendor, root)
    values = reader.read(specs)
    if rule.canonical is not None:
        given = rule.canonical.of(root)
        if not isinstance(given, dict):
            raise ExpressionFailed(rule.canonical.text, "is not an object")
        told = {name: value for name, value in given.items() if value is not None}
        return _validated({**values, **told}, rule.canonical.text, vendor)
    values["zone_assumed"] = reader.zone_assumed
    if rule.ignore is not None:
        return Ignored.model_validate({**values, "reason": _told(rule.ignore, root["let"])})
    return _validated({**values, "type": rule.type}, f"a fact of type {rule.type}", vendor)


def _validated(values: Any, place: str, vendor: VendorFile) -> Fact:
    try:
        fact = _ONE.validate_python(values)
    except (ValidationError, RecursionError) as error:
        first = (
            error.errors(include_url=False)[0] if isinstance(error, ValidationError) else {"loc": (), "msg": "too deep"}
        )
        where = ".".join(str(part) for part in first["loc"][1:])
        raise ExpressionFailed(f"{place}, {where}" if where else place, str(first["msg"])) from error
    if fact.occurred_at is not None and fact.occurred_at.tzinfo is None:
        raise ExpressionFailed(f"{place}, occurred_at", "the time has no zone")
    if (vendor.kind == "lms" and isinstance(fact, HelpdeskFact)) or (
        vendor.kind == "helpdesk" and isinstance(fact, LearningFact)
    ):
        raise ExpressionFailed(place, f"a vendor of kind {vendor.kind} cannot yield {fact.type}")
    return fact


def _told(reason: str, names: Mapping[str, Any]) -> str:
    return _NAME.sub(lambda match: (as_text(names.get(match[1])) or "(unset)")[:80], reason)


def _finished(found: Understanding, source: str | None, received_at: datetime | None) -> Understanding:
    """Facts with their source and their keys; `NotUnderstood` if there are none."""
    if not found.facts and found.problems:
        first = found.problems[0]
        more = f" (and {len(found.problems) - 1} more items)" if len(found.problems) > 1 else ""
        raise NotUnderstood(first.detail + more, first.expression)
    taken: dict[str, str] = {}
    facts = [_keyed(_sourced(fact, source), taken, received_at) for fact in found.facts]
    return Understanding(facts, found.problems)


def _sourced(fact: Fact, source: str | None) -> Fact:
    if source is None or not isinstance(fact, LearningFact) or fact.course is None or fact.course.source is not None:
        return fact
    return fact.model_copy(update={"course": CourseRef(id=fact.course.id, source=source)})


def _keyed(fact: Fact, taken: dict[str, str], received_at: datetime | None) -> Fact:
    """The fact with a key of its own: the vendor's, told apart within the delivery, or one from its content.

    Content without a time of its own may truly come again (enrolled, withdrawn, enrolled): then the hour of receipt is part of
    it, so that a retry is known again and next week's fact is not. An answer has no hour: the same page means the same facts.
    """
    content = hashlib.sha256(fact.model_dump_json(exclude={"dedupe_key"}).encode()).hexdigest()
    key = fact.dedupe_key
    if key is None:
        hour = "" if fact.occurred_at is not None or received_at is None else f"{received_at:%Y-%m-%dT%H}"
        key = "content:" + hashlib.sha256(f"{content}{hour}".encode()).hexdigest()[:40]
    elif len(key) > MAX_KEY:
        key = "long:" + hashlib.sha256(key.encode()).hexdigest()
    wanted, count = key, 1
    while taken.get(key, content) != content:
        count += 1
        key = f"{wanted}#{count}"
    taken[key] = content
    return fact.model_copy(update={"dedupe_key": key})


def to_json(facts: list[Fact]) -> str:
    """Facts as `source test` prints them."""
    return json.dumps([fact.model_dump(mode="json") for fact in facts], indent=2, ensure_ascii=False)
