"""co-hosts: their pictures, and an address to write to

Revision ID: 0702
Revises: 0541
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0702"
down_revision = "0541"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("cohosts") as batch:
        batch.add_column(sa.Column("contact_email", sa.String(length=254), nullable=True))
        batch.add_column(sa.Column("link_key", sa.String(length=32), nullable=True))
    op.create_table(
        "host_logos",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("event_id", sa.Integer(), nullable=False),
        sa.Column("host_key", sa.String(length=60), nullable=False),
        sa.Column("digest", sa.String(length=32), nullable=False),
        sa.Column("width", sa.Integer(), nullable=False),
        sa.Column("height", sa.Integer(), nullable=False),
        sa.Column("data", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["event_id"],
            ["events.id"],
            name=op.f("fk_host_logos_event_id_events"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_host_logos")),
        sa.UniqueConstraint("event_id", "host_key", name=op.f("uq_host_logos_event_id_host_key")),
    )
    op.create_index(op.f("ix_host_logos_digest"), "host_logos", ["digest"])


def downgrade() -> None:
    op.drop_table("host_logos")
    with op.batch_alter_table("cohosts") as batch:
        batch.drop_column("link_key")
        batch.drop_column("contact_email")
