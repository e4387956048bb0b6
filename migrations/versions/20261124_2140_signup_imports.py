"""imports of sign-ups: the lists that were brought in, their files while they wait, and whom they made

Revision ID: 0787
Revises: 0631
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0787"
down_revision = "0631"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "signup_imports",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("event_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("filename", sa.String(length=120), nullable=False),
        sa.Column("system", sa.String(length=20), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=True),
        sa.Column("consent", sa.Text(), nullable=True),
        sa.Column("by", sa.String(length=254), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("changed_at", sa.BigInteger(), nullable=False),
        sa.Column("settings", sa.JSON(), nullable=False),
        sa.Column("figures", sa.JSON(), nullable=False),
        sa.Column("problems", sa.JSON(), nullable=False),
        sa.Column("rows", sa.Integer(), nullable=False),
        sa.Column("done", sa.Integer(), nullable=False),
        sa.Column("stored_at", sa.BigInteger(), nullable=True),
        sa.Column("undone_at", sa.BigInteger(), nullable=True),
        sa.CheckConstraint(
            "state IN ('looking','ready','storing','stored','undoing','undone')",
            name=op.f("ck_signup_imports_state"),
        ),
        sa.CheckConstraint("kind IN ('registered', 'invite')", name=op.f("ck_signup_imports_kind")),
        sa.ForeignKeyConstraint(
            ["event_id"],
            ["events.id"],
            name=op.f("fk_signup_imports_event_id_events"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_signup_imports")),
    )
    op.create_index(op.f("ix_signup_imports_event_id"), "signup_imports", ["event_id"])
    op.create_table(
        "import_files",
        sa.Column("import_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("shown", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(
            ["import_id"],
            ["signup_imports.id"],
            name=op.f("fk_import_files_import_id_signup_imports"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("import_id", name=op.f("pk_import_files")),
    )
    op.create_table(
        "imported_signups",
        sa.Column("signup_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("import_id", sa.Integer(), nullable=False),
        sa.Column("status", sa.String(length=12), nullable=False),
        sa.Column("no_mail", sa.Boolean(), nullable=False),
        sa.Column("mailed_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(
            ["import_id"],
            ["signup_imports.id"],
            name=op.f("fk_imported_signups_import_id_signup_imports"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["signup_id"],
            ["signups.id"],
            name=op.f("fk_imported_signups_signup_id_signups"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("signup_id", name=op.f("pk_imported_signups")),
    )
    op.create_index(op.f("ix_imported_signups_import_id"), "imported_signups", ["import_id"])


def downgrade() -> None:
    op.drop_table("imported_signups")
    op.drop_table("import_files")
    op.drop_table("signup_imports")
