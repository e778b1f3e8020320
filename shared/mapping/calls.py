"""The `calls` section of a vendor file: how a helpdesk is asked and told, as data. `docs/helpdesks.md` tells how to write one.

A call is one request or several (`steps`), each with a path, a query and a body whose leaves are expressions. What an answer
means stands under `answers`, as for every other page of REST. Nothing here does I/O: `services/tickets/adapters/helpdesk`
carries calls out.
"""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, model_validator

from shared.mapping.expressions import Expression, as_text, compile_expression
from shared.mapping.rules import Part, folded, one_or_many
from shared.mapping.templates import Template, compile_template

CALL_ROOTS = frozenset(
    {"body", "headers", "steps", "settings", "since", "page", "ticket", "changes", "comment", "attempt", "let"}
)
METHODS = ("get", "post", "put", "patch", "delete")
_SPEC = frozenset({"value", "is", "map", "otherwise"})


def _compiled(value: Any) -> Any:
    return compile_expression(value, roots=CALL_ROOTS) if isinstance(value, str) else value


def _templated(value: Any) -> Any:
    return compile_template(value, roots=CALL_ROOTS) if isinstance(value, str) else value


Code = Annotated[Expression, BeforeValidator(_compiled)]
SentMap = Annotated[dict[str, Any], BeforeValidator(folded)]
"""Our words -> the vendor's, of any JSON type."""
Address = Annotated[Template, BeforeValidator(_templated)]


class Leaf(Part):
    """One value that is sent: an expression or a constant of any type, then a map. Null is left out of what is sent."""

    value: Code | None = None
    constant: Annotated[Any, Field(alias="is")] = None
    text: Address | None = None
    """A text with `{expressions}` in it, put in as they are."""
    map: str | SentMap | None = None
    otherwise: Any = None


def _leaf(value: Any) -> Any:
    return {"value": value} if isinstance(value, str) else value


Slot = Annotated[Leaf, BeforeValidator(_leaf)]


def _tree(value: Any) -> Any:
    """The leaves of a body: texts are expressions, `{is: ...}` constants; objects and arrays are what they are."""
    if isinstance(value, str):
        return Leaf.model_validate({"value": value})
    if isinstance(value, Mapping):
        keys = set(value)
        if keys <= _SPEC | {"text"} and keys & {"value", "is", "text"}:
            return Leaf.model_validate(dict(value))
        return {str(name): _tree(item) for name, item in value.items()}
    if isinstance(value, list):
        return [_tree(item) for item in value]
    return Leaf.model_validate({"is": value})


Tree = Annotated[Any, BeforeValidator(_tree)]


class Step(Part):
    """One request. Later steps see its answer as `steps.<name>`."""

    name: str | None = None
    when: Code | None = None
    needs: dict[str, Code] = {}
    """A plain reason -> what must be true before the request is sent; otherwise the order is refused for that reason."""
    get: Address | None = None
    post: Address | None = None
    put: Address | None = None
    patch: Address | None = None
    delete: Address | None = None
    query: dict[str, Slot] = {}
    headers: dict[str, Slot] = {}
    body: Tree = None
    form: bool = False
    """The body is sent as a form instead of JSON."""
    accept: list[int] = []
    """Statuses beside 2xx that count as done."""

    @model_validator(mode="after")
    def _has_one_request(self) -> "Step":
        if sum(getattr(self, method) is not None for method in METHODS) != 1:
            raise ValueError(f"a step has one of {', '.join(METHODS)}, with the path that is called")
        return self

    @property
    def request(self) -> tuple[str, Template]:
        """Method and address."""
        method = next(name for name in METHODS if getattr(self, name) is not None)
        return method.upper(), getattr(self, method)


class Call(Part):
    """Steps in order, and what is read from the last answer (expressions see it as `body`, all of them as `steps`)."""

    steps: Annotated[list[Step], BeforeValidator(one_or_many), Field(min_length=1)]
    items: Code | None = None
    """`find`: the tickets that may be the one that is looked for."""
    id: Code | None = None
    """Of what was made or found, as the API takes it; sees `body`, for `find` each item."""
    key: Code | None = None
    """What people call it."""
    ensures: dict[str, Code] = {}
    """A plain reason -> what must be true after the last answer; otherwise the order was refused for that reason."""


class Paging(Part):
    """How a list goes on. One of `next` and `cursor`; with neither, pages are counted (`page.number`, `page.offset`) until one
    is not full."""

    size: int = Field(default=100, ge=1, le=1000)
    next: Code | None = None
    """The address of the next page, absolute or not; null after the last."""
    cursor: Code | None = None
    """What the next request sends as `page.cursor`."""
    done: Code | None = None
    """True on the last page, where `next` or `cursor` is told even there."""
    first: int = 1
    """The number of the first page."""
    most_pages: int | None = None
    """Where the vendor stops; the list is then asked for anew, since the last change that was seen."""


