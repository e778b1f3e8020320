"""What this service is told by its environment."""

from shared.settings import ServiceSettings


class TicketsSettings(ServiceSettings):
    """`GLIDEPATH_*` variables; tickets needs none of its own yet."""
