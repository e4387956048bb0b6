"""what happened: items that did not take place, and times that were entered afterwards

Revision ID: 0c0c
Revises: 0851
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0c0c"
down_revision = "0851"
branch_labels = None
depends_on = None

_WRITERS = ("started_entered_by", "ended_entered_by")


def upgrade() -> None:
    with op.batch_alter_table("sessions") as batch:
        for name in ("skipped_at", "started_entered_at", "ended_entered_at"):
            batch.add_column(sa.Column(name, sa.BigInteger(), nullable=True))
        for name in _WRITERS:
            batch.add_column(
                sa.Column(name, sa.String(length=254), nullable=False, server_default="")
            )
    with op.batch_alter_table("sessions") as batch:
        for name in _WRITERS:
            batch.alter_column(name, server_default=None)
        batch.create_check_constraint(
            op.f("ck_sessions_skipped_or_started"), "skipped_at IS NULL OR started_at IS NULL"
        )


def downgrade() -> None:
    with op.batch_alter_table("sessions") as batch:
        batch.drop_constraint(op.f("ck_sessions_skipped_or_started"), type_="check")
    with op.batch_alter_table("sessions") as batch:
        for name in ("skipped_at", "started_entered_at", "ended_entered_at", *_WRITERS):
            batch.drop_column(name)
