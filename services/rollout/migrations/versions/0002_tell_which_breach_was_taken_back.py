"""Which breach was taken back, and whether one is confirmed: a late fact may date a breach anew."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)
OPEN = (
    "breached_at IS NOT NULL AND settled_at IS NULL"
    " AND (withdrawn_breach_at IS NULL OR withdrawn_breach_at != breached_at)"
)


def upgrade() -> None:
    op.add_column("clock_evidence", sa.Column("withdrawn_breach_at", INSTANT, nullable=True))
    op.add_column("clock_evidence", sa.Column("unconfirmed", sa.Boolean(), nullable=True))
    op.add_column("clock_evidence", sa.Column("confirmed_at", INSTANT, nullable=True))
    op.execute("UPDATE clock_evidence SET withdrawn_breach_at = breached_at WHERE withdrawn_at IS NOT NULL")
    op.drop_index("ix_clock_evidence_open_breach", table_name="clock_evidence")
    op.create_index(
        "ix_clock_evidence_open_breach",
        "clock_evidence",
        ["wave_id"],
        unique=False,
        sqlite_where=sa.text(OPEN),
        postgresql_where=sa.text(OPEN),
    )


def downgrade() -> None:
    raise NotImplementedError("Restore the backup made before the upgrade.")
