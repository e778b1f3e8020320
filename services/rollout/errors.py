"""What goes wrong in this service, named after what is so."""

from collections.abc import Sequence

from shared.errors import Conflict, FieldProblem, Forbidden, InvalidRequest, NotFound


class RolloutNotFound(NotFound):
    code = "rollout_not_found"
    title = "There is no such rollout"


class WaveNotFound(NotFound):
    code = "wave_not_found"
    title = "The rollout has no such wave"


class HoldNotFound(NotFound):
    code = "hold_not_found"
    title = "No such hold is in force"


class SignoffNotFound(NotFound):
    code = "signoff_not_found"
    title = "There is no such sign-off"


class PlanNotReadable(InvalidRequest):
    """The document does not parse as YAML or JSON."""

    code = "plan_not_readable"
    title = "The plan cannot be read"


class PlanRefused(InvalidRequest):
    """The plan is wrong, or asks for what the rollout's state forbids; `errors` names each place."""

    code = "plan_invalid"
    title = "The plan has mistakes"

    def __init__(self, errors: Sequence[FieldProblem]) -> None:
        count = "1 problem" if len(errors) == 1 else f"{len(errors)} problems"
        super().__init__(f"The plan has {count}; nothing was changed.", errors=errors)


class OrderNotPossible(Conflict):
    """The wave's phase, gates or holds forbid what was ordered; the detail says which."""

    code = "order_not_possible"
    title = "The wave cannot do this now"


class HoldNotYours(Forbidden):
    code = "hold_not_yours"
    title = "Others hold the wave"


class SignoffDecided(Conflict):
    code = "signoff_decided"
    title = "This sign-off was already given"


class SignoffVoid(Conflict):
    code = "signoff_void"
    title = "This sign-off is void"
