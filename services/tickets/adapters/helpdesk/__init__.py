"""Outside helpdesks over REST, as their vendor files say (`shared.mapping.calls`)."""

from services.tickets.adapters.helpdesk.opening import OutsideHelpdesks
from services.tickets.adapters.helpdesk.rest import RestHelpdesk

__all__ = ["OutsideHelpdesks", "RestHelpdesk"]
