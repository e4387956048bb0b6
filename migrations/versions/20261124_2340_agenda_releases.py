"""agenda releases: what people see of the agenda is a published version, the rows are the draft

Revision ID: 0851
Revises: 0932
"""

from __future__ import annotations

import json
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0851"
down_revision = "0932"
branch_labels = None
depends_on = None

_DETAILS = ("title", "affiliation", "bio", "url")


def upgrade() -> None:
    op.create_table(
        "agenda_releases",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("event_id", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("by", sa.String(length=254), nullable=False),
        sa.Column("starts_at", sa.BigInteger(), nullable=False),
        sa.Column("items", sa.JSON(), nullable=False),
        sa.Column("changelog", sa.JSON(), nullable=False),
        sa.CheckConstraint("version > 0", name=op.f("ck_agenda_releases_version")),
        sa.ForeignKeyConstraint(
            ["event_id"],
            ["events.id"],
            name=op.f("fk_agenda_releases_event_id_events"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_agenda_releases")),
        sa.UniqueConstraint(
            "event_id", "version", name=op.f("uq_agenda_releases_event_id_version")
        ),
    )
    op.create_table(
        "agenda_steps",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("event_id", sa.Integer(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("by", sa.String(length=254), nullable=False),
        sa.Column("summary", sa.Text(), nullable=False),
        sa.Column("before", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(
            ["event_id"],
            ["events.id"],
            name=op.f("fk_agenda_steps_event_id_events"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_agenda_steps")),
    )
    op.create_index("ix_agenda_steps_event_id_id", "agenda_steps", ["event_id", "id"])
    with op.batch_alter_table("sessions") as batch:
        batch.add_column(
            sa.Column("taken_out", sa.Boolean(), nullable=False, server_default=sa.false())
        )
    with op.batch_alter_table("sessions") as batch:
        batch.alter_column("taken_out", server_default=None)
    with op.batch_alter_table("events") as batch:
        batch.add_column(
            sa.Column("order_only", sa.Boolean(), nullable=False, server_default=sa.false())
        )
    with op.batch_alter_table("events") as batch:
        batch.alter_column("order_only", server_default=None)
    _publish_what_is_seen()


def _publish_what_is_seen() -> None:
    """What people saw until now becomes each event's first version."""
    connection = op.get_bind()
    found: dict[int, dict[int, dict[str, Any]]] = {}
    moments: dict[int, tuple[int, int]] = {}
    for row in connection.execute(
        sa.text(
            "SELECT s.id, s.event_id, s.key, s.title, s.summary, s.kind, s.minutes, e.created_at, e.starts_at"
            " FROM sessions s JOIN events e ON e.id = s.event_id"
            " WHERE e.state <> 'draft' ORDER BY s.event_id, s.position, s.id"
        )
    ):
        moments[row.event_id] = (row.created_at, row.starts_at)
        found.setdefault(row.event_id, {})[row.id] = {
            "key": row.key,
            "title": row.title,
            **({"summary": row.summary} if row.summary else {}),
            "kind": row.kind,
            "minutes": row.minutes,
            "speakers": [],
        }
    for row in connection.execute(
        sa.text(
            "SELECT l.session_id, l.role, p.id, p.event_id, p.name, p.title, p.affiliation, p.bio, p.url"
            " FROM session_speakers l JOIN speakers p ON p.id = l.speaker_id"
            " ORDER BY l.position, l.id"
        )
    ):
        entry = found.get(row.event_id, {}).get(row.session_id)
        if entry is not None:
            details = {name: value for name in _DETAILS if (value := getattr(row, name))}
            entry["speakers"].append({"name": row.name, "role": row.role, **details, "id": row.id})
    for event_id, items in found.items():
        at, starts_at = moments[event_id]
        connection.execute(
            sa.text(
                'INSERT INTO agenda_releases (event_id, version, at, "by", starts_at, items, changelog)'
                " VALUES (:event_id, 1, :at, '', :starts_at, :items, '[]')"
            ),
            {
                "event_id": event_id,
                "at": at,
                "starts_at": starts_at,
                "items": json.dumps(list(items.values())),
            },
        )


def downgrade() -> None:
    op.execute("DELETE FROM sessions WHERE taken_out")
    with op.batch_alter_table("sessions") as batch:
        batch.drop_column("taken_out")
    with op.batch_alter_table("events") as batch:
        batch.drop_column("order_only")
    op.drop_index("ix_agenda_steps_event_id_id", "agenda_steps")
    op.drop_table("agenda_steps")
    op.drop_table("agenda_releases")
