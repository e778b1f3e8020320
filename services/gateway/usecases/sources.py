"""Sources and the secrets they sign with."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, Literal

from services.gateway.domain.source import MAX_SECRETS, Source, is_source_name
from services.gateway.ports import GatewayUnit, Vendors
from shared.clock import new_id
from shared.errors import FieldProblem, InvalidRequest
from shared.events.gateway import SourceChanged
from shared.vault import Vault

MAX_SECRET_LENGTH = 4096


async def configure_source(
    unit: GatewayUnit,
    *,
    name: str,
    vendor: str,
    kind: Literal["lms", "helpdesk"],
    secrets: Sequence[str] | None,
    enabled: bool,
    vendor_file: Mapping[str, Any] | None,
    vendors: Vendors,
    vault: Vault,
    now: datetime,
) -> Source:
    """Create a source or change it. `secrets` None keeps those it has; an empty list closes it. `InvalidRequest`."""
    if not is_source_name(name):
        raise InvalidRequest(
            "A source's name is lower case letters, digits and hyphens, at most 63.",
            errors=[FieldProblem("path/name", "like moodle or moodle-test")],
        )
    _check_secrets(secrets)
    file = dict(vendor_file) if vendor_file is not None else dict(vendors.named(vendor))
    vendors.intake_of(file)
    held = await unit.sources.find(name)
    if held is None:
        source = Source(
            id=new_id(),
            name=name,
            vendor=vendor,
            kind=kind,
            enabled=enabled,
            vendor_file=file,
            version=1,
            created_at=now,
            changed_at=now,
        )
    else:
        source = replace(
            held,
            vendor=vendor,
            kind=kind,
            enabled=enabled,
            vendor_file=file,
            version=held.version + 1,
            changed_at=now,
        )
    await unit.sources.save(source)
    if secrets is not None:
        rows = [(new_id(), secret.encode()) for secret in secrets]
        sealed = [(row_id, vault.seal(secret, owner=row_id)) for row_id, secret in rows]
        await unit.sources.replace_secrets(source.id, sealed, now)
    unit.record(changed_event(source), aggregate_version=source.version)
    return source


def changed_event(source: Source) -> SourceChanged:
    """The source as the services that parse need it; never a secret."""
    return SourceChanged(
        source_id=source.id,
        name=source.name,
        vendor=source.vendor,
        kind=source.kind,
        enabled=source.enabled,
        vendor_file=dict(source.vendor_file),
    )


def _check_secrets(secrets: Sequence[str] | None) -> None:
    problems = []
    if secrets is not None and len(secrets) > MAX_SECRETS:
        problems.append(FieldProblem("/secrets", f"at most {MAX_SECRETS}: the new one and the one it replaces"))
    for place, secret in enumerate(secrets or ()):
        if not secret.strip() or len(secret) > MAX_SECRET_LENGTH:
            problems.append(FieldProblem(f"/secrets/{place}", f"1 to {MAX_SECRET_LENGTH} characters, not only blanks"))
    if problems:
        raise InvalidRequest("The secrets cannot be used.", errors=problems)
