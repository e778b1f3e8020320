"""What the service does: load, let the domain decide, save, record. The boundary commits."""

from services.survey.usecases.answer_invitation import InvitationView, Standing, answer_invitation, look_at_invitation
from services.survey.usecases.follow_directory import erase_person, follow_enrolment, follow_person
from services.survey.usecases.open_campaign import launch_campaign, request_campaign
from services.survey.usecases.publish_instruments import publish_instruments
from services.survey.usecases.read_results import CampaignStanding, list_campaigns, read_campaign, read_results
from services.survey.usecases.release_answers import close_campaign, release_answers

__all__ = [
    "CampaignStanding",
    "InvitationView",
    "Standing",
    "answer_invitation",
    "close_campaign",
    "erase_person",
    "follow_enrolment",
    "follow_person",
    "launch_campaign",
    "list_campaigns",
    "look_at_invitation",
    "publish_instruments",
    "read_campaign",
    "read_results",
    "release_answers",
    "request_campaign",
]