class ListCall(Call):
    """A list, oldest change first."""

    answer: str
    """The section under `answers` that says what a page means."""
    paging: Paging = Paging()
    cursor_lasts: bool = False
    """The vendor's own cursor also begins the next poll."""
    ordered: bool = True
    """False where the vendor cannot sort by change: then the latest change that was seen says nothing about what else there is,
    and the next poll goes on from when this one began."""
    count: Code | None = None
    """How many items a page holds, where `answers` finds fewer than were sent."""


class Setting(Part):
    """Something that an operator says when a connector is set up; expressions see it as `settings.<name>`."""

    title: str
    required: bool = False
    example: str = ""
    default: str | None = None


class SentCredential(Part):
    """Where a credential goes. `{secret}` and `{user}` are put in; without a template Basic and Bearer are as usual."""

    header: str = "Authorization"
    template: str = ""
    title: str = ""
    """What the operator has to get, and where."""


class OAuth2(Part):
    """`token_url` may be relative to the connector's address."""

    token_url: str
    scope: str = ""
    title: str = ""


class Auth(Part):
    """Which credentials this helpdesk takes, by kind."""

    token: SentCredential | None = None
    basic: SentCredential | None = None
    oauth2: OAuth2 | None = None


class Session(Part):
    """A log-in before the first call, where a credential is not taken with every call."""

    steps: Annotated[list[Step], BeforeValidator(one_or_many), Field(min_length=1)]
    token: Code
    header: str


class Calls(Part):
    """Everything that Glidepath may ask of a helpdesk or tell it. What is not described is not done."""

    auth: Auth
    session: Session | None = None
    settings: dict[str, Setting] = {}
    maps: dict[str, SentMap] = {}
    headers: dict[str, Slot] = {}
    refused: Code | None = None
    """True or a text when an answer is an error, whatever its HTTP status said."""
    parallel: int = Field(default=4, ge=1, le=16)
    """Orders under way at once."""
    lag_seconds: int = Field(default=0, ge=0, le=3600)
    """Changes younger than this may still be missing from a list (a search index that lags)."""
    settle_seconds: int = Field(default=60, ge=0, le=3600)
    """How long an order whose answer was lost may still take effect there."""
    precision_seconds: int = Field(default=1, ge=1, le=3600)
    """How exactly the list can be asked "since when"."""
    internal_comments: bool = True
    """Whether it can keep a comment from the requester; without that, internal comments stay here."""
    takes: list[Literal["status", "priority", "subject"]] = ["status", "priority"]
    """The fields that `change` can write."""
    says: dict[str, dict[str, str]] = {}
    """What it says after it was told a word of ours, in our words, where that is another one: `status: {on_hold: open}`."""
    check: Call | None = None
    tickets: Annotated[ListCall | None, Field(alias="list")] = None
    read: ListCall | None = None
    comments: ListCall | None = None
    find: Call | None = None
    create: Call | None = None
    comment: Call | None = None
    change: Call | None = None

    @model_validator(mode="after")
    def _can_be_repeated(self) -> "Calls":
        if self.create is not None and self.find is None:
            raise ValueError("`create` needs `find`: after a lost answer it must be seen whether the ticket is there")
        if self.comment is not None and self.comments is None and self.read is None:
            raise ValueError("`comment` needs `comments`: after a lost answer it must be seen whether it is there")
        return self


def leaf_value(leaf: Leaf, root: Mapping[str, Any], maps: Mapping[str, Mapping[str, Any]]) -> Any:
    """What a leaf sends. Raises `ExpressionFailed`."""
    if leaf.text is not None:
        return leaf.text.fill(root, quoted=False)
    value = leaf.value.of(root) if leaf.value is not None else leaf.constant
    if leaf.map is None:
        return value
    word = as_text(value)
    if word is None:
        return None
    table = maps[leaf.map] if isinstance(leaf.map, str) else leaf.map
    return table.get(word.strip().lower(), word if leaf.otherwise is None else leaf.otherwise)


def tree_value(tree: Any, root: Mapping[str, Any], maps: Mapping[str, Mapping[str, Any]]) -> Any:
    """A body with its leaves filled in; what is null is left out, and so is an object that nothing is left of."""
    if isinstance(tree, Leaf):
        return leaf_value(tree, root, maps)
    if isinstance(tree, Mapping):
        filled = {name: tree_value(item, root, maps) for name, item in tree.items()}
        kept = {name: item for name, item in filled.items() if item is not None}
        return kept or None
    if isinstance(tree, list):
        return [item for item in (tree_value(each, root, maps) for each in tree) if item is not None]
    return tree
