"""sign-up: work for each form of an event under attack

Revision ID: 0631
Revises: 0701
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0631"
down_revision = "0701"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "events", sa.Column("challenge", sa.Boolean(), server_default=sa.false(), nullable=False)
    )
    op.create_table(
        "used_puzzles",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("event_id", sa.Integer(), nullable=False),
        sa.Column("puzzle", sa.String(length=32), nullable=False),
        sa.Column("form", sa.String(length=32), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["event_id"],
            ["events.id"],
            name=op.f("fk_used_puzzles_event_id_events"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_used_puzzles")),
        sa.UniqueConstraint("puzzle", name=op.f("uq_used_puzzles_puzzle")),
    )
    op.create_index("ix_used_puzzles_expires_at", "used_puzzles", ["expires_at"])


def downgrade() -> None:
    op.drop_table("used_puzzles")
    with op.batch_alter_table("events") as batch:
        batch.drop_column("challenge")
