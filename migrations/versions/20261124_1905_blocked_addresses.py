"""blocked addresses, and two more ways in which a sign-up can end

Revision ID: 0511
Revises: 0502
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0511"
down_revision = "0502"
branch_labels = None
depends_on = None

_OLD = "cancelled_by IN ('person', 'organiser')"
_NEW = "cancelled_by IN ('person', 'organiser', 'lapsed', 'unproved')"


def _cancelled_by(wording: str) -> None:
    with op.batch_alter_table("signups") as batch:
        batch.drop_constraint(op.f("ck_signups_cancelled_by"), type_="check")
        batch.create_check_constraint(op.f("ck_signups_cancelled_by"), wording)


def upgrade() -> None:
    _cancelled_by(_NEW)
    op.create_table(
        "blocked_addresses",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("event_id", sa.Integer(), nullable=False),
        sa.Column("address_mark", sa.String(length=32), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["event_id"],
            ["events.id"],
            name=op.f("fk_blocked_addresses_event_id_events"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_blocked_addresses")),
        sa.UniqueConstraint(
            "event_id", "address_mark", name=op.f("uq_blocked_addresses_event_id_address_mark")
        ),
    )


def downgrade() -> None:
    op.drop_table("blocked_addresses")
    # The older version knows only these two, and no link may bring such a sign-up back.
    op.execute(
        "UPDATE signups SET cancelled_by = 'organiser' WHERE cancelled_by IN ('lapsed', 'unproved')"
    )
    _cancelled_by(_OLD)
