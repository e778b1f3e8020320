"""How a CSV file or a list of records becomes people.

Reading is pure: it yields rows and, for every bad one, where it is wrong and why. Nothing here decides what is stored.
"""

import csv
import io
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from services.rollout.domain.person.cells import READERS, fold_email

MAX_ROWS = 200_000
MAX_CELL = 500
"""Characters of one value; a longer one is a broken quote far more often than a long name."""

TEXT_COLUMNS = ("id", "name", "email", "manager", "department", "region", "site", "role", "kind", "language", "zone")
COLUMNS = (*TEXT_COLUMNS, "tags", "champion", "active")
"""The header names of an import; besides them `external_id:<source>`, the person's account id in that system."""
ALIASES = {"e-mail": "email", "mail": "email", "time_zone": "zone", "timezone": "zone", "person_id": "id"}
EXTERNAL = "external_id:"


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonRow:
    """One row as given. `values` holds only what the row names, under `COLUMNS` without `id`, `email` and `manager`;
    None clears a value. `place` says where it stands: a line of the file, or an index of the list."""

    place: str
    external_key: str | None
    email: str | None
    manager: str | None = None
    values: Mapping[str, Any] = field(default_factory=dict)
    external_ids: Mapping[str, str] = field(default_factory=dict)

    @property
    def label(self) -> str:
        """What a person calls this row by."""
        return self.external_key or self.email or "?"


@dataclass(frozen=True, slots=True, kw_only=True)
class RowProblem:
    """One wrong cell. `place` as in `PersonRow`; `column` is empty where the whole row is meant."""

    place: str
    column: str
    reason: str


@dataclass(frozen=True, slots=True)
class ImportSheet:
    """What was read: usable rows, and everything that is wrong. Rows count only if nothing is."""

    rows: tuple[PersonRow, ...]
    problems: tuple[RowProblem, ...]
    columns: frozenset[str] = frozenset()


class TooManyRows(ValueError):
    """More rows than one import takes."""


def read_csv(text: str, *, limit: int = MAX_ROWS) -> ImportSheet:
    """Rows of a CSV file with a header line, separated by comma, semicolon or tab (seen from the header).

    Cells that look like spreadsheet formulas are plain text here and stay so. Raises `TooManyRows`.
    """
    text = text.removeprefix("\ufeff")
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=_delimiter(text), strict=True)
    sheet = _Sheet(limit)
    start = 1
    header: list[str] | None = None
    try:
        for cells in reader:
            line, start = start, reader.line_num + 1
            if not any(cell.strip() for cell in cells):
                continue
            if header is None:
                header = _header(cells, f"line {line}", sheet)
                if sheet.problems:
                    break
                continue
            sheet.count()
            place = f"line {line}"
            if len(cells) != len(header):
                sheet.wrong(place, "", f"has {len(cells)} values where the header names {len(header)} columns")
                continue
            sheet.add(place, dict(zip(header, cells, strict=True)))
    except csv.Error as error:
        sheet.wrong(f"line {start}", "", f"is not readable as CSV: {error}")
    if header is None and not sheet.problems:
        sheet.wrong("line 1", "", f"the file is empty; it needs a header line with columns of {', '.join(COLUMNS)}")
    return sheet.result(header or ())


def read_records(records: Iterable[Mapping[str, Any]], *, limit: int = MAX_ROWS) -> ImportSheet:
    """The same for a list of objects with the same names; `tags` may be a list and the flags booleans."""
    sheet = _Sheet(limit)
    named: set[str] = set()
    for index, record in enumerate(records):
        sheet.count()
        place = f"people/{index}"
        unknown = [name for name in record if not _known(name)]
        for name in unknown:
            sheet.wrong(place, name, f"is not a field of a person; known are {', '.join(COLUMNS)}")
        named.update(record)
        if not unknown:
            sheet.add(place, {name: _plain(value) for name, value in record.items()})
    return sheet.result(named)


def _plain(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list | tuple):
        return "|".join(str(item) for item in value)
    return str(value)


