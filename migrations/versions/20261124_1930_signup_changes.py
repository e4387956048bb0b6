"""sign-up: what was changed later, by whom

Revision ID: 0523
Revises: 0522
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0523"
down_revision = "0522"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "signup_changes",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("signup_id", sa.Integer(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("actor", sa.String(length=254), nullable=False),
        sa.Column("what", sa.String(length=40), nullable=False),
        sa.Column("details", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(
            ["signup_id"],
            ["signups.id"],
            name=op.f("fk_signup_changes_signup_id_signups"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_signup_changes")),
    )
    op.create_index(op.f("ix_signup_changes_signup_id"), "signup_changes", ["signup_id"])


def downgrade() -> None:
    op.drop_table("signup_changes")
