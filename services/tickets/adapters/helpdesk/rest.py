"""A helpdesk whose vendor file says how it is called."""

import json
from collections.abc import Collection, Iterator, Mapping
from datetime import datetime, timedelta, tzinfo
from typing import Any

from services.tickets.adapters.helpdesk.exchange import Answer, Exchange
from services.tickets.domain.sync import Field, same_words
from services.tickets.ports.sync import (
    Answered,
    ListedPage,
    OrderRefused,
    OutgoingComment,
    OutgoingTicket,
    Problem,
    Told,
)
from shared.clock import Clock, render_instant
from shared.errors import PermanentFailure, TemporaryFailure
from shared.events.facts import CommentFact, HelpdeskFact
from shared.mapping import NotUnderstood, VendorFile, understand_page
from shared.mapping.calls import Call, Calls, ListCall, Paging
from shared.mapping.expressions import Expression, ExpressionFailed, as_text
from shared.mapping.times import zone

MOST_PAGES = 500
"""Of comments of one ticket, and of candidates; a list of tickets may be longer, it is read a page at a time."""
SKEW = timedelta(minutes=5)
"""How far the helpdesk's clock may be off from ours when we look for what we sent."""
LONGEST_REASON = 1_000


class RestHelpdesk:
    """`ports.sync.Helpdesk` over an exchange of HTTP requests."""

    def __init__(self, exchange: Exchange, vendor: VendorFile, settings: Mapping[str, str], clock: Clock) -> None:
        if vendor.calls is None:
            raise PermanentFailure(f"The vendor file {vendor.vendor} does not say how it is called.")
        self._exchange = exchange
        self._clock = clock
        self._vendor = vendor
        self._calls: Calls = vendor.calls
        defaults = {name: setting.default for name, setting in self._calls.settings.items() if setting.default}
        self._settings = {**defaults, **settings}
        self._zone: tzinfo = zone(self._settings.get("zone") or vendor.times.zone)

    async def check(self) -> None:
        """See `Helpdesk`."""
        call = self._calls.check or self._calls.tickets
        if call is not None:
            page = call.paging if isinstance(call, ListCall) else None
            await self._run(call, {"page": _page({}, page or Paging()), "since": None}, tells=False)

    async def list_changed(
        self, since: datetime | None, page: Mapping[str, Any] | None, native: str | None
    ) -> ListedPage:
        """See `Helpdesk`. A list that the vendor cuts off goes on by asking anew since the last change that was seen."""
        call = self._need(self._calls.tickets, "list")
        at = dict(page or {})
        if not at and native is not None and call.cursor_lasts:
            at = {"cursor": native}
        answer, root = await self._run(call, {"page": _page(at, call.paging), "since": self._since(since)}, tells=False)
        found, count = self._understood(call, answer, _beside(root))
        following = self._following(call, root, at, count)
        native = self._native(call, root, at) if call.cursor_lasts else None
        return ListedPage(facts=found.facts, problems=found.problems, at=answer.at, page=following, native=native)

    async def read_ticket(self, external_id: str) -> Answered:
        """See `Helpdesk`."""
        return await self._listed(self._need(self._calls.read, "read"), {"ticket": {"id": external_id}}, external_id)

    async def list_comments(self, external_id: str) -> Answered:
        """See `Helpdesk`."""
        call = self._calls.comments
        if call is None:
            return Answered()
        return await self._listed(call, {"ticket": {"id": external_id}}, external_id)

    async def find_ticket(self, ticket: OutgoingTicket) -> Told | None:
        """See `Helpdesk`. What answers must hold our marker: a search may find more than was asked for."""
        call = self._need(self._calls.find, "find")
        answer, root = await self._run(call, {**self._told(ticket), "page": _page({}, Paging())}, tells=False)
        try:
            items = call.items.of(root) if call.items is not None else [answer.body]
            for item in items if isinstance(items, list) else ():
                if ticket.marker in json.dumps(item, ensure_ascii=False):
                    return self._reference(call, {**root, "body": item}, answer)
        except ExpressionFailed as error:
            raise TemporaryFailure(f"The vendor file cannot find a ticket again: {error}") from error
        return None

    async def find_comment(
        self, ticket: OutgoingTicket, comment: OutgoingComment, known: Collection[str]
    ) -> Told | None:
        """See `Helpdesk`. By our marker where the helpdesk keeps it, else by its words and time."""
        call = self._need(self._calls.comments or self._calls.read, "comments")
        earliest = ticket.attempt_since - SKEW
        root = {"ticket": {"id": ticket.external_id}}
        async for answer, found, items in self._pages(call, root, ticket.external_id or ""):
            marked = [item for item in items if comment.marker in json.dumps(item, ensure_ascii=False)]
            for fact in found.facts:
                said = fact.comment
                if fact.type != "comment" or said is None or said.id is None or said.id in known:
                    continue
                late_enough = fact.occurred_at is None or fact.occurred_at >= earliest
                if _marks(marked, comment.marker, said) or (late_enough and same_words(comment.body, said.body or "")):
                    return Told(external_id=said.id, at=fact.occurred_at or answer.at)
        return None

    async def create_ticket(self, ticket: OutgoingTicket) -> Told:
        """See `Helpdesk`."""
        call = self._need(self._calls.create, "create")
        answer, root = await self._run(call, self._told(ticket), tells=True)
        told = self._reference(call, root, answer)
        if told.external_id is None:
            raise OrderRefused("The helpdesk made a ticket and did not say which: mend `create.id` in the vendor file.")
        return told

    async def add_comment(self, ticket: OutgoingTicket, comment: OutgoingComment) -> Told:
        """See `Helpdesk`."""
        call = self._need(self._calls.comment, "comment")
        told = {
            "body": comment.body,
            "public": comment.public,
            "author": comment.author,
            "author_email": comment.author_email,
            "marker": comment.marker,
        }
        answer, root = await self._run(call, {**self._told(ticket), "comment": told}, tells=True)
        return self._reference(call, root, answer)

    async def change_ticket(self, ticket: OutgoingTicket, changes: Mapping[Field, str]) -> Told:
        """See `Helpdesk`."""
        call = self._need(self._calls.change, "change")
        wanted = {"status": None, "priority": None, "subject": None, **changes}
        answer, _ = await self._run(call, {**self._told(ticket), "changes": wanted}, tells=True)
        return Told(at=answer.at)

    async def _run(self, call: Call, given: Mapping[str, Any], *, tells: bool) -> tuple[Answer, dict[str, Any]]:
        steps: dict[str, Any] = {}
        root: dict[str, Any] = {
            "settings": self._settings, "since": None, "page": {}, "ticket": {}, "changes": {}, "comment": {},
            "attempt": {}, "body": None, "headers": {}, "let": {}, **given, "steps": steps,
        }  # fmt: skip
        answer = Answer(None, {}, None)
        for step in call.steps:
            if step.when is not None and not self._holds(step.when, root):
                continue
            for reason, needed in step.needs.items():
                if not self._holds(needed, root):
                    raise OrderRefused(reason)
            method, _ = step.request
            answer = await self._exchange.send(step, root, tells=tells and method != "GET")
            root |= {"body": answer.body, "headers": dict(answer.headers)}
            if step.name is not None:
                steps[step.name] = answer.body
        for reason, ensured in call.ensures.items():
            if not self._holds(ensured, root):
                raise OrderRefused(reason)
        return answer, root

    def _holds(self, expression: Expression, root: Mapping[str, Any]) -> bool:
        try:
            return bool(expression.of(root))
        except ExpressionFailed as error:
            raise OrderRefused(f"The vendor file cannot say what to send: {error}") from error

    async def _listed(self, call: ListCall, given: Mapping[str, Any], external_id: str) -> Answered:
        facts: list[HelpdeskFact] = []
        problems: list[Problem] = []
        at: datetime | None = None
        async for answer, found, _ in self._pages(call, given, external_id):
            facts += found.facts
            problems += found.problems
            at = at or answer.at
        return Answered(facts=facts, problems=problems, at=at)

    async def _pages(self, call: ListCall, given: Mapping[str, Any], external_id: str) -> Any:
        at: dict[str, Any] | None = {}
        for _ in range(MOST_PAGES):
            if at is None:
                return
            answer, root = await self._run(call, {**given, "page": _page(at, call.paging)}, tells=False)
            asked = {"ticket_id": external_id, "ticket": dict(given["ticket"]), **_beside(root)}
            found, count = self._understood(call, answer, asked)
            yield answer, found, _items(answer.body)
            at = self._following(call, root, at, count)

    def _understood(self, call: ListCall, answer: Answer, context: Mapping[str, Any]) -> tuple[Answered, int]:
        asked = {**context, "settings": self._settings}
        try:
            found, items = understand_page(self._vendor, call.answer, answer.body, context=asked)
        except NotUnderstood as problem:
            # The page as a whole is no answer: an error with status 200, or half an answer. It is asked for again.
            raise TemporaryFailure(f"The answer to {call.answer} cannot be understood: {problem}") from problem
        problems = [
            Problem(
                answer=call.answer,
                item=items[each.item] if isinstance(items[each.item], dict) else {"value": items[each.item]},
                context=asked,
                expression=each.expression,
                reason=each.detail[:LONGEST_REASON],
            )
            for each in found.problems
        ]
        facts = [fact for fact in found.facts if isinstance(fact, HelpdeskFact)]
        return Answered(facts=facts, problems=problems, at=answer.at), len(items)

    def _following(
        self, call: ListCall, root: Mapping[str, Any], at: Mapping[str, Any], count: int
    ) -> dict[str, Any] | None:
        """Where the list goes on; None after its last page."""
        paging = call.paging
        asked = int(at.get("asked", 0)) + 1
        try:
            if paging.done is not None and paging.done.of(root):
                return None
            if paging.next is not None or paging.cursor is not None:
                expression = paging.next or paging.cursor
                following = as_text(expression.of(root)) if expression is not None else None
                if following is None or following == at.get("cursor"):
                    return None
                return {"cursor": following, "asked": asked}
            count = int(call.count.of(root) or 0) if call.count is not None else count
        except ExpressionFailed as error:
            raise TemporaryFailure(f"The vendor file cannot say how the list goes on: {error}") from error
        if count < paging.size:
            return None
        if paging.most_pages is not None and asked >= paging.most_pages:
            return {"restart": True}
        return {"number": asked, "asked": asked}

    def _native(self, call: ListCall, root: Mapping[str, Any], at: Mapping[str, Any]) -> str | None:
        expression = call.paging.cursor
        told = as_text(expression.of(root)) if expression is not None else None
        return told or as_text(at.get("cursor"))

    def _reference(self, call: Call, root: Mapping[str, Any], answer: Answer) -> Told:
        try:
            external_id = as_text(call.id.of(root)) if call.id is not None else None
            key = as_text(call.key.of(root)) if call.key is not None else None
        except ExpressionFailed as error:
            raise OrderRefused(f"The vendor file cannot read what was made: {error}") from error
        return Told(external_id=external_id, external_key=key, at=answer.at)

    def _since(self, at: datetime | None) -> dict[str, Any] | None:
        if at is None:
            return None
        there = at.astimezone(self._zone)
        return {
            "iso": render_instant(at.replace(microsecond=0)),
            "epoch": int(at.timestamp()),
            "space": f"{there:%Y-%m-%d %H:%M:%S}",
            "minute": f"{there:%Y-%m-%d %H:%M}",
            "date": f"{there:%Y-%m-%d}",
            "ago": max(int((self._clock.now() - at).total_seconds()), 0) + 1,
        }

    def _told(self, ticket: OutgoingTicket) -> dict[str, Any]:
        return {
            "ticket": {
                "id": ticket.external_id,
                "key": ticket.external_key,
                "number": ticket.number,
                "subject": ticket.subject,
                "description": ticket.description,
                "status": ticket.status,
                "priority": ticket.priority,
                "kind": ticket.kind,
                "tags": list(ticket.tags),
                "requester": {"email": ticket.requester_email, "name": ticket.requester_name},
                "url": ticket.url,
                "marker": ticket.marker,
            },
            "attempt": {"id": ticket.attempt_id, "since": self._since(ticket.attempt_since - SKEW)},
        }

    def _need(self, call: Any, name: str) -> Any:
        if call is None:
            raise OrderRefused(f"The vendor file {self._vendor.vendor} does not say how to {name}.")
        return call


