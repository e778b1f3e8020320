"""The helpdesk's pages: queue, ticket, policies, reports and the waves' support channels. A module per page.

What is shown is asked of the tickets service in the name of whoever is signed in; what a release or a role does not offer
leaves its place empty. Everything works by links and forms alone.
"""

from starlette.routing import Route

from services.gateway.console.behind import Behind
from services.gateway.console.desk.asking import Desk
from services.gateway.console.desk.queue import QueuePages
from services.gateway.console.rendering import Pages
from services.gateway.console.sessions import SessionDesk

__all__ = ["desk_routes"]


def desk_routes(behind: Behind, sessions: SessionDesk, pages: Pages) -> list[Route]:
    desk = Desk(behind, sessions, pages)
    queue = QueuePages(desk)
    return [
        Route("/tickets", queue.index),
        Route("/tickets/keys", queue.keys),
        Route("/tickets/bulk", queue.bulk, methods=["POST"]),
        Route("/tickets/views", queue.save_view, methods=["POST"]),
        Route("/tickets/views/delete", queue.drop_view, methods=["POST"]),
    ]
