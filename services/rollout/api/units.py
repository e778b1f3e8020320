"""The unit that the routes of this service get."""

from typing import Annotated

from fastapi import Depends

from services.rollout.ports import RolloutUnit
from shared.rest import request_unit

RolloutUow = Annotated[RolloutUnit, Depends(request_unit)]
