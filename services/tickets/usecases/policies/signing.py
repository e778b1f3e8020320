"""Both sides sign a version of a policy; then it is in force for new tickets. Nobody signs for both."""

from datetime import datetime

from services.tickets.errors import OneSignsForOneSide, SignedAlready, VersionSuperseded
from services.tickets.ports import PolicyVersion, Side, Signature, TicketsUnit
from shared.auth import Identity, Role
from shared.errors import Forbidden

SIGNS_FOR = {Side.IT: Role.IT_LEAD, Side.TRAINING: Role.TRAINING}


async def sign_policy(
    unit: TicketsUnit, name: str, version: int, side: Side, *, caller: Identity, now: datetime
) -> PolicyVersion:
    """The version with one more signature; in force if it was the last that lacked. Says why where it may not be."""
    if SIGNS_FOR[side] not in caller.roles:
        raise Forbidden(
            f"{side} is signed for by somebody with the role {SIGNS_FOR[side]}; an admin can enforce a version instead."
        )
    await unit.policies.hold(name)
    found = await unit.policies.get(name, version)
    await _refuse_superseded(unit, found)
    if any(each.subject == caller.subject and each.side is not side for each in found.signatures):
        raise OneSignsForOneSide(f"{caller.name} has signed {found.label} for the other side.")
    signature = Signature(side=side, subject=caller.subject, signed_by=caller.name, signed_at=now)
    if not await unit.policies.sign(name, version, signature):
        raise SignedAlready(f"{found.label} has been signed for {side} already.")
    signed = {each.side for each in found.signatures} | {side}
    if signed == set(Side) and found.in_force_at is None:
        await unit.policies.put_in_force(name, version, now)
    return await unit.policies.get(name, version)


async def enforce_policy(
    unit: TicketsUnit, name: str, version: int, *, reason: str, by: str, now: datetime
) -> PolicyVersion:
    """In force without the signatures it lacks. Who did it and why stays with the version for good."""
    await unit.policies.hold(name)
    found = await unit.policies.get(name, version)
    await _refuse_superseded(unit, found)
    if found.in_force_at is not None:
        raise SignedAlready(f"{found.label} is in force since {found.in_force_at:%Y-%m-%d %H:%M} UTC.")
    await unit.policies.put_in_force(name, version, now, by=by, reason=reason)
    return await unit.policies.get(name, version)


async def _refuse_superseded(unit: TicketsUnit, found: PolicyVersion) -> None:
    later = await unit.policies.latest_in_force([found.name])
    if later.get(found.name, 0) > found.version:
        raise VersionSuperseded(
            f"{found.name}@{later[found.name]} is in force; publish what {found.label} says as a new version."
        )
