"""What the gateway is told by its environment, beside what every service is told."""

import re
from pathlib import Path
from typing import Self

from pydantic import Field, SecretStr, model_validator

from shared.settings import ServiceSettings

_ADDRESS = re.compile(r"[A-Za-z0-9._-]{1,30}@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*")
"""Short enough for what is added after the +: a local part has 64 characters (RFC 5321 4.5.3.1.1)."""
_LISTEN = re.compile(r"(?:\[[0-9A-Fa-f:]+\]|[^\s:]+):\d{1,5}")


class GatewaySettings(ServiceSettings):
    """`GLIDEPATH_*` variables of the gateway."""

    credentials_key: SecretStr = Field(
        min_length=16, description="Seals the secrets of sources and what is held in quarantine (AES-256-GCM)."
    )
    key_pepper: SecretStr = Field(min_length=16, description="Keys the hash under which API keys are stored.")
    bootstrap_api_key: SecretStr | None = Field(
        default=None, description="A first admin key, ensured at start: gp_ and at least 32 letters, digits, - or _."
    )

    rollout_url: str = Field(default="http://127.0.0.1:8081", description="Where the rollout service listens.")
    tickets_url: str = Field(default="http://127.0.0.1:8082", description="Where the tickets service listens.")
    survey_url: str = Field(default="http://127.0.0.1:8083", description="Where the survey service listens.")
    upstream_timeout_seconds: float = Field(default=30.0, gt=0, description="How long a service may take to answer.")

    smtp_host: str | None = Field(default=None, description="Mail server; without one, notices wait until it is set.")
    smtp_port: int = Field(default=587, ge=1, le=65535)
    smtp_username: str | None = None
    smtp_password: SecretStr | None = None
    smtp_starttls: bool = Field(default=True, description="Refuse to send where the server offers no STARTTLS.")
    smtp_tls: bool = Field(default=False, description="TLS from the first byte (port 465).")
    smtp_timeout_seconds: float = Field(default=20.0, gt=0)
    from_address: str = Field(default="glidepath@localhost", description="Sender of the notices.")
    from_name: str = "Glidepath"

    mail_listen: str | None = Field(
        default=None, description="host:port where mail for the desk is taken in by SMTP; nothing listens without it."
    )
    mail_address: str | None = Field(
        default=None, description="The desk's mailbox, e.g. help@example.org; answers go to help+…@example.org."
    )
    mail_most_bytes: int = Field(default=10 * 1024 * 1024, ge=65_536, description="Largest mail; larger ones get 552.")
    mail_tls_cert: Path | None = Field(
        default=None, description="Certificate chain (PEM); STARTTLS is offered with it."
    )
    mail_tls_key: Path | None = Field(default=None, description="The certificate's private key (PEM).")
    mail_tls_required: bool = Field(default=False, description="Take mail only after STARTTLS.")
    mail_connections: int = Field(default=20, ge=1, description="SMTP connections at once.")
    mail_connections_each: int = Field(default=10, ge=1, description="SMTP connections at once of one address.")
    mail_seconds: float = Field(default=120.0, gt=0, description="How long one SMTP command, or one mail, may take.")

    hook_read_seconds: float = Field(default=10.0, gt=0, description="How long a webhook's body may take to arrive.")
    hook_waiting_most: int = Field(default=2000, ge=1, description="Deliveries waiting for the writer before 503.")
    hook_batch_most: int = Field(default=200, ge=1, le=500, description="Deliveries in one transaction at most.")
    outbox_most: int = Field(default=200_000, ge=1, description="Unsent events above which webhooks get 503.")
    disk_floor_bytes: int = Field(
        default=256 * 1024 * 1024, ge=0, description="Free bytes below which webhooks get 503 (SQLite only)."
    )
    quarantine_most: int = Field(
        default=1000, ge=1, description="Refused deliveries kept per source; the oldest give way."
    )
    keep_bodies_days: int = Field(default=30, ge=1, description="How long raw bodies and quarantine are kept.")

    api_body_most: int = Field(default=32 * 1024 * 1024, ge=1024, description="Largest request body to a service.")
    rate_burst: int = Field(default=600, ge=1, description="Requests an API key may make at once.")
    rate_per_second: float = Field(
        default=300.0, gt=0, description="Requests per second of an API key in the long run."
    )
    public_burst: int = Field(default=120, ge=1, description="Requests at once of one address without a key.")
    public_per_second: float = Field(default=20.0, gt=0)
    form_burst: int = Field(default=10, ge=1, description="Public forms that one address may send at once.")
    form_per_minute: float = Field(default=2.0, gt=0, description="Public forms of one address in the long run.")
    trusted_proxies: str = Field(
        default="", description="Comma-separated addresses whose X-Forwarded-For is believed (read by the server)."
    )

    simulator_host: str | None = Field(default=None, description="Demo: where the simulated LMS and helpdesk listen.")
    demo_mail_port: int | None = Field(default=None, description="Demo: port of the mailbox that catches notices.")

    @model_validator(mode="after")
    def _mail_in_is_whole(self) -> Self:
        if self.mail_address is not None and not _ADDRESS.fullmatch(self.mail_address):
            raise ValueError("GLIDEPATH_MAIL_ADDRESS is one plain address like help@example.org, without a +")
        if self.mail_listen is not None:
            if self.mail_address is None:
                raise ValueError("GLIDEPATH_MAIL_LISTEN needs GLIDEPATH_MAIL_ADDRESS, the mailbox that is taken in")
            if not _LISTEN.fullmatch(self.mail_listen):
                raise ValueError("GLIDEPATH_MAIL_LISTEN is host:port, e.g. 127.0.0.1:8025 or [::]:25")
        if (self.mail_tls_cert is None) != (self.mail_tls_key is None):
            raise ValueError("GLIDEPATH_MAIL_TLS_CERT and GLIDEPATH_MAIL_TLS_KEY are set together or not at all")
        if self.mail_tls_required and self.mail_tls_cert is None:
            raise ValueError("GLIDEPATH_MAIL_TLS_REQUIRED needs GLIDEPATH_MAIL_TLS_CERT")
        return self
