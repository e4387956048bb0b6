"""questions: the smallest and the largest number

Revision ID: 0821
Revises: 0532
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0821"
down_revision = "0532"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for name in ("min", "max"):
        op.add_column("questions", sa.Column(name, sa.Float(), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("questions") as batch:
        for name in ("min", "max"):
            batch.drop_column(name)
