"""gateway: the only public door.

Owns: sources (with sealed secrets), deliveries and their quarantine, API keys, sessions, notices by e-mail.
Publishes: gateway.source.changed, gateway.lms.delivered, gateway.helpdesk.delivered, gateway.clock.stepped.
Consumes: rollout|tickets.delivery.understood (what a delivery meant), rollout|survey|tickets.notification.requested.

The doors, outermost first (`forward/`, plain ASGI): `POST /hooks/{source}`, `/api/{service}/v1/...`, `/signoff/{token}`,
`/survey/{token}`, then the console's pages. What is behind `/api/gateway` is this service's own REST API (`api/`).
"""
