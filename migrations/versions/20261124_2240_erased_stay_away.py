"""blocked addresses: those of people who had their data deleted

Revision ID: 0932
Revises: 0931
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0932"
down_revision = "0931"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "blocked_addresses",
        sa.Column("is_erased", sa.Boolean(), server_default=sa.false(), nullable=False),
    )


def downgrade() -> None:
    # The older version would keep them from signing up.
    op.execute("DELETE FROM blocked_addresses WHERE is_erased")
    with op.batch_alter_table("blocked_addresses") as batch:
        batch.drop_column("is_erased")
