from services.rollout.adapters.tables import metadata
from shared.migrations import run

run(metadata)
