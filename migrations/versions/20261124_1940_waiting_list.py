"""waiting list: whether an event has one, how long an offered place is kept, and who waits since when

Revision ID: 0512
Revises: 0523
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0512"
down_revision = "0523"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("events") as batch:
        batch.add_column(
            sa.Column("waitlist", sa.Boolean(), nullable=False, server_default=sa.true())
        )
        batch.add_column(
            sa.Column("offer_hours", sa.Integer(), nullable=False, server_default="24")
        )
        batch.create_check_constraint(op.f("ck_events_offer_hours"), "offer_hours >= 0")
    # The default was for the events that are there; new ones say it themselves.
    with op.batch_alter_table("events") as batch:
        batch.alter_column("waitlist", server_default=None)
        batch.alter_column("offer_hours", server_default=None)
    with op.batch_alter_table("signups") as batch:
        batch.add_column(sa.Column("waitlisted_at", sa.BigInteger(), nullable=True))
        batch.add_column(sa.Column("offer_expires_at", sa.BigInteger(), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("signups") as batch:
        batch.drop_column("offer_expires_at")
        batch.drop_column("waitlisted_at")
    with op.batch_alter_table("events") as batch:
        batch.drop_constraint(op.f("ck_events_offer_hours"), type_="check")
        batch.drop_column("offer_hours")
        batch.drop_column("waitlist")
