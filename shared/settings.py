"""What every service is told by its environment. Read once, in `main`, and passed down."""

from typing import Literal

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict


class ServiceSettings(BaseSettings):
    """`GLIDEPATH_*` variables. A service adds its own by subclassing; `glidepath up` passes everything as arguments."""

    # Compose passes a variable that .env leaves out as an empty one: that means "not set". An error never quotes a secret.
    model_config = SettingsConfigDict(
        env_prefix="GLIDEPATH_", extra="ignore", env_ignore_empty=True, hide_input_in_errors=True
    )

    database_url: str = Field(
        description="SQLAlchemy URL of this service's own database: sqlite+aiosqlite:///… or postgresql+psycopg://…"
    )
    nats_url: str = Field(default="nats://127.0.0.1:4222", description="NATS server, credentials included.")
    identity_key: SecretStr = Field(
        min_length=16, description="Signs the identity that the gateway passes to the services. The same everywhere."
    )
    link_key: SecretStr = Field(
        min_length=16, description="Signs the links in e-mails that carry a person to one thing. The same everywhere."
    )
    public_url: str = Field(default="http://127.0.0.1:8080", description="Where people reach the gateway.")
    demo: bool = Field(default=False, description="Allows business time to be stepped. Never in earnest use.")
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    log_format: Literal["json", "pretty"] = "json"
    stream_max_age_days: int = Field(default=14, ge=1, description="How long JetStream keeps events.")
    consumer_batch: int = Field(default=100, ge=1, le=1000, description="Messages handled in one transaction at most.")
    consumer_ack_wait_seconds: float = Field(
        default=10.0, gt=0, description="After this long without an acknowledgement an event is delivered again."
    )
    shutdown_seconds: float = Field(default=10.0, gt=0, description="How long a stop waits for what was begun.")
