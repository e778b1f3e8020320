"""What can be wrong with a request to this service, each named after the fact."""

from shared.errors import Conflict, Forbidden, InvalidRequest, NotFound


class TicketNotFound(NotFound):
    code = "ticket_not_found"
    title = "There is no such ticket"


class CommentNotFound(NotFound):
    code = "comment_not_found"
    title = "There is no such comment"


class CommentRetracted(Conflict):
    code = "comment_retracted"
    title = "The comment was taken back"


class LinkNotPossible(Conflict):
    code = "link_not_possible"
    title = "The tickets cannot be linked so"


class LinkNotFound(NotFound):
    code = "link_not_found"
    title = "There is no such link"


class TicketMerged(Conflict):
    code = "ticket_merged"
    title = "The ticket was merged into another one"


class NotMergeable(Conflict):
    code = "not_mergeable"
    title = "The tickets cannot be merged"


class NotMerged(Conflict):
    code = "not_merged"
    title = "The ticket is not merged"


class ImpactMissing(InvalidRequest):
    code = "impact_missing"
    title = "A P1 needs a stated impact"


class BatchNotFound(NotFound):
    code = "batch_not_found"
    title = "There is no such bulk change"


class ViewNotFound(NotFound):
    code = "view_not_found"
    title = "There is no such view"


class ViewNameTaken(Conflict):
    code = "view_name_taken"
    title = "Somebody else shares a view of this name"


class TeamNotFound(NotFound):
    code = "team_not_found"
    title = "There is no such team"


class BaselineNotMeasured(NotFound):
    code = "baseline_not_measured"
    title = "The wave has no baseline yet"


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


class CalendarNotFound(NotFound):
    code = "calendar_not_found"
    title = "There is no such calendar"


class CalendarChangedMeanwhile(Conflict):
    code = "calendar_changed_meanwhile"
    title = "Somebody else changed the calendar"


class CalendarNotUsable(InvalidRequest):
    code = "calendar_not_usable"
    title = "The calendar cannot be used as written"


class CalendarFileNotUsable(InvalidRequest):
    code = "calendar_file_not_usable"
    title = "The calendar file cannot be used"


class PastDays(Conflict):
    code = "past_days"
    title = "Days that have passed are changed only on purpose"


class SignedAlready(Conflict):
    code = "signed_already"
    title = "This side has signed already"


class OneSignsForOneSide(Conflict):
    code = "one_signs_for_one_side"
    title = "The two sides sign by two different people"


class VersionSuperseded(Conflict):
    code = "version_superseded"
    title = "A newer version is in force"


class MigrationNotFound(NotFound):
    code = "migration_not_found"
    title = "There is no such migration"


class MigrationNotReady(Conflict):
    code = "migration_not_ready"
    title = "The migration is not at that point"


class MigrationsOverlap(Conflict):
    code = "migrations_overlap"
    title = "Another migration is about the same tickets"


class WatermarkInTheFuture(InvalidRequest):
    code = "watermark_in_the_future"
    title = "The watermark lies in the future"


class WatermarkNotFound(NotFound):
    code = "watermark_not_found"
    title = "The source has told no watermark"


class FiguresArePersonal(Forbidden):
    code = "figures_are_personal"
    title = "Figures of one person are for that person and the lead"


class ClockNotBreached(Conflict):
    code = "clock_not_breached"
    title = "The clock has no breach that could be exempted"


class OwnBreach(Forbidden):
    code = "own_breach"
    title = "Nobody exempts a breach of their own ticket"


class AlreadyExempted(Conflict):
    code = "already_exempted"
    title = "The breach is exempted already"


class ExemptionNotFound(NotFound):
    code = "exemption_not_found"
    title = "There is no such exemption"


class ExemptionRevoked(Conflict):
    code = "exemption_revoked"
    title = "The exemption was revoked already"


class WhatIfNotFound(NotFound):
    code = "what_if_not_found"
    title = "There is no such replay"


class TooMuchToReplay(InvalidRequest):
    code = "too_much_to_replay"
    title = "The period holds too many tickets to replay at once"


class MonthNotOver(Conflict):
    code = "month_not_over"
    title = "The month is not over"


class ReviewChangedMeanwhile(Conflict):
    code = "review_changed_meanwhile"
    title = "The review is not what you read any more"


class NotEarned(Conflict):
    code = "not_earned"
    title = "The results of the month do not say so"


class AlreadyRecognised(Conflict):
    code = "already_recognised"
    title = "They were recognised for this already"


class RecognitionDeclined(Conflict):
    code = "recognition_declined"
    title = "They do not want to be recognised"


class FaqEntryNotFound(NotFound):
    code = "faq_entry_not_found"
    title = "There is no such FAQ entry"


class TicketNotSolved(Conflict):
    code = "ticket_not_solved"
    title = "Only a solved ticket becomes a FAQ entry"


class NamesPeople(InvalidRequest):
    code = "names_people"
    title = "The text may name people"


class WaveNotFound(NotFound):
    code = "wave_not_found"
    title = "There is no such wave"


class MailNotFound(NotFound):
    code = "mail_not_found"
    title = "There is no such mail"


class WebhookNotFound(NotFound):
    code = "webhook_not_found"
    title = "There is no such webhook"


class WebhookNotUsable(InvalidRequest):
    code = "webhook_not_usable"
    title = "The webhook's address cannot be called"


class WebhooksNotSetUp(Conflict):
    code = "webhooks_not_set_up"
    title = "Webhooks cannot be kept yet"


class ConnectorNotFound(NotFound):
    code = "connector_not_found"
    title = "There is no such connector"


class ConnectorNotUsable(InvalidRequest):
    code = "connector_not_usable"
    title = "The connector cannot be set up so"


class ConnectorIdle(Conflict):
    code = "connector_idle"
    title = "The connector calls nobody"


class CredentialsNotSetUp(Conflict):
    code = "credentials_not_set_up"
    title = "Credentials cannot be kept yet"


class WriteNotFound(NotFound):
    code = "write_not_found"
    title = "There is no such order to a helpdesk"


class WriteNotRefused(Conflict):
    code = "write_not_refused"
    title = "The order is not one that was refused"


class OrderUnderWay(Conflict):
    code = "order_under_way"
    title = "The helpdesk is being told something just now"


class RunNotFound(NotFound):
    code = "run_not_found"
    title = "There is no such run"


class RunUnderWay(Conflict):
    code = "run_under_way"
    title = "A run is under way already"


class SyncProblemNotFound(NotFound):
    code = "sync_problem_not_found"
    title = "There is no such item in quarantine"


class StillNotUnderstood(Conflict):
    code = "still_not_understood"
    title = "The item can still not be understood"


class TicketNotLinked(NotFound):
    code = "ticket_not_linked"
    title = "The ticket is at no helpdesk"


class TicketAlreadyLinked(Conflict):
    code = "ticket_already_linked"
    title = "The ticket is at a helpdesk already"
