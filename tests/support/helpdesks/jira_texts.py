"""As much JQL as a helpdesk's client needs (clauses joined by AND), and texts as Jira renders them."""

import html
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, tzinfo

from tests.support.helpdesks.records import StoredTicket

_CLAUSE = re.compile(r'(\w+)\s*(>=|in|=)\s*("[^"]*"|\([^)]*\)|\S+)')
PROJECT = "ITSM"


class BadJql(Exception):
    pass


def compiled(jql: str, now: datetime, zone: tzinfo) -> Callable[[StoredTicket], bool]:
    """Whether an issue is found. What says nothing about issues is refused as unbounded."""
    where, _, _ = jql.partition(" ORDER BY ")
    clauses = [(name, value.strip('"')) for name, _, value in _CLAUSE.findall(where)]
    if not clauses:
        raise BadJql("Unbounded JQL queries are not allowed here. Please add a search restriction to your query.")
    tests = [_clause(name, value, now, zone) for name, value in clauses]
    return lambda ticket: all(test(ticket) for test in tests)


def _clause(name: str, value: str, now: datetime, zone: tzinfo) -> Callable[[StoredTicket], bool]:
    match name:
        case "updated":
            since = _moment(value, now, zone)
            return lambda ticket: ticket.updated_at >= since
        case "labels":
            return lambda ticket: value in ticket.tags
        case "project":
            return lambda ticket: PROJECT in re.split(r"\W+", value)
        case _:
            raise BadJql(f"Field '{name}' does not exist or you do not have permission to view it.")


def _moment(text: str, now: datetime, zone: tzinfo) -> datetime:
    """Minutes ago, or to the minute in the zone of the account."""
    if match := re.fullmatch(r"-(\d+)m", text):
        return now - timedelta(minutes=int(match[1]))
    try:
        there = datetime.strptime(text, "%Y-%m-%d %H:%M" if ":" in text else "%Y-%m-%d")  # noqa: DTZ007
    except ValueError as error:
        raise BadJql(f"Date value '{text}' for field 'updated' is invalid.") from error
    return there.replace(tzinfo=zone).astimezone(UTC)


def rendered(text: str) -> str:
    return "".join(f"<p>{html.escape(line)}</p>\n" for line in text.splitlines())
