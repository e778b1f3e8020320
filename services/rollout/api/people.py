"""People: import, directory, and names that are nobody's yet."""

import asyncio
from typing import Annotated

from fastapi import Depends, Query, Request, Response
from pydantic import ValidationError

from services.rollout.domain.person import ImportSheet, TooManyRows, read_csv, read_records
from services.rollout.ports.learning import LearningUnit
from services.rollout.schemas.people import (
    IdentityOut,
    ImportOut,
    LinkIn,
    MemberOut,
    PeopleIn,
    PersonDetailOut,
    PersonOut,
    UnknownIdentityOut,
)
from services.rollout.usecases.people import import_people, link_identity
from shared.errors import BadRequest, FieldProblem, InvalidRequest, TooLarge
from shared.rest import Caller, Now, Page, Paging, Router, page_of, request_unit

Unit = Annotated[LearningUnit, Depends(request_unit)]
Filter = Annotated[str | None, Query(max_length=200)]
router = Router(tags=["people"])


@router.post(
    "/v1/people/import",
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {
                "text/csv": {"schema": {"type": "string"}},
                "application/json": {"schema": PeopleIn.model_json_schema()},
            },
        }
    },
)
async def import_directory(request: Request, unit: Unit, now: Now) -> ImportOut:
    """Import people, all or none. CSV (UTF-8; comma, semicolon or tab) or JSON `{"people": [...]}`.

    Columns: `id`, `name`, `email`, `manager` (id or address), `department`, `region`, `site`, `role`, `kind`
    (employee, dealer, customer), `language`, `zone`, `tags` (separated by `|`), `champion`, `active` (yes or no) and
    `external_id:<source>`. `name` and one of `id` and `email` are needed. Every bad row is named by line, column and reason.
    """
    # A large file takes seconds to read; meanwhile others must be answered.
    sheet = await asyncio.to_thread(_sheet, request.headers.get("content-type", ""), await request.body())
    outcome = await import_people(unit, sheet, now)
    return ImportOut(created=outcome.created, changed=outcome.changed, unchanged=outcome.unchanged)


@router.get("/v1/people")
async def list_people(
    request: Request,
    response: Response,
    unit: Unit,
    paging: Paging,
    search: Annotated[str | None, Query(max_length=200, description="Words in name, id or address.")] = None,
    region: Filter = None,
    site: Filter = None,
    department: Filter = None,
    role: Filter = None,
) -> Page[PersonOut]:
    """The directory by name."""
    given = {"region": region, "site": site, "department": department, "role": role}
    filters = {name: value for name, value in given.items() if value is not None}
    rows, following = await unit.people.directory.list_people(paging, search=search, filters=filters)
    return page_of([PersonOut.model_validate(row) for row in rows], following, request, response)


@router.get("/v1/people/{person_id}")
async def get_person(person_id: str, unit: Unit) -> PersonDetailOut:
    """A person, with every name they have in outside systems."""
    person = await unit.people.directory.get_person(person_id)
    names = await unit.people.directory.list_external(person_id)
    identities = [IdentityOut(source=name.source, scheme=name.scheme, value=name.value) for name in names]
    return PersonDetailOut(**PersonOut.model_validate(person).model_dump(), identities=identities)


@router.get("/v1/unknown-identities")
async def list_unknown_identities(
    request: Request,
    response: Response,
    unit: Unit,
    paging: Paging,
    linked: Annotated[bool, Query(description="Those that were linked, instead of those that wait.")] = False,
) -> Page[UnknownIdentityOut]:
    """Names that outside systems used and that are nobody's; their facts wait."""
    rows, following = await unit.people.directory.list_unknown(paging, linked=linked)
    items = [
        UnknownIdentityOut(
            id=row.id,
            source=row.source,
            scheme=row.scheme,
            value=row.shown,
            first_seen_at=row.first_seen_at,
            last_seen_at=row.last_seen_at,
            person_id=row.person_id,
            linked_at=row.linked_at,
        )
        for row in rows
    ]
    return page_of(items, following, request, response)


@router.post("/v1/unknown-identities/{unknown_id}/link", status_code=204)
async def link_unknown_identity(unknown_id: str, body: LinkIn, unit: Unit, caller: Caller, now: Now) -> None:
    """Say who this name is. What waited for it is applied at once."""
    await link_identity(unit, unknown_id, body.person_id, by=caller.subject, now=now)


@router.get("/v1/rollouts/{name}/enrolments")
async def list_enrolments(
    name: str,
    request: Request,
    response: Response,
    unit: Unit,
    paging: Paging,
    wave: Filter = None,
    state: Filter = None,
    failed: Annotated[bool, Query(description="Only those whom the learning system would not take.")] = False,
) -> Page[MemberOut]:
    """Members of a rollout's waves and how they stand."""
    rows, following = await unit.people.enrolments.list_members(name, paging, wave=wave, state=state, failed=failed)
    items = [
        MemberOut(
            enrolment_id=row.id,
            wave=row.wave,
            person_id=row.person_id,
            name=person_name,
            email=email,
            state=row.state,
            push=row.push,
            push_attempts=row.push_attempts,
            push_error=row.push_error,
            changed_at=row.changed_at,
        )
        for row, person_name, email in rows
    ]
    return page_of(items, following, request, response)


def _sheet(content_type: str, body: bytes) -> ImportSheet:
    kind = content_type.partition(";")[0].strip().lower()
    try:
        if kind in ("text/csv", "text/plain"):
            return read_csv(_text(body))
        if kind == "application/json":
            return read_records(PeopleIn.model_validate_json(body).people)
    except TooManyRows as error:
        raise TooLarge(str(error)) from error
    except ValidationError as error:
        raise InvalidRequest('Send {"people": [...]}.', errors=_problems(error)) from error
    raise BadRequest("Send the people as text/csv or application/json.")


def _text(body: bytes) -> str:
    if body[:2] in (b"\xff\xfe", b"\xfe\xff"):
        raise BadRequest("The file is UTF-16; save it as CSV in UTF-8.")
    try:
        return body.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = body[: error.start].count(b"\n") + 1
        raise BadRequest(f"The file is not UTF-8 (line {line}); save it as CSV in UTF-8.") from error


def _problems(error: ValidationError) -> list[FieldProblem]:
    return [
        FieldProblem("".join(f"/{step}" for step in problem["loc"]) or "/", problem["msg"])
        for problem in error.errors(include_url=False)[:20]
    ]
