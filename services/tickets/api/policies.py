"""REST: policies, their versions, and who signed them."""

from typing import Annotated

from fastapi import Path, Query, Request, Response

from services.tickets.api.reading import Unit
from services.tickets.domain.condition import Features
from services.tickets.ports import PolicyVersion, TicketsUnit
from services.tickets.schemas.policies import (
    ChangeOut,
    CheckIn,
    CheckOut,
    DiffOut,
    EnforceIn,
    FindingOut,
    PolicyIn,
    PolicyOut,
    PromiseOut,
    PublishedOut,
    RuleCheckOut,
    SignIn,
    policy_out,
)
from services.tickets.usecases.policies import (
    Asked,
    Finding,
    ask_policies,
    ask_policy,
    check_document,
    compare_policies,
    enforce_policy,
    publish_policy,
    sign_policy,
)
from shared.rest import Caller, Now, Page, Paging, Router, page_of

router = Router(tags=["policies"])
PolicyName = Annotated[str, Path(max_length=100, pattern=r"^[a-z0-9][a-z0-9_.-]*$")]
Version = Annotated[int, Path(ge=1, le=1_000_000_000)]


@router.get("/v1/policies")
async def get_policies(request: Request, response: Response, unit: Unit, paging: Paging) -> Page[PolicyOut]:
    """Every version of every policy, the newest first."""
    found, after = await unit.policies.page(paging)
    return page_of(await _told(unit, found), after, request, response)


@router.get("/v1/policies/{name}/versions")
async def get_versions(
    name: PolicyName, request: Request, response: Response, unit: Unit, paging: Paging
) -> Page[PolicyOut]:
    """Every version of one policy, the newest first. A policy that does not exist has none."""
    found, after = await unit.policies.page(paging, name)
    return page_of(await _told(unit, found), after, request, response)


@router.get("/v1/policies/{name}/versions/{version}")
async def get_version(name: PolicyName, version: Version, unit: Unit) -> PolicyOut:
    return (await _told(unit, [await unit.policies.get(name, version)]))[0]


@router.get("/v1/policies/{name}/versions/{version}/diff")
async def get_diff(
    name: PolicyName,
    version: Version,
    unit: Unit,
    against: Annotated[int | None, Query(ge=1, description="An older version; the one before without it.")] = None,
) -> DiffOut:
    """What this version says differently, in sentences."""
    after = await unit.policies.get(name, version)
    before = await unit.policies.get(name, against or max(1, version - 1))
    changes = compare_policies(before.document, after.document)
    return DiffOut(
        before=before.label,
        after=after.label,
        changes=[
            ChangeOut(pointer=each.pointer, before=each.before, after=each.after, sentence=each.sentence)
            for each in changes
        ],
    )


@router.put("/v1/policies/{name}")
async def put_policy(name: PolicyName, wanted: PolicyIn, unit: Unit, caller: Caller, now: Now) -> PublishedOut:
    """Propose a version. It is for new tickets once both sides have signed it; open tickets stay with theirs."""
    published = await publish_policy(unit, name, wanted.document(), by=caller.name, now=now)
    told = (await _told(unit, [published.version]))[0]
    return PublishedOut(**told.model_dump(), warnings=_findings(published.warnings))


@router.post("/v1/policies/{name}/versions/{version}/sign")
async def post_signature(
    name: PolicyName, version: Version, wanted: SignIn, unit: Unit, caller: Caller, now: Now
) -> PolicyOut:
    """Sign for one side: `it` by an IT lead, `training` by training. Nobody signs for both."""
    signed = await sign_policy(unit, name, version, wanted.side, caller=caller, now=now)
    return (await _told(unit, [signed]))[0]


@router.post("/v1/policies/{name}/versions/{version}/enforce")
async def post_enforcement(
    name: PolicyName, version: Version, wanted: EnforceIn, unit: Unit, caller: Caller, now: Now
) -> PolicyOut:
    """Put a version in force without the signatures it lacks. Who did it and why stays with it."""
    enforced = await enforce_policy(unit, name, version, reason=wanted.reason, by=caller.name, now=now)
    return (await _told(unit, [enforced]))[0]


@router.post("/v1/policies/check")
async def check_policy(wanted: CheckIn, unit: Unit, now: Now) -> CheckOut:
    """Look at a policy, or at those in force, and change nothing: mistakes, what is odd, and what a ticket would get."""
    opened_at = wanted.opened_at or now
    features = None if wanted.features is None else Features.read(wanted.features.model_dump(mode="json"))
    if wanted.policy is None:
        return _checked(await ask_policies(unit, features or Features(), opened_at), opened_at)
    newest = await unit.policies.find_newest(wanted.name)
    version = newest.version + 1 if newest else 1
    _, review = await check_document(unit, wanted.name, wanted.policy.document(), version, now)
    asked = Asked() if review.policy is None or features is None else ask_policy(review.policy, features, opened_at)
    checked = _checked(asked, opened_at)
    return checked.model_copy(update={"problems": _findings(review.problems), "warnings": _findings(review.warnings)})


def _checked(asked: Asked, opened_at: Now) -> CheckOut:
    return CheckOut(
        problems=[],
        warnings=[],
        policy=asked.policy.label if asked.policy else None,
        policies=[RuleCheckOut(name=each.rule, matched=each.matched, reason=each.reason) for each in asked.policies],
        rules=[RuleCheckOut(name=each.rule, matched=each.matched, reason=each.reason) for each in asked.rules],
        opened_at=opened_at,
        promises=[
            PromiseOut(target=each.target, target_seconds=each.target_for.total_seconds(), due_at=each.due_at)
            for each in asked.promises
        ],
    )


def _findings(found: tuple[Finding, ...]) -> list[FindingOut]:
    return [FindingOut(pointer=each.pointer, detail=each.detail) for each in found]


async def _told(unit: TicketsUnit, found: list[PolicyVersion]) -> list[PolicyOut]:
    latest = await unit.policies.latest_in_force({version.name for version in found})
    return [policy_out(version, superseded=version.version < latest.get(version.name, 0)) for version in found]
