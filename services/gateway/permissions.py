"""Who may do what in the gateway's own API. Tests walk every route x every role against this table."""

from shared.auth import EVERYONE, Permissions, Role, roles

_WHO_CONNECT = roles(Role.IT_LEAD, Role.INTEGRATION)
_WHO_LOOK_AT_DELIVERIES = roles(Role.TRAINING, Role.IT_AGENT, Role.IT_LEAD, Role.INTEGRATION)

PERMISSIONS: Permissions = {
    "GET /v1/about": EVERYONE,
    "PUT /v1/sources/{name}": _WHO_CONNECT,
    "GET /v1/sources": _WHO_LOOK_AT_DELIVERIES,
    "GET /v1/sources/{name}": _WHO_LOOK_AT_DELIVERIES,
    "GET /v1/deliveries": _WHO_LOOK_AT_DELIVERIES,
    "GET /v1/deliveries/{delivery_id}": _WHO_LOOK_AT_DELIVERIES,
    "POST /v1/deliveries/{delivery_id}/replay": _WHO_CONNECT,
    "GET /v1/quarantine": _WHO_LOOK_AT_DELIVERIES,
    # The body of a stranger's request: for those who mend.
    "GET /v1/quarantine/{held_id}": _WHO_CONNECT,
    "POST /v1/quarantine/{held_id}/replay": _WHO_CONNECT,
    "POST /v1/keys": roles(),
    "GET /v1/keys": roles(),
    "POST /v1/keys/{key_id}/revoke": roles(),
    "GET /v1/notifications": roles(Role.TRAINING, Role.IT_LEAD),
    "POST /v1/demo/clock": roles(),
    "GET /v1/demo/quiet": roles(Role.INTEGRATION),
}
