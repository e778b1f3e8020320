"""The form of a credential: what each kind asks for, what is wrong, what is sent. Nothing of it is ever shown again. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from services.gateway.console.integrations.words import CREDENTIALS
from services.gateway.console.sessions import Fields


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """One field. `secret` fields are never filled in by the server."""

    name: str
    label: str
    secret: bool = True
    required: bool = True


ASKS: Final[Mapping[str, tuple[Ask, ...]]] = {
    "token": (Ask(name="secret", label="Token"),),
    "basic": (
        Ask(name="user", label="User name", secret=False),
        Ask(name="secret", label="Password or API token"),
    ),
    "oauth2": (
        Ask(name="client_id", label="Client id", secret=False),
        Ask(name="client_secret", label="Client secret"),
        Ask(name="refresh_token", label="Refresh token", required=False),
        Ask(name="access_token", label="Access token", required=False),
    ),
}


def asks(kind: str, vendor: Mapping[str, Any]) -> tuple[Ask, ...]:
    """The parts of this kind; which of them this helpdesk needs it says itself, where it does."""
    known = ASKS.get(kind, ASKS["token"])
    told: Mapping[str, Any] = next((each for each in vendor.get("auth") or () if each.get("kind") == kind), {})
    needs, may_have = told.get("needs"), told.get("may_have") or ()
    if not needs:
        return known
    return tuple(replace(ask, required=ask.name in needs) for ask in known if ask.name in (*needs, *may_have))


def kinds_of(vendor: Mapping[str, Any]) -> dict[str, str]:
    """The kinds that a helpdesk takes, with its own words for each; all of them where nothing is known."""
    told = {str(each.get("kind")): str(each.get("title") or "") for each in vendor.get("auth") or ()}
    known = {kind: title for kind, title in told.items() if kind in ASKS}
    return known or dict.fromkeys(CREDENTIALS, "")


def read_credential(form: Fields, kind: str, vendor: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, str]]:
    """(what is sent, what is wrong by field)."""
    if kind not in ASKS:
        return {}, {"kind": "Choose what kind of credential it is."}
    parts = asks(kind, vendor)
    values = {ask.name: form.line(ask.name) for ask in parts}
    wrong = {
        ask.name: f"Paste the {_small(ask.label)} here; it is kept sealed and never shown."
        if ask.secret
        else f"The {_small(ask.label)} is needed, too."
        for ask in parts
        if ask.required and not values[ask.name]
    }
    return {"kind": kind, **{name: value for name, value in values.items() if value}}, wrong


def _small(label: str) -> str:
    return label[:1].lower() + label[1:]
