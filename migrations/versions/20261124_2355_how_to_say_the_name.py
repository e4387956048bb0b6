"""how to say the name: what the chair alone reads of a speaker

Revision ID: 0c1d
Revises: 0c0c
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0c1d"
down_revision = "0c0c"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("speakers") as batch:
        batch.add_column(sa.Column("say", sa.String(length=200), nullable=False, server_default=""))
        batch.add_column(sa.Column("intro", sa.Text(), nullable=False, server_default=""))
    with op.batch_alter_table("speakers") as batch:
        batch.alter_column("say", server_default=None)
        batch.alter_column("intro", server_default=None)


def downgrade() -> None:
    with op.batch_alter_table("speakers") as batch:
        batch.drop_column("intro")
        batch.drop_column("say")
