"""Connectors over the wire: how they are set up and how they stand. A credential goes in and never comes out."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Annotated, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, SecretStr, StringConstraints

from services.tickets.domain.sync import FIELDS, Connector, Filters, Mode, Owner, State, is_polling, silent_since
from services.tickets.domain.sync import Field as SyncedField
from services.tickets.schemas.requests import STORABLE
from services.tickets.usecases.syncing.configuring import ConnectorOrder
from services.tickets.usecases.syncing.credentials import kinds_of
from services.tickets.usecases.syncing.showing import Standing
from shared.mapping import VendorFile

Word = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200, pattern=STORABLE)]
Words = Annotated[list[Word], Field(max_length=100)]
Value = Annotated[str, StringConstraints(strip_whitespace=True, max_length=2_000, pattern=STORABLE)]
Part = Annotated[SecretStr, Field(min_length=1, max_length=8_000)]
Ownership = dict[Literal["status", "priority", "subject"], Owner]


class _In(BaseModel):
    model_config = ConfigDict(extra="forbid")


class FiltersIn(_In):
    """What is taken in; empty cuts nothing. `since` is when a ticket was opened there."""

    since: AwareDatetime | None = None
    queues: Words = []
    tags: Words = []


class ConnectorIn(_In):
    """A whole connector but for its credential. `exports` are teams whose new tickets are opened there, too; `*` is everybody."""

    vendor: Word
    base_url: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=500, pattern=STORABLE)]
    settings: Annotated[dict[Word, Value], Field(max_length=50)] = {}
    mode: Mode = Mode.READ_ONLY
    enabled: bool = True
    filters: FiltersIn = FiltersIn()
    ownership: Ownership = {}
    exports: Words = []
    poll_every_seconds: Annotated[int, Field(ge=30, le=86_400)] = 300

    def order(self) -> ConnectorOrder:
        since = self.filters.since
        return ConnectorOrder(
            vendor=self.vendor,
            base_url=self.base_url,
            settings=self.settings,
            mode=self.mode,
            enabled=self.enabled,
            filters=Filters(
                since=None if since is None else since.astimezone(UTC),
                queues=_once(self.filters.queues),
                tags=_once(self.filters.tags),
            ),
            ownership=owned(self.ownership),
            exports=_once(self.exports),
            poll_every_for=timedelta(seconds=self.poll_every_seconds),
        )


class CredentialIn(_In):
    """Which parts belong to a kind is told with each vendor and each connector (`auth`)."""

    kind: Literal["token", "basic", "oauth2"]
    secret: Part | None = None
    user: Annotated[str, StringConstraints(strip_whitespace=True, max_length=500, pattern=STORABLE)] | None = None
    client_id: Annotated[str, StringConstraints(strip_whitespace=True, max_length=2_000, pattern=STORABLE)] | None = (
        None
    )
    client_secret: Part | None = None
    refresh_token: Part | None = None
    access_token: Part | None = None

    def values(self) -> dict[str, str]:
        """The parts that were sent, in the clear."""
        parts: dict[str, str | SecretStr | None] = {
            name: getattr(self, name) for name in type(self).model_fields if name != "kind"
        }
        return {
            name: part.get_secret_value() if isinstance(part, SecretStr) else part
            for name, part in parts.items()
            if part is not None
        }


class FiltersOut(BaseModel):
    since: AwareDatetime | None
    queues: list[str]
    tags: list[str]


class AuthOut(BaseModel):
    """A kind of credential that is taken, what the operator has to get and where, and the parts that it consists of."""

    kind: str
    title: str
    needs: list[str]
    may_have: list[str]


class StandingOut(BaseModel):
    """How it stands. Counts of orders: `waiting` to be told, `uncertain` sent and not answered, `refused` wait for a person.
    `problems` could not be understood, `conflicts` are of the last seven days."""

    state: State
    says: str
    synced_until: AwareDatetime | None
    lag_seconds: float | None
    polled_at: AwareDatetime | None
    polling: bool
    poll_started_at: AwareDatetime | None
    next_look_at: AwareDatetime | None
    failures: int
    problem: str | None
    problem_since: AwareDatetime | None
    delivered_at: AwareDatetime | None
    usual_gap_seconds: float | None
    silent_since: AwareDatetime | None
    found: int
    waiting: int
    uncertain: int
    refused: int
    oldest_waiting_at: AwareDatetime | None
    problems: int
    conflicts: int


class ConnectorOut(BaseModel):
    """`ownership` is the effective one of every field. `title` is how the vendor is called."""

    name: str
    vendor: str
    title: str
    base_url: str
    settings: dict[str, str]
    auth: list[AuthOut]
    credential_kind: str | None
    mode: Mode
    enabled: bool
    filters: FiltersOut
    ownership: Ownership
    exports: list[str]
    poll_every_seconds: int
    version: int
    created_at: AwareDatetime
    changed_at: AwareDatetime
    changed_by: str
    status: StandingOut


class SettingOut(BaseModel):
    name: str
    title: str
    required: bool
    example: str
    default: str | None


class VendorOut(BaseModel):
    """A helpdesk that comes with Glidepath. `webhooks`: it can tell by itself; `calls`: it can be asked and told."""

    vendor: str
    title: str
    documents: list[str]
    webhooks: bool
    calls: bool
    auth: list[AuthOut]
    settings: list[SettingOut]
    takes: list[str]
    internal_comments: bool


class ResealedOut(BaseModel):
    """`lost` are connectors whose credential opens with none of the keys: set it anew."""

    resealed: int
    lost: list[str]


def owned(ownership: Mapping[SyncedField, Owner]) -> dict[SyncedField, Owner]:
    """In the order in which fields are told everywhere."""
    return {name: ownership[name] for name in FIELDS if name in ownership}


def connector_out(standing: Standing, now: datetime, real_now: datetime) -> ConnectorOut:
    """`now` is business time, by which a watermark lags."""
    connector, vendor = standing.connector, standing.vendor
    return ConnectorOut(
        name=connector.name,
        vendor=connector.vendor,
        title=connector.vendor if vendor is None else vendor.title,
        base_url=connector.base_url,
        settings=dict(connector.settings),
        auth=_auth(vendor),
        credential_kind=connector.credential_kind,
        mode=connector.mode,
        enabled=connector.enabled,
        filters=FiltersOut(
            since=connector.filters.since, queues=list(connector.filters.queues), tags=list(connector.filters.tags)
        ),
        ownership={name: connector.owner_of(name, {}) for name in FIELDS},
        exports=list(connector.exports),
        poll_every_seconds=int(connector.poll_every_for.total_seconds()),
        version=connector.version,
        created_at=connector.created_at,
        changed_at=connector.changed_at,
        changed_by=connector.changed_by,
        status=_standing_out(standing, connector, now, real_now),
    )


def _standing_out(standing: Standing, connector: Connector, now: datetime, real_now: datetime) -> StandingOut:
    figures = standing.figures
    synced_until = None if standing.watermark is None else standing.watermark.synced_until
    gap = connector.usual_gap_for
    return StandingOut(
        state=standing.state,
        says=standing.says,
        synced_until=synced_until,
        lag_seconds=None if synced_until is None else max(0.0, (now - synced_until).total_seconds()),
        polled_at=connector.polled_at,
        polling=is_polling(connector),
        poll_started_at=connector.poll_started_at,
        next_look_at=standing.next_look_at,
        failures=connector.failures,
        problem=connector.problem,
        problem_since=connector.problem_since,
        delivered_at=connector.delivered_at,
        usual_gap_seconds=None if gap is None else gap.total_seconds(),
        silent_since=silent_since(connector, real_now),
        found=connector.found,
        waiting=figures.waiting,
        uncertain=figures.uncertain,
        refused=figures.refused,
        oldest_waiting_at=figures.oldest_waiting_at,
        problems=figures.problems,
        conflicts=figures.conflicts,
    )


def vendor_out(vendor: VendorFile) -> VendorOut:
    calls = vendor.calls
    return VendorOut(
        vendor=vendor.vendor,
        title=vendor.title,
        documents=vendor.documents,
        webhooks=bool(vendor.facts),
        calls=calls is not None,
        auth=_auth(vendor),
        settings=[
            SettingOut(
                name=name,
                title=setting.title,
                required=setting.required and setting.default is None,
                example=setting.example,
                default=setting.default,
            )
            for name, setting in ({} if calls is None else calls.settings).items()
        ],
        takes=[] if calls is None else list(calls.takes),
        internal_comments=calls is not None and calls.internal_comments,
    )


def _auth(vendor: VendorFile | None) -> list[AuthOut]:
    if vendor is None or vendor.calls is None:
        return []
    return [
        AuthOut(kind=each.kind, title=each.title, needs=list(each.needs), may_have=list(each.may_have))
        for each in kinds_of(vendor.calls.auth).values()
    ]


def _once(words: list[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(words))
