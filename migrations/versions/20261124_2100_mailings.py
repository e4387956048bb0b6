"""mailings: what people were told of an event, what is sent to many of them, and to whom

Revision ID: 0561
Revises: 0531
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0561"
down_revision = "0531"
branch_labels = None
depends_on = None

_KINDS = "'changed','event_cancelled','reminder','thank_you','missed_you','stayed','report_published','blast'"
_STATES = "'draft','off','planned','held','sending','done','skipped','stopped'"
_ONCE = sa.text(
    "kind IN ('reminder','thank_you','missed_you','stayed','report_published') AND state <> 'stopped'"
)
_ONE_NOTICE = sa.text("kind IN ('changed','event_cancelled') AND state = 'held'")
_WORK = sa.text("state IN ('held','sending')")
_TO_DO = sa.text("done_at IS NULL")


def upgrade() -> None:
    op.create_table(
        "mail_plans",
        sa.Column("event_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("told", sa.JSON(), nullable=False),
        sa.Column("seen_sequence", sa.Integer(), nullable=False),
        sa.Column("seen_cancelled", sa.Boolean(), nullable=False),
        sa.Column("looked_at", sa.BigInteger(), nullable=False),
        sa.Column("recording_url", sa.String(1000), nullable=True),
        sa.ForeignKeyConstraint(
            ["event_id"],
            ["events.id"],
            name=op.f("fk_mail_plans_event_id_events"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("event_id", name=op.f("pk_mail_plans")),
    )
    op.create_table(
        "mailings",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("event_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("state", sa.String(10), nullable=False),
        sa.Column("anchor", sa.String(5), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("turn", sa.Integer(), nullable=False),
        sa.Column("due_at", sa.BigInteger(), nullable=True),
        sa.Column("held_until", sa.BigInteger(), nullable=True),
        sa.Column("choice", sa.JSON(), nullable=True),
        sa.Column("attendance", sa.String(8), nullable=False),
        sa.Column("details", sa.JSON(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("created_by", sa.String(254), nullable=False),
        sa.Column("released_at", sa.BigInteger(), nullable=True),
        sa.Column("done_at", sa.BigInteger(), nullable=True),
        sa.Column("total", sa.Integer(), nullable=False),
        sa.Column("queued", sa.Integer(), nullable=False),
        sa.Column("passed_over", sa.Integer(), nullable=False),
        sa.CheckConstraint(f"kind IN ({_KINDS})", name=op.f("ck_mailings_kind")),
        sa.CheckConstraint(f"state IN ({_STATES})", name=op.f("ck_mailings_state")),
        sa.CheckConstraint("anchor IN ('start','end')", name=op.f("ck_mailings_anchor")),
        sa.CheckConstraint(
            "attendance IN ('','came','absent','stayed')", name=op.f("ck_mailings_attendance")
        ),
        sa.CheckConstraint("number >= 0", name=op.f("ck_mailings_number")),
        sa.ForeignKeyConstraint(
            ["event_id"],
            ["events.id"],
            name=op.f("fk_mailings_event_id_events"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_mailings")),
    )
    op.create_index("ix_mailings_event_id", "mailings", ["event_id"])
    op.create_index(
        "uq_mailings_once", "mailings", ["event_id", "kind", "anchor", "number"], unique=True,
        sqlite_where=_ONCE, postgresql_where=_ONCE,
    )  # fmt: skip
    op.create_index(
        "uq_mailings_one_notice", "mailings", ["event_id"], unique=True,
        sqlite_where=_ONE_NOTICE, postgresql_where=_ONE_NOTICE,
    )  # fmt: skip
    op.create_index(
        "ix_mailings_work", "mailings", ["state"], sqlite_where=_WORK, postgresql_where=_WORK
    )
    op.create_table(
        "mailing_texts",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("mailing_id", sa.Integer(), nullable=False),
        sa.Column("language", sa.String(10), nullable=False),
        sa.Column("subject", sa.String(250), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["mailing_id"], ["mailings.id"], name=op.f("fk_mailing_texts_mailing_id_mailings"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_mailing_texts")),
        sa.UniqueConstraint(
            "mailing_id", "language", name=op.f("uq_mailing_texts_mailing_id_language")
        ),
    )  # fmt: skip
    op.create_table(
        "mailing_recipients",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("mailing_id", sa.Integer(), nullable=False),
        sa.Column("turn", sa.Integer(), nullable=False),
        sa.Column("signup_id", sa.Integer(), nullable=False),
        sa.Column("done_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(
            ["mailing_id"], ["mailings.id"], name=op.f("fk_mailing_recipients_mailing_id_mailings"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["signup_id"], ["signups.id"], name=op.f("fk_mailing_recipients_signup_id_signups"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_mailing_recipients")),
        sa.UniqueConstraint(
            "mailing_id", "turn", "signup_id",
            name=op.f("uq_mailing_recipients_mailing_id_turn_signup_id"),
        ),
    )  # fmt: skip
    op.create_index(op.f("ix_mailing_recipients_signup_id"), "mailing_recipients", ["signup_id"])
    op.create_index(
        "ix_mailing_recipients_to_do", "mailing_recipients", ["mailing_id", "id"],
        sqlite_where=_TO_DO, postgresql_where=_TO_DO,
    )  # fmt: skip


def downgrade() -> None:
    for table in ("mailing_recipients", "mailing_texts", "mailings", "mail_plans"):
        op.drop_table(table)
