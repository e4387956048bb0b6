"""bounces: a state of its own, every try with its words, and how far the mailbox has been read

Revision ID: 0502
Revises: 0501
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0502"
down_revision = "0501"
branch_labels = None
depends_on = None

_OLD = "state IN ('queued','sending','sent','refused','failed','suppressed','expired','held')"
_NEW = _OLD.replace("'sent',", "'sent','bounced',")


def upgrade() -> None:
    with op.batch_alter_table("outgoing_mails") as batch:
        batch.add_column(sa.Column("attempts", sa.JSON(none_as_null=True), nullable=True))
        batch.add_column(sa.Column("returned_at", sa.BigInteger(), nullable=True))
        batch.add_column(sa.Column("returned", sa.String(length=500), nullable=True))
        batch.drop_constraint(op.f("ck_outgoing_mails_state"), type_="check")
        batch.create_check_constraint(op.f("ck_outgoing_mails_state"), _NEW)
    op.create_table(
        "bounce_mailboxes",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=500), nullable=False),
        sa.Column("uid_validity", sa.BigInteger(), nullable=False),
        sa.Column("last_uid", sa.BigInteger(), nullable=False),
        sa.Column("checked_at", sa.BigInteger(), nullable=False),
        sa.Column("problem", sa.String(length=500), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bounce_mailboxes")),
        sa.UniqueConstraint("name", name=op.f("uq_bounce_mailboxes_name")),
    )


def downgrade() -> None:
    op.drop_table("bounce_mailboxes")
    # What came back had been sent: that is all the older version can say.
    op.execute("UPDATE outgoing_mails SET state = 'sent' WHERE state = 'bounced'")
    with op.batch_alter_table("outgoing_mails") as batch:
        batch.drop_constraint(op.f("ck_outgoing_mails_state"), type_="check")
        batch.create_check_constraint(op.f("ck_outgoing_mails_state"), _OLD)
        batch.drop_column("returned")
        batch.drop_column("returned_at")
        batch.drop_column("attempts")
