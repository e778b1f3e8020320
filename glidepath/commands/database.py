"""`db migrate`: bring databases to this release's schema."""

import os
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated

import typer

from glidepath.context import data_folder
from glidepath.embedded.folder import SERVICES, DataFolder
from glidepath.faults import Fault
from glidepath.output import console


def migrate(
    service: Annotated[str | None, typer.Argument(help="gateway, rollout, tickets or survey; all without")] = None,
) -> None:
    """Migrate one service's database (GLIDEPATH_DATABASE_URL), or all of them.

    Without a service: GLIDEPATH_<SERVICE>_DATABASE_URL for each, else the SQLite files of the data folder.
    """
    if service is not None and service not in SERVICES:
        raise Fault(f"there is no service {service!r}; they are {', '.join(SERVICES)}")
    here = [name for name in SERVICES if migrations_of(name) is not None]
    for name in [service] if service else here:
        migrate_one(name, _url_of(name, alone=service is not None or len(here) == 1, environment=os.environ))
        console().print(f"{name}: up to date")


def migrate_one(service: str, url: str) -> None:
    """Blocking. `Fault` when the schema is newer than this release or the service is not installed here."""
    # Alembic costs half a second to import; no other subcommand should pay for it.
    from shared.migrations import SchemaTooNew, upgrade_now

    folder = migrations_of(service)
    if folder is None:
        raise Fault(f"the {service} service is not installed here")
    try:
        upgrade_now(url, folder)
    except SchemaTooNew as error:
        raise Fault(f"{service}: {error}") from error


def migrations_of(service: str) -> Path | None:
    """Where the service's migrations lie; None when it is not installed (an image holds one service only)."""
    try:
        found = find_spec(f"services.{service}")
    except ModuleNotFoundError:
        return None
    places = list(found.submodule_search_locations or []) if found else []
    folder = Path(places[0]) / "migrations" if places else None
    return folder if folder is not None and folder.is_dir() else None


def _url_of(service: str, *, alone: bool, environment: Mapping[str, str]) -> str:
    named = environment.get(f"GLIDEPATH_{service.upper()}_DATABASE_URL")
    if named is None and alone:
        named = environment.get("GLIDEPATH_DATABASE_URL")
    if named is not None:
        return named
    folder = DataFolder(data_folder(environment))
    folder.prepare()
    return folder.database_url(service)
