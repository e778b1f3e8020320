"""The parts of a vendor file that say what things mean: specs of fields, rules, names.

`engine` carries them out. Everything is compiled and checked when the file is read.
"""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, PrivateAttr, model_validator

from shared.events.facts import IdentityScheme
from shared.mapping.expressions import Expression, as_text, compile_expression, in_order
from shared.mapping.times import TimeFormat, zone

FactType = Literal["enrolment", "completion", "grade", "ticket", "comment", "deleted"]
LMS_TYPES = frozenset({"enrolment", "completion", "grade"})
COMMON_FIELDS = frozenset({"occurred_at", "vendor_event", "dedupe_key"})
LMS_FIELDS = COMMON_FIELDS | {"person", "course", "level", "module", "state", "vendor_state", "score", "voids"}
HELPDESK_FIELDS = COMMON_FIELDS | {
    "ticket", "subject", "description", "status", "vendor_status", "priority", "vendor_priority",
    "requester", "assignee", "created_at", "tags", "queue", "comment",
}  # fmt: skip


def _compiled(value: Any) -> Any:
    return compile_expression(value) if isinstance(value, str) else value


def _spelled_out(value: Any) -> Any:
    return {"value": value} if isinstance(value, str) else value


def one_or_many(value: Any) -> Any:
    """One thing where the file may list several."""
    return [value] if isinstance(value, str | Mapping) else value


def folded(value: Any) -> Any:
    """Keys of a value map as texts in lower case: YAML reads `true:` and `1:` as something else."""
    return {(as_text(key) or "").lower(): item for key, item in value.items()} if isinstance(value, Mapping) else value


Code = Annotated[Expression, BeforeValidator(_compiled)]
ValueMap = Annotated[dict[str, str | None], BeforeValidator(folded)]


class Part(BaseModel):
    """Part of a vendor file: nothing unknown in it, never changed after it was read."""

    model_config = ConfigDict(frozen=True, extra="forbid", arbitrary_types_allowed=True)


class Spec(Part):
    """How one field gets its value: an expression or a constant, then a map, or the formats of a time."""

    value: Code | None = None
    constant: Annotated[str | bool | None, Field(alias="is")] = None
    map: str | ValueMap | None = None
    otherwise: str | None = None
    """What a value that is not in the map becomes. Without it the value itself stays."""
    time: Annotated[list[TimeFormat] | None, BeforeValidator(one_or_many)] = None
    zone: str | None = None

    @model_validator(mode="after")
    def _says_something(self) -> "Spec":
        if (self.value is None) == (self.constant is None):
            raise ValueError("give either `value` (an expression) or `is` (a constant)")
        if self.zone is not None:
            zone(self.zone)
        return self

    @property
    def source(self) -> str:
        """Its text, for naming it when it fails."""
        return self.value.text if self.value is not None else repr(self.constant)


Slot = Annotated[Spec, BeforeValidator(_spelled_out)]
Kind = IdentityScheme | Literal["as"]
Who = Annotated[list[dict[Kind, Code]], BeforeValidator(one_or_many)]
"""Ways to name a person, best first: `- email: body.user.email`. `as` takes an object {scheme, value}."""


class CourseSlots(Part):
    id: Slot
    source: Slot | None = None


class TicketSlots(Part):
    id: Slot
    key: Slot | None = None


class CommentSlots(Part):
    id: Slot | None = None
    author_role: Slot | None = None
    author: Who | None = None
    public: Slot | None = None
    body: Slot | None = None


class FactFields(Part):
    """Every field that a canonical fact can have; which of them a rule may set follows from its type."""

    person: Who | None = None
    course: CourseSlots | None = None
    level: Slot | None = None
    module: Slot | None = None
    state: Slot | None = None
    vendor_state: Slot | None = None
    score: Slot | None = None
    voids: Slot | None = None
    ticket: TicketSlots | None = None
    subject: Slot | None = None
    description: Slot | None = None
    status: Slot | None = None
    vendor_status: Slot | None = None
    priority: Slot | None = None
    vendor_priority: Slot | None = None
    requester: Who | None = None
    assignee: Who | None = None
    created_at: Slot | None = None
    tags: Slot | None = None
    queue: Slot | None = None
    comment: CommentSlots | None = None
    occurred_at: Slot | None = None
    vendor_event: Slot | None = None
    dedupe_key: Slot | None = None

    def given(self) -> dict[str, Any]:
        """The fields that the file sets, by name."""
        return {name: getattr(self, name) for name in FactFields.model_fields if getattr(self, name) is not None}


class Rule(FactFields):
    """The first rule whose `when` is true says what an item means; with `also`, the rules below it are asked as well.

    A field that the rule leaves out has its default; `null` takes the default away.
    """

    when: Code | None = None
    each: Code | None = None
    """An array: the rule yields one fact per member, which expressions see as `each`."""
    type: FactType | None = None
    ignore: str | None = None
    """The reason why the item means nothing to us; `{name}` stands for a name under `let`."""
    canonical: Code | None = None
    """An object that already is a canonical fact."""
    also: bool = False

    @model_validator(mode="after")
    def _has_one_meaning(self) -> "Rule":
        if sum(meaning is not None for meaning in (self.type, self.ignore, self.canonical)) != 1:
            raise ValueError("a rule has one meaning: `type`, `ignore` or `canonical`")
        allowed = self.allowed_fields()
        wrong = sorted(set(self.given()) - allowed)
        if wrong:
            raise ValueError(f"a rule of type {self.type or 'ignored'} cannot set {', '.join(wrong)}")
        if self.type == "comment" and self.comment is None:
            raise ValueError("a comment rule sets `comment`")
        return self

    def allowed_fields(self) -> frozenset[str]:
        """The fields that a fact of this rule's type has."""
        if self.type is None:
            return COMMON_FIELDS
        return LMS_FIELDS if self.type in LMS_TYPES else HELPDESK_FIELDS


class Meaning(Part):
    """Names, defaults and rules: what turns one item into facts."""

    let: dict[str, Slot] = {}
    """Named values, computed before the rules; they may use each other."""
    defaults: FactFields = FactFields()
    facts: list[Rule] = Field(min_length=1)
    _merged: list[dict[str, Any]] = PrivateAttr(default_factory=list)
    _names: list[tuple[str, Spec]] = PrivateAttr(default_factory=list)

    @model_validator(mode="after")
    def _names_are_no_circle(self) -> "Meaning":
        self._names[:] = _in_order_of_use(self.let)
        return self

    def model_post_init(self, context: Any, /) -> None:
        general = self.defaults.given()
        for rule in self.facts:
            own = {name: getattr(rule, name) for name in rule.model_fields_set & FactFields.model_fields.keys()}
            merged = {**general, **own}
            allowed = rule.allowed_fields()
            self._merged.append({name: spec for name, spec in merged.items() if spec is not None and name in allowed})

    def names(self) -> list[tuple[str, Spec]]:
        """What stands under `let`, each after those that it uses."""
        return self._names

    def rules(self) -> list[tuple[Rule, dict[str, Any]]]:
        """Each rule with the fields it sets, defaults filled in."""
        return list(zip(self.facts, self._merged, strict=True))


def _in_order_of_use(let: Mapping[str, Spec]) -> list[tuple[str, Spec]]:
    """The order in the file counts for nothing: a database that keeps the file as JSON does not keep it."""
    uses = {name: spec.value.let_names() if spec.value is not None else set() for name, spec in let.items()}
    return [(name, let[name]) for name in in_order(uses)]
