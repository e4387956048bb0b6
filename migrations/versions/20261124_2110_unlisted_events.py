"""unlisted events, and forms that open only behind a secret link

Revision ID: 0701
Revises: 0700
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0701"
down_revision = "0700"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("events") as batch:
        batch.add_column(
            sa.Column("listed", sa.Boolean(), nullable=False, server_default=sa.true())
        )
        batch.add_column(
            sa.Column("invitation_only", sa.Boolean(), nullable=False, server_default=sa.false())
        )
        batch.add_column(sa.Column("invitation_key", sa.String(length=64), nullable=True))
    # The defaults were for the events that are there; new ones say it themselves.
    with op.batch_alter_table("events") as batch:
        batch.alter_column("listed", server_default=None)
        batch.alter_column("invitation_only", server_default=None)


def downgrade() -> None:
    with op.batch_alter_table("events") as batch:
        batch.drop_column("invitation_key")
        batch.drop_column("invitation_only")
        batch.drop_column("listed")
