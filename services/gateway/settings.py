"""What the gateway is told by its environment, beside what every service is told."""

from pydantic import Field, SecretStr

from shared.settings import ServiceSettings


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
    trusted_proxies: str = Field(
        default="", description="Comma-separated addresses whose X-Forwarded-For is believed (read by the server)."
    )

    simulator_host: str | None = Field(default=None, description="Demo: where the simulated LMS and helpdesk listen.")
    demo_mail_port: int | None = Field(default=None, description="Demo: port of the mailbox that catches notices.")
