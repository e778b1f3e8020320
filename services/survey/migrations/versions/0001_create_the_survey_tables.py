"""Create the survey tables"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

DOCUMENT = sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), 'postgresql')


def upgrade() -> None:
    op.create_table('campaigns',
    sa.Column('id', sa.String(length=36), nullable=False),
    sa.Column('request_id', sa.String(length=200), nullable=True),
    sa.Column('instrument_id', sa.String(length=63), nullable=False),
    sa.Column('instrument_version', sa.Integer(), nullable=False),
    sa.Column('title', sa.Text(), nullable=False),
    sa.Column('mode', sa.String(length=20), nullable=False),
    sa.Column('k', sa.Integer(), nullable=False),
    sa.Column('rollout', sa.String(length=200), nullable=False),
    sa.Column('wave', sa.String(length=200), nullable=False),
    sa.Column('gate', sa.String(length=200), nullable=False),
    sa.Column('measure', sa.String(length=63), nullable=False),
    sa.Column('threshold', sa.Float(), nullable=False),
    sa.Column('confidence', sa.Float(), nullable=False),
    sa.Column('on_undecided', sa.String(length=20), nullable=False),
    sa.Column('audience_size', sa.Integer(), nullable=False),
    sa.Column('closes_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('state', sa.String(length=20), nullable=False),
    sa.Column('invited', sa.Integer(), nullable=False),
    sa.Column('answered', sa.Integer(), nullable=False),
    sa.Column('opens_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('closed_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.CheckConstraint("mode IN ('identified', 'confidential', 'anonymous')", name=op.f('ck_campaigns_mode_known')),
    sa.CheckConstraint("on_undecided IN ('pass', 'fail', 'undecided')", name=op.f('ck_campaigns_on_undecided_known')),
    sa.CheckConstraint("state IN ('preparing', 'open', 'closed')", name=op.f('ck_campaigns_state_known')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_campaigns')),
    sa.UniqueConstraint('request_id', name=op.f('uq_campaigns_request_id'))
    )
    with op.batch_alter_table('campaigns', schema=None) as batch_op:
        batch_op.create_index('ix_campaigns_due', ['closes_at'], unique=False, sqlite_where=sa.text("state IN ('preparing', 'open')"), postgresql_where=sa.text("state IN ('preparing', 'open')"))
        batch_op.create_index('ix_campaigns_preparing', ['rollout', 'wave'], unique=False, sqlite_where=sa.text("state = 'preparing'"), postgresql_where=sa.text("state = 'preparing'"))

    op.create_table('enrolments',
    sa.Column('enrolment_id', sa.String(length=200), nullable=False),
    sa.Column('rollout', sa.String(length=200), nullable=False),
    sa.Column('wave', sa.String(length=200), nullable=False),
    sa.Column('person_id', sa.String(length=80), nullable=False),
    sa.Column('state', sa.String(length=20), nullable=False),
    sa.Column('epoch', sa.Integer(), nullable=False),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.PrimaryKeyConstraint('enrolment_id', name=op.f('pk_enrolments'))
    )
    with op.batch_alter_table('enrolments', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_enrolments_person_id'), ['person_id'], unique=False)
        batch_op.create_index('ix_enrolments_wave', ['rollout', 'wave'], unique=False)

    op.create_table('idempotency',
    sa.Column('caller', sa.String(length=120), nullable=False),
    sa.Column('key', sa.String(length=255), nullable=False),
    sa.Column('request_hash', sa.String(length=64), nullable=False),
    sa.Column('status', sa.Integer(), nullable=False),
    sa.Column('headers', sa.Text(), nullable=False),
    sa.Column('body', sa.LargeBinary(), nullable=True),
    sa.Column('stored_at', sa.DateTime(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint('caller', 'key', name=op.f('pk_idempotency'))
    )
    with op.batch_alter_table('idempotency', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_idempotency_stored_at'), ['stored_at'], unique=False)

    op.create_table('inbox',
    sa.Column('consumer', sa.String(length=80), nullable=False),
    sa.Column('event_id', sa.String(length=80), nullable=False),
    sa.Column('handled_at', sa.DateTime(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint('consumer', 'event_id', name=op.f('pk_inbox'))
    )
    with op.batch_alter_table('inbox', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_inbox_handled_at'), ['handled_at'], unique=False)

    op.create_table('instruments',
    sa.Column('id', sa.String(length=63), nullable=False),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.Column('sha256', sa.String(length=64), nullable=False),
    sa.Column('document', DOCUMENT, nullable=False),
    sa.Column('published_at', sa.DateTime(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint('id', 'version', name=op.f('pk_instruments'))
    )
    op.create_table('message_quarantine',
    sa.Column('id', sa.String(length=36), nullable=False),
    sa.Column('consumer', sa.String(length=80), nullable=False),
    sa.Column('event_id', sa.String(length=80), nullable=False),
    sa.Column('subject', sa.Text(), nullable=False),
    sa.Column('body', sa.LargeBinary(), nullable=False),
    sa.Column('reason', sa.Text(), nullable=False),
    sa.Column('attempts', sa.Integer(), nullable=False),
    sa.Column('quarantined_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('replayed_at', sa.DateTime(timezone=True), nullable=True),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_message_quarantine'))
    )
    with op.batch_alter_table('message_quarantine', schema=None) as batch_op:
        batch_op.create_index('ix_message_quarantine_event', ['consumer', 'event_id'], unique=True)

    op.create_table('outbox',
    sa.Column('position', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=True, nullable=False),
    sa.Column('event_id', sa.String(length=36), nullable=False),
    sa.Column('subject', sa.Text(), nullable=False),
    sa.Column('body', sa.LargeBinary(), nullable=False),
    sa.Column('traceparent', sa.String(length=64), nullable=True),
    sa.Column('recorded_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('sent_at', sa.DateTime(timezone=True), nullable=True),
    sa.PrimaryKeyConstraint('position', name=op.f('pk_outbox')),
    sa.UniqueConstraint('event_id', name=op.f('uq_outbox_event_id'))
    )
    with op.batch_alter_table('outbox', schema=None) as batch_op:
        batch_op.create_index('ix_outbox_sent_at', ['sent_at'], unique=False)
        batch_op.create_index('ix_outbox_unsent', ['position'], unique=False, sqlite_where=sa.text('sent_at IS NULL'), postgresql_where=sa.text('sent_at IS NULL'))

    op.create_table('people',
    sa.Column('person_id', sa.String(length=80), nullable=False),
    sa.Column('name', sa.Text(), nullable=False),
    sa.Column('email', sa.Text(), nullable=True),
    sa.Column('active', sa.Boolean(), nullable=False),
    sa.Column('erased', sa.Boolean(), nullable=False),
    sa.Column('epoch', sa.Integer(), nullable=False),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.PrimaryKeyConstraint('person_id', name=op.f('pk_people'))
    )
    op.create_table('relay_state',
    sa.Column('stream', sa.String(length=40), nullable=False),
    sa.Column('server_id', sa.String(length=80), nullable=False),
    sa.Column('stream_created', sa.String(length=40), nullable=False),
    sa.PrimaryKeyConstraint('stream', name=op.f('pk_relay_state'))
    )
    op.create_table('responses',
    sa.Column('id', sa.String(length=36), nullable=False),
    sa.Column('campaign_id', sa.String(length=36), nullable=False),
    sa.Column('answers', DOCUMENT, nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_responses'))
    )
    with op.batch_alter_table('responses', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_responses_campaign_id'), ['campaign_id'], unique=False)

    op.create_table('sealed_participations',
    sa.Column('id', sa.String(length=36), nullable=False),
    sa.Column('campaign_id', sa.String(length=36), nullable=False),
    sa.Column('invitation_id', sa.String(length=36), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_sealed_participations')),
    sa.UniqueConstraint('invitation_id', name=op.f('uq_sealed_participations_invitation_id')),
    sqlite_with_rowid=False
    )
    op.create_table('sealed_responses',
    sa.Column('id', sa.String(length=36), nullable=False),
    sa.Column('campaign_id', sa.String(length=36), nullable=False),
    sa.Column('answers', DOCUMENT, nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_sealed_responses')),
    sqlite_with_rowid=False
    )
    with op.batch_alter_table('sealed_responses', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_sealed_responses_campaign_id'), ['campaign_id'], unique=False)

    op.create_table('staged_answers',
    sa.Column('invitation_id', sa.String(length=36), nullable=False),
    sa.Column('campaign_id', sa.String(length=36), nullable=False),
    sa.Column('answers', DOCUMENT, nullable=False),
    sa.PrimaryKeyConstraint('invitation_id', name=op.f('pk_staged_answers')),
    sqlite_with_rowid=False
    )
    with op.batch_alter_table('staged_answers', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_staged_answers_campaign_id'), ['campaign_id'], unique=False)

    op.create_table('tallies',
    sa.Column('campaign_id', sa.String(length=36), nullable=False),
    sa.Column('item', sa.String(length=80), nullable=False),
    sa.Column('value', sa.String(length=63), nullable=False),
    sa.Column('count', sa.Integer(), nullable=False),
    sa.PrimaryKeyConstraint('campaign_id', 'item', 'value', name=op.f('pk_tallies'))
    )
    op.create_table('verdicts',
    sa.Column('campaign_id', sa.String(length=36), nullable=False),
    sa.Column('outcome', sa.String(length=20), nullable=False),
    sa.Column('basis', sa.String(length=20), nullable=False),
    sa.Column('estimate', sa.Float(), nullable=True),
    sa.Column('answered', sa.Integer(), nullable=False),
    sa.Column('explanation', sa.Text(), nullable=False),
    sa.Column('reached_at', sa.DateTime(timezone=True), nullable=False),
    sa.CheckConstraint("basis IN ('certain', 'deadline')", name=op.f('ck_verdicts_basis_known')),
    sa.CheckConstraint("outcome IN ('pass', 'fail', 'undecided')", name=op.f('ck_verdicts_outcome_known')),
    sa.PrimaryKeyConstraint('campaign_id', name=op.f('pk_verdicts'))
    )
    op.create_table('invitations',
    sa.Column('id', sa.String(length=36), nullable=False),
    sa.Column('campaign_id', sa.String(length=36), nullable=False),
    sa.Column('person_id', sa.String(length=80), nullable=True),
    sa.ForeignKeyConstraint(['campaign_id'], ['campaigns.id'], name=op.f('fk_invitations_campaign_id_campaigns')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_invitations'))
    )
    with op.batch_alter_table('invitations', schema=None) as batch_op:
        batch_op.create_index('ix_invitations_campaign_person', ['campaign_id', 'person_id'], unique=True)
        batch_op.create_index(batch_op.f('ix_invitations_person_id'), ['person_id'], unique=False)

    op.create_table('response_authors',
    sa.Column('response_id', sa.String(length=36), nullable=False),
    sa.Column('invitation_id', sa.String(length=36), nullable=False),
    sa.ForeignKeyConstraint(['response_id'], ['responses.id'], name=op.f('fk_response_authors_response_id_responses')),
    sa.PrimaryKeyConstraint('response_id', name=op.f('pk_response_authors')),
    sa.UniqueConstraint('invitation_id', name=op.f('uq_response_authors_invitation_id'))
    )


def downgrade() -> None:
    op.drop_table('response_authors')
    op.drop_table('invitations')
    op.drop_table('verdicts')
    op.drop_table('tallies')
    op.drop_table('staged_answers')
    op.drop_table('sealed_responses')
    op.drop_table('sealed_participations')
    op.drop_table('responses')
    op.drop_table('relay_state')
    op.drop_table('people')
    op.drop_table('outbox')
    op.drop_table('message_quarantine')
    op.drop_table('instruments')
    op.drop_table('inbox')
    op.drop_table('idempotency')
    op.drop_table('enrolments')
    op.drop_table('campaigns')
