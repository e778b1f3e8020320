"""Import people, and say whose a name in an outside system is."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from services.rollout.domain.person import ImportSheet, PersonRow, RowProblem, fold_email
from services.rollout.ports.learning import ANY_SOURCE, IdentityKey, LearningUnit
from shared.clock import new_id
from shared.errors import Conflict, FieldProblem, InvalidRequest
from shared.events.rollout import PersonChanged

MAX_NAMED = 1_000
"""Problems that one answer names."""
_DEFAULTS: Mapping[str, Any] = {
    **dict.fromkeys(("department", "region", "site", "role", "language", "zone", "email", "manager_id")),
    "kind": "employee",
    "tags": [],
    "champion": False,
    "active": True,
    "external_ids": {},
}


class ImportRefused(InvalidRequest):
    """Nothing was imported; `errors` names every bad place."""

    code = "import_refused"
    title = "The import has bad rows"


class IdentityAlreadyLinked(Conflict):
    code = "identity_already_linked"


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportOutcome:
    """How many people are new, different, and as they were."""

    created: int
    changed: int
    unchanged: int


async def import_people(unit: LearningUnit, sheet: ImportSheet, now: datetime) -> ImportOutcome:
    """Take the rows in, all or none. People are recognised by their id, else by their e-mail address.

    Columns that the file does not have stay as they are; people that it does not have stay too.
    """
    _refuse(sheet.problems)
    directory = unit.people.directory
    merge = _Merge(await directory.find_for_import(sheet.rows), sheet)
    merge.run()
    await _check_accounts(unit, merge)
    _refuse(merge.problems)
    new = [{**row, "created_at": now, "changed_at": now} for row in merge.new]
    changed = [{**row, "changed_at": now} for row in merge.changed]
    await directory.save_people(new, changed)
    await directory.replace_directory_identities({row["id"]: _names_of(row) for row in (*merge.new, *merge.changed)})
    for row in (*merge.new, *merge.changed):
        unit.record(_event(row), aggregate_version=row["version"])
    await settle_names(unit, await directory.find_settled_names(), by="import", now=now)
    unchanged = len(sheet.rows) - len(new) - len(changed)
    return ImportOutcome(created=len(new), changed=len(changed), unchanged=unchanged)


async def link_identity(unit: LearningUnit, unknown_id: str, person_id: str, *, by: str, now: datetime) -> None:
    """Say who an unknown name is; the facts that waited for it count from now on. Linking again to the same is harmless."""
    unknown = await unit.people.directory.get_unknown(unknown_id)
    person = await unit.people.directory.get_person(person_id)
    if unknown.person_id == person.id:
        return
    if unknown.person_id is not None:
        raise IdentityAlreadyLinked("This name was linked to somebody else; its facts count for them.")
    key = IdentityKey(source=unknown.source, scheme=unknown.scheme, value=unknown.value)
    await unit.people.directory.save_identities({key: person.id}, origin="hand")
    await settle_names(unit, {key: person.id}, by=by, now=now)


async def settle_names(unit: LearningUnit, names: Mapping[IdentityKey, str], *, by: str, now: datetime) -> None:
    """These names have an owner now: their waiting facts are applied, and the waves they count in look again."""
    if not names:
        return
    touched = await unit.people.learning.adopt_facts(names)
    await unit.people.directory.mark_linked(names, by=by, now=now)
    for rollout, wave in sorted(await unit.people.learning.refold(touched, now)):
        await unit.rollouts.want_look(rollout, wave, now)


def _refuse(problems: Sequence[RowProblem]) -> None:
    if not problems:
        return
    named = [FieldProblem(*_place(problem)) for problem in problems[:MAX_NAMED]]
    more = f" The first {MAX_NAMED:,} are named." if len(problems) > MAX_NAMED else ""
    count = len({problem.place for problem in problems})
    rows = "1 row is" if count == 1 else f"{count:,} rows are"
    raise ImportRefused(f"Nothing was imported: {rows} wrong.{more}", errors=named)


def _place(problem: RowProblem) -> tuple[str, str]:
    place = problem.place.replace(" ", "/")
    where = f"{problem.place}, {problem.column}" if problem.column else problem.place
    column = problem.column.replace("~", "~0").replace("/", "~1")
    return f"/{place}/{column}".rstrip("/"), f"{where}: {problem.reason}"


async def _check_accounts(unit: LearningUnit, merge: "_Merge") -> None:
    """An account in another system is one person's. A swap within the import is fine."""
    rows = {row["id"]: row for row in (*merge.new, *merge.changed)}
    accounts = {key: row["id"] for row in rows.values() for key in _names_of(row) if key.scheme == "account"}
    for key, owner in (await unit.people.directory.find_owners(list(accounts))).items():
        person_id = accounts[key]
        gives_up = owner in rows and rows[owner]["external_ids"].get(key.source) != key.value
        if owner != person_id and not gives_up:
            merge.wrong(person_id, f"external_id:{key.source}", f"{key.value!r} is another person's account already")


