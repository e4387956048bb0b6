"""one kind of mailings: first mails of a list and invitations are held like every other mail to many

Revision ID: 0841
Revises: 0731
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0841"
down_revision = "0731"
branch_labels = None
depends_on = None

_OLD = "'changed','event_cancelled','reminder','thank_you','missed_you','stayed','report_published','blast'"
_FIRST = "'confirm','invite','invite_again'"
_ONE_OPEN = sa.text(f"kind IN ({_FIRST}) AND state IN ('held','sending')")
_ONE_PERSON = "(signup_id IS NULL) <> (invitation_id IS NULL)"


def _kinds(words: str) -> None:
    with op.batch_alter_table("mailings") as batch:
        batch.drop_constraint(op.f("ck_mailings_kind"), type_="check")
        batch.create_check_constraint(op.f("ck_mailings_kind"), f"kind IN ({words})")


def upgrade() -> None:
    _kinds(f"{_OLD},{_FIRST}")
    op.create_index(
        "uq_mailings_one_open", "mailings", ["event_id", "kind", "number"], unique=True,
        sqlite_where=_ONE_OPEN, postgresql_where=_ONE_OPEN,
    )  # fmt: skip
    with op.batch_alter_table("mailing_recipients") as batch:
        batch.alter_column("signup_id", existing_type=sa.Integer(), nullable=True)
        batch.add_column(sa.Column("invitation_id", sa.Integer(), nullable=True))
        batch.create_foreign_key(
            op.f("fk_mailing_recipients_invitation_id_invitations"),
            "invitations",
            ["invitation_id"],
            ["id"],
            ondelete="CASCADE",
        )
        batch.create_unique_constraint(
            op.f("uq_mailing_recipients_mailing_id_turn_invitation_id"),
            ["mailing_id", "turn", "invitation_id"],
        )
        batch.create_check_constraint(op.f("ck_mailing_recipients_one_person"), _ONE_PERSON)
    op.create_index(
        op.f("ix_mailing_recipients_invitation_id"), "mailing_recipients", ["invitation_id"]
    )
    # One that was half through is held again: whoever has had the mail is not chosen a second time.
    op.execute(
        """
        INSERT INTO mailings (event_id, kind, state, anchor, number, turn, held_until, attendance, details,
                              created_at, created_by, released_at, done_at, total, queued, passed_over)
        SELECT event_id,
               CASE kind WHEN 'remind' THEN 'invite_again' ELSE kind END,
               CASE WHEN cancelled_at IS NOT NULL THEN 'stopped' WHEN done_at IS NOT NULL THEN 'done' ELSE 'held' END,
               'start', coalesce(import_id, 0), 0,
               CASE WHEN cancelled_at IS NULL AND done_at IS NULL THEN due_at END,
               '', '{}', created_at, "by",
               CASE WHEN done_at IS NOT NULL THEN due_at END,
               coalesce(done_at, cancelled_at),
               CASE WHEN done_at IS NOT NULL THEN queued + skipped ELSE people END,
               queued, skipped
        FROM held_mailings
        """
    )
    op.drop_table("held_mailings")
    op.execute(
        "UPDATE audit_entries SET action = 'mailing.held' WHERE action = 'signups.mail_held'"
    )
    op.execute(
        "UPDATE audit_entries SET action = 'mailing.stopped' WHERE action = 'signups.mail_cancelled'"
    )


def downgrade() -> None:
    op.create_table(
        "held_mailings",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("event_id", sa.Integer(), nullable=False),
        sa.Column("import_id", sa.Integer(), nullable=True),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("by", sa.String(length=254), nullable=False),
        sa.Column("people", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("due_at", sa.BigInteger(), nullable=False),
        sa.Column("cancelled_at", sa.BigInteger(), nullable=True),
        sa.Column("done_at", sa.BigInteger(), nullable=True),
        sa.Column("last_id", sa.Integer(), nullable=False),
        sa.Column("queued", sa.Integer(), nullable=False),
        sa.Column("skipped", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "kind IN ('confirm','invite','remind')", name=op.f("ck_held_mailings_kind")
        ),
        sa.ForeignKeyConstraint(
            ["event_id"],
            ["events.id"],
            name=op.f("fk_held_mailings_event_id_events"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["import_id"],
            ["signup_imports.id"],
            name=op.f("fk_held_mailings_import_id_signup_imports"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_held_mailings")),
    )
    op.create_index(op.f("ix_held_mailings_event_id"), "held_mailings", ["event_id"])
    op.create_index(op.f("ix_held_mailings_import_id"), "held_mailings", ["import_id"])
    op.execute(
        """
        INSERT INTO held_mailings (event_id, import_id, kind, "by", people, created_at, due_at, cancelled_at,
                                   done_at, last_id, queued, skipped)
        SELECT event_id, CASE kind WHEN 'confirm' THEN number END,
               CASE kind WHEN 'invite_again' THEN 'remind' ELSE kind END,
               created_by, total, created_at, coalesce(held_until, released_at, created_at),
               CASE state WHEN 'stopped' THEN done_at END, CASE state WHEN 'done' THEN done_at END,
               0, queued, passed_over
        FROM mailings WHERE kind IN ('confirm','invite','invite_again')
        """
    )
    op.execute("DELETE FROM mailing_recipients WHERE signup_id IS NULL")
    op.execute(
        "DELETE FROM mailing_recipients WHERE mailing_id IN"
        " (SELECT id FROM mailings WHERE kind IN ('confirm','invite','invite_again'))"
    )
    op.execute("DELETE FROM mailings WHERE kind IN ('confirm','invite','invite_again')")
    op.drop_index(op.f("ix_mailing_recipients_invitation_id"), "mailing_recipients")
    with op.batch_alter_table("mailing_recipients") as batch:
        batch.drop_constraint(op.f("ck_mailing_recipients_one_person"), type_="check")
        batch.drop_constraint(
            op.f("uq_mailing_recipients_mailing_id_turn_invitation_id"), type_="unique"
        )
        batch.drop_constraint(
            op.f("fk_mailing_recipients_invitation_id_invitations"), type_="foreignkey"
        )
        batch.drop_column("invitation_id")
        batch.alter_column("signup_id", existing_type=sa.Integer(), nullable=False)
    op.drop_index("uq_mailings_one_open", "mailings")
    _kinds(_OLD)
