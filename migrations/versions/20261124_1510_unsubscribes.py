"""unsubscribes: who wants no more mail of a list, and where a mail says how to end it

Revision ID: 0501
Revises: 0001
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0501"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "outgoing_mails", sa.Column("unsubscribe_url", sa.String(length=500), nullable=True)
    )
    op.create_table(
        "unsubscribes",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("event_id", sa.Integer(), nullable=True),
        sa.Column("host_key", sa.String(length=60), nullable=True),
        sa.Column("address_mark", sa.String(length=32), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.CheckConstraint(
            "(event_id IS NULL) <> (host_key IS NULL)", name=op.f("ck_unsubscribes_one_list")
        ),
        sa.ForeignKeyConstraint(
            ["event_id"],
            ["events.id"],
            name=op.f("fk_unsubscribes_event_id_events"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_unsubscribes")),
        sa.UniqueConstraint(
            "event_id", "address_mark", name=op.f("uq_unsubscribes_event_id_address_mark")
        ),
        sa.UniqueConstraint(
            "host_key", "address_mark", name=op.f("uq_unsubscribes_host_key_address_mark")
        ),
    )


def downgrade() -> None:
    op.drop_table("unsubscribes")
    with op.batch_alter_table("outgoing_mails") as batch:
        batch.drop_column("unsubscribe_url")
