"""sign-ups: tags and notes of the organisers, and indexes for the list and its filters

Revision ID: 0531
Revises: 0512
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0531"
down_revision = "0512"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "tags",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("event_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("key", sa.String(length=80), nullable=False),
        sa.ForeignKeyConstraint(
            ["event_id"], ["events.id"], name=op.f("fk_tags_event_id_events"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tags")),
        sa.UniqueConstraint("event_id", "key", name=op.f("uq_tags_event_id_key")),
    )
    op.create_table(
        "signup_tags",
        sa.Column("signup_id", sa.Integer(), nullable=False),
        sa.Column("tag_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["signup_id"],
            ["signups.id"],
            name=op.f("fk_signup_tags_signup_id_signups"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["tag_id"], ["tags.id"], name=op.f("fk_signup_tags_tag_id_tags"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("signup_id", "tag_id", name=op.f("pk_signup_tags")),
    )
    op.create_index(op.f("ix_signup_tags_tag_id"), "signup_tags", ["tag_id"])
    op.create_table(
        "signup_notes",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("signup_id", sa.Integer(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("author", sa.String(length=254), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["signup_id"],
            ["signups.id"],
            name=op.f("fk_signup_notes_signup_id_signups"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_signup_notes")),
    )
    op.create_index(op.f("ix_signup_notes_signup_id"), "signup_notes", ["signup_id"])
    op.create_index("ix_signups_event_id_id", "signups", ["event_id", "id"])
    op.create_index(
        "ix_outgoing_mails_person_id_state", "outgoing_mails", ["person", "id", "state"]
    )
    op.drop_index(op.f("ix_outgoing_mails_person"), "outgoing_mails")


def downgrade() -> None:
    op.create_index(op.f("ix_outgoing_mails_person"), "outgoing_mails", ["person"])
    op.drop_index("ix_outgoing_mails_person_id_state", "outgoing_mails")
    op.drop_index("ix_signups_event_id_id", "signups")
    op.drop_table("signup_notes")
    op.drop_table("signup_tags")
    op.drop_table("tags")
