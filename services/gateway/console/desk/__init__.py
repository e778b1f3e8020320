"""The helpdesk's pages: queue, ticket, policies, reports and the waves' support channels. A module per page.

What is shown is asked of the tickets service in the name of whoever is signed in; what a release or a role does not offer
leaves its place empty. Everything works by links and forms alone.
"""

from collections.abc import Iterator
from datetime import date, datetime

from jinja2 import pass_context
from jinja2.runtime import Context
from starlette.routing import Route

from services.gateway.console.behind import Behind
from services.gateway.console.desk.asking import Desk
from services.gateway.console.desk.calendars import CalendarPages
from services.gateway.console.desk.migrations import MigrationPages
from services.gateway.console.desk.new_ticket import NewTicketPage
from services.gateway.console.desk.policies import PolicyPages
from services.gateway.console.desk.policy_edit import PolicyEditPages
from services.gateway.console.desk.queue import QueuePages
from services.gateway.console.desk.reports import ReportPages
from services.gateway.console.desk.review import ReviewPages
from services.gateway.console.desk.strip import KINDS
from services.gateway.console.desk.support import SupportPages
from services.gateway.console.desk.thanks import ThanksPages
from services.gateway.console.desk.ticket import TicketPages
from services.gateway.console.desk.ticket_orders import TicketOrders
from services.gateway.console.desk.words import say_due, say_exact, say_span, target_words
from services.gateway.console.rendering import Pages, as_instant, say_time, zone_of
from services.gateway.console.sessions import SessionDesk

__all__ = ["desk_routes"]


def desk_routes(behind: Behind, sessions: SessionDesk, pages: Pages) -> list[Route]:
    pages.offer(due_words=_due_words, stamp=_stamp, span=say_span, exact_span=say_exact, piece_word=_piece_word)
    pages.offer(target_word=target_words, day_words=_day_words)
    desk = Desk(behind, sessions, pages)
    return [*_queue(desk), *_tickets(desk), *_policies(desk), *_reports(desk)]


def _queue(desk: Desk) -> Iterator[Route]:
    queue, new = QueuePages(desk), NewTicketPage(desk)
    yield Route("/tickets", queue.index)
    yield Route("/tickets/keys", queue.keys)
    yield Route("/tickets/bulk", queue.bulk, methods=["POST"])
    yield Route("/tickets/bulk/undo", queue.undo, methods=["POST"])
    yield Route("/tickets/views", queue.save_view, methods=["POST"])
    yield Route("/tickets/views/delete", queue.drop_view, methods=["POST"])
    yield Route("/tickets/new", new.show)
    yield Route("/tickets/new", new.open, methods=["POST"])


def _tickets(desk: Desk) -> Iterator[Route]:
    pages = TicketPages(desk)
    orders = TicketOrders(desk, pages)
    at = "/tickets/{number}"
    yield Route(at, pages.show)
    yield Route(f"{at}/why", pages.why)
    for path, act in (
        ("reply", orders.reply),
        ("change", orders.change),
        ("attribute", orders.attribute),
        ("major", orders.major),
        ("link", orders.link),
        ("unlink", orders.unlink),
        ("merge", orders.merge),
        ("unmerge", orders.unmerge),
        ("comments/{comment}/retract", orders.retract),
        ("exempt", orders.exempt),
        ("revoke", orders.revoke),
        ("faq", orders.keep_answer),
        ("remote", orders.open_there),
        ("remote/cut", orders.keep_here),
    ):
        yield Route(f"{at}/{path}", act, methods=["POST"])


def _policies(desk: Desk) -> Iterator[Route]:
    policies, edit, calendars, migrations = (
        PolicyPages(desk),
        PolicyEditPages(desk),
        CalendarPages(desk),
        MigrationPages(desk),
    )
    yield Route("/policies", policies.index)
    yield Route("/policies/new", edit.show)
    yield Route("/policies/new", edit.send, methods=["POST"])
    yield Route("/policies/{name}", policies.show)
    yield Route("/policies/{name}/edit", edit.show)
    yield Route("/policies/{name}/edit", edit.send, methods=["POST"])
    yield Route("/policies/{name}/versions/{version:int}/sign", policies.sign, methods=["POST"])
    yield Route("/policies/{name}/versions/{version:int}/enforce", policies.enforce, methods=["POST"])
    yield Route("/calendars/{name}", calendars.show)
    yield Route("/calendars/{name}", calendars.write, methods=["POST"])
    yield Route("/calendars/{name}/holidays", calendars.close, methods=["POST"])
    yield Route("/migrations", migrations.start, methods=["POST"])
    yield Route("/migrations/{id}", migrations.show)
    yield Route("/migrations/{id}/{what:str}", migrations.act, methods=["POST"])


def _reports(desk: Desk) -> Iterator[Route]:
    reports, thanks, review, support = ReportPages(desk), ThanksPages(desk), ReviewPages(desk), SupportPages(desk)
    yield Route("/reports", reports.show)
    yield Route("/reports/thanks", thanks.show)
    yield Route("/reports/thanks", thanks.thank, methods=["POST"])
    yield Route("/reports/thanks/refusal", thanks.refuse, methods=["POST"])
    yield Route("/reports/{month}", review.show)
    yield Route("/reports/{month}/sign", review.sign, methods=["POST"])
    yield Route("/reports/{month}/comments", review.remark, methods=["POST"])
    channel = "/rollouts/{name}/{wave}/support"
    yield Route(channel, support.show)
    yield Route(f"{channel}/faq", support.publish, methods=["POST"])
    yield Route(f"{channel}/faq/{{entry}}", support.revise, methods=["POST"])


@pass_context
def _due_words(context: Context, at: str | datetime) -> str:
    """How long until then, or since, as of the page's business time."""
    due_at = as_instant(at)
    return say_due(due_at, context["now"]) if due_at else ""


@pass_context
def _stamp(context: Context, at: str | datetime) -> str:
    """The time as a text, for drawings, where no element fits."""
    instant = as_instant(at)
    return say_time(instant, zone_of(str(context.get("zone") or "UTC")), "stamp") if instant else ""


def _piece_word(kind: str) -> str:
    return KINDS.get(kind, (kind.capitalize(), ""))[0]


def _day_words(on: str) -> str:
    """`2027-05-14` as `Fri 14 May 2027`."""
    try:
        day = date.fromisoformat(str(on)[:10])
    except ValueError:
        return str(on)
    return f"{day:%a} {day.day} {day:%b %Y}"
