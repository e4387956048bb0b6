"""sign-up: whoever is on the waiting list is there since some moment

Revision ID: 0931
Revises: 0841
"""

from __future__ import annotations

from alembic import op

revision = "0931"
down_revision = "0841"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # Nobody knows better when they came onto it.
    op.execute(
        "UPDATE signups SET waitlisted_at = created_at"
        " WHERE status = 'waitlisted' AND waitlisted_at IS NULL"
    )
    with op.batch_alter_table("signups") as batch:
        batch.create_check_constraint(
            op.f("ck_signups_waitlisted"), "status <> 'waitlisted' OR waitlisted_at IS NOT NULL"
        )


def downgrade() -> None:
    with op.batch_alter_table("signups") as batch:
        batch.drop_constraint(op.f("ck_signups_waitlisted"), type_="check")
