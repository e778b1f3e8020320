"""the gateway's first tables."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from shared.outbox import Instant

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "api_keys",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("hint", sa.String(length=16), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.Column("roles", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("created_by", sa.String(length=200), nullable=False),
        sa.Column("expires_at", Instant(), nullable=True),
        sa.Column("last_used_at", Instant(), nullable=True),
        sa.Column("revoked_at", Instant(), nullable=True),
        sa.Column("revoked_by", sa.String(length=200), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_api_keys")),
        sa.UniqueConstraint("hash", name=op.f("uq_api_keys_hash")),
    )
    op.create_table(
        "business_clock",
        sa.Column("clock", sa.String(length=16), nullable=False),
        sa.Column("offset_seconds", sa.Float(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("clock", name=op.f("pk_business_clock")),
    )
    op.create_table(
        "deliveries",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("source_id", sa.String(length=36), nullable=False),
        sa.Column("source", sa.String(length=63), nullable=False),
        sa.Column("vendor", sa.String(length=80), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("dedupe_key", sa.String(length=255), nullable=True),
        sa.Column("dedupe_until", Instant(), nullable=False),
        sa.Column("content_hash", sa.String(length=64), nullable=False),
        sa.Column("content_type", sa.String(length=255), nullable=False),
        sa.Column("headers", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=True),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("received_at", Instant(), nullable=False),
        sa.Column("outcome", sa.String(length=16), nullable=False),
        sa.Column("facts", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("understood_at", Instant(), nullable=True),
        sa.Column("replays", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "outcome IN ('waiting', 'applied', 'ignored', 'quarantined')", name=op.f("ck_deliveries_outcome")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_deliveries")),
        sa.UniqueConstraint("source_id", "dedupe_key", name=op.f("uq_deliveries_source_id_dedupe_key")),
    )
    op.create_index("ix_deliveries_source_outcome", "deliveries", ["source", "outcome", "id"], unique=False)
    op.create_index(
        "ix_deliveries_with_body",
        "deliveries",
        ["received_at"],
        unique=False,
        sqlite_where=sa.text("body IS NOT NULL"),
        postgresql_where=sa.text("body IS NOT NULL"),
    )

    op.create_table(
        "idempotency",
        sa.Column("caller", sa.String(length=120), nullable=False),
        sa.Column("key", sa.String(length=255), nullable=False),
        sa.Column("request_hash", sa.String(length=64), nullable=False),
        sa.Column("status", sa.Integer(), nullable=False),
        sa.Column("headers", sa.Text(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=True),
        sa.Column("stored_at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("caller", "key", name=op.f("pk_idempotency")),
    )
    op.create_index(op.f("ix_idempotency_stored_at"), "idempotency", ["stored_at"], unique=False)

    op.create_table(
        "inbox",
        sa.Column("consumer", sa.String(length=80), nullable=False),
        sa.Column("event_id", sa.String(length=80), nullable=False),
        sa.Column("handled_at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("consumer", "event_id", name=op.f("pk_inbox")),
    )
    op.create_index(op.f("ix_inbox_handled_at"), "inbox", ["handled_at"], unique=False)

    op.create_table(
        "login_links",
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.Column("subject", sa.String(length=200), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("email", sa.String(length=320), nullable=True),
        sa.Column("roles", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("expires_at", Instant(), nullable=False),
        sa.Column("used_at", Instant(), nullable=True),
        sa.PrimaryKeyConstraint("hash", name=op.f("pk_login_links")),
    )
    op.create_index(op.f("ix_login_links_expires_at"), "login_links", ["expires_at"], unique=False)

    op.create_table(
        "message_quarantine",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("consumer", sa.String(length=80), nullable=False),
        sa.Column("event_id", sa.String(length=80), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("quarantined_at", Instant(), nullable=False),
        sa.Column("replayed_at", Instant(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_message_quarantine")),
    )
    op.create_index("ix_message_quarantine_event", "message_quarantine", ["consumer", "event_id"], unique=True)

    op.create_table(
        "notices",
        sa.Column("id", sa.String(length=80), nullable=False),
        sa.Column("owner", sa.String(length=40), nullable=False),
        sa.Column("person_id", sa.String(length=80), nullable=True),
        sa.Column("to_email", sa.String(length=320), nullable=False),
        sa.Column("to_name", sa.String(length=400), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("link", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("rollout", sa.String(length=200), nullable=True),
        sa.Column("wave", sa.String(length=200), nullable=True),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("next_attempt_at", Instant(), nullable=False),
        sa.Column("requested_at", Instant(), nullable=False),
        sa.Column("sent_at", Instant(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "state IN ('waiting', 'undeliverable', 'sent', 'failed', 'expired')", name=op.f("ck_notices_state")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notices")),
    )
    op.create_index(
        "ix_notices_due",
        "notices",
        ["next_attempt_at"],
        unique=False,
        sqlite_where=sa.text("state IN ('waiting', 'undeliverable')"),
        postgresql_where=sa.text("state IN ('waiting', 'undeliverable')"),
    )
    op.create_index(op.f("ix_notices_person_id"), "notices", ["person_id"], unique=False)

    op.create_table(
        "outbox",
        sa.Column("position", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("event_id", sa.String(length=36), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("traceparent", sa.String(length=64), nullable=True),
        sa.Column("recorded_at", Instant(), nullable=False),
        sa.Column("sent_at", Instant(), nullable=True),
        sa.PrimaryKeyConstraint("position", name=op.f("pk_outbox")),
        sa.UniqueConstraint("event_id", name=op.f("uq_outbox_event_id")),
    )
    op.create_index("ix_outbox_sent_at", "outbox", ["sent_at"], unique=False)
    op.create_index(
        "ix_outbox_unsent",
        "outbox",
        ["position"],
        unique=False,
        sqlite_where=sa.text("sent_at IS NULL"),
        postgresql_where=sa.text("sent_at IS NULL"),
    )

    op.create_table(
        "quarantined_deliveries",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("source_id", sa.String(length=36), nullable=False),
        sa.Column("source", sa.String(length=63), nullable=False),
        sa.Column("vendor", sa.String(length=80), nullable=False),
        sa.Column("stage", sa.String(length=16), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("fingerprint", sa.String(length=80), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=True),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("times", sa.Integer(), nullable=False),
        sa.Column("received_at", Instant(), nullable=False),
        sa.Column("last_received_at", Instant(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("released_at", Instant(), nullable=True),
        sa.Column("delivery_id", sa.String(length=36), nullable=True),
        sa.CheckConstraint("stage IN ('signature', 'body', 'meaning')", name=op.f("ck_quarantined_deliveries_stage")),
        sa.CheckConstraint("state IN ('held', 'released')", name=op.f("ck_quarantined_deliveries_state")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_quarantined_deliveries")),
        sa.UniqueConstraint("source_id", "fingerprint", name=op.f("uq_quarantined_deliveries_source_id_fingerprint")),
    )
    op.create_index(
        op.f("ix_quarantined_deliveries_delivery_id"), "quarantined_deliveries", ["delivery_id"], unique=False
    )
    op.create_index(
        "ix_quarantined_deliveries_held", "quarantined_deliveries", ["source_id", "state", "id"], unique=False
    )

    op.create_table(
        "relay_state",
        sa.Column("stream", sa.String(length=40), nullable=False),
        sa.Column("server_id", sa.String(length=80), nullable=False),
        sa.Column("stream_created", sa.String(length=40), nullable=False),
        sa.PrimaryKeyConstraint("stream", name=op.f("pk_relay_state")),
    )
    op.create_table(
        "sessions",
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.Column("subject", sa.String(length=200), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("email", sa.String(length=320), nullable=True),
        sa.Column("roles", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("expires_at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("hash", name=op.f("pk_sessions")),
    )
    op.create_index(op.f("ix_sessions_expires_at"), "sessions", ["expires_at"], unique=False)

    op.create_table(
        "sources",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("name", sa.String(length=63), nullable=False),
        sa.Column("vendor", sa.String(length=80), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        sa.Column(
            "vendor_file",
            sa.JSON(none_as_null=True).with_variant(
                postgresql.JSONB(none_as_null=True), "postgresql"
            ),
            nullable=False,
        ),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("changed_at", Instant(), nullable=False),
        sa.CheckConstraint("kind IN ('lms', 'helpdesk')", name=op.f("ck_sources_kind")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sources")),
        sa.UniqueConstraint("name", name=op.f("uq_sources_name")),
    )
    op.create_table(
        "source_secrets",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("source_id", sa.String(length=36), nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("added_at", Instant(), nullable=False),
        sa.ForeignKeyConstraint(["source_id"], ["sources.id"], name=op.f("fk_source_secrets_source_id_sources")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_source_secrets")),
        sa.UniqueConstraint("source_id", "place", name=op.f("uq_source_secrets_source_id_place")),
    )


def downgrade() -> None:
    op.drop_table("source_secrets")
    op.drop_table("sources")
    op.drop_index(op.f("ix_sessions_expires_at"), table_name="sessions")

    op.drop_table("sessions")
    op.drop_table("relay_state")
    op.drop_index("ix_quarantined_deliveries_held", table_name="quarantined_deliveries")
    op.drop_index(op.f("ix_quarantined_deliveries_delivery_id"), table_name="quarantined_deliveries")

    op.drop_table("quarantined_deliveries")
    op.drop_index(
        "ix_outbox_unsent",
        table_name="outbox",
        sqlite_where=sa.text("sent_at IS NULL"),
        postgresql_where=sa.text("sent_at IS NULL"),
    )
    op.drop_index("ix_outbox_sent_at", table_name="outbox")

    op.drop_table("outbox")
    op.drop_index(op.f("ix_notices_person_id"), table_name="notices")
    op.drop_index(
        "ix_notices_due",
        table_name="notices",
        sqlite_where=sa.text("state IN ('waiting', 'undeliverable')"),
        postgresql_where=sa.text("state IN ('waiting', 'undeliverable')"),
    )

    op.drop_table("notices")
    op.drop_index("ix_message_quarantine_event", table_name="message_quarantine")

    op.drop_table("message_quarantine")
    op.drop_index(op.f("ix_login_links_expires_at"), table_name="login_links")

    op.drop_table("login_links")
    op.drop_index(op.f("ix_inbox_handled_at"), table_name="inbox")

    op.drop_table("inbox")
    op.drop_index(op.f("ix_idempotency_stored_at"), table_name="idempotency")

    op.drop_table("idempotency")
    op.drop_index(
        "ix_deliveries_with_body",
        table_name="deliveries",
        sqlite_where=sa.text("body IS NOT NULL"),
        postgresql_where=sa.text("body IS NOT NULL"),
    )
    op.drop_index("ix_deliveries_source_outcome", table_name="deliveries")

    op.drop_table("deliveries")
    op.drop_table("business_clock")
    op.drop_table("api_keys")
