"""Who may do what: one row per route. Which hold somebody may lift is an object rule (`domain.hold.LIFTERS`)."""

from shared.auth import EVERYONE, PUBLIC, STAFF, Permissions, Role, roles

_TRAINING = roles(Role.TRAINING)
_HOLDERS = roles(Role.TRAINING, Role.IT_LEAD)
_WAVE = "/v1/rollouts/{name}/waves/{wave}"

PERMISSIONS: Permissions = {
    # Plans and rollouts
    "POST /v1/plans/lint": STAFF,
    "POST /v1/plans/apply": _TRAINING,
    "GET /v1/rollouts": EVERYONE,
    "GET /v1/rollouts/{name}": EVERYONE,
    "GET /v1/rollouts/{name}/plan": STAFF,
    "GET /v1/rollouts/{name}/timeline": STAFF,
    # Orders
    f"POST {_WAVE}/promote": _TRAINING,
    f"POST {_WAVE}/resume": _HOLDERS,
    f"POST {_WAVE}/retry": _TRAINING,
    f"POST {_WAVE}/pause": _HOLDERS,
    f"POST {_WAVE}/hold": _HOLDERS,
    f"POST {_WAVE}/abort": _TRAINING,
    f"POST {_WAVE}/holds/{{hold_id}}/lift": _HOLDERS,
    # Sign-offs and the calendar
    "GET /v1/signoffs": STAFF,
    "GET /public/signoffs/{token}": PUBLIC,
    "POST /public/signoffs/{token}": PUBLIC,
    "GET /public/assets/signoff.css": PUBLIC,
    "GET /v1/freezes": EVERYONE,
    "PUT /v1/freezes/{name}": _HOLDERS,
    # People, enrolments and learning systems
    "POST /v1/people/import": roles(Role.TRAINING, Role.INTEGRATION),
    "GET /v1/people": STAFF,
    "GET /v1/people/{person_id}": STAFF,
    "GET /v1/unknown-identities": STAFF,
    "POST /v1/unknown-identities/{unknown_id}/link": _TRAINING,
    "GET /v1/rollouts/{name}/enrolments": STAFF,
    "PUT /v1/connections/{source}": roles(),
    "GET /v1/connections": STAFF,
    "POST /v1/connections/{source}/poll": _TRAINING,
}
