"""Who may do what: one row per route. Figures obey the same thresholds for every role, administrators included."""

from shared.auth import EVERYONE, PUBLIC, Permissions

PERMISSIONS: Permissions = {
    "GET /v1/instruments": EVERYONE,
    "GET /v1/campaigns": EVERYONE,
    "GET /v1/campaigns/{campaign_id}": EVERYONE,
    "GET /v1/campaigns/{campaign_id}/results": EVERYONE,
    "GET /public/invitations/{token}": PUBLIC,
    "POST /public/invitations/{token}": PUBLIC,
    "GET /public/assets/survey.css": PUBLIC,
}
