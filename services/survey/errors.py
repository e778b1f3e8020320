"""What can be wrong here, as facts.

ServiceError
└─ NotFound
   ├─ CampaignUnknown
   └─ InvitationUnknown      a signed link to something that is no more
PermanentFailure
└─ RequestUnusable           a gate asks for what cannot be: quarantined until somebody mends it
RuntimeError
└─ PublishedVersionChanged   the service does not start
"""

from shared.errors import NotFound, PermanentFailure


class CampaignUnknown(NotFound):
    code = "campaign_unknown"
    title = "There is no such campaign"


class InvitationUnknown(NotFound):
    code = "invitation_unknown"
    title = "There is no such invitation"


class RequestUnusable(PermanentFailure):
    """Names what is wrong with a `rollout.survey.requested`."""


class PublishedVersionChanged(RuntimeError):
    """A file holds other content than what was published under its id and version."""

    def __init__(self, name: str) -> None:
        super().__init__(
            f"The instrument {name} was published with other content. Published versions never change: restore the file,"
            " or give the new content a higher version."
        )
