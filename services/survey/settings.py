"""What the survey service is told by its environment, beyond what every service is told."""

from pathlib import Path

from pydantic import Field

from shared.settings import ServiceSettings


class SurveySettings(ServiceSettings):
    survey_instruments: Path = Field(
        default=Path(__file__).parent / "instruments",
        description="Folder of instrument files (YAML), loaded and published at start.",
    )
