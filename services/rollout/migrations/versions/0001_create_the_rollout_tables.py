"""Create the rollout tables."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

DOCUMENT = sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql")
INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "clock_evidence",
        sa.Column("clock_id", sa.String(length=80), nullable=False),
        sa.Column("cycle", sa.Integer(), nullable=False),
        sa.Column("ticket_id", sa.String(length=80), nullable=False),
        sa.Column("wave_id", sa.String(length=130), nullable=True),
        sa.Column("ticket_number", sa.Integer(), nullable=False),
        sa.Column("ticket_subject", sa.Text(), nullable=False),
        sa.Column("target", sa.String(length=20), nullable=False),
        sa.Column("priority", sa.String(length=4), nullable=False),
        sa.Column("breached_at", INSTANT, nullable=True),
        sa.Column("withdrawn_at", INSTANT, nullable=True),
        sa.Column("settled_at", INSTANT, nullable=True),
        sa.Column("outcome", sa.String(length=12), nullable=True),
        sa.PrimaryKeyConstraint("clock_id", "cycle", name=op.f("pk_clock_evidence")),
    )
    op.create_index(
        "ix_clock_evidence_open_breach",
        "clock_evidence",
        ["wave_id"],
        unique=False,
        sqlite_where=sa.text("breached_at IS NOT NULL AND withdrawn_at IS NULL AND settled_at IS NULL"),
        postgresql_where=sa.text("breached_at IS NOT NULL AND withdrawn_at IS NULL AND settled_at IS NULL"),
    )
    op.create_index(op.f("ix_clock_evidence_ticket_id"), "clock_evidence", ["ticket_id"], unique=False)
    op.create_index("ix_clock_evidence_wave", "clock_evidence", ["wave_id", "target", "outcome"], unique=False)

    op.create_table(
        "connections",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("source", sa.String(length=80), nullable=False),
        sa.Column("vendor", sa.String(length=80), nullable=False),
        sa.Column("base_url", sa.Text(), nullable=False),
        sa.Column("sealed_token", sa.Text(), nullable=False),
        sa.Column("options", DOCUMENT, nullable=False),
        sa.Column("poll_every_seconds", sa.Float(), nullable=False),
        sa.Column("poll_wanted", sa.Boolean(), nullable=False),
        sa.Column("poll_cursor", sa.Text(), nullable=True),
        sa.Column("poll_started_at", INSTANT, nullable=True),
        sa.Column("polled_at", INSTANT, nullable=True),
        sa.Column("polls", sa.Integer(), nullable=False),
        sa.Column("next_call_at", INSTANT, nullable=True),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("last_error", sa.Text(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("changed_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_connections")),
        sa.UniqueConstraint("source", name=op.f("uq_connections_source")),
    )
    op.create_table(
        "enrolments",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("rollout", sa.String(length=80), nullable=False),
        sa.Column("wave", sa.String(length=80), nullable=False),
        sa.Column("person_id", sa.String(length=36), nullable=False),
        sa.Column("source", sa.String(length=80), nullable=True),
        sa.Column("course_id", sa.Text(), nullable=True),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("wanted", sa.String(length=20), nullable=False),
        sa.Column("push", sa.String(length=20), nullable=False),
        sa.Column("push_attempts", sa.Integer(), nullable=False),
        sa.Column("push_due_at", INSTANT, nullable=True),
        sa.Column("push_error", sa.Text(), nullable=True),
        sa.Column("pushed", sa.Boolean(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("assigned_at", INSTANT, nullable=False),
        sa.Column("changed_at", INSTANT, nullable=False),
        sa.CheckConstraint(
            "push IN ('none', 'enrol', 'enrolled', 'unenrol', 'unenrolled', 'failed')",
            name=op.f("ck_enrolments_push_known"),
        ),
        sa.CheckConstraint(
            "state IN ('assigned', 'invited', 'enrolled', 'started', 'completed', 'passed', 'failed', 'withdrawn')",
            name=op.f("ck_enrolments_state_known"),
        ),
        sa.CheckConstraint("wanted IN ('nothing', 'enrolled', 'withdrawn')", name=op.f("ck_enrolments_wanted_known")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_enrolments")),
    )
    op.create_index("ix_enrolments_course", "enrolments", ["person_id", "source", "course_id"], unique=False)
    op.create_index("ix_enrolments_poll", "enrolments", ["source", "id"], unique=False)
    op.create_index(
        "ix_enrolments_push",
        "enrolments",
        ["source", "push_due_at"],
        unique=False,
        sqlite_where=sa.text("push_due_at IS NOT NULL"),
        postgresql_where=sa.text("push_due_at IS NOT NULL"),
    )
    op.create_index("ix_enrolments_wave", "enrolments", ["rollout", "wave", "id"], unique=False)
    op.create_index("uq_enrolments_place", "enrolments", ["rollout", "person_id"], unique=True)

    op.create_table(
        "freezes",
        sa.Column("name", sa.String(length=63), nullable=False),
        sa.Column("from_at", INSTANT, nullable=False),
        sa.Column("to_at", INSTANT, nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_freezes")),
    )
    op.create_index(op.f("ix_freezes_to_at"), "freezes", ["to_at"], unique=False)

    op.create_table(
        "holds",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("wave_id", sa.String(length=130), nullable=False),
        sa.Column("owner", sa.String(length=20), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("next_step", sa.Text(), nullable=False),
        sa.Column("gate", sa.String(length=63), nullable=True),
        sa.Column("pause", sa.Boolean(), nullable=False),
        sa.Column("placed_at", INSTANT, nullable=False),
        sa.Column("placed_by", sa.Text(), nullable=False),
        sa.Column("expires_at", INSTANT, nullable=True),
        sa.Column("lifted_at", INSTANT, nullable=True),
        sa.Column("lifted_by", sa.Text(), nullable=True),
        sa.Column("lift_reason", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "owner IN ('gate', 'training', 'it_lead', 'system', 'freeze')", name=op.f("ck_holds_owner_known")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_holds")),
    )
    op.create_index(
        "ix_holds_in_force",
        "holds",
        ["wave_id"],
        unique=False,
        sqlite_where=sa.text("lifted_at IS NULL"),
        postgresql_where=sa.text("lifted_at IS NULL"),
    )
    op.create_index(
        "uq_holds_of_gate",
        "holds",
        ["wave_id", "gate"],
        unique=True,
        sqlite_where=sa.text("lifted_at IS NULL AND gate IS NOT NULL"),
        postgresql_where=sa.text("lifted_at IS NULL AND gate IS NOT NULL"),
    )

    op.create_table(
        "idempotency",
        sa.Column("caller", sa.String(length=120), nullable=False),
        sa.Column("key", sa.String(length=255), nullable=False),
        sa.Column("request_hash", sa.String(length=64), nullable=False),
        sa.Column("status", sa.Integer(), nullable=False),
        sa.Column("headers", sa.Text(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=True),
        sa.Column("stored_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("caller", "key", name=op.f("pk_idempotency")),
    )
    op.create_index(op.f("ix_idempotency_stored_at"), "idempotency", ["stored_at"], unique=False)

    op.create_table(
        "identities",
        sa.Column("source", sa.String(length=80), nullable=False),
        sa.Column("scheme", sa.String(length=20), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column("person_id", sa.String(length=36), nullable=False),
        sa.Column("origin", sa.String(length=20), nullable=False),
        sa.PrimaryKeyConstraint("source", "scheme", "value", name=op.f("pk_identities")),
    )
    op.create_index("ix_identities_person", "identities", ["person_id", "source", "scheme"], unique=False)

    op.create_table(
        "inbox",
        sa.Column("consumer", sa.String(length=80), nullable=False),
        sa.Column("event_id", sa.String(length=80), nullable=False),
        sa.Column("handled_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("consumer", "event_id", name=op.f("pk_inbox")),
    )
    op.create_index(op.f("ix_inbox_handled_at"), "inbox", ["handled_at"], unique=False)

    op.create_table(
        "learning_facts",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("source", sa.String(length=80), nullable=False),
        sa.Column("dedupe_key", sa.Text(), nullable=False),
        sa.Column("type", sa.String(length=20), nullable=False),
        sa.Column("scheme", sa.String(length=20), nullable=True),
        sa.Column("value", sa.Text(), nullable=True),
        sa.Column("person_id", sa.String(length=36), nullable=True),
        sa.Column("course_id", sa.Text(), nullable=True),
        sa.Column("level", sa.String(length=20), nullable=True),
        sa.Column("module", sa.Text(), nullable=True),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("vendor_state", sa.Text(), nullable=True),
        sa.Column("vendor_event", sa.Text(), nullable=True),
        sa.Column("score", sa.Float(), nullable=True),
        sa.Column("voids", sa.Text(), nullable=True),
        sa.Column("occurred_at", INSTANT, nullable=True),
        sa.Column("received_at", INSTANT, nullable=False),
        sa.Column("delivery_id", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_learning_facts")),
    )
    op.create_index("ix_learning_facts_fold", "learning_facts", ["person_id", "source", "course_id"], unique=False)
    op.create_index(
        "ix_learning_facts_voids",
        "learning_facts",
        ["source", "voids"],
        unique=False,
        sqlite_where=sa.text("voids IS NOT NULL"),
        postgresql_where=sa.text("voids IS NOT NULL"),
    )
    op.create_index(
        "ix_learning_facts_waiting",
        "learning_facts",
        ["source", "scheme", "value"],
        unique=False,
        sqlite_where=sa.text("person_id IS NULL"),
        postgresql_where=sa.text("person_id IS NULL"),
    )
    op.create_index("uq_learning_facts_key", "learning_facts", ["source", "dedupe_key"], unique=True)

    op.create_table(
        "message_quarantine",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("consumer", sa.String(length=80), nullable=False),
        sa.Column("event_id", sa.String(length=80), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("quarantined_at", INSTANT, nullable=False),
        sa.Column("replayed_at", INSTANT, nullable=True),
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
        sa.Column("recorded_at", INSTANT, nullable=False),
        sa.Column("sent_at", INSTANT, nullable=True),
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
        "people",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("external_key", sa.Text(), nullable=True),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("email", sa.Text(), nullable=True),
        sa.Column("email_folded", sa.Text(), nullable=True),
        sa.Column("manager_id", sa.String(length=36), nullable=True),
        sa.Column("department", sa.Text(), nullable=True),
        sa.Column("region", sa.Text(), nullable=True),
        sa.Column("site", sa.Text(), nullable=True),
        sa.Column("role", sa.Text(), nullable=True),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("language", sa.String(length=40), nullable=True),
        sa.Column("zone", sa.String(length=60), nullable=True),
        sa.Column("tags", DOCUMENT, nullable=False),
        sa.Column("champion", sa.Boolean(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("external_ids", DOCUMENT, nullable=False),
        sa.Column("search", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("changed_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_people")),
        sa.UniqueConstraint("email_folded", name=op.f("uq_people_email_folded")),
        sa.UniqueConstraint("external_key", name=op.f("uq_people_external_key")),
    )
    op.create_index(op.f("ix_people_manager_id"), "people", ["manager_id"], unique=False)

    op.create_table(
        "plan_versions",
        sa.Column("rollout_id", sa.String(length=36), nullable=False),
        sa.Column("plan_version", sa.Integer(), nullable=False),
        sa.Column("plan_hash", sa.String(length=80), nullable=False),
        sa.Column("document", DOCUMENT, nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("applied_at", INSTANT, nullable=False),
        sa.Column("applied_by", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("rollout_id", "plan_version", name=op.f("pk_plan_versions")),
    )
    op.create_table(
        "progress",
        sa.Column("person_id", sa.String(length=36), nullable=False),
        sa.Column("source", sa.String(length=80), nullable=False),
        sa.Column("course_id", sa.Text(), nullable=False),
        sa.Column("standing", sa.String(length=20), nullable=False),
        sa.Column("since_at", INSTANT, nullable=True),
        sa.Column("completed_at", INSTANT, nullable=True),
        sa.Column("score", sa.Float(), nullable=True),
        sa.Column("suspended", sa.Boolean(), nullable=False),
        sa.CheckConstraint(
            "standing IN ('none', 'enrolled', 'started', 'completed', 'passed', 'failed', 'withdrawn')",
            name=op.f("ck_progress_standing_known"),
        ),
        sa.PrimaryKeyConstraint("person_id", "source", "course_id", name=op.f("pk_progress")),
    )
    op.create_table(
        "relay_state",
        sa.Column("stream", sa.String(length=40), nullable=False),
        sa.Column("server_id", sa.String(length=80), nullable=False),
        sa.Column("stream_created", sa.String(length=40), nullable=False),
        sa.PrimaryKeyConstraint("stream", name=op.f("pk_relay_state")),
    )
    op.create_table(
        "rollouts",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("name", sa.String(length=63), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("salt", sa.String(length=36), nullable=False),
        sa.Column("plan_version", sa.Integer(), nullable=False),
        sa.Column("plan_hash", sa.String(length=80), nullable=False),
        sa.Column("notice_from_at", INSTANT, nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rollouts")),
        sa.UniqueConstraint("name", name=op.f("uq_rollouts_name")),
    )
    op.create_table(
        "signoffs",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("rollout", sa.String(length=63), nullable=False),
        sa.Column("wave", sa.String(length=63), nullable=False),
        sa.Column("gate", sa.String(length=63), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column("plan_version", sa.Integer(), nullable=False),
        sa.Column("plan_hash", sa.String(length=80), nullable=False),
        sa.Column("requested_at", INSTANT, nullable=False),
        sa.Column("decision", sa.String(length=30), nullable=True),
        sa.Column("comment", sa.Text(), nullable=False),
        sa.Column("given_at", INSTANT, nullable=True),
        sa.Column("voided_at", INSTANT, nullable=True),
        sa.Column("void_reason", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "decision IN ('approve', 'approve_with_conditions', 'reject', 'abstain')",
            name=op.f("ck_signoffs_decision_known"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_signoffs")),
    )
    op.create_index("ix_signoffs_gate", "signoffs", ["rollout", "wave", "gate"], unique=False)
    op.create_index("ix_signoffs_rollout", "signoffs", ["rollout", "id"], unique=False)

    op.create_table(
        "sources",
        sa.Column("source_id", sa.String(length=80), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("vendor", sa.String(length=80), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        sa.Column("vendor_file", DOCUMENT, nullable=False),
        sa.Column("epoch", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("source_id", name=op.f("pk_sources")),
    )
    op.create_index(op.f("ix_sources_name"), "sources", ["name"], unique=False)

    op.create_table(
        "survey_requests",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("rollout", sa.String(length=63), nullable=False),
        sa.Column("wave", sa.String(length=63), nullable=False),
        sa.Column("gate", sa.String(length=63), nullable=False),
        sa.Column("requested_at", INSTANT, nullable=False),
        sa.Column("closes_at", INSTANT, nullable=False),
        sa.Column("campaign_id", sa.String(length=80), nullable=True),
        sa.Column("verdict", sa.String(length=20), nullable=True),
        sa.Column("explanation", sa.Text(), nullable=False),
        sa.Column("estimate", sa.Float(), nullable=True),
        sa.Column("answered", sa.Integer(), nullable=False),
        sa.Column("invited", sa.Integer(), nullable=False),
        sa.Column("reached_at", INSTANT, nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_survey_requests")),
    )
    op.create_index("ix_survey_requests_gate", "survey_requests", ["rollout", "wave", "gate", "id"], unique=False)

    op.create_table(
        "ticket_evidence",
        sa.Column("ticket_id", sa.String(length=80), nullable=False),
        sa.Column("wave_id", sa.String(length=130), nullable=True),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("priority", sa.String(length=4), nullable=False),
        sa.Column("opened_at", INSTANT, nullable=False),
        sa.Column("solved_at", INSTANT, nullable=True),
        sa.Column("epoch", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("ticket_id", name=op.f("pk_ticket_evidence")),
    )
    op.create_index(
        "ix_ticket_evidence_open",
        "ticket_evidence",
        ["wave_id", "priority"],
        unique=False,
        sqlite_where=sa.text("solved_at IS NULL"),
        postgresql_where=sa.text("solved_at IS NULL"),
    )

    op.create_table(
        "timeline",
        sa.Column("position", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("rollout", sa.String(length=63), nullable=False),
        sa.Column("wave", sa.String(length=63), nullable=True),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("kind", sa.String(length=30), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("sentence", sa.Text(), nullable=False),
        sa.Column("evidence", DOCUMENT, nullable=False),
        sa.PrimaryKeyConstraint("position", name=op.f("pk_timeline")),
    )
    op.create_index("ix_timeline_rollout", "timeline", ["rollout", "position"], unique=False)

    op.create_table(
        "unknown_identities",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("source", sa.String(length=80), nullable=False),
        sa.Column("scheme", sa.String(length=20), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column("shown", sa.Text(), nullable=False),
        sa.Column("first_seen_at", INSTANT, nullable=False),
        sa.Column("last_seen_at", INSTANT, nullable=False),
        sa.Column("person_id", sa.String(length=36), nullable=True),
        sa.Column("linked_at", INSTANT, nullable=True),
        sa.Column("linked_by", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_unknown_identities")),
    )
    op.create_index("uq_unknown_identities_name", "unknown_identities", ["source", "scheme", "value"], unique=True)

    op.create_table(
        "wave_counts",
        sa.Column("rollout", sa.String(length=80), nullable=False),
        sa.Column("wave", sa.String(length=80), nullable=False),
        sa.Column("assigned", sa.Integer(), nullable=False),
        sa.Column("invited", sa.Integer(), nullable=False),
        sa.Column("enrolled", sa.Integer(), nullable=False),
        sa.Column("started", sa.Integer(), nullable=False),
        sa.Column("completed", sa.Integer(), nullable=False),
        sa.Column("passed", sa.Integer(), nullable=False),
        sa.Column("failed", sa.Integer(), nullable=False),
        sa.Column("withdrawn", sa.Integer(), nullable=False),
        sa.Column("push_failed", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("rollout", "wave", name=op.f("pk_wave_counts")),
    )
    op.create_table(
        "wave_looks",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("wave_id", sa.String(length=130), nullable=False),
        sa.Column("due_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_wave_looks")),
    )
    op.create_index(op.f("ix_wave_looks_due_at"), "wave_looks", ["due_at"], unique=False)
    op.create_index(op.f("ix_wave_looks_wave_id"), "wave_looks", ["wave_id"], unique=False)

    op.create_table(
        "waves",
        sa.Column("id", sa.String(length=130), nullable=False),
        sa.Column("rollout_id", sa.String(length=36), nullable=False),
        sa.Column("rollout", sa.String(length=63), nullable=False),
        sa.Column("name", sa.String(length=63), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("source", sa.String(length=80), nullable=True),
        sa.Column("course_id", sa.Text(), nullable=True),
        sa.Column("phase", sa.String(length=20), nullable=False),
        sa.Column("since", INSTANT, nullable=False),
        sa.Column("opened_at", INSTANT, nullable=True),
        sa.Column("baking_since", INSTANT, nullable=True),
        sa.Column("completed_at", INSTANT, nullable=True),
        sa.Column("records", DOCUMENT, nullable=False),
        sa.Column("gates", DOCUMENT, nullable=False),
        sa.Column("waits", DOCUMENT, nullable=False),
        sa.Column("audience_size", sa.Integer(), nullable=False),
        sa.Column("completed", sa.Integer(), nullable=False),
        sa.Column("looked_at", INSTANT, nullable=True),
        sa.Column("next_look_at", INSTANT, nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "phase IN ('pending', 'waiting', 'open', 'baking', 'holding', 'completed', 'aborted', 'rolled_back')",
            name=op.f("ck_waves_phase_known"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_waves")),
    )
    op.create_index("ix_waves_course", "waves", ["source", "course_id"], unique=False)
    op.create_index(
        "ix_waves_next_look",
        "waves",
        ["next_look_at"],
        unique=False,
        sqlite_where=sa.text("next_look_at IS NOT NULL"),
        postgresql_where=sa.text("next_look_at IS NOT NULL"),
    )
    op.create_index("ix_waves_rollout", "waves", ["rollout_id", "position"], unique=False)


def downgrade() -> None:
    for table in (
        "waves",
        "wave_looks",
        "wave_counts",
        "unknown_identities",
        "timeline",
        "ticket_evidence",
        "survey_requests",
        "sources",
        "signoffs",
        "rollouts",
        "relay_state",
        "progress",
        "plan_versions",
        "people",
        "outbox",
        "message_quarantine",
        "learning_facts",
        "inbox",
        "identities",
        "idempotency",
        "holds",
        "freezes",
        "enrolments",
        "connections",
        "clock_evidence",
    ):
        op.drop_table(table)