def _beside(root: Mapping[str, Any]) -> dict[str, Any]:
    """The answers of a call's named steps: what the last one means may need the ones before it."""
    return {"steps": dict(root["steps"])} if root["steps"] else {}


def _page(at: Mapping[str, Any], paging: Paging) -> dict[str, Any]:
    before = int(at.get("number", 0))
    size = paging.size
    return {"cursor": at.get("cursor"), "offset": before * size, "size": size, "number": before + paging.first}


def _items(body: Any) -> list[Any]:
    """Every object in an answer that may be a comment: they are looked through for a marker."""
    return list(_objects(body, 0))


def _objects(value: Any, depth: int) -> Iterator[Any]:
    if depth > 6:
        return
    if isinstance(value, dict):
        yield value
    for each in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from _objects(each, depth + 1)


def _marks(holding: Collection[Mapping[str, Any]], marker: str, said: CommentFact) -> bool:
    """Whether the marker is within the comment of this id: the smallest object that holds it and has an id of its own.

    A page holds all of its comments, and what holds the marker may be deep inside one.
    """
    if marker in (said.body or ""):
        return True
    named = [(len(json.dumps(each)), ids) for each in holding if (ids := _ids(each))]
    return said.id is not None and bool(named) and said.id in min(named, key=lambda each: each[0])[1]


def _ids(item: Mapping[str, Any]) -> set[str]:
    """The ids that an object itself says it has."""
    texts = (as_text(value) for name, value in item.items() if name.lower().endswith("id"))
    return {text for text in texts if text is not None}
