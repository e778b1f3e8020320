"""What the gateway's REST API takes and gives."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, SecretStr

from shared.auth import Role


class _In(BaseModel):
    model_config = ConfigDict(extra="forbid")


class _Out(BaseModel):
    model_config = ConfigDict(from_attributes=True)


class SourceIn(_In):
    """A source as it shall be. `secrets`: up to two live ones, newest first; absent keeps what is set, [] closes the source."""

    vendor: Annotated[str, Field(min_length=1, max_length=80, examples=["zendesk"])]
    kind: Literal["lms", "helpdesk"]
    secrets: list[SecretStr] | None = None
    enabled: bool = True
    vendor_file: dict[str, Any] | None = Field(
        default=None, description="A vendor file of your own; without it the one that comes with Glidepath."
    )


class SourceOut(_Out):
    id: str
    name: str
    vendor: str
    kind: Literal["lms", "helpdesk"]
    enabled: bool
    secrets_set: int = Field(description="How many secrets are live; they are never shown.")
    hook_url: str = Field(description="Where the outside system sends to.")
    created_at: AwareDatetime
    changed_at: AwareDatetime


class DeliverySummary(_Out):
    id: str
    source: str
    vendor: str
    kind: Literal["lms", "helpdesk", "mail"]
    content_type: str
    size: int
    received_at: AwareDatetime
    outcome: Literal["waiting", "applied", "ignored", "quarantined"]
    facts: Sequence[Mapping[str, Any]] | None = Field(description="What it meant, once a service said so.")
    reason: str | None
    understood_at: AwareDatetime | None
    replays: int


class DeliveryOut(DeliverySummary):
    headers: dict[str, str]
    body: str | None = Field(description="As it came; null once its retention time is over.")
    encoding: Literal["utf-8", "base64"] | None


class HeldOut(_Out):
    """One delivery in the quarantine."""

    id: str
    source: str
    vendor: str
    stage: Literal["signature", "body", "meaning"] = Field(description="Where it stuck.")
    reason: str
    size: int
    times: int = Field(description="How often the same request came.")
    received_at: AwareDatetime
    last_received_at: AwareDatetime
    state: Literal["held", "released"]
    released_at: AwareDatetime | None
    delivery_id: str | None


class HeldDetail(HeldOut):
    content_type: str | None
    header_names: list[str] = Field(description="Values are not shown: one of them may be a credential.")
    body: str | None
    encoding: Literal["utf-8", "base64"] | None


class ReleasedOut(_Out):
    delivery_id: str
    duplicate: bool = Field(description="True if the sender had delivered it again meanwhile.")


class KeyIn(_In):
    name: Annotated[str, Field(min_length=1, max_length=200)]
    roles: Annotated[list[Role], Field(min_length=1)]
    expires_at: AwareDatetime | None = None


class KeyOut(_Out):
    id: str
    name: str
    hint: str = Field(description="How the key begins.")
    roles: list[str]
    created_at: AwareDatetime
    created_by: str
    expires_at: AwareDatetime | None
    last_used_at: AwareDatetime | None = Field(description="To within a few minutes.")
    revoked_at: AwareDatetime | None
    revoked_by: str | None


class NewKeyOut(KeyOut):
    key: str = Field(description="The key itself: shown this once.")


class NoticeOut(_Out):
    id: str
    owner: str
    to_email: str
    to_name: str
    subject: str
    rollout: str | None
    wave: str | None
    state: Literal["waiting", "undeliverable", "sent", "failed", "expired"]
    attempts: int
    next_attempt_at: AwareDatetime
    requested_at: AwareDatetime
    sent_at: AwareDatetime | None
    reason: str | None


class DemoOut(BaseModel):
    enabled: bool
    simulator_host: str | None
    mail_port: int | None


class AboutOut(BaseModel):
    version: str
    demo: DemoOut


class ClockIn(_In):
    offset_seconds: float = Field(description="The whole offset from real time, not the step.")


class ClockOut(BaseModel):
    offset_seconds: float


class QuietOut(BaseModel):
    """Whether nothing is unsent, unhandled or due anywhere."""

    quiet: bool
    services: dict[str, dict[str, Any]]
