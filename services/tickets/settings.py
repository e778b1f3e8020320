"""What this service is told by its environment."""

from pydantic import Field, SecretStr

from shared.settings import ServiceSettings


class TicketsSettings(ServiceSettings):
    """`GLIDEPATH_*` variables, those of every service and these."""

    credentials_key: SecretStr | None = Field(
        default=None,
        description="Seals secrets of webhooks and credentials of helpdesks at rest; several as `2:new,1:old`. Without it: none.",
    )
    webhooks_to_private_addresses: bool = Field(
        default=False, description="Escalations may be posted to addresses inside your own network."
    )
    mail_address: str | None = Field(
        default=None, description="The desk's mailbox, named on the public form; the gateway takes mail in for it."
    )
    mail_reopens: bool = Field(
        default=False,
        description="Whether a mail on a solved ticket opens it again unless it is only thanks; else the desk is asked.",
    )
