"""sign-ups: what is done with many people at once

Revision ID: 0532
Revises: 0793
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0532"
down_revision = "0793"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "signup_batches",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("event_id", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(length=32), nullable=False),
        sa.Column("by_user_id", sa.Integer(), nullable=True),
        sa.Column("by", sa.String(length=254), nullable=False),
        sa.Column("act", sa.String(length=10), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("people", sa.Integer(), nullable=False),
        sa.Column("done", sa.Integer(), nullable=False),
        sa.Column("refused", sa.Integer(), nullable=False),
        sa.Column("finished_at", sa.BigInteger(), nullable=True),
        sa.Column("is_stopped", sa.Boolean(), nullable=False),
        sa.CheckConstraint(
            "act IN ('tag','untag','approve','decline','cancel','links')",
            name=op.f("ck_signup_batches_act"),
        ),
        sa.ForeignKeyConstraint(
            ["event_id"],
            ["events.id"],
            name=op.f("fk_signup_batches_event_id_events"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["by_user_id"],
            ["users.id"],
            name=op.f("fk_signup_batches_by_user_id_users"),
            ondelete="SET NULL",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_signup_batches")),
        sa.UniqueConstraint("key", name=op.f("uq_signup_batches_key")),
    )
    op.create_index(op.f("ix_signup_batches_event_id"), "signup_batches", ["event_id"])
    op.create_table(
        "signup_batch_people",
        sa.Column("batch_id", sa.Integer(), nullable=False),
        sa.Column("signup_id", sa.Integer(), nullable=False),
        sa.Column("turn", sa.Integer(), nullable=False),
        sa.Column("refused", sa.String(length=500), nullable=True),
        sa.ForeignKeyConstraint(
            ["batch_id"],
            ["signup_batches.id"],
            name=op.f("fk_signup_batch_people_batch_id_signup_batches"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["signup_id"],
            ["signups.id"],
            name=op.f("fk_signup_batch_people_signup_id_signups"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("batch_id", "signup_id", name=op.f("pk_signup_batch_people")),
    )
    op.create_index(op.f("ix_signup_batch_people_signup_id"), "signup_batch_people", ["signup_id"])
    op.create_index(
        "ix_signup_batch_people_next",
        "signup_batch_people",
        ["batch_id", "turn", "signup_id"],
        sqlite_where=sa.text("refused IS NULL"),
        postgresql_where=sa.text("refused IS NULL"),
    )
    op.create_index(
        "ix_signups_source",
        "signups",
        ["event_id", "source"],
        sqlite_where=sa.text("source IS NOT NULL"),
        postgresql_where=sa.text("source IS NOT NULL"),
    )
    op.create_index(
        "ix_consents_contact",
        "consents",
        ["host_key", "signup_id"],
        sqlite_where=sa.text("kind = 'contact' AND withdrawn_at IS NULL"),
        postgresql_where=sa.text("kind = 'contact' AND withdrawn_at IS NULL"),
    )


def downgrade() -> None:
    op.drop_index("ix_consents_contact", "consents")
    op.drop_index("ix_signups_source", "signups")
    op.drop_table("signup_batch_people")
    op.drop_table("signup_batches")
