"""handovers: who was handed over to which host, and who is to be removed again

Revision ID: 0703
Revises: 0702
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0703"
down_revision = "0702"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "handovers",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("event_id", sa.Integer(), nullable=False),
        sa.Column("host_key", sa.String(length=60), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("by", sa.String(length=254), nullable=False),
        sa.Column("people", sa.Integer(), nullable=False),
        sa.Column("only_new", sa.Boolean(), nullable=False),
        sa.Column("released_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(
            ["event_id"],
            ["events.id"],
            name=op.f("fk_handovers_event_id_events"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_handovers")),
    )
    op.create_index(op.f("ix_handovers_event_id"), "handovers", ["event_id"])
    op.create_table(
        "handover_rows",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("handover_id", sa.Integer(), nullable=False),
        sa.Column("signup_id", sa.Integer(), nullable=False),
        sa.Column("reference", sa.String(length=16), nullable=False),
        sa.Column("address_mark", sa.String(length=32), nullable=True),
        sa.Column("removed_at", sa.BigInteger(), nullable=True),
        sa.Column("why", sa.String(length=10), nullable=True),
        sa.Column("told_at", sa.BigInteger(), nullable=True),
        sa.Column("acknowledged_at", sa.BigInteger(), nullable=True),
        sa.CheckConstraint("why IN ('erased', 'withdrawn')", name=op.f("ck_handover_rows_why")),
        sa.ForeignKeyConstraint(
            ["handover_id"],
            ["handovers.id"],
            name=op.f("fk_handover_rows_handover_id_handovers"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["signup_id"],
            ["signups.id"],
            name=op.f("fk_handover_rows_signup_id_signups"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_handover_rows")),
        sa.UniqueConstraint(
            "handover_id", "signup_id", name=op.f("uq_handover_rows_handover_id_signup_id")
        ),
    )
    op.create_index(op.f("ix_handover_rows_signup_id"), "handover_rows", ["signup_id"])
    op.create_table(
        "handover_warnings",
        sa.Column("event_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["event_id"],
            ["events.id"],
            name=op.f("fk_handover_warnings_event_id_events"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("event_id", name=op.f("pk_handover_warnings")),
    )


def downgrade() -> None:
    op.drop_table("handover_warnings")
    op.drop_table("handover_rows")
    op.drop_table("handovers")
