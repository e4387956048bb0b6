"""sign-ups: by address, over all events

Revision ID: 0598
Revises: 0571
"""

from __future__ import annotations

from alembic import op

revision = "0598"
down_revision = "0571"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_signups_email_key", "signups", ["email_key"])


def downgrade() -> None:
    op.drop_index("ix_signups_email_key", table_name="signups")
