"""Who may do what: one row per route. What may be done to a single ticket is decided where it is done."""

from shared.auth import EVERYONE, STAFF, Permissions, Role, roles

REPORTING = STAFF | roles(Role.MANAGER, Role.INTEGRATION)

PERMISSIONS: Permissions = {
    "POST /v1/tickets": REPORTING,
    "GET /v1/tickets": EVERYONE,
    "GET /v1/tickets/{ticket_id}": EVERYONE,
    "PATCH /v1/tickets/{ticket_id}": STAFF | roles(Role.INTEGRATION),
    "POST /v1/tickets/{ticket_id}/comments": REPORTING,
    "GET /v1/tickets/{ticket_id}/comments": EVERYONE,
    "GET /v1/tickets/{ticket_id}/clocks": EVERYONE,
    "GET /v1/tickets/{ticket_id}/history": EVERYONE,
    "GET /v1/policies": EVERYONE,
    "PUT /v1/policies/{name}": roles(Role.IT_LEAD),
    "GET /v1/reports/attainment": EVERYONE,
    "GET /v1/reports/consistency": roles(),
    "POST /v1/reports/recount": roles(),
    "POST /v1/clocks/{clock_id}/exemptions": roles(Role.IT_LEAD, Role.TRAINING),
    "POST /v1/exemptions/{exemption_id}/revoke": roles(Role.IT_LEAD, Role.TRAINING),
    "GET /v1/exemptions": STAFF | roles(Role.VIEWER),
    "GET /v1/clocks": EVERYONE,
    "GET /v1/clocks/summary": EVERYONE,
    "GET /v1/clocks/at-risk": EVERYONE,
    "GET /v1/watermarks": EVERYONE,
    "PUT /v1/sources/{source}/watermark": roles(Role.INTEGRATION),
    "DELETE /v1/sources/{source}/watermark": roles(),
}
