"""What a cell of an import may hold, and how names are compared."""

import re
from collections.abc import Callable
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

KINDS = ("employee", "dealer", "customer")

_EMAIL = re.compile(r"[^\s@,;<>\"()]+@[^\s@,;<>\"()]+\.[^\s@,;<>\"().]+")
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*")
_YES = {"yes", "true", "1", "y", "x"}
_NO = {"no", "false", "0", "n", ""}


def fold_email(address: str) -> str:
    """The form in which two addresses are compared: case does not count."""
    return address.strip().casefold()


def fold_identity(scheme: str, value: str) -> str:
    """How an outside name is compared: e-mails ignore case, every other scheme is exact."""
    return fold_email(value) if scheme == "email" else value.strip()


def _text(cell: str) -> str | None:
    return cell or None


def _name(cell: str) -> str:
    return " ".join(cell.split())


def _kind(cell: str) -> str:
    kind = cell.lower() or "employee"
    if kind not in KINDS:
        raise ValueError(f"{cell!r} is none of {', '.join(KINDS)}")
    return kind


def _language(cell: str) -> str | None:
    if cell and not _LANGUAGE.fullmatch(cell):
        raise ValueError(f"{cell!r} is not a language tag such as de or pt-BR")
    return cell or None


def _zone(cell: str) -> str | None:
    if not cell:
        return None
    try:
        ZoneInfo(cell)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise ValueError(f"{cell!r} is not a time zone such as Europe/Berlin") from error
    return cell


def _tags(cell: str) -> list[str]:
    return sorted({tag for part in cell.split("|") if (tag := part.strip())})


def _flag(*, default: bool) -> Callable[[str], bool]:
    def read(cell: str) -> bool:
        word = cell.lower()
        if word == "":
            return default
        if word not in _YES and word not in _NO:
            raise ValueError(f"{cell!r} is neither yes nor no")
        return word in _YES

    return read


def _email(cell: str) -> str | None:
    if cell and (len(cell) > 254 or not _EMAIL.fullmatch(cell)):
        raise ValueError(f"{cell!r} is not an e-mail address")
    return cell or None


READERS: dict[str, Callable[[str], Any]] = {
    "name": _name,
    "email": _email,
    "department": _text,
    "region": _text,
    "site": _text,
    "role": _text,
    "kind": _kind,
    "language": _language,
    "zone": _zone,
    "tags": _tags,
    "champion": _flag(default=False),
    "active": _flag(default=True),
}
