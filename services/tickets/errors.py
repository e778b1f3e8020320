"""What can be wrong with a request to this service, each named after the fact."""

from shared.errors import Conflict, InvalidRequest, NotFound


class TicketNotFound(NotFound):
    code = "ticket_not_found"
    title = "There is no such ticket"


class TicketAlreadyClosed(Conflict):
    code = "ticket_already_closed"
    title = "The ticket is closed"


class StatusNotReachable(Conflict):
    code = "status_not_reachable"
    title = "The ticket cannot take this status"


class PolicyNotFound(NotFound):
    code = "policy_not_found"
    title = "There is no such policy"


class PolicyChangedMeanwhile(Conflict):
    code = "policy_changed_meanwhile"
    title = "Somebody else changed the policy"


class PolicyNotUsable(InvalidRequest):
    code = "policy_not_usable"
    title = "The policy contradicts itself"
