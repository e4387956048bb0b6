"""Invitations: people who were asked to come."""

from __future__ import annotations

import datetime as dt

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from webapp.db import Base


class Invitation(Base):
    """Somebody who was asked to come to one event. No sign-up: they decide for themselves. Who never
    answers is forgotten when the event is over; the row stays, for the count."""

    __tablename__ = "invitations"
    __table_args__ = (
        sa.CheckConstraint("state IN ('listed','queued','answered','withdrawn')", name="state"),
        sa.CheckConstraint(
            "erased_at IS NULL OR (email IS NULL AND email_key IS NULL AND name IS NULL)",
            name="erased",
        ),
        sa.UniqueConstraint("event_id", "email_key"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    event_id: Mapped[int] = mapped_column(sa.ForeignKey("events.id", ondelete="CASCADE"))
    # The list that it came by.
    import_id: Mapped[int | None] = mapped_column(
        sa.ForeignKey("signup_imports.id", ondelete="SET NULL"), index=True
    )
    public_id: Mapped[str] = mapped_column(sa.String(32), unique=True)
    name: Mapped[str | None] = mapped_column(sa.String(200))
    email: Mapped[str | None] = mapped_column(sa.String(254))
    email_key: Mapped[str | None] = mapped_column(sa.String(254))
    language: Mapped[str] = mapped_column(sa.String(10))
    # listed (nothing was sent) -> queued (the mail is in the outbox, which knows what became of it) ->
    # answered (they signed up by it); withdrawn: by an organiser, or the person wants no such mail.
    state: Mapped[str] = mapped_column(sa.String(10))
    created_at: Mapped[dt.datetime]
    invited_at: Mapped[dt.datetime | None]
    reminded_at: Mapped[dt.datetime | None]
    answered_at: Mapped[dt.datetime | None]
    erased_at: Mapped[dt.datetime | None]
