"""sign-up: access needs, companions, coming in without a recorded stay, and the person's time zone

Revision ID: 0522
Revises: 0521
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0522"
down_revision = "0521"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "events",
        sa.Column("ask_companions", sa.Boolean(), server_default=sa.false(), nullable=False),
    )
    op.add_column("signups", sa.Column("access_needs", sa.JSON(), nullable=True))
    op.add_column("signups", sa.Column("access_note", sa.String(length=500), nullable=True))
    op.add_column(
        "signups", sa.Column("companions", sa.Integer(), server_default="0", nullable=False)
    )
    op.add_column(
        "signups", sa.Column("no_stay", sa.Boolean(), server_default=sa.false(), nullable=False)
    )
    op.add_column("signups", sa.Column("timezone", sa.String(length=60), nullable=True))
    op.create_index(
        op.f("ix_signups_no_stay"),
        "signups",
        ["event_id"],
        sqlite_where=sa.text("no_stay"),
        postgresql_where=sa.text("no_stay"),
    )


def downgrade() -> None:
    op.drop_index(op.f("ix_signups_no_stay"), table_name="signups")
    with op.batch_alter_table("signups") as batch:
        for name in ("timezone", "no_stay", "companions", "access_note", "access_needs"):
            batch.drop_column(name)
    with op.batch_alter_table("events") as batch:
        batch.drop_column("ask_companions")
