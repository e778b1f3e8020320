"""What every subcommand shares: where the deployment is and how to open a client to it."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Annotated, cast

import typer

from glidepath.client import Client
from glidepath.context import Deployment, find_deployment

Reason = Annotated[str, typer.Option("--reason", "-r", help="Why; kept in the timeline")]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask")]


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """Options given before the subcommand."""

    url: str | None
    api_key: str | None

    def deployment(self) -> Deployment:
        return find_deployment(url=self.url, api_key=self.api_key)


def session_of(context: typer.Context) -> Session:
    return cast(Session, context.obj)


@contextmanager
def opened(context: typer.Context, *, patience_seconds: float = 0.0) -> Iterator[Client]:
    """A client to the deployment in question."""
    client = session_of(context).deployment().client(patience_seconds=patience_seconds)
    try:
        yield client
    finally:
        client.close()
