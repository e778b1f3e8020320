"""Which credentials a helpdesk takes, of what each consists, and whether one can be sent as it is."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from shared.errors import FieldProblem
from shared.mapping.calls import Auth, SentCredential

KINDS = ("token", "basic", "oauth2")
_SENT_IN_A_HEADER = re.compile(r"[\x21-\x7e]+(?: [\x21-\x7e]+)*")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


@dataclass(frozen=True, slots=True, kw_only=True)
class CredentialKind:
    """`needs` and `may_have` are the names of its parts."""

    kind: str
    title: str
    needs: tuple[str, ...]
    may_have: tuple[str, ...] = ()


def kinds_of(auth: Auth) -> dict[str, CredentialKind]:
    """What a helpdesk takes, by kind."""
    found = []
    if auth.token is not None:
        found.append(CredentialKind(kind="token", title=auth.token.title, needs=_token_needs(auth.token)))
    if auth.basic is not None:
        found.append(CredentialKind(kind="basic", title=auth.basic.title, needs=("user", "secret")))
    if auth.oauth2 is not None:
        found.append(
            CredentialKind(
                kind="oauth2",
                title=auth.oauth2.title,
                needs=("client_id", "client_secret"),
                may_have=("refresh_token", "access_token"),
            )
        )
    return {each.kind: each for each in found}


def check_credential(auth: Auth, kind: str, values: Mapping[str, str]) -> list[FieldProblem]:
    """What is wrong with a credential; its values are never in what is told."""
    taken = kinds_of(auth)
    if kind not in taken:
        return [FieldProblem("/kind", f"is not taken there; it takes {', '.join(taken)}")]
    wanted = taken[kind]
    problems = [
        FieldProblem(f"/{name}", f"is missing: a credential of kind {kind} has {', '.join(wanted.needs)}")
        for name in wanted.needs
        if not values.get(name)
    ]
    problems += [
        FieldProblem(f"/{name}", f"does not belong to a credential of kind {kind}")
        for name in values
        if name not in (*wanted.needs, *wanted.may_have)
    ]
    for name, value in values.items():
        if kind == "token" and value and not _SENT_IN_A_HEADER.fullmatch(value):
            problems.append(
                FieldProblem(f"/{name}", "travels in a header: letters, digits and signs of ASCII in one line")
            )
        elif _CONTROL.search(value):
            problems.append(FieldProblem(f"/{name}", "holds a line break or another control character"))
    if kind == "basic" and ":" in values.get("user", ""):
        problems.append(FieldProblem("/user", "cannot hold a colon: it ends the name (RFC 7617)"))
    return problems


def _token_needs(sent: SentCredential) -> tuple[str, ...]:
    return ("user", "secret") if "{user}" in sent.template or "{basic}" in sent.template else ("secret",)
