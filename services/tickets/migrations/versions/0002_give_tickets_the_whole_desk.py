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
        batch_op.create_index("ix_escalations_ticket", ["ticket_id", "escalation_id"], unique=False)

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
        batch_op.add_column(sa.Column("fired", DOCUMENT, server_default="[]", nullable=False))
        batch_op.create_index(
            "ix_clocks_overdue",
            ["due_at", "clock_id"],
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
        batch_op.create_index("ix_tickets_assignee", ["assignee", "opened_at", "ticket_id"], unique=False)
        batch_op.create_index("ix_tickets_due", ["next_due_at", "ticket_id"], unique=False)
        batch_op.create_index(
            "ix_tickets_open",
            ["status", "priority", "assignee"],
            unique=False,
            sqlite_where=sa.text("status NOT IN ('solved', 'closed')"),
            postgresql_where=sa.text("status NOT IN ('solved', 'closed')"),
        )
        batch_op.create_index("ix_tickets_team", ["team", "opened_at", "ticket_id"], unique=False)
        batch_op.create_index("ix_tickets_updated", ["updated_at", "ticket_id"], unique=False)

    with op.batch_alter_table("waves", schema=None) as batch_op:
        batch_op.add_column(sa.Column("audience_size", sa.Integer(), nullable=True))


def downgrade() -> None:
    raise NotImplementedError("Restore the backup made before the upgrade.")
