"""mail texts: organisers' own words for the messages of an event, version by version

Revision ID: 0541
Revises: 0787
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0541"
down_revision = "0787"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "mail_texts",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("event_id", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(length=60), nullable=False),
        sa.Column("language", sa.String(length=10), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("is_current", sa.Boolean(), nullable=False),
        sa.Column("subject", sa.String(length=200), nullable=True),
        sa.Column("body", sa.Text(), nullable=True),
        sa.Column("changed_at", sa.BigInteger(), nullable=False),
        sa.Column("changed_by", sa.String(length=254), nullable=False),
        sa.CheckConstraint("(subject IS NULL) = (body IS NULL)", name=op.f("ck_mail_texts_whole")),
        sa.ForeignKeyConstraint(
            ["event_id"], ["events.id"], name=op.f("fk_mail_texts_event_id_events"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_mail_texts")),
        sa.UniqueConstraint(
            "event_id", "key", "language", "revision",
            name=op.f("uq_mail_texts_event_id_key_language_revision"),
        ),
    )  # fmt: skip
    op.create_index(
        "uq_mail_texts_current", "mail_texts", ["event_id", "key", "language"], unique=True,
        sqlite_where=sa.text("is_current"), postgresql_where=sa.text("is_current"),
    )  # fmt: skip
    with op.batch_alter_table("events") as batch:
        batch.add_column(sa.Column("mail_texts", sa.String(length=32), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("events") as batch:
        batch.drop_column("mail_texts")
    op.drop_index("uq_mail_texts_current", table_name="mail_texts")
    op.drop_table("mail_texts")
