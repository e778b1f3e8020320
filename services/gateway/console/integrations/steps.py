"""What somebody does at their helpdesk before Glidepath can read it: a few sentences per vendor, as data.

Where a vendor's own list of credentials is known (`GET /v1/helpdesk-vendors`), its words stand beside these. Sources: the
vendors' documentation that `shared/vendors/*.yaml` names.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

MadeBy = Literal["them", "us"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Steps:
    """`webhook` is how to make the webhook there, a sentence per step; empty where there are none and polling does.

    `made_by` is who makes the webhook's secret: `them` shows one to paste here, `us` takes one that is made here.
    """

    in_short: str
    address: str
    """An example of the base URL."""
    account: str
    """Which account or key to get, and where."""
    webhook: tuple[str, ...] = ()
    events: str = ""
    made_by: MadeBy = "us"
    signing: str = ""
    """Where the secret goes there, or comes from."""
    body: str = ""
    """To paste where the vendor lets an administrator compose what is sent."""
    note: str = ""


_FRESH_HEADER: Final = "As a custom header of the webhook: name X-Webhook-Token, value the secret."
_NO_QUOTES: Final = (
    "Quotes in a value are not escaped there. What cannot be read for that reason goes to the quarantine, and the next look "
    "finds the change all the same."
)

STEPS: Final[Mapping[str, Steps]] = {
    "zendesk": Steps(
        in_short="Webhooks with events, and the export of changed tickets.",
        address="https://example.zendesk.com",
        account="In the Admin Center under Apps and integrations, APIs, make an API token for an administrator's account that "
        "only Glidepath uses.",
        webhook=(
            "In the Admin Center open Apps and integrations, Webhooks, and create a webhook.",
            "Choose “Zendesk events” as how it is started.",
            "Paste the address above as endpoint URL; method POST, format JSON, no authentication.",
        ),
        events="Choose the ticket events: ticket created, status changed, priority changed, subject changed, comment added, "
        "ticket deleted.",
        made_by="them",
        signing="Once the webhook is saved, its page shows the signing secret under “Reveal secret”. Paste it here.",
    ),
    "jira": Steps(
        in_short="Jira and Jira Service Management, in the cloud or on a server of yours.",
        address="https://example.atlassian.net",
        account="In the cloud: an API token of an account of its own (id.atlassian.com, Security, API tokens), used with that "
        "account's e-mail address. On a server: a personal access token (profile, Personal Access Tokens). The account "
        "needs to browse, create, edit, comment and transition issues in the projects.",
        webhook=(
            "As an administrator open System, WebHooks (in the cloud under the settings, System; Advanced) and create one.",
            "Paste the address above as URL, and narrow it with JQL, as in: project = SUP.",
        ),
        events="Tick issue created, updated and deleted, and comment created, updated and deleted.",
        signing="Into the field “Secret” of the webhook. A server that has no such field signs nothing: keep the address to "
        "yourselves, or let Jira Automation send it with the header Authorization: Bearer and the secret.",
    ),
    "servicenow": Steps(
        in_short="Reads the incident table; webhooks take a business rule of your own.",
        address="https://example.service-now.com",
        account="Make a user for Glidepath alone (web service access only) with the role itil, so that it may read and write "
        "incidents and their journal through the Table API. Set its time zone to GMT.",
        webhook=(
            "ServiceNow sends nothing by itself, and polling alone suffices. Skip this unless every second counts.",
            "Else make an asynchronous business rule on the table incident, after insert and update, that posts the record as "
            "JSON to the address above with sn_ws.RESTMessageV2.",
        ),
        events="Insert and update of incident.",
        signing="As the header Authorization of the request: Bearer, a space, the secret.",
    ),
    "rt": Steps(
        in_short="Request Tracker 5 by its REST 2 interface; it has no webhooks and needs none.",
        address="https://rt.example.org",
        account="Make a user for Glidepath with the rights SeeQueue, ShowTicket, ShowTicketComments, CreateTicket, "
        "ReplyToTicket, CommentOnTicket and ModifyTicket in the queues. As that user make a token under Logged in as, "
        "Settings, Auth Tokens. Set its time zone to UTC.",
    ),
    "freshdesk": Steps(
        in_short="Automation rules tell, the REST interface is read.",
        address="https://example.freshdesk.com",
        account="Take the API key of an agent of its own: profile settings, View API key. It is the user name; the password "
        "is X.",
        webhook=(
            "Under Admin, Workflows, Automations make one rule for ticket creation and one for ticket updates.",
            "In each add the action “Trigger webhook”: POST, the address above, encoding JSON, content Advanced.",
            "Paste the text below as content.",
        ),
        events="In the rule for updates choose: status, priority and subject are changed, a reply is sent, a note is added.",
        signing=_FRESH_HEADER,
        body='{"ticket": {"id": "{{ticket.id}}", "subject": "{{ticket.subject}}", "status": "{{ticket.status}}", '
        '"priority": "{{ticket.priority}}", "requester_email": "{{ticket.requester.email}}"}}',
        note=_NO_QUOTES,
    ),
    "freshservice": Steps(
        in_short="Workflows tell, the REST interface is read.",
        address="https://example.freshservice.com",
        account="Take the API key of an agent of its own from its profile settings. It is the user name; the password is X.",
        webhook=(
            "Open Admin, Workflow Automator, and make a workflow for tickets.",
            "Add the action “Trigger webhook”: POST, the address above, encoding JSON, content Advanced.",
            "Paste the text below as content.",
        ),
        events="Ticket is raised; status, priority or subject is changed; a reply is sent; a note is added.",
        signing=_FRESH_HEADER,
        body='{"ticket": {"id": "{{ticket.id}}", "subject": "{{ticket.subject}}", "status": "{{ticket.status}}", '
        '"priority": "{{ticket.priority}}", "requester_email": "{{ticket.requester.email}}"}}',
        note=_NO_QUOTES,
    ),
    "zammad": Steps(
        in_short="Triggers send signed webhooks; the REST interface is read.",
        address="https://zammad.example.org",
        account="Make an agent for Glidepath with access to the groups. In its profile under Token Access make a token with "
        "the permission ticket.agent.",
        webhook=(
            "As an administrator open Manage, Webhook, and make one with the address above as endpoint.",
            "Open Manage, Trigger, and make one that executes this webhook.",
        ),
        events="Condition of the trigger: the ticket's action is created or updated.",
        signing="Into the field “HMAC SHA1 Signature Token” of the webhook.",
    ),
    "glpi": Steps(
        in_short="GLPI 11 sends webhooks; older ones are only read, and that suffices.",
        address="https://glpi.example.org",
        account="Make a user for Glidepath with a profile that may read and update tickets in the entities. The kinds of "
        "credential below say what to make for it.",
        webhook=(
            "In GLPI 11 open Setup, Webhooks, and add one for the item type Ticket with the address above as URL, method POST.",
            "Leave the payload as it comes. Add a second one for the event of updates.",
        ),
        events="New and update of Ticket; new of its followups, if they are offered.",
        made_by="them",
        signing="The webhook's Security tab shows its secret. Paste it here.",
    ),
    "github": Steps(
        in_short="Issues of a repository as tickets.",
        address="https://api.github.com",
        account="Make a fine-grained personal access token for the repository alone, with the permission Issues: read and "
        "write (Metadata: read comes with it). Note when it expires.",
        webhook=(
            "In the repository open Settings, Webhooks, Add webhook.",
            "Paste the address above as payload URL and choose the content type application/json.",
        ),
        events="Choose “Let me select individual events”: Issues and Issue comments.",
        signing="Into the field “Secret” of the webhook.",
    ),
}
GENERIC: Final = Steps(
    in_short="By its vendor file.",
    address="https://helpdesk.example.org",
    account="Make an account for Glidepath alone, with no more rights than to read and write tickets.",
    webhook=("Where it can call an address when a ticket changes, let it POST to the address above.",),
    events="Whatever tells that a ticket is new, changed or commented on.",
    signing="Where its vendor file says that it is looked for: a signature, or a header with a token.",
)


def steps_for(vendor: str) -> Steps:
    """The vendor's own, or those that hold for any."""
    return STEPS.get(vendor, GENERIC)
