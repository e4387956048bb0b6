"""form builder: help under a question, questions off the form, and the last change to be undone

Revision ID: 0521
Revises: 0511
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0521"
down_revision = "0511"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "questions",
        sa.Column("help", sa.String(length=1000), server_default="", nullable=False),
    )
    op.add_column("questions", sa.Column("retired_at", sa.BigInteger(), nullable=True))
    op.create_table(
        "form_undos",
        sa.Column("event_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("seen", sa.String(length=64), nullable=False),
        sa.Column("before", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(
            ["event_id"],
            ["events.id"],
            name=op.f("fk_form_undos_event_id_events"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("event_id", name=op.f("pk_form_undos")),
    )


def downgrade() -> None:
    op.drop_table("form_undos")
    with op.batch_alter_table("questions") as batch:
        batch.drop_column("retired_at")
        batch.drop_column("help")
