"""Create the tickets tables, the policy `standard` and the counter of ticket numbers."""

from datetime import UTC, datetime

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

DOCUMENT = sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql")
OFFICE_HOURS = {day: ["09:00-17:00"] for day in ("monday", "tuesday", "wednesday", "thursday", "friday")}
STANDARD = {
    "calendar": {"zone": "UTC", "hours": OFFICE_HOURS, "holidays": []},
    "targets": {
        "P1": {"first_response_minutes": 60, "resolution_minutes": 4 * 60},
        "P2": {"first_response_minutes": 2 * 60, "resolution_minutes": 8 * 60},
        "P3": {"first_response_minutes": 4 * 60, "resolution_minutes": 24 * 60},
        "P4": {"first_response_minutes": 8 * 60, "resolution_minutes": 40 * 60},
    },
    "pause_on": ["pending", "on_hold"],
}
"""What is promised until somebody publishes something else; targets are minutes of business time."""


def upgrade() -> None:
    op.create_table(
        "applied_facts",
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("fact_key", sa.String(), nullable=False),
        sa.Column("applied_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("source", "fact_key", name=op.f("pk_applied_facts")),
    )
    op.create_table(
        "contacts",
        sa.Column("contact_id", sa.String(), nullable=False),
        sa.Column("system", sa.String(), nullable=False),
        sa.Column("scheme", sa.String(), nullable=False),
        sa.Column("value", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("person_id", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint("contact_id", name=op.f("pk_contacts")),
        sa.UniqueConstraint("system", "scheme", "value", name=op.f("uq_contacts_system_scheme_value")),
    )
    op.create_index("ix_contacts_person", "contacts", ["person_id"])

    op.create_table(
        "counters",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("value", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_counters")),
    )
    op.create_table(
        "enrolments",
        sa.Column("enrolment_id", sa.String(), nullable=False),
        sa.Column("rollout", sa.String(), nullable=False),
        sa.Column("wave", sa.String(), nullable=False),
        sa.Column("person_id", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("epoch", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("enrolment_id", name=op.f("pk_enrolments")),
    )
    op.create_index("ix_enrolments_person", "enrolments", ["person_id"])
    op.create_index("ix_enrolments_wave", "enrolments", ["rollout", "wave"])

    op.create_table(
        "idempotency",
        sa.Column("caller", sa.String(length=120), nullable=False),
        sa.Column("key", sa.String(length=255), nullable=False),
        sa.Column("request_hash", sa.String(length=64), nullable=False),
        sa.Column("status", sa.Integer(), nullable=False),
        sa.Column("headers", sa.Text(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=True),
        sa.Column("stored_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("caller", "key", name=op.f("pk_idempotency")),
    )
    op.create_index("ix_idempotency_stored_at", "idempotency", ["stored_at"])

    op.create_table(
        "inbox",
        sa.Column("consumer", sa.String(length=80), nullable=False),
        sa.Column("event_id", sa.String(length=80), nullable=False),
        sa.Column("handled_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("consumer", "event_id", name=op.f("pk_inbox")),
    )
    op.create_index("ix_inbox_handled_at", "inbox", ["handled_at"])

    op.create_table(
        "message_quarantine",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("consumer", sa.String(length=80), nullable=False),
        sa.Column("event_id", sa.String(length=80), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("quarantined_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("replayed_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_message_quarantine")),
    )
    op.create_index("ix_message_quarantine_event", "message_quarantine", ["consumer", "event_id"], unique=True)

    op.create_table(
        "outbox",
        sa.Column("position", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("event_id", sa.String(length=36), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("traceparent", sa.String(length=64), nullable=True),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("position", name=op.f("pk_outbox")),
        sa.UniqueConstraint("event_id", name=op.f("uq_outbox_event_id")),
    )
    op.create_index("ix_outbox_sent_at", "outbox", ["sent_at"])
    op.create_index(
        "ix_outbox_unsent",
        "outbox",
        ["position"],
        sqlite_where=sa.text("sent_at IS NULL"),
        postgresql_where=sa.text("sent_at IS NULL"),
    )

    op.create_table(
        "people",
        sa.Column("person_id", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("epoch", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("person_id", name=op.f("pk_people")),
    )
    op.create_table(
        "person_identities",
        sa.Column("system", sa.String(), nullable=False),
        sa.Column("value", sa.String(), nullable=False),
        sa.Column("person_id", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("system", "value", name=op.f("pk_person_identities")),
    )
    op.create_index("ix_person_identities_person", "person_identities", ["person_id"])

    op.create_table(
        "plans",
        sa.Column("rollout", sa.String(), nullable=False),
        sa.Column("courses", DOCUMENT, nullable=False),
        sa.Column("systems", DOCUMENT, nullable=False),
        sa.Column("epoch", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("rollout", name=op.f("pk_plans")),
    )
    op.create_table(
        "policies",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("document", DOCUMENT, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("name", "version", name=op.f("pk_policies")),
    )
    op.create_table(
        "relay_state",
        sa.Column("stream", sa.String(length=40), nullable=False),
        sa.Column("server_id", sa.String(length=80), nullable=False),
        sa.Column("stream_created", sa.String(length=40), nullable=False),
        sa.PrimaryKeyConstraint("stream", name=op.f("pk_relay_state")),
    )
    op.create_table(
        "sources",
        sa.Column("source_id", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("vendor_file", DOCUMENT, nullable=False),
        sa.Column("epoch", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("source_id", name=op.f("pk_sources")),
    )
    op.create_index("ix_sources_name", "sources", ["name"])

    op.create_table(
        "waves",
        sa.Column("wave_id", sa.String(), nullable=False),
        sa.Column("rollout", sa.String(), nullable=False),
        sa.Column("wave", sa.String(), nullable=False),
        sa.Column("phase", sa.String(), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("completed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("epoch", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("wave_id", name=op.f("pk_waves")),
    )
    op.create_index("ix_waves_name", "waves", ["rollout", "wave"])

    op.create_table(
        "tickets",
        sa.Column("ticket_id", sa.String(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("description", sa.String(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("vendor_status", sa.String(), nullable=True),
        sa.Column("priority", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("requester_id", sa.String(), nullable=False),
        sa.Column("assignee", sa.String(), nullable=True),
        sa.Column("tags", DOCUMENT, nullable=False),
        sa.Column("course", sa.String(), nullable=True),
        sa.Column("system", sa.String(), nullable=True),
        sa.Column("rollout", sa.String(), nullable=True),
        sa.Column("wave", sa.String(), nullable=True),
        sa.Column("rule", sa.String(), nullable=True),
        sa.Column("by_hand", sa.Boolean(), nullable=False),
        sa.Column("source", sa.String(), nullable=True),
        sa.Column("external_id", sa.String(), nullable=True),
        sa.Column("external_key", sa.String(), nullable=True),
        sa.Column("policy_name", sa.String(), nullable=False),
        sa.Column("policy_version", sa.Integer(), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("solved_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("told_at", DOCUMENT, nullable=False),
        sa.CheckConstraint("priority IN ('P1', 'P2', 'P3', 'P4')", name=op.f("ck_tickets_priority")),
        sa.CheckConstraint(
            "status IN ('new', 'open', 'pending', 'on_hold', 'solved', 'closed', 'unknown')",
            name=op.f("ck_tickets_status"),
        ),
        sa.ForeignKeyConstraint(
            ["requester_id"], ["contacts.contact_id"], name=op.f("fk_tickets_requester_id_contacts")
        ),
        sa.PrimaryKeyConstraint("ticket_id", name=op.f("pk_tickets")),
        sa.UniqueConstraint("number", name=op.f("uq_tickets_number")),
        sa.UniqueConstraint("source", "external_id", name=op.f("uq_tickets_source_external_id")),
    )
    op.create_index("ix_tickets_opened", "tickets", ["opened_at", "ticket_id"])
    op.create_index("ix_tickets_requester", "tickets", ["requester_id"])
    op.create_index("ix_tickets_status", "tickets", ["status", "opened_at", "ticket_id"])
    op.create_index("ix_tickets_wave", "tickets", ["rollout", "wave", "opened_at", "ticket_id"])

    op.create_table(
        "breaches",
        sa.Column("breach_id", sa.String(), nullable=False),
        sa.Column("clock_id", sa.String(), nullable=False),
        sa.Column("ticket_id", sa.String(), nullable=False),
        sa.Column("priority", sa.String(), nullable=False),
        sa.Column("policy", sa.String(), nullable=False),
        sa.Column("cause", sa.String(), nullable=False),
        sa.Column("breached_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("detected_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("withdrawn_reason", sa.String(), nullable=True),
        sa.ForeignKeyConstraint(["ticket_id"], ["tickets.ticket_id"], name=op.f("fk_breaches_ticket_id_tickets")),
        sa.PrimaryKeyConstraint("breach_id", name=op.f("pk_breaches")),
    )
    op.create_index(
        "ix_breaches_clock",
        "breaches",
        ["clock_id"],
        unique=True,
        sqlite_where=sa.text("withdrawn_at IS NULL"),
        postgresql_where=sa.text("withdrawn_at IS NULL"),
    )

    op.create_table(
        "clocks",
        sa.Column("clock_id", sa.String(), nullable=False),
        sa.Column("ticket_id", sa.String(), nullable=False),
        sa.Column("target", sa.String(), nullable=False),
        sa.Column("cycle", sa.Integer(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("target_seconds", sa.Float(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("stops", DOCUMENT, nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("breached_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("cause", sa.String(), nullable=False),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("answered", sa.Boolean(), nullable=False),
        sa.CheckConstraint("state IN ('running', 'paused', 'settled', 'cancelled')", name=op.f("ck_clocks_state")),
        sa.ForeignKeyConstraint(["ticket_id"], ["tickets.ticket_id"], name=op.f("fk_clocks_ticket_id_tickets")),
        sa.PrimaryKeyConstraint("clock_id", name=op.f("pk_clocks")),
        sa.UniqueConstraint("ticket_id", "target", "cycle", name=op.f("uq_clocks_ticket_id_target_cycle")),
    )
    op.create_index(
        "ix_clocks_due",
        "clocks",
        ["due_at", "clock_id"],
        sqlite_where=sa.text("state = 'running' AND breached_at IS NULL"),
        postgresql_where=sa.text("state = 'running' AND breached_at IS NULL"),
    )

    op.create_table(
        "comments",
        sa.Column("comment_id", sa.String(), nullable=False),
        sa.Column("ticket_id", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("said_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("observed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("author_id", sa.String(), nullable=True),
        sa.Column("author_name", sa.String(), nullable=False),
        sa.Column("author_role", sa.String(), nullable=False),
        sa.Column("public", sa.Boolean(), nullable=False),
        sa.Column("body", sa.String(), nullable=False),
        sa.Column("external_id", sa.String(), nullable=True),
        sa.ForeignKeyConstraint(["ticket_id"], ["tickets.ticket_id"], name=op.f("fk_comments_ticket_id_tickets")),
        sa.PrimaryKeyConstraint("comment_id", name=op.f("pk_comments")),
        sa.UniqueConstraint("ticket_id", "external_id", name=op.f("uq_comments_ticket_id_external_id")),
    )
    op.create_index("ix_comments_ticket", "comments", ["ticket_id", "at"])

    op.create_table(
        "history",
        sa.Column("entry_id", sa.String(), nullable=False),
        sa.Column("ticket_id", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("observed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("actor", sa.String(), nullable=False),
        sa.Column("detail", DOCUMENT, nullable=False),
        sa.ForeignKeyConstraint(["ticket_id"], ["tickets.ticket_id"], name=op.f("fk_history_ticket_id_tickets")),
        sa.PrimaryKeyConstraint("entry_id", name=op.f("pk_history")),
    )
    op.create_index("ix_history_ticket", "history", ["ticket_id", "entry_id"])

    op.create_table(
        "moments",
        sa.Column("moment_id", sa.String(), nullable=False),
        sa.Column("ticket_id", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("observed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("value", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["ticket_id"], ["tickets.ticket_id"], name=op.f("fk_moments_ticket_id_tickets")),
        sa.PrimaryKeyConstraint("moment_id", name=op.f("pk_moments")),
    )
    op.create_index("ix_moments_ticket", "moments", ["ticket_id", "at"])

    _seed()


def _seed() -> None:
    policies = sa.table(
        "policies",
        sa.column("name", sa.String),
        sa.column("version", sa.Integer),
        sa.column("document", DOCUMENT),
        sa.column("created_at", sa.DateTime(timezone=True)),
        sa.column("created_by", sa.String),
    )
    counters = sa.table("counters", sa.column("name", sa.String), sa.column("value", sa.Integer))
    # The day of this revision: every database has the same first version.
    made_at = datetime(2026, 11, 22, tzinfo=UTC)
    row = {"name": "standard", "version": 1, "document": STANDARD, "created_at": made_at, "created_by": "glidepath"}
    op.bulk_insert(policies, [row])
    op.bulk_insert(counters, [{"name": "ticket", "value": 0}])


def downgrade() -> None:

    op.drop_table("moments")

    op.drop_table("history")

    op.drop_table("comments")

    op.drop_table("clocks")

    op.drop_table("breaches")

    op.drop_table("tickets")

    op.drop_table("waves")

    op.drop_table("sources")
    op.drop_table("relay_state")
    op.drop_table("policies")
    op.drop_table("plans")

    op.drop_table("person_identities")
    op.drop_table("people")

    op.drop_table("outbox")

    op.drop_table("message_quarantine")

    op.drop_table("inbox")

    op.drop_table("idempotency")

    op.drop_table("enrolments")
    op.drop_table("counters")

    op.drop_table("contacts")
    op.drop_table("applied_facts")
