"""Sweep often behind the timer and the relay: on PostgreSQL an index that empties at its low end is slow to look into until the
table is vacuumed, and by default that is when a fifth of a large table has changed."""

from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        for table in ("clocks", "outbox"):
            op.execute(
                f"ALTER TABLE {table} SET (autovacuum_vacuum_scale_factor = 0.005, autovacuum_vacuum_threshold = 5000)"
            )


def downgrade() -> None:
    raise NotImplementedError("Restore the backup made before the upgrade.")
