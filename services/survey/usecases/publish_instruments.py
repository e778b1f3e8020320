"""Publishing: what a file says under an id and a version is fixed the first time it is seen."""

from datetime import datetime

from services.survey.errors import PublishedVersionChanged
from services.survey.ports import InstrumentLibrary, LoadedInstrument, SurveyUnit


async def publish_instruments(unit: SurveyUnit, library: InstrumentLibrary, now: datetime) -> None:
    """Store what is new. `PublishedVersionChanged` if a file differs from what was published under its version."""
    for loaded in library.all():
        await publish_instrument(unit, loaded, now)


async def publish_instrument(unit: SurveyUnit, loaded: LoadedInstrument, now: datetime) -> None:
    stored = await unit.instruments.publish(loaded, now)
    if stored != loaded.instrument.sha256:
        raise PublishedVersionChanged(loaded.instrument.name)
