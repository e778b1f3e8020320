"""Connectors as people set them up. What is wrong is told field by field; a credential is sealed and never told back."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from services.tickets.domain.sync import Connector, Field, Filters, Mode, Owner, owner_of
from services.tickets.errors import ConnectorNotUsable, CredentialsNotSetUp
from services.tickets.ports import TicketsUnit
from services.tickets.usecases.syncing.credentials import check_credential, kinds_of
from services.tickets.usecases.syncing.vendors import Vendors, callable_vendors
from shared.clock import render_instant
from shared.errors import FieldProblem, PermanentFailure
from shared.mapping import VendorFile, vendor_names
from shared.mapping.calls import Calls
from shared.mapping.times import zone
from shared.outside_address import PORTS, AddressRefused, check_url
from shared.rest import require_match_or_new
from shared.vault import Unsealable, Vault


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectorOrder:
    """How a connector shall be."""

    vendor: str
    base_url: str
    settings: Mapping[str, str]
    mode: Mode
    enabled: bool
    filters: Filters
    ownership: Mapping[Field, Owner]
    exports: tuple[str, ...]
    poll_every_for: timedelta


async def put_connector(
    unit: TicketsUnit,
    vendors: Vendors,
    name: str,
    order: ConnectorOrder,
    *,
    if_match: int | None,
    by: str,
    now: datetime,
) -> Connector:
    """Make or change a connector. `now` is real time. Raises `ConnectorNotUsable` and what `require_match_or_new` raises.

    Whatever it failed at before is tried again at once, for it may be mended now.
    """
    held = await unit.connectors.find(name, lock=True)
    require_match_or_new(None if held is None else held.version, if_match)
    order = replace(order, vendor=order.vendor.replace("_", "-"), base_url=order.base_url.strip().rstrip("/"))
    before = held or Connector(
        name=name, vendor=order.vendor, base_url=order.base_url, created_at=now, changed_at=now, version=0
    )
    if before.vendor != order.vendor:
        told = f"{name} is of vendor {before.vendor} and its tickets have that one's ids: remove it and make another"
        raise ConnectorNotUsable("A connector stays with its vendor.", errors=[FieldProblem("/vendor", told)])
    vendor = await _vendor(unit, vendors, before)
    assert vendor.calls is not None
    problems = [*_address_problems(order), *_settings_problems(order, vendor.calls)]
    if order.filters.since is not None and order.filters.since > now:
        problems.append(FieldProblem("/filters/since", f"lies in the future: it is {render_instant(now)} now"))
    problems += await _export_problems(unit, name, order, vendor.calls)
    if problems:
        said = f"{problems[0].pointer}: {problems[0].detail}"
        raise ConnectorNotUsable(f"{name} cannot be set up so: {said}.", errors=problems)
    keeps = before.credential_kind in kinds_of(vendor.calls.auth) and _same_origin(before.base_url, order.base_url)
    connector = replace(
        before,
        base_url=order.base_url,
        settings=dict(order.settings),
        # What is sealed must not be sent to an address that somebody else chose.
        credential=before.credential if keeps else None,
        credential_kind=before.credential_kind if keeps else None,
        mode=order.mode,
        enabled=order.enabled,
        filters=order.filters,
        ownership=dict(order.ownership),
        exports=order.exports,
        poll_every_for=order.poll_every_for,
        version=before.version + 1,
        changed_at=now,
        changed_by=by,
    )
    await unit.connectors.put(connector)
    await _try_again(unit, name)
    if order.filters != before.filters:
        # What the old filters left out did not change since: the list is read from its beginning.
        await unit.connectors.note(name, cursor={}, poll_wanted=True)
    if not connector.enabled or connector.credential is None:
        await unit.clocks.remove_watermark(name)
    return await unit.connectors.get(name)


async def put_credential(
    unit: TicketsUnit,
    vault: Vault | None,
    vendors: Vendors,
    name: str,
    kind: str,
    values: Mapping[str, str],
    *,
    by: str,
    now: datetime,
) -> None:
    """Keep what lets us in there, sealed. `now` is real time.

    Raises `ConnectorNotFound`, `CredentialsNotSetUp`, `ConnectorNotUsable`.
    """
    connector = await _locked(unit, name)
    if vault is None:
        raise CredentialsNotSetUp("Set GLIDEPATH_CREDENTIALS_KEY for the tickets service: a credential is kept sealed.")
    vendor = await _vendor(unit, vendors, connector)
    assert vendor.calls is not None
    problems = check_credential(vendor.calls.auth, kind, values)
    if problems:
        said = f"{problems[0].pointer}: {problems[0].detail}"
        raise ConnectorNotUsable(f"{vendor.title} does not take this credential: {said}.", errors=problems)
    sealed = vault.seal_text(json.dumps({"kind": kind, **values}), owner=owner_of(name))
    await _put_sealed(unit, connector, sealed, kind, by, now)
    await unit.connectors.note(name, poll_wanted=True)


async def remove_credential(unit: TicketsUnit, name: str, *, by: str, now: datetime) -> None:
    """Forget what lets us in; nothing is read or told any more. `now` is real time. Raises `ConnectorNotFound`."""
    await _put_sealed(unit, await _locked(unit, name), None, None, by, now)
    await unit.clocks.remove_watermark(name)


async def keep_renewed(unit: TicketsUnit, name: str, sealed: str) -> None:
    """An access token was renewed on the way. A credential of another kind that was set meanwhile stays."""
    connector = await unit.connectors.find(name, lock=True)
    if connector is not None and connector.credential_kind == "oauth2":
        await unit.connectors.put(replace(connector, credential=sealed))


async def remove_connector(unit: TicketsUnit, name: str, *, now: datetime) -> None:
    """Connect to it no more. Tickets stay as they are on both sides. `now` is real time. Raises `ConnectorNotFound`."""
    await _locked(unit, name)
    await unit.remote_writes.give_up(now, connector=name)
    await unit.remote_links.forget(name)
    await unit.sync_records.forget(name, now)
    # Nobody reads it any more: breaches of its tickets wait for nothing.
    await unit.clocks.remove_watermark(name)
    await unit.connectors.remove(name)


async def reseal(unit: TicketsUnit, vault: Vault | None) -> tuple[int, list[str]]:
    """Seal every credential anew under the first key; how many, and the connectors whose credential does not open any more.

    Raises `CredentialsNotSetUp`.
    """
    if vault is None:
        raise CredentialsNotSetUp("Set GLIDEPATH_CREDENTIALS_KEY for the tickets service: a credential is kept sealed.")
    count, lost = 0, []
    for each in await unit.connectors.list_all():
        connector = await unit.connectors.find(each.name, lock=True)
        if connector is None or connector.credential is None:
            continue
        owner = owner_of(connector.name)
        try:
            sealed = vault.seal_text(vault.open_text(connector.credential, owner=owner), owner=owner)
        except Unsealable:
            lost.append(connector.name)
            continue
        await unit.connectors.put(replace(connector, credential=sealed))
        count += 1
    return count, lost


async def _locked(unit: TicketsUnit, name: str) -> Connector:
    connector = await unit.connectors.find(name, lock=True)
    return connector if connector is not None else await unit.connectors.get(name)


async def _put_sealed(
    unit: TicketsUnit, connector: Connector, sealed: str | None, kind: str | None, by: str, now: datetime
) -> None:
    await unit.connectors.put(
        replace(
            connector,
            credential=sealed,
            credential_kind=kind,
            version=connector.version + 1,
            changed_at=now,
            changed_by=by,
        )
    )
    await _try_again(unit, connector.name)


async def _try_again(unit: TicketsUnit, name: str) -> None:
    await unit.connectors.note(name, next_call_at=None, failures=0, problem=None, problem_since=None)


async def _vendor(unit: TicketsUnit, vendors: Vendors, connector: Connector) -> VendorFile:
    """The vendor file that it is called by. Raises `ConnectorNotUsable`."""
    if connector.vendor not in vendor_names() and await unit.sources.find(connector.name) is None:
        raise _no_such_vendor(f"there is no vendor {connector.vendor!r}")
    try:
        vendor = await vendors.of(unit, connector)
    except PermanentFailure as problem:
        raise ConnectorNotUsable(str(problem), errors=[FieldProblem("/vendor", str(problem))]) from problem
    if vendor.vendor != connector.vendor:
        told = (
            f"the gateway's source {connector.name} is of vendor {vendor.vendor}: name that one, or take another name"
        )
        raise ConnectorNotUsable("Source and connector are of two vendors.", errors=[FieldProblem("/vendor", told)])
    if vendor.calls is None:
        raise _no_such_vendor(f"{vendor.title} delivers webhooks only: its vendor file does not say how it is called")
    return vendor


def _no_such_vendor(why: str) -> ConnectorNotUsable:
    detail = f"{why}; those that can be called are {', '.join(callable_vendors())}"
    return ConnectorNotUsable(f"/vendor: {detail}.", errors=[FieldProblem("/vendor", detail)])


def _address_problems(order: ConnectorOrder) -> list[FieldProblem]:
    try:
        parts = check_url(order.base_url)
    except AddressRefused as problem:
        if "name and password" in str(problem):
            return [
                FieldProblem("/base_url", "must not carry a name and password: a credential is kept by itself, sealed")
            ]
        return [FieldProblem("/base_url", str(problem))]
    if parts.query or parts.fragment:
        return [FieldProblem("/base_url", "is where the helpdesk begins: no ? and no # in it")]
    return []


def _settings_problems(order: ConnectorOrder, calls: Calls) -> list[FieldProblem]:
    problems = []
    known = calls.settings
    for name in order.settings:
        if name not in known and name != "zone":
            takes = ", ".join([*known, "zone"])
            problems.append(FieldProblem(f"/settings/{name}", f"is no setting of {order.vendor}; it takes {takes}"))
    for name, setting in known.items():
        if setting.required and setting.default is None and not order.settings.get(name, "").strip():
            example = f", for example {setting.example}" if setting.example else ""
            problems.append(FieldProblem(f"/settings/{name}", f"is missing: {setting.title}{example}"))
    try:
        zone(order.settings.get("zone") or "UTC")
    except ValueError as problem:
        problems.append(FieldProblem("/settings/zone", str(problem)))
    return problems


async def _export_problems(unit: TicketsUnit, name: str, order: ConnectorOrder, calls: Calls) -> Sequence[FieldProblem]:
    if order.exports and calls.create is None:
        return [FieldProblem("/exports", f"{order.vendor} can be told of no new tickets")]
    others = {
        team: each.name for each in await unit.connectors.list_all() if each.name != name for team in each.exports
    }
    return [
        FieldProblem(f"/exports/{number}", f"new tickets of this team go to {others[team]} already")
        for number, team in enumerate(order.exports)
        if team in others
    ]


def _same_origin(one: str, other: str) -> bool:
    return _origin(one) == _origin(other)


def _origin(url: str) -> tuple[str, str | None, int | None]:
    parts = urlsplit(url)
    return parts.scheme, parts.hostname, parts.port or PORTS.get(parts.scheme)
