"""The whole desk: teams, links, policies with rules, escalations, reports, the support channel."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

DOCUMENT = sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql")


def upgrade() -> None:
    op.create_table(
        "baselines",
        sa.Column("rollout", sa.String(), nullable=False),
        sa.Column("wave", sa.String(), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("people", sa.Integer(), nullable=False),
        sa.Column("tickets", sa.Integer(), nullable=False),
        sa.Column("measured_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("rollout", "wave", name=op.f("pk_baselines")),
    )
    op.create_table(
        "calendars",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("document", DOCUMENT, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by", sa.String(), nullable=False),
        sa.Column("because", DOCUMENT, nullable=True),
        sa.PrimaryKeyConstraint("name", "version", name=op.f("pk_calendars")),
    )
    op.create_table(
        "outgoing",
        sa.Column("message_id", sa.String(), nullable=False),
        sa.Column("webhook", sa.String(), nullable=False),
        sa.Column("body", sa.String(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("try_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("gave_up_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("problem", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint("message_id", name=op.f("pk_outgoing")),
    )
    with op.batch_alter_table("outgoing", schema=None) as batch_op:
        batch_op.create_index(
            "ix_outgoing_waiting",
            ["try_at"],
            unique=False,
            sqlite_where=sa.text("sent_at IS NULL AND gave_up_at IS NULL"),
            postgresql_where=sa.text("sent_at IS NULL AND gave_up_at IS NULL"),
        )

    op.create_table(
        "policy_migration_tickets",
        sa.Column("migration_id", sa.String(), nullable=False),
        sa.Column("ticket_id", sa.String(), nullable=False),
        sa.Column("moment_id", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("migration_id", "ticket_id", name=op.f("pk_policy_migration_tickets")),
    )
    op.create_table(
        "policy_migrations",
        sa.Column("migration_id", sa.String(), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("destination", sa.String(), nullable=False),
        sa.Column("moves", DOCUMENT, nullable=False),
        sa.Column("retroactive", sa.Boolean(), nullable=False),
        sa.Column("goes_on", sa.Boolean(), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("phase", sa.String(), nullable=False),
        sa.Column("cursor", sa.String(), nullable=False),
        sa.Column("total", sa.Integer(), nullable=False),
        sa.Column("done", sa.Integer(), nullable=False),
        sa.Column("foreseen", DOCUMENT, nullable=False),
        sa.Column("made", DOCUMENT, nullable=False),
        sa.Column("samples", DOCUMENT, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by", sa.String(), nullable=False),
        sa.Column("phase_since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("applied_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("applied_by", sa.String(), nullable=True),
        sa.Column("undone_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("undone_by", sa.String(), nullable=True),
        sa.Column("problem", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint("migration_id", name=op.f("pk_policy_migrations")),
    )
    with op.batch_alter_table("policy_migrations", schema=None) as batch_op:
        batch_op.create_index("ix_policy_migrations_created", ["created_at", "migration_id"], unique=False)
        batch_op.create_index("ix_policy_migrations_phase", ["phase", "created_at"], unique=False)

    op.create_table(
        "policy_signatures",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("side", sa.String(), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("signed_by", sa.String(), nullable=False),
        sa.Column("signed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("carried_from", sa.Integer(), nullable=True),
        sa.PrimaryKeyConstraint("name", "version", "side", name=op.f("pk_policy_signatures")),
    )
    op.create_table(
        "recognition_refusals",
        sa.Column("receiver", sa.String(), nullable=False),
        sa.Column("refused_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("receiver", name=op.f("pk_recognition_refusals")),
    )
    op.create_table(
        "recognitions",
        sa.Column("recognition_id", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("receiver", sa.String(), nullable=False),
        sa.Column("person_id", sa.String(), nullable=True),
        sa.Column("month", sa.String(), nullable=False),
        sa.Column("message", sa.String(), nullable=False),
        sa.Column("told", DOCUMENT, nullable=False),
        sa.Column("given_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("given_by", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("recognition_id", name=op.f("pk_recognitions")),
        sa.UniqueConstraint("kind", "receiver", "month", name=op.f("uq_recognitions_kind_receiver_month")),
    )
    with op.batch_alter_table("recognitions", schema=None) as batch_op:
        batch_op.create_index("ix_recognitions_given", ["given_at", "recognition_id"], unique=False)
        batch_op.create_index("ix_recognitions_person", ["person_id"], unique=False)

    op.create_table(
        "result_counts",
        sa.Column("count_id", sa.String(), nullable=False),
        sa.Column("folded", sa.Boolean(), nullable=False),
        sa.Column("per_agent", sa.Boolean(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("policy", sa.String(), nullable=False),
        sa.Column("policy_version", sa.Integer(), nullable=False),
        sa.Column("team", sa.String(), nullable=False),
        sa.Column("agent", sa.String(), nullable=False),
        sa.Column("priority", sa.String(), nullable=False),
        sa.Column("target", sa.String(), nullable=False),
        sa.Column("rollout", sa.String(), nullable=False),
        sa.Column("wave", sa.String(), nullable=False),
        sa.Column("met", sa.Integer(), nullable=False),
        sa.Column("breached", sa.Integer(), nullable=False),
        sa.Column("exempted", sa.Integer(), nullable=False),
        sa.Column("open_overdue", sa.Integer(), nullable=False),
        sa.Column("cancelled", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("count_id", name=op.f("pk_result_counts")),
    )
    with op.batch_alter_table("result_counts", schema=None) as batch_op:
        batch_op.create_index("ix_result_counts_day", ["per_agent", "day"], unique=False)
        batch_op.create_index(
            "ix_result_counts_parts",
            ["count_id"],
            unique=False,
            sqlite_where=sa.text("folded = 0"),
            postgresql_where=sa.text("folded = false"),
        )

    op.create_table(
        "review_comments",
        sa.Column("comment_id", sa.String(), nullable=False),
        sa.Column("month", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("author", sa.String(), nullable=False),
        sa.Column("body", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("comment_id", name=op.f("pk_review_comments")),
    )
    with op.batch_alter_table("review_comments", schema=None) as batch_op:
        batch_op.create_index("ix_review_comments_month", ["month", "comment_id"], unique=False)

    op.create_table(
        "review_signatures",
        sa.Column("signature_id", sa.String(), nullable=False),
        sa.Column("month", sa.String(), nullable=False),
        sa.Column("side", sa.String(), nullable=False),
        sa.Column("fingerprint", sa.String(), nullable=False),
        sa.Column("signed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("signed_by", sa.String(), nullable=False),
        sa.Column("signed_by_subject", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("signature_id", name=op.f("pk_review_signatures")),
        sa.UniqueConstraint("month", "side", "fingerprint", name=op.f("uq_review_signatures_month_side_fingerprint")),
    )
    op.create_table(
        "reviews",
        sa.Column("month", sa.String(), nullable=False),
        sa.Column("fingerprint", sa.String(), nullable=False),
        sa.Column("snapshot", DOCUMENT, nullable=False),
        sa.Column("taken_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("frozen_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("month", name=op.f("pk_reviews")),
    )
    op.create_table(
        "teams",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("email", sa.String(), nullable=True),
        sa.Column("lead", sa.String(), nullable=True),
        sa.Column("members", DOCUMENT, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_by", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_teams")),
    )
    op.create_table(
        "views",
        sa.Column("owner", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("query", sa.String(), nullable=False),
        sa.Column("shared", sa.Boolean(), nullable=False),
        sa.Column("owner_name", sa.String(), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("owner", "name", name=op.f("pk_views")),
    )
    with op.batch_alter_table("views", schema=None) as batch_op:
        batch_op.create_index(
            "ix_views_shared", ["name"], unique=True, sqlite_where=sa.text("shared"), postgresql_where=sa.text("shared")
        )

    op.create_table(
        "watermarks",
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("synced_until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("told_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("told_by", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("source", name=op.f("pk_watermarks")),
    )
    op.create_table(
        "webhooks",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("url", sa.String(), nullable=False),
        sa.Column("secret", sa.String(), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_by", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_webhooks")),
    )
    op.create_table(
        "what_ifs",
        sa.Column("what_if_id", sa.String(), nullable=False),
        sa.Column("policy", sa.String(), nullable=False),
        sa.Column("document", DOCUMENT, nullable=False),
        sa.Column("instead_of", sa.String(), nullable=True),
        sa.Column("began_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("total", sa.Integer(), nullable=False),
        sa.Column("done", sa.Integer(), nullable=False),
        sa.Column("cursor_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("cursor_id", sa.String(), nullable=True),
        sa.Column("tally", DOCUMENT, nullable=False),
        sa.Column("problem", sa.String(), nullable=True),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("asked_by", sa.String(), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("what_if_id", name=op.f("pk_what_ifs")),
    )
    with op.batch_alter_table("what_ifs", schema=None) as batch_op:
        batch_op.create_index("ix_what_ifs_asked", ["asked_at", "what_if_id"], unique=False)
        batch_op.create_index(
            "ix_what_ifs_waiting",
            ["what_if_id"],
            unique=False,
            sqlite_where=sa.text("state IN ('queued', 'running')"),
            postgresql_where=sa.text("state IN ('queued', 'running')"),
        )

    op.create_table(
        "cascades",
        sa.Column("cascade_id", sa.String(), nullable=False),
        sa.Column("parent_id", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor", sa.String(), nullable=False),
        sa.Column("comment_id", sa.String(), nullable=True),
        sa.Column("after_child", sa.String(), nullable=False),
        sa.Column("reached", sa.Integer(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["parent_id"], ["tickets.ticket_id"], name=op.f("fk_cascades_parent_id_tickets")),
        sa.PrimaryKeyConstraint("cascade_id", name=op.f("pk_cascades")),
    )
    with op.batch_alter_table("cascades", schema=None) as batch_op:
        batch_op.create_index(
            "ix_cascades_pending",
            ["cascade_id"],
            unique=False,
            sqlite_where=sa.text("done_at IS NULL"),
            postgresql_where=sa.text("done_at IS NULL"),
        )

    op.create_table(
        "clock_results",
        sa.Column("clock_id", sa.String(), nullable=False),
        sa.Column("ticket_id", sa.String(), nullable=False),
        sa.Column("policy", sa.String(), nullable=False),
        sa.Column("policy_version", sa.Integer(), nullable=False),
        sa.Column("rule", sa.String(), nullable=False),
        sa.Column("team", sa.String(), nullable=False),
        sa.Column("agent", sa.String(), nullable=False),
        sa.Column("priority", sa.String(), nullable=False),
        sa.Column("target", sa.String(), nullable=False),
        sa.Column("rollout", sa.String(), nullable=False),
        sa.Column("wave", sa.String(), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("target_seconds", sa.Float(), nullable=False),
        sa.Column("outcome", sa.String(), nullable=False),
        sa.Column("counts_as", sa.String(), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decided_on", sa.Date(), nullable=False),
        sa.Column("breached_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("elapsed_seconds", sa.Float(), nullable=True),
        sa.Column("overdue_seconds", sa.Float(), nullable=True),
        sa.Column("cancelled_because", sa.String(), nullable=True),
        sa.Column("exempted", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["ticket_id"], ["tickets.ticket_id"], name=op.f("fk_clock_results_ticket_id_tickets")),
        sa.PrimaryKeyConstraint("clock_id", name=op.f("pk_clock_results")),
    )
    with op.batch_alter_table("clock_results", schema=None) as batch_op:
        batch_op.create_index(
            "ix_clock_results_figures",
            [
                "decided_at",
                "counts_as",
                "target",
                "priority",
                "team",
                "agent",
                "policy",
                "policy_version",
                "rollout",
                "wave",
                "elapsed_seconds",
                "overdue_seconds",
                "exempted",
            ],
            unique=False,
        )
        batch_op.create_index("ix_clock_results_ticket", ["ticket_id"], unique=False)

    op.create_table(
        "escalations",
        sa.Column("escalation_id", sa.String(), nullable=False),
        sa.Column("clock_id", sa.String(), nullable=False),
        sa.Column("ticket_id", sa.String(), nullable=False),
        sa.Column("threshold", sa.String(), nullable=False),
        sa.Column("occurrence", sa.Integer(), nullable=False),
        sa.Column("fires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("fired_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("told", DOCUMENT, nullable=False),
        sa.Column("reason", sa.String(), nullable=True),
        sa.ForeignKeyConstraint(["ticket_id"], ["tickets.ticket_id"], name=op.f("fk_escalations_ticket_id_tickets")),
        sa.PrimaryKeyConstraint("escalation_id", name=op.f("pk_escalations")),
        sa.UniqueConstraint(
            "clock_id", "threshold", "occurrence", name=op.f("uq_escalations_clock_id_threshold_occurrence")
        ),
    )
    with op.batch_alter_table("escalations", schema=None) as batch_op:
        batch_op.create_index("ix_escalations_ticket", ["ticket_id", "fires_at", "escalation_id"], unique=False)

    op.create_table(
        "exemptions",
        sa.Column("exemption_id", sa.String(), nullable=False),
        sa.Column("clock_id", sa.String(), nullable=False),
        sa.Column("ticket_id", sa.String(), nullable=False),
        sa.Column("target", sa.String(), nullable=False),
        sa.Column("breached_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("given_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("given_by", sa.String(), nullable=False),
        sa.Column("given_by_subject", sa.String(), nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("revoked_by", sa.String(), nullable=True),
        sa.Column("revoked_reason", sa.String(), nullable=True),
        sa.ForeignKeyConstraint(["ticket_id"], ["tickets.ticket_id"], name=op.f("fk_exemptions_ticket_id_tickets")),
        sa.PrimaryKeyConstraint("exemption_id", name=op.f("pk_exemptions")),
    )
    with op.batch_alter_table("exemptions", schema=None) as batch_op:
        batch_op.create_index(
            "ix_exemptions_clock",
            ["clock_id"],
            unique=True,
            sqlite_where=sa.text("revoked_at IS NULL"),
            postgresql_where=sa.text("revoked_at IS NULL"),
        )
        batch_op.create_index("ix_exemptions_given", ["given_at", "exemption_id"], unique=False)

    op.create_table(
        "faq_entries",
        sa.Column("entry_id", sa.String(), nullable=False),
        sa.Column("ticket_id", sa.String(), nullable=False),
        sa.Column("rollout", sa.String(), nullable=True),
        sa.Column("wave", sa.String(), nullable=True),
        sa.Column("question", sa.String(), nullable=False),
        sa.Column("answer", sa.String(), nullable=False),
        sa.Column("published", sa.Boolean(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by", sa.String(), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("shown", sa.Integer(), nullable=False),
        sa.Column("helped", sa.Integer(), nullable=False),
        sa.Column("not_helped", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["ticket_id"], ["tickets.ticket_id"], name=op.f("fk_faq_entries_ticket_id_tickets")),
        sa.PrimaryKeyConstraint("entry_id", name=op.f("pk_faq_entries")),
    )
    with op.batch_alter_table("faq_entries", schema=None) as batch_op:
        batch_op.create_index("ix_faq_entries_scope", ["published", "rollout", "wave"], unique=False)
        batch_op.create_index("ix_faq_entries_ticket", ["ticket_id"], unique=False)

    op.create_table(
        "follow_links",
        sa.Column("link_id", sa.String(), nullable=False),
        sa.Column("ticket_id", sa.String(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("asked_again_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["ticket_id"], ["tickets.ticket_id"], name=op.f("fk_follow_links_ticket_id_tickets")),
        sa.PrimaryKeyConstraint("link_id", name=op.f("pk_follow_links")),
    )
    with op.batch_alter_table("follow_links", schema=None) as batch_op:
        batch_op.create_index("ix_follow_links_ticket", ["ticket_id", "made_at"], unique=False)

    op.create_table(
        "links",
        sa.Column("ticket_id", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("other_id", sa.String(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("made_by", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["other_id"], ["tickets.ticket_id"], name=op.f("fk_links_other_id_tickets")),
        sa.ForeignKeyConstraint(["ticket_id"], ["tickets.ticket_id"], name=op.f("fk_links_ticket_id_tickets")),
        sa.PrimaryKeyConstraint("ticket_id", "kind", "other_id", name=op.f("pk_links")),
    )
    with op.batch_alter_table("links", schema=None) as batch_op:
        batch_op.create_index("ix_links_made", ["ticket_id", "kind", "other_id", "made_at"], unique=False)

    op.create_table(
        "mails",
        sa.Column("mail_id", sa.String(), nullable=False),
        sa.Column("dedupe_key", sa.String(), nullable=False),
        sa.Column("message_id", sa.String(), nullable=True),
        sa.Column("from_email", sa.String(), nullable=False),
        sa.Column("from_name", sa.String(), nullable=False),
        sa.Column("recipients", DOCUMENT, nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("text", sa.String(), nullable=False),
        sa.Column("attachments", DOCUMENT, nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("handled_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("outcome", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=True),
        sa.Column("ticket_id", sa.String(), nullable=True),
        sa.Column("comment_id", sa.String(), nullable=True),
        sa.CheckConstraint(
            "outcome IN ('opened', 'commented', 'noted', 'ignored', 'quarantined')", name=op.f("ck_mails_outcome")
        ),
        sa.ForeignKeyConstraint(["ticket_id"], ["tickets.ticket_id"], name=op.f("fk_mails_ticket_id_tickets")),
        sa.PrimaryKeyConstraint("mail_id", name=op.f("pk_mails")),
        sa.UniqueConstraint("dedupe_key", name=op.f("uq_mails_dedupe_key")),
    )
    with op.batch_alter_table("mails", schema=None) as batch_op:
        batch_op.create_index("ix_mails_message", ["message_id"], unique=False)
        batch_op.create_index("ix_mails_outcome", ["outcome", "mail_id"], unique=False)
        batch_op.create_index("ix_mails_sender", ["from_email", "handled_at"], unique=False)
        batch_op.create_index("ix_mails_ticket", ["ticket_id", "mail_id"], unique=False)

    op.create_table(
        "sent_forms",
        sa.Column("form_id", sa.String(), nullable=False),
        sa.Column("ticket_id", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["ticket_id"], ["tickets.ticket_id"], name=op.f("fk_sent_forms_ticket_id_tickets")),
        sa.PrimaryKeyConstraint("form_id", name=op.f("pk_sent_forms")),
    )
    op.create_table(
        "sent_notices",
        sa.Column("notification_id", sa.String(), nullable=False),
        sa.Column("ticket_id", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["ticket_id"], ["tickets.ticket_id"], name=op.f("fk_sent_notices_ticket_id_tickets")),
        sa.PrimaryKeyConstraint("notification_id", name=op.f("pk_sent_notices")),
    )
    with op.batch_alter_table("sent_notices", schema=None) as batch_op:
        batch_op.create_index("ix_sent_notices_ticket", ["ticket_id", "at"], unique=False)

    op.create_table(
        "comment_edits",
        sa.Column("edit_id", sa.String(), nullable=False),
        sa.Column("comment_id", sa.String(), nullable=False),
        sa.Column("body", sa.String(), nullable=False),
        sa.Column("public", sa.Boolean(), nullable=False),
        sa.Column("edited_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("edited_by", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(
            ["comment_id"], ["comments.comment_id"], name=op.f("fk_comment_edits_comment_id_comments")
        ),
        sa.PrimaryKeyConstraint("edit_id", name=op.f("pk_comment_edits")),
    )
    with op.batch_alter_table("comment_edits", schema=None) as batch_op:
        batch_op.create_index("ix_comment_edits_comment", ["comment_id", "edit_id"], unique=False)

    op.create_table(
        "faq_verdicts",
        sa.Column("form_id", sa.String(), nullable=False),
        sa.Column("entry_id", sa.String(), nullable=False),
        sa.Column("helped", sa.Boolean(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["entry_id"], ["faq_entries.entry_id"], name=op.f("fk_faq_verdicts_entry_id_faq_entries")
        ),
        sa.PrimaryKeyConstraint("form_id", "entry_id", name=op.f("pk_faq_verdicts")),
    )
    op.create_table(
        "faq_versions",
        sa.Column("entry_id", sa.String(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("rollout", sa.String(), nullable=True),
        sa.Column("wave", sa.String(), nullable=True),
        sa.Column("question", sa.String(), nullable=False),
        sa.Column("answer", sa.String(), nullable=False),
        sa.Column("published", sa.Boolean(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("by", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(
            ["entry_id"], ["faq_entries.entry_id"], name=op.f("fk_faq_versions_entry_id_faq_entries")
        ),
        sa.PrimaryKeyConstraint("entry_id", "version", name=op.f("pk_faq_versions")),
    )
    with op.batch_alter_table("breaches", schema=None) as batch_op:
        batch_op.add_column(sa.Column("source", sa.String(), nullable=True))
        batch_op.add_column(sa.Column("confirmed_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(
            sa.Column("would_not_have_breached", sa.Boolean(), server_default=sa.false(), nullable=False)
        )
        batch_op.create_index(
            "ix_breaches_unconfirmed",
            ["source", "breached_at"],
            unique=False,
            sqlite_where=sa.text("confirmed_at IS NULL AND withdrawn_at IS NULL AND source IS NOT NULL"),
            postgresql_where=sa.text("confirmed_at IS NULL AND withdrawn_at IS NULL AND source IS NOT NULL"),
        )

    with op.batch_alter_table("clocks", schema=None) as batch_op:
        batch_op.add_column(sa.Column("wakes_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("team", sa.String(), nullable=True))
        batch_op.add_column(sa.Column("hours", DOCUMENT, server_default="[]", nullable=False))
        batch_op.add_column(sa.Column("rule", sa.String(), server_default="", nullable=False))
        batch_op.add_column(sa.Column("policy", sa.String(), server_default="", nullable=False))
        batch_op.add_column(sa.Column("cancelled_because", sa.String(), nullable=True))
        batch_op.add_column(
            sa.Column("would_not_have_breached", sa.Boolean(), server_default=sa.false(), nullable=False)
        )
        batch_op.create_index(
            "ix_clocks_overdue",
            ["breached_at", "clock_id"],
            unique=False,
            sqlite_where=sa.text("state IN ('running', 'paused') AND breached_at IS NOT NULL"),
            postgresql_where=sa.text("state IN ('running', 'paused') AND breached_at IS NOT NULL"),
        )
        batch_op.create_index(
            "ix_clocks_paused",
            ["clock_id"],
            unique=False,
            sqlite_where=sa.text("state = 'paused' AND breached_at IS NULL"),
            postgresql_where=sa.text("state = 'paused' AND breached_at IS NULL"),
        )
        batch_op.create_index(
            "ix_clocks_wakes",
            ["wakes_at", "clock_id"],
            unique=False,
            sqlite_where=sa.text("wakes_at IS NOT NULL"),
            postgresql_where=sa.text("wakes_at IS NOT NULL"),
        )

    with op.batch_alter_table("comments", schema=None) as batch_op:
        batch_op.add_column(sa.Column("moment_id", sa.String(), nullable=True))
        batch_op.add_column(sa.Column("edited_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("retracted_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("retracted_by", sa.String(), nullable=True))

    with op.batch_alter_table("history", schema=None) as batch_op:
        batch_op.add_column(sa.Column("batch_id", sa.String(), nullable=True))
        batch_op.create_index(
            "ix_history_batch",
            ["batch_id"],
            unique=False,
            sqlite_where=sa.text("batch_id IS NOT NULL"),
            postgresql_where=sa.text("batch_id IS NOT NULL"),
        )

    with op.batch_alter_table("moments", schema=None) as batch_op:
        batch_op.add_column(sa.Column("detail", DOCUMENT, server_default="{}", nullable=False))
        batch_op.add_column(sa.Column("taken_back_at", sa.DateTime(timezone=True), nullable=True))

    with op.batch_alter_table("people", schema=None) as batch_op:
        batch_op.add_column(sa.Column("email", sa.String(), nullable=True))
        batch_op.add_column(sa.Column("manager_id", sa.String(), nullable=True))
        batch_op.add_column(sa.Column("zone", sa.String(), nullable=True))

    with op.batch_alter_table("plans", schema=None) as batch_op:
        batch_op.add_column(sa.Column("title", sa.String(), nullable=True))
        batch_op.add_column(sa.Column("applied_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("announced_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("notice_seconds", sa.Float(), nullable=True))

    with op.batch_alter_table("policies", schema=None) as batch_op:
        batch_op.add_column(sa.Column("in_force_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("enforced_by", sa.String(), nullable=True))
        batch_op.add_column(sa.Column("enforced_reason", sa.String(), nullable=True))
        batch_op.add_column(sa.Column("because", DOCUMENT, nullable=True))

    with op.batch_alter_table("tickets", schema=None) as batch_op:
        batch_op.add_column(sa.Column("team", sa.String(), nullable=True))
        batch_op.add_column(sa.Column("impact", sa.String(), nullable=True))
        batch_op.add_column(sa.Column("cause", sa.String(), nullable=True))
        batch_op.add_column(sa.Column("minutes_lost", sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column("major", sa.Boolean(), server_default=sa.false(), nullable=False))
        batch_op.add_column(sa.Column("parent_id", sa.String(), nullable=True))
        batch_op.add_column(sa.Column("waits_for", sa.String(), nullable=True))
        batch_op.add_column(sa.Column("solved_with", sa.String(), nullable=True))
        batch_op.add_column(sa.Column("merged_into", sa.String(), nullable=True))
        batch_op.add_column(
            sa.Column(
                "updated_at", sa.DateTime(timezone=True), server_default="1970-01-01 00:00:00.000000", nullable=False
            )
        )
        batch_op.add_column(
            sa.Column(
                "next_due_at", sa.DateTime(timezone=True), server_default="9999-01-01 00:00:00.000000", nullable=False
            )
        )
        batch_op.drop_index(batch_op.f("ix_tickets_requester"))
        batch_op.create_index("ix_tickets_requester", ["requester_id", "opened_at", "ticket_id"], unique=False)
        batch_op.create_index("ix_tickets_assignee", ["assignee", "status", "next_due_at", "ticket_id"], unique=False)
        batch_op.create_index("ix_tickets_due", ["next_due_at", "ticket_id"], unique=False)
        batch_op.create_index("ix_tickets_open", ["status", "priority", "assignee"], unique=False)
        batch_op.create_index("ix_tickets_team", ["team", "opened_at", "ticket_id"], unique=False)
        batch_op.create_index("ix_tickets_updated", ["updated_at", "ticket_id"], unique=False)

    with op.batch_alter_table("waves", schema=None) as batch_op:
        batch_op.add_column(sa.Column("audience_size", sa.Integer(), nullable=True))


def downgrade() -> None:
    raise NotImplementedError("Restore the backup made before the upgrade.")
