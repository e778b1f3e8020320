"""Outside helpdesks: connectors, links of tickets, orders to them, conflicts, what was not understood, and runs."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

DOCUMENT = sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql")


def upgrade() -> None:
    op.create_table(
        "connectors",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("vendor", sa.String(), nullable=False),
        sa.Column("base_url", sa.String(), nullable=False),
        sa.Column("settings", DOCUMENT, nullable=False),
        sa.Column("credential", sa.String(), nullable=True),
        sa.Column("credential_kind", sa.String(), nullable=True),
        sa.Column("mode", sa.String(), nullable=False),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        sa.Column("filters", DOCUMENT, nullable=False),
        sa.Column("ownership", DOCUMENT, nullable=False),
        sa.Column("exports", DOCUMENT, nullable=False),
        sa.Column("poll_seconds", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_by", sa.String(), nullable=False),
        sa.Column("cursor", DOCUMENT, nullable=False),
        sa.Column("poll_wanted", sa.Boolean(), nullable=False),
        sa.Column("poll_started_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("polled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("next_call_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("problem", sa.String(), nullable=True),
        sa.Column("problem_since", sa.DateTime(timezone=True), nullable=True),
        sa.Column("delivered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("usual_gap_seconds", sa.Float(), nullable=True),
        sa.Column("found", sa.Integer(), nullable=False),
        sa.CheckConstraint("mode IN ('read_only', 'two_way')", name=op.f("ck_connectors_mode")),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_connectors")),
    )
    op.create_table(
        "remote_links",
        sa.Column("ticket_id", sa.String(), nullable=False),
        sa.Column("connector", sa.String(), nullable=False),
        sa.Column("external_id", sa.String(), nullable=True),
        sa.Column("ours", DOCUMENT, nullable=False),
        sa.Column("theirs", DOCUMENT, nullable=False),
        sa.Column("theirs_at", DOCUMENT, nullable=False),
        sa.Column("ours_at", DOCUMENT, nullable=False),
        sa.Column("ownership", DOCUMENT, nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("comments_read_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("read_wanted", sa.Boolean(), nullable=False),
        sa.Column("gone_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("linked_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["ticket_id"], ["tickets.ticket_id"], name=op.f("fk_remote_links_ticket_id_tickets")),
        sa.PrimaryKeyConstraint("ticket_id", name=op.f("pk_remote_links")),
        sa.UniqueConstraint("connector", "external_id", name=op.f("uq_remote_links_connector_external_id")),
    )
    op.create_index(
        "ix_remote_links_read",
        "remote_links",
        ["connector", "ticket_id"],
        unique=False,
        sqlite_where=sa.text("read_wanted"),
        postgresql_where=sa.text("read_wanted"),
    )
    op.create_table(
        "remote_writes",
        sa.Column("write_id", sa.String(), nullable=False),
        sa.Column("connector", sa.String(), nullable=False),
        sa.Column("ticket_id", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("comment_id", sa.String(), nullable=True),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("payload", DOCUMENT, nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_by", sa.String(), nullable=False),
        sa.Column("try_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("attempted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("first_attempted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("external_id", sa.String(), nullable=True),
        sa.Column("problem", sa.String(), nullable=True),
        sa.CheckConstraint(
            "state IN ('waiting', 'attempted', 'done', 'refused', 'discarded')", name=op.f("ck_remote_writes_state")
        ),
        sa.PrimaryKeyConstraint("write_id", name=op.f("pk_remote_writes")),
    )
    op.create_index("ix_remote_writes_connector", "remote_writes", ["connector", "write_id"], unique=False)
    op.create_index(
        "ix_remote_writes_due",
        "remote_writes",
        ["connector", "write_id"],
        unique=False,
        sqlite_where=sa.text("state IN ('waiting', 'attempted')"),
        postgresql_where=sa.text("state IN ('waiting', 'attempted')"),
    )
    op.create_index(
        "ix_remote_writes_refused",
        "remote_writes",
        ["connector", "write_id"],
        unique=False,
        sqlite_where=sa.text("state = 'refused'"),
        postgresql_where=sa.text("state = 'refused'"),
    )
    op.create_index("ix_remote_writes_ticket", "remote_writes", ["ticket_id", "write_id"], unique=False)
    op.create_index(
        "ix_remote_writes_turn",
        "remote_writes",
        ["ticket_id", "write_id"],
        unique=False,
        sqlite_where=sa.text("state IN ('waiting', 'attempted')"),
        postgresql_where=sa.text("state IN ('waiting', 'attempted')"),
    )
    op.create_table(
        "sync_conflicts",
        sa.Column("conflict_id", sa.String(), nullable=False),
        sa.Column("connector", sa.String(), nullable=False),
        sa.Column("ticket_id", sa.String(), nullable=False),
        sa.Column("field", sa.String(), nullable=False),
        sa.Column("ours", sa.String(), nullable=False),
        sa.Column("theirs", sa.String(), nullable=False),
        sa.Column("ours_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("theirs_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("kept", sa.String(), nullable=False),
        sa.Column("rule", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("conflict_id", name=op.f("pk_sync_conflicts")),
    )
    op.create_index("ix_sync_conflicts_connector", "sync_conflicts", ["connector", "conflict_id"], unique=False)
    op.create_index("ix_sync_conflicts_ticket", "sync_conflicts", ["ticket_id", "conflict_id"], unique=False)
    op.create_table(
        "sync_problems",
        sa.Column("problem_id", sa.String(), nullable=False),
        sa.Column("connector", sa.String(), nullable=False),
        sa.Column("item_key", sa.String(), nullable=False),
        sa.Column("answer", sa.String(), nullable=False),
        sa.Column("item", DOCUMENT, nullable=False),
        sa.Column("context", DOCUMENT, nullable=False),
        sa.Column("expression", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("times", sa.Integer(), nullable=False),
        sa.Column("solved_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("problem_id", name=op.f("pk_sync_problems")),
        sa.UniqueConstraint("connector", "item_key", name=op.f("uq_sync_problems_connector_item_key")),
    )
    op.create_index(
        "ix_sync_problems_open",
        "sync_problems",
        ["connector", "problem_id"],
        unique=False,
        sqlite_where=sa.text("solved_at IS NULL"),
        postgresql_where=sa.text("solved_at IS NULL"),
    )
    op.create_table(
        "sync_runs",
        sa.Column("run_id", sa.String(), nullable=False),
        sa.Column("connector", sa.String(), nullable=False),
        sa.Column("dry", sa.Boolean(), nullable=False),
        sa.Column("whole", sa.Boolean(), nullable=False),
        sa.Column("wanted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("wanted_by", sa.String(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("pages", sa.Integer(), nullable=False),
        sa.Column("tickets", sa.Integer(), nullable=False),
        sa.Column("fresh", sa.Integer(), nullable=False),
        sa.Column("problems", sa.Integer(), nullable=False),
        sa.Column("writes", sa.Integer(), nullable=False),
        sa.Column("failure", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint("run_id", name=op.f("pk_sync_runs")),
    )
    op.create_index("ix_sync_runs_connector", "sync_runs", ["connector", "run_id"], unique=False)
    op.create_index(
        "ix_sync_runs_open",
        "sync_runs",
        ["connector", "run_id"],
        unique=False,
        sqlite_where=sa.text("finished_at IS NULL"),
        postgresql_where=sa.text("finished_at IS NULL"),
    )


def downgrade() -> None:
    for table in ("sync_runs", "sync_problems", "sync_conflicts", "remote_writes", "remote_links", "connectors"):
        op.drop_table(table)
