"""What the rollout service is told by its environment, beyond what every service is told."""

from pydantic import Field, SecretStr

from shared.settings import ServiceSettings


class RolloutSettings(ServiceSettings):
    """`GLIDEPATH_*` variables of the rollout service."""

    credentials_key: SecretStr = Field(
        min_length=16,
        description="Seals the tokens of learning systems in the database. To rotate: `2:new,1:old`; the first seals.",
    )
