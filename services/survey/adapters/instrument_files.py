"""Instruments as files: one YAML document per published version."""

import json
from collections.abc import Sequence
from pathlib import Path

import yaml

from services.survey.domain.instrument import InstrumentInvalid, parse_instrument
from services.survey.ports import LoadedInstrument


class FileLibrary:
    """Every `*.yaml` of a folder, read once. `InstrumentInvalid` names file and place."""

    def __init__(self, folder: Path) -> None:
        self._loaded = [_load(path) for path in sorted(folder.glob("*.yaml"))]

    def all(self) -> Sequence[LoadedInstrument]:
        return self._loaded

    def find_latest(self, instrument_id: str) -> LoadedInstrument | None:
        versions = [one for one in self._loaded if one.instrument.id == instrument_id]
        return max(versions, key=lambda one: one.instrument.version, default=None)


def _load(path: Path) -> LoadedInstrument:
    try:
        document = yaml.safe_load(path.read_text(encoding="utf-8"))
        if not isinstance(document, dict):
            raise InstrumentInvalid("", "must be a mapping")
        plain = json.loads(json.dumps(document))  # as it will come back from the database: keys are text
        return LoadedInstrument(instrument=parse_instrument(plain), document=plain)
    except (yaml.YAMLError, TypeError) as error:
        raise InstrumentInvalid(path.name, str(error)) from error
    except InstrumentInvalid as error:
        raise InstrumentInvalid(f"{path.name}: {error.place}", error.detail) from error
