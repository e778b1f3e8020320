"""`login`: a one-time link to the console, made with the gateway's own database and no password."""

import asyncio
import os

from glidepath.context import data_folder
from glidepath.embedded.folder import DataFolder
from glidepath.faults import Fault
from glidepath.output import console


def login() -> None:
    """Print a link that signs you in to the console as administrator; it works once, for a quarter of an hour.

    Runs where the gateway runs: `glidepath up`'s folder, or inside the gateway's container.
    """
    folder = DataFolder(data_folder())
    in_container = "GLIDEPATH_DATABASE_URL" in os.environ
    if not in_container and not folder.secrets_file.exists():
        raise Fault(f"no gateway here: neither GLIDEPATH_DATABASE_URL nor {folder.secrets_file}")
    from glidepath.embedded.login import make_login_link

    console().print(asyncio.run(make_login_link(None if in_container else folder)))
