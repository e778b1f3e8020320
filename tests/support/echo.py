"""A smallest possible service, to test the plumbing without any of the real ones: it counts what it hears."""

from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, cast

from fastapi import Depends, FastAPI
from pydantic import BaseModel, ConfigDict
from pydantic import Field as ModelField
from sqlalchemy import ColumnElement, MetaData, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.orm import registry
from sqlmodel import Field, SQLModel, col

from shared.app import build_app
from shared.auth import PUBLIC, Permissions, Role, roles
from shared.clock import Clock
from shared.database import NAMING_CONVENTION, Plumbing, UnitOfWork
from shared.events.envelope import Envelope
from shared.events.tickets import TicketOpened
from shared.rest import IfMatch, Page, Paging, Router, bears_secret, keyset_page, request_unit, require_match
from shared.runtime import Runtime
from shared.settings import ServiceSettings


class Record(SQLModel, registry=registry(metadata=MetaData(naming_convention=NAMING_CONVENTION))):
    pass


metadata = Record.metadata
plumbing = Plumbing(metadata)


class NoteRow(Record, table=True):
    __tablename__ = "notes"
    id: int | None = Field(default=None, primary_key=True)
    text: str
    at: datetime


class EchoUnit:
    def __init__(self, work: UnitOfWork) -> None:
        self.work = work
        self.record = work.record

    async def add_note(self, text: str, at: datetime) -> None:
        await self.work.session.execute(insert(NoteRow).values(text=text, at=at))

    async def notes(self) -> list[str]:
        return list((await self.work.session.execute(select(col(NoteRow.text)).order_by(col(NoteRow.id)))).scalars())


class NoteIn(BaseModel):
    model_config = ConfigDict(extra="forbid")
    text: str = ModelField(min_length=1)


Unit = Annotated[EchoUnit, Depends(request_unit)]


def echo_router(at: datetime) -> Router:
    router = Router()

    @router.post("/v1/notes", status_code=201)
    async def add_note(note: NoteIn, unit: Unit) -> NoteIn:
        await unit.add_note(note.text, at)
        if note.text == "fail":
            raise RuntimeError("after the write")
        return note

    @router.post("/v1/secrets", status_code=201, dependencies=[Depends(bears_secret)])
    async def make_secret(unit: Unit) -> dict[str, str]:
        await unit.add_note("secret", at)
        return {"secret": "s3cret"}

    @router.get("/v1/notes")
    async def list_notes(unit: Unit, paging: Paging) -> Page[str]:
        rows, after = await keyset_page(
            unit.work.session,
            select(col(NoteRow.text)),
            [(cast(ColumnElement[Any], col(NoteRow.id)), "asc")],
            paging,
        )
        return Page(items=rows, next=after)

    @router.patch("/v1/notes/{note_id}")
    async def change_note(note_id: int, if_match: IfMatch) -> dict[str, int]:
        require_match(7, if_match)
        return {"version": 7}

    @router.get("/public/hello")
    async def say_hello() -> dict[str, str]:
        return {"hello": "anybody"}

    return router


ECHO_PERMISSIONS: Permissions = {
    "POST /v1/notes": roles(Role.TRAINING),
    "POST /v1/secrets": roles(),
    "GET /v1/notes": roles(Role.VIEWER, Role.TRAINING),
    "PATCH /v1/notes/{note_id}": roles(),
    "GET /public/hello": PUBLIC,
}


async def create_tables(runtime: Runtime[Any]) -> None:
    async with runtime.database.writer.begin() as connection:
        assert isinstance(connection, AsyncConnection)
        await connection.run_sync(metadata.create_all)


def make_settings(url: str, nats_url: str = "nats://127.0.0.1:1", **more: Any) -> ServiceSettings:
    return ServiceSettings(
        database_url=url,
        nats_url=nats_url,
        identity_key="identity-key-of-tests",
        link_key="link-key-of-all-tests",
        consumer_ack_wait_seconds=1.5,
        **more,
    )


def make_runtime(
    url: str, nats_url: str = "nats://127.0.0.1:1", *, service: str = "tickets", clock: Clock | None = None
) -> Runtime[EchoUnit]:
    """Named after a real owner, because only owners may publish."""
    return Runtime(
        make_settings(url, nats_url),
        service=service,
        plumbing=plumbing,
        make_unit=EchoUnit,
        migrations=Path("nowhere"),
        clock=clock,
    )


def make_echo_app(runtime: Runtime[EchoUnit], at: datetime) -> FastAPI:
    return build_app(runtime, routers=[echo_router(at)], permissions=ECHO_PERMISSIONS, title="Echo")


async def note_ticket(unit: EchoUnit, envelope: Envelope[TicketOpened], now: datetime) -> None:
    """A handler whose effect can be counted."""
    await unit.add_note(envelope.data.ticket_id, now)
