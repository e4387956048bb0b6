"""events: their texts in other languages

Revision ID: 0597
Revises: 0561
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0597"
down_revision = "0561"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "events", sa.Column("translations", sa.JSON(), server_default="{}", nullable=False)
    )


def downgrade() -> None:
    with op.batch_alter_table("events") as batch:
        batch.drop_column("translations")