def _delimiter(text: str) -> str:
    header = text.lstrip("\r\n").split("\n", 1)[0]
    return max(",;\t", key=header.count)


def _known(name: str) -> bool:
    return name in COLUMNS or (name.startswith(EXTERNAL) and len(name) > len(EXTERNAL))


def _header(cells: list[str], place: str, sheet: "_Sheet") -> list[str]:
    header: list[str] = []
    for cell in cells:
        name = cell.strip()
        folded = name.lower().replace(" ", "_")
        # A source's name keeps its case, the prefix does not.
        name = EXTERNAL + name[len(EXTERNAL) :] if folded.startswith(EXTERNAL) else ALIASES.get(folded, folded)
        if not _known(name):
            known = ", ".join((*COLUMNS, EXTERNAL + "<source>"))
            sheet.wrong(place, cell.strip()[:60], f"is not a column of an import; known are {known}")
        elif name in header:
            sheet.wrong(place, name, "stands twice in the header")
        header.append(name)
    if "name" not in header:
        sheet.wrong(place, "name", "is missing from the header")
    if "id" not in header and "email" not in header:
        sheet.wrong(place, "id", "or email must be in the header, so that a person can be recognised next time")
    return header


class _Sheet:
    """Collects rows and problems, and notices what stands twice."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self.problems: list[RowProblem] = []
        self._rows: list[PersonRow] = []
        self._seen: dict[tuple[str, str], str] = {}
        self._count = 0

    def wrong(self, place: str, column: str, reason: str) -> None:
        self.problems.append(RowProblem(place=place, column=column, reason=reason))

    def count(self) -> None:
        self._count += 1
        if self._count > self._limit:
            raise TooManyRows(f"One import takes at most {self._limit:,} people; cut the file into several.")

    def result(self, columns: Iterable[str]) -> ImportSheet:
        return ImportSheet(tuple(self._rows), tuple(self.problems), frozenset(columns))

    def add(self, place: str, cells: Mapping[str, str]) -> None:
        before = len(self.problems)
        cells = {name: cell.strip() for name, cell in cells.items()}
        for name, cell in cells.items():
            self._check_text(place, name, cell)
        if not cells.get("name"):
            self.wrong(place, "name", "is empty")
        key, email = cells.get("id") or None, cells.get("email") or None
        if key is None and email is None:
            self.wrong(place, "id" if "id" in cells else "email", "is empty and nothing else identifies the person")
        self._once(place, "id", key)
        self._once(place, "email", fold_email(email) if email else None)
        external_ids: dict[str, str] = {}
        for name, cell in cells.items():
            if name.startswith(EXTERNAL) and cell:
                external_ids[name.removeprefix(EXTERNAL)] = cell
                self._once(place, name, cell)
        values = {name: self._value(place, name, cell) for name, cell in cells.items() if name in READERS}
        manager = cells.get("manager") if "manager" in cells else None
        if manager and manager in (key, email):
            self.wrong(place, "manager", "names the person itself")
        if len(self.problems) == before:
            self._rows.append(
                PersonRow(
                    place=place,
                    external_key=key,
                    email=email,
                    manager=manager,
                    values=values,
                    external_ids=external_ids,
                )
            )

    def _check_text(self, place: str, column: str, cell: str) -> None:
        if len(cell) > MAX_CELL:
            self.wrong(place, column, f"is {len(cell)} characters long; {MAX_CELL} is the most (an unclosed quote?)")
        elif any(character < " " and character not in "\r\n\t" for character in cell) or "\x7f" in cell:
            self.wrong(place, column, "holds a control character")

    def _once(self, place: str, column: str, value: str | None) -> None:
        if value is None:
            return
        first = self._seen.setdefault((column, value), place)
        if first != place:
            self.wrong(place, column, f"{value!r} stands already in {first}")

    def _value(self, place: str, column: str, cell: str) -> Any:
        try:
            return READERS[column](cell)
        except ValueError as error:
            self.wrong(place, column, str(error))
            return None
