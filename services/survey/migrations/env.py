from services.survey.adapters.tables import metadata
from shared.migrations import run

run(metadata)
