"""Old tickets come under rules: their openings say what they were opened under, their clocks which calendar counts.

Policies of before were in force as soon as they were published. Each was one rule, later named `everything`, with a calendar written
into it, which bears the policy's own name.
"""

from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

DOCUMENT = sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql")
AT_ONCE = 1_000
RULE = "everything"

TICKETS = sa.table(
    "tickets",
    sa.column("ticket_id", sa.String),
    sa.column("kind", sa.String),
    sa.column("tags", DOCUMENT),
    sa.column("source", sa.String),
    sa.column("system", sa.String),
    sa.column("course", sa.String),
    sa.column("rollout", sa.String),
    sa.column("wave", sa.String),
    sa.column("policy_name", sa.String),
    sa.column("policy_version", sa.Integer),
)
MOMENTS = sa.table(
    "moments",
    sa.column("moment_id", sa.String),
    sa.column("ticket_id", sa.String),
    sa.column("kind", sa.String),
    sa.column("value", sa.String),
    sa.column("detail", DOCUMENT),
)


def upgrade() -> None:
    op.execute("UPDATE policies SET in_force_at = created_at WHERE in_force_at IS NULL")
    connection = op.get_bind()
    for openings in _openings(connection):
        statement = (
            MOMENTS.update().where(MOMENTS.c.moment_id == sa.bindparam("of")).values(detail=sa.bindparam("said"))
        )
        connection.execute(statement, openings)
    label = "(SELECT policy_name || '@' || policy_version FROM tickets WHERE tickets.ticket_id = clocks.ticket_id)"
    inline = label.replace("'@'", f"'/{RULE}@'")
    hours = f"""'[[null, "' || {inline} || '"]]'"""
    if connection.dialect.name == "postgresql":
        hours = f"CAST({hours} AS jsonb)"
    op.execute(f"UPDATE clocks SET policy = {label}, rule = '{RULE}', hours = {hours} WHERE policy = ''")
    op.execute(
        "UPDATE clocks SET cancelled_because = 'deleted' WHERE state = 'cancelled' AND cancelled_because IS NULL"
    )
    # Nobody told a watermark before: every breach was told for good.
    op.execute("UPDATE breaches SET confirmed_at = detected_at WHERE confirmed_at IS NULL")


def _openings(connection: sa.Connection) -> Iterator[list[dict[str, Any]]]:
    """Every opening with what it is to say, a batch of tickets at a time."""
    after = ""
    while True:
        some = sa.select(TICKETS).where(TICKETS.c.ticket_id > after).order_by(TICKETS.c.ticket_id).limit(AT_ONCE)
        tickets = {row.ticket_id: row for row in connection.execute(some)}
        if not tickets:
            return
        after = max(tickets)
        opened = sa.select(MOMENTS).where(MOMENTS.c.kind == "opened", MOMENTS.c.ticket_id.in_(tickets))
        openings = [
            {"of": row.moment_id, "said": _said(tickets[row.ticket_id], row.value)}
            for row in connection.execute(opened)
            if not row.detail
        ]
        if openings:
            yield openings


def _said(ticket: Any, priority: str) -> dict[str, Any]:
    """What is known of it now stands for what was known then; nobody kept the other."""
    return {
        "policy": f"{ticket.policy_name}@{ticket.policy_version}",
        "features": {
            "course": ticket.course,
            "kind": ticket.kind,
            "priority": priority,
            "rollout": ticket.rollout,
            "source": ticket.source,
            "system": ticket.system,
            "tags": ticket.tags,
            "team": None,
            "wave": ticket.wave,
        },
    }


def downgrade() -> None:
    raise NotImplementedError("Restore the backup made before the upgrade.")