class _Merge:
    """Rows of an import against the people who are there: who is new, who changed, and what cannot be."""

    def __init__(self, present: Sequence[dict[str, Any]], sheet: ImportSheet) -> None:
        self.new: list[dict[str, Any]] = []
        self.changed: list[dict[str, Any]] = []
        self.problems: list[RowProblem] = []
        self._sheet = sheet
        self._present = {person["id"]: person for person in present}
        self._by_key = {person["external_key"]: person for person in present if person["external_key"]}
        self._by_email = {person["email_folded"]: person for person in present if person["email_folded"]}
        self._rows: dict[str, PersonRow] = {}

    def run(self) -> None:
        final: dict[str, dict[str, Any]] = {}
        for row in self._sheet.rows:
            person = self._find(row)
            person_id = person["id"] if person else new_id()
            if person_id in self._rows:
                self._complain(row, "", f"is the same person as {self._rows[person_id].place}")
                continue
            self._rows[person_id] = row
            final[person_id] = self._after(row, person_id, person)
        self._check_addresses(final)
        self._set_managers(final)
        for person_id, after in final.items():
            before = self._present.get(person_id)
            if before is None:
                self.new.append({**after, "version": 1})
            elif any(after[name] != before[name] for name in after):
                self.changed.append({**after, "version": before["version"] + 1})

    def wrong(self, person_id: str, column: str, reason: str) -> None:
        self._complain(self._rows[person_id], column, reason)

    def _complain(self, row: PersonRow, column: str, reason: str) -> None:
        self.problems.append(RowProblem(place=row.place, column=column, reason=reason))

    def _find(self, row: PersonRow) -> dict[str, Any] | None:
        if row.external_key is not None and row.external_key in self._by_key:
            return self._by_key[row.external_key]
        if row.email is None:
            return None
        person = self._by_email.get(fold_email(row.email))
        # Somebody imported without an id gets one now; somebody with another id is another person.
        if person is None or (row.external_key is not None and person["external_key"] is not None):
            return None
        return person

    def _after(self, row: PersonRow, person_id: str, before: Mapping[str, Any] | None) -> dict[str, Any]:
        after = {**_DEFAULTS, **{name: before[name] for name in _DEFAULTS}} if before else dict(_DEFAULTS)
        after |= row.values
        after["id"] = person_id
        after["external_key"] = row.external_key or (before["external_key"] if before else None)
        after["email_folded"] = fold_email(after["email"]) if after["email"] else None
        after["external_ids"] = {**after["external_ids"], **row.external_ids}
        words = (after["name"], after["external_key"], after["email"])
        after["search"] = " ".join(word.casefold() for word in words if word)
        return after

    def _check_addresses(self, final: Mapping[str, Mapping[str, Any]]) -> None:
        taken: dict[str, str] = {}
        for person_id, person in self._present.items():
            if person_id not in final and person["email_folded"]:
                taken[person["email_folded"]] = person_id
        for person_id, after in final.items():
            address = after["email_folded"]
            if address is not None and taken.setdefault(address, person_id) != person_id:
                self.wrong(person_id, "email", f"{after['email']!r} belongs to another person already")

    def _set_managers(self, final: dict[str, dict[str, Any]]) -> None:
        known: dict[str, str] = {}
        for person in (*self._present.values(), *final.values()):
            for name in (person["email_folded"], person["external_key"]):
                if name:
                    known[name] = person["id"]
        for person_id, after in final.items():
            text = self._rows[person_id].manager
            if text is None:
                continue
            manager_id = known.get(text) or known.get(fold_email(text)) if text else None
            if text and manager_id is None:
                self.wrong(person_id, "manager", f"{text!r} is nobody's id or address, here or in the directory")
            after["manager_id"] = manager_id


def _names_of(person: Mapping[str, Any]) -> list[IdentityKey]:
    names = []
    if person["email_folded"]:
        names.append(IdentityKey(source=ANY_SOURCE, scheme="email", value=person["email_folded"]))
    if person["external_key"]:
        names.append(IdentityKey(source=ANY_SOURCE, scheme="external_id", value=person["external_key"]))
    for source, value in person["external_ids"].items():
        names += [IdentityKey(source=source, scheme=scheme, value=value) for scheme in ("account", "external_id")]
    return names


def _event(person: Mapping[str, Any]) -> PersonChanged:
    same = ("name", "email", "region", "site", "department", "role", "language", "zone", "manager_id")
    return PersonChanged(
        person_id=person["id"],
        champion=person["champion"],
        external_ids=person["external_ids"],
        active=person["active"],
        **{name: person[name] for name in same},
    )
