"""The console: server-rendered pages that work with links and forms alone, made live by small modules of our own.

Owns: `/`, `/rollouts/...`, the desk's pages (`/tickets/...`, `/policies/...`, `/calendars/...`, `/migrations/...`,
`/reports/...`), `/integrations/...`, `/deliveries`, `/login/...`, `/logout`, `/problems/...`,
`/console/...` (assets and live events).
Everything it shows it asks the services for, as whoever is signed in, through the same forwarding as `/api`: what a role may not
do is refused there. It keeps nothing of its own.

    build_console(...)   the whole thing as one ASGI app, for the composition root
"""

from services.gateway.console.app import Console, build_console

__all__ = ["Console", "build_console"]
