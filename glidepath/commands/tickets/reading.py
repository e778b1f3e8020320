"""What the ticket commands read: paths, one ticket by its number, and the business time that countdowns go by."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Annotated, Any
from urllib.parse import quote

import typer

from glidepath.client import Client
from glidepath.faults import Fault
from shared.clock import SystemClock

TICKETS = "/api/tickets/v1"
MOST_ON_A_PAGE = 200
Number = Annotated[str, typer.Argument(metavar="NUMBER", help="The ticket's number (#12 or 12) or its id")]


def ticket_path(number: str) -> str:
    """The ticket's address; `#12` and `12` are the same ticket."""
    name = number.strip().removeprefix("#")
    if not name:
        raise Fault("name a ticket by its number, like 12")
    return f"{TICKETS}/tickets/{quote(name, safe='')}"


def find_ticket(client: Client, number: str) -> dict[str, Any]:
    """The ticket; `NotThere` when there is none."""
    ticket: dict[str, Any] = client.get(ticket_path(number))
    return ticket


def clocks_of(client: Client, number: str) -> list[dict[str, Any]]:
    """The ticket's clocks with their segments, drawn by the service up to now."""
    answer = client.get(f"{ticket_path(number)}/clocks")
    rows = answer["items"] if isinstance(answer, Mapping) else answer
    return list(rows)


class BusinessNow:
    """The deployment's time: real time, ahead of it by what a demo has stepped the clock."""

    def __init__(self, client: Client) -> None:
        self._real = SystemClock()
        self._offset = timedelta(seconds=_offset_seconds(client))

    def __call__(self) -> datetime:
        return self._real.now() + self._offset


def _offset_seconds(client: Client) -> float:
    """Only a demo has one; whoever may not ask for it goes by real time, which is right everywhere else."""
    try:
        return float(client.get(f"{TICKETS}/status").get("business_offset_seconds") or 0.0)
    except Fault:
        return 0.0
