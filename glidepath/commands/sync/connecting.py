"""`sync add|two-way|read-only|remove|reseal|vendors`: which helpdesks are connected, and whether they are told anything."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any

import typer

from glidepath.client import Client
from glidepath.commands.sync.reading import CONNECTORS, Name, change_connector, connector_path, find_connector
from glidepath.commands.tickets.reading import TICKETS
from glidepath.faults import Fault, NotThere
from glidepath.output import Format, Output, console, show_data, show_rows
from glidepath.session import Yes, opened
from shared.clock import parse_instant

Several = list[str] | None


def add(
    context: typer.Context,
    name: Name,
    vendor: Annotated[str | None, typer.Option(help="As `glidepath sync vendors` lists them")] = None,
    url: Annotated[str | None, typer.Option(help="Where the helpdesk is: https://desk.example.org")] = None,
    settings: Annotated[Several, typer.Option("--set", metavar="K=V", help="A setting of the vendor; repeat")] = None,
    queue: Annotated[Several, typer.Option(help="Take in tickets of this queue only; repeat")] = None,
    tag: Annotated[Several, typer.Option(help="Take in tickets with this tag only; repeat")] = None,
    since: Annotated[str | None, typer.Option(help="Take in tickets opened since: 2026-01-31, or with a time")] = None,
    owner: Annotated[
        Several, typer.Option(metavar="FIELD=OWNER", help="status, priority, subject = remote, local, newest; repeat")
    ] = None,
    export: Annotated[Several, typer.Option(metavar="TEAM", help="Open new tickets of it there; * is all")] = None,
    every: Annotated[int | None, typer.Option(metavar="SECONDS", help="How often it is asked; 30 to 86400")] = None,
    two_way: Annotated[bool, typer.Option("--two-way", help="Tell it what is done here; else it is only read")] = False,
    yes: Yes = False,
    output: Output = Format.TABLE,
) -> None:
    """Connect a helpdesk, or change one that is connected: what is not said stays. It starts read-only."""
    given: dict[str, Any] = {"vendor": vendor, "base_url": url, "poll_every_seconds": every, "exports": export}
    given |= {"settings": pairs(settings, "--set"), "ownership": pairs(owner, "--owner")}
    given |= {"mode": "two_way" if two_way else None}
    given = {key: value for key, value in given.items() if value not in (None, {})}
    filters: dict[str, Any] = {"queues": queue, "tags": tag, "since": None if since is None else _instant(since)}
    filters = {key: value for key, value in filters.items() if value is not None}
    with opened(context) as client:
        known = _known(client, name)
        if known is None:
            if not vendor or not url:
                raise Fault("a new connector needs --vendor and --url; `glidepath sync vendors` lists the vendors")
            connector = client.put(connector_path(name), given | ({"filters": filters} if filters else {}))
        else:
            if not yes:
                typer.confirm(f"{name} is connected to {known['base_url']} already: change it?", abort=True)
            for part in ("settings", "ownership"):
                given[part] = {**known[part], **given.get(part, {})}
            connector = change_connector(client, known, **given, filters={**known["filters"], **filters})
    if output is not Format.TABLE:
        show_data(connector, output)
        return
    words = "two-way" if connector["mode"] == "two_way" else "read-only"
    console().print(f"{name} is connected to {connector['title']} at {connector['base_url']}, {words}")
    if connector["credential_kind"] is None:
        console().print(f"next: glidepath sync login {name}")


def make_two_way(context: typer.Context, name: Name, yes: Yes = False, output: Output = Format.TABLE) -> None:
    """Tell a helpdesk what is done here, beginning with what waits."""
    with opened(context) as client:
        connector = find_connector(client, name)
        if not yes:
            waiting = int(connector["status"]["waiting"])
            orders = "1 order waits" if waiting == 1 else f"{waiting} orders wait"
            console().print(f"{orders} to be told; to read them first: glidepath sync writes {name} --state waiting")
            typer.confirm(f"tell {name} from now on?", abort=True)
        _say_mode(change_connector(client, connector, mode="two_way"), output)


def make_read_only(context: typer.Context, name: Name, output: Output = Format.TABLE) -> None:
    """Tell a helpdesk nothing more; it is still read, and what it would be told is kept."""
    with opened(context) as client:
        _say_mode(change_connector(client, find_connector(client, name), mode="read_only"), output)


def remove(context: typer.Context, name: Name, yes: Yes = False) -> None:
    """Disconnect a helpdesk. Its tickets stay on both sides, linked no more."""
    with opened(context) as client:
        connector = find_connector(client, name)
        if not yes:
            waiting = int(connector["status"]["waiting"])
            lost = f"; {waiting} orders that wait are given up" if waiting else ""
            typer.confirm(f"disconnect {name} ({connector['base_url']}){lost}?", abort=True)
        client.call("DELETE", connector_path(name))
    console().print(f"{name} is connected no more; its tickets stay on both sides")


def reseal(context: typer.Context, output: Output = Format.TABLE) -> None:
    """Seal every credential anew, after GLIDEPATH_CREDENTIALS_KEY got a new first key."""
    with opened(context) as client:
        answer = client.post(f"{CONNECTORS}/reseal")
    if output is not Format.TABLE:
        show_data(answer, output)
    else:
        console().print(f"{answer['resealed']} credentials are sealed with the first key")
    if answer["lost"]:
        raise Fault(
            "some credentials open with none of the keys and have to be set anew",
            places=[f"{name}: glidepath sync login {name}" for name in answer["lost"]],
        )


def vendors(context: typer.Context, output: Output = Format.TABLE) -> None:
    """List the helpdesks that can be connected, with the settings and credentials each takes."""
    with opened(context) as client:
        rows = list(client.items(f"{TICKETS}/helpdesk-vendors"))
    if output is Format.TABLE:
        rows = [_in_words(row) for row in rows if row["calls"]]
    show_rows(rows, ("vendor", "title", "credentials", "settings", "tells"), output)


def pairs(texts: Sequence[str] | None, option: str) -> dict[str, str]:
    """`["group=7"]` as a mapping."""
    found = {}
    for text in texts or ():
        key, equals, value = text.partition("=")
        if not equals or not key.strip():
            raise Fault(f"{option} {text!r} is not written like KEY=VALUE")
        found[key.strip()] = value.strip()
    return found


def _in_words(row: Mapping[str, Any]) -> dict[str, Any]:
    settings = [f"{each['name']}{' (required)' if each['required'] else ''}" for each in row["settings"]]
    told = ["comments", *row["takes"]]
    return {**row, "credentials": [each["kind"] for each in row["auth"]], "settings": settings, "tells": told}


def _known(client: Client, name: str) -> dict[str, Any] | None:
    try:
        return find_connector(client, name)
    except NotThere:
        return None


def _instant(text: str) -> str:
    try:
        return parse_instant(text if "T" in text else f"{text}T00:00:00Z").isoformat()
    except ValueError as error:
        raise Fault(f"--since {text!r} is no day like 2026-01-31 and no time like 2026-01-31T08:00:00Z") from error


def _say_mode(connector: Mapping[str, Any], output: Format) -> None:
    if output is not Format.TABLE:
        show_data(connector, output)
        return
    words = "is told what is done here" if connector["mode"] == "two_way" else "is only read"
    console().print(f"{connector['name']} {words}")
