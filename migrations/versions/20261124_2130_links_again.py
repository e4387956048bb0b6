"""links sent once more: which mails went to an address since corrected, who was sent theirs when, and rounds

Revision ID: 0571
Revises: 0597
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0571"
down_revision = "0597"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "outgoing_mails",
        sa.Column("to_former", sa.Boolean(), nullable=False, server_default=sa.false()),
    )
    op.drop_index("ix_outgoing_mails_person_id_state", "outgoing_mails")
    op.create_index(
        "ix_outgoing_mails_person",
        "outgoing_mails",
        ["person", "id", "state", "message", "to_former"],
    )
    op.create_table(
        "link_sendings",
        sa.Column("signup_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["signup_id"],
            ["signups.id"],
            name=op.f("fk_link_sendings_signup_id_signups"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("signup_id", name=op.f("pk_link_sendings")),
    )
    op.create_table(
        "link_rounds",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("event_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("author", sa.String(length=254), nullable=False),
        sa.Column("expected", sa.Integer(), nullable=False),
        sa.Column("queued", sa.Integer(), nullable=False),
        sa.Column("last_id", sa.Integer(), nullable=False),
        sa.Column("done_at", sa.BigInteger(), nullable=True),
        sa.CheckConstraint("kind IN ('never','absent')", name=op.f("ck_link_rounds_kind")),
        sa.ForeignKeyConstraint(
            ["event_id"],
            ["events.id"],
            name=op.f("fk_link_rounds_event_id_events"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_link_rounds")),
    )
    op.create_index("ix_link_rounds_event_id", "link_rounds", ["event_id"])
    op.create_index(
        "ix_link_rounds_open",
        "link_rounds",
        ["event_id"],
        sqlite_where=sa.text("done_at IS NULL"),
        postgresql_where=sa.text("done_at IS NULL"),
    )


def downgrade() -> None:
    op.drop_table("link_rounds")
    op.drop_table("link_sendings")
    op.drop_index("ix_outgoing_mails_person", "outgoing_mails")
    op.create_index(
        "ix_outgoing_mails_person_id_state", "outgoing_mails", ["person", "id", "state"]
    )
    with op.batch_alter_table("outgoing_mails") as batch:
        batch.drop_column("to_former")
