"""The running order: items, who speaks in them, what really happened, and what was said."""

from __future__ import annotations

import datetime as dt
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from webapp.db import Base

KINDS = ("opening", "talk", "panel", "questions", "break", "closing")
SPEAKER_ROLES = ("chair", "speaker", "moderator", "interpreter")


class Session(Base):
    """An agenda item of the draft. Its planned start follows from the event's start and the minutes
    before it. What people see is the latest ``AgendaRelease``; what really happened stands here."""

    __tablename__ = "sessions"
    __table_args__ = (
        sa.UniqueConstraint("event_id", "key"),
        sa.CheckConstraint(
            "kind IN ('opening','talk','panel','questions','break','closing')", name="kind"
        ),
        sa.CheckConstraint("minutes > 0", name="minutes"),
        sa.CheckConstraint(
            "ended_at IS NULL OR (started_at IS NOT NULL AND ended_at >= started_at)",
            name="ends_after_start",
        ),
        sa.CheckConstraint("skipped_at IS NULL OR started_at IS NULL", name="skipped_or_started"),
        sa.Index("ix_sessions_event_id_position", "event_id", "position"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    event_id: Mapped[int] = mapped_column(sa.ForeignKey("events.id", ondelete="CASCADE"))
    position: Mapped[int]
    # Stable name in event files and figures.
    key: Mapped[str] = mapped_column(sa.String(80))
    title: Mapped[str] = mapped_column(sa.String(200))
    summary: Mapped[str] = mapped_column(sa.Text, default="")
    kind: Mapped[str] = mapped_column(sa.String(10), default="talk")
    minutes: Mapped[int]
    # As the chair pressed it.
    started_at: Mapped[dt.datetime | None]
    ended_at: Mapped[dt.datetime | None]
    # When it was said that it will not happen (or did not).
    skipped_at: Mapped[dt.datetime | None]
    # Where a time was not pressed but written down afterwards: when, and by whom.
    started_entered_at: Mapped[dt.datetime | None]
    started_entered_by: Mapped[str] = mapped_column(sa.String(254), default="")
    ended_entered_at: Mapped[dt.datetime | None]
    ended_entered_by: Mapped[str] = mapped_column(sa.String(254), default="")
    # Taken out of the draft, but people still see it: the next release drops the row.
    taken_out: Mapped[bool] = mapped_column(default=False)

    speakers: Mapped[list[SessionSpeaker]] = relationship(
        order_by="SessionSpeaker.position", cascade="all, delete-orphan", back_populates="session"
    )


class Speaker(Base):
    """A person who speaks at one event (the chair too). One row however many items they have."""

    __tablename__ = "speakers"

    id: Mapped[int] = mapped_column(primary_key=True)
    event_id: Mapped[int] = mapped_column(
        sa.ForeignKey("events.id", ondelete="CASCADE"), index=True
    )
    name: Mapped[str] = mapped_column(sa.String(200))
    title: Mapped[str] = mapped_column(sa.String(200), default="")
    affiliation: Mapped[str] = mapped_column(sa.String(200), default="")
    bio: Mapped[str] = mapped_column(sa.Text, default="")
    url: Mapped[str | None] = mapped_column(sa.String(500))
    # For the chair alone: how to say the name, and two lines to introduce them with.
    say: Mapped[str] = mapped_column(sa.String(200), default="")
    intro: Mapped[str] = mapped_column(sa.Text, default="")


class SessionSpeaker(Base):
    __tablename__ = "session_speakers"
    __table_args__ = (
        sa.UniqueConstraint("session_id", "speaker_id", "role"),
        sa.CheckConstraint("role IN ('chair','speaker','moderator','interpreter')", name="role"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    session_id: Mapped[int] = mapped_column(sa.ForeignKey("sessions.id", ondelete="CASCADE"))
    speaker_id: Mapped[int] = mapped_column(
        sa.ForeignKey("speakers.id", ondelete="CASCADE"), index=True
    )
    role: Mapped[str] = mapped_column(sa.String(12), default="speaker")
    position: Mapped[int] = mapped_column(default=0)

    session: Mapped[Session] = relationship(back_populates="speakers")
    speaker: Mapped[Speaker] = relationship()


class AgendaRelease(Base):
    """One publication of the agenda: what everybody but the organisers sees until the next one."""

    __tablename__ = "agenda_releases"
    __table_args__ = (
        sa.UniqueConstraint("event_id", "version"),
        sa.CheckConstraint("version > 0", name="version"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    event_id: Mapped[int] = mapped_column(sa.ForeignKey("events.id", ondelete="CASCADE"))
    version: Mapped[int]
    at: Mapped[dt.datetime]
    by: Mapped[str] = mapped_column(sa.String(254), default="")
    # When the event was to start, as known then: the planned times of this version follow from it.
    starts_at: Mapped[dt.datetime]
    # In the words of the event file, each person with the id of their row ("id").
    items: Mapped[list[dict[str, Any]]]
    # What differs from the version before, a sentence each.
    changelog: Mapped[list[str]] = mapped_column(default=list)


class AgendaStep(Base):
    """The draft as it stood before a change, so that the change can be taken back."""

    __tablename__ = "agenda_steps"
    __table_args__ = (sa.Index("ix_agenda_steps_event_id_id", "event_id", "id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    event_id: Mapped[int] = mapped_column(sa.ForeignKey("events.id", ondelete="CASCADE"))
    at: Mapped[dt.datetime]
    by: Mapped[str] = mapped_column(sa.String(254), default="")
    # What was changed, in a sentence or more.
    summary: Mapped[str] = mapped_column(sa.Text)
    # As ``AgendaRelease.items``.
    before: Mapped[list[dict[str, Any]]]


class Press(Base):
    """One press of Start, Next, Back, Skip or End, with what became of it. Its id makes a repeat harmless."""

    __tablename__ = "presses"
    __table_args__ = (
        sa.CheckConstraint("outcome IN ('applied', 'stale')", name="outcome"),
        sa.Index("ix_presses_event_id_at", "event_id", "at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    press_id: Mapped[str] = mapped_column(sa.String(64), unique=True)
    event_id: Mapped[int] = mapped_column(sa.ForeignKey("events.id", ondelete="CASCADE"))
    # What was pressed: "start", "skip" and "unskip" (the item named), "back", "end" (of the event).
    act: Mapped[str] = mapped_column(sa.String(10))
    session_key: Mapped[str | None] = mapped_column(sa.String(80))
    expected_key: Mapped[str | None] = mapped_column(sa.String(80))
    # When the finger was on the button (arrival minus the age the page reported).
    at: Mapped[dt.datetime]
    received_at: Mapped[dt.datetime]
    by: Mapped[str] = mapped_column(sa.String(254), default="")
    outcome: Mapped[str] = mapped_column(sa.String(10))


class Note(Base):
    """A point somebody made, or their exact words. The report draws on them."""

    __tablename__ = "notes"
    __table_args__ = (
        sa.CheckConstraint("kind IN ('point', 'quote')", name="kind"),
        sa.Index("ix_notes_event_id_session_id", "event_id", "session_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    event_id: Mapped[int] = mapped_column(sa.ForeignKey("events.id", ondelete="CASCADE"))
    session_id: Mapped[int] = mapped_column(sa.ForeignKey("sessions.id", ondelete="CASCADE"))
    speaker_id: Mapped[int | None] = mapped_column(
        sa.ForeignKey("speakers.id", ondelete="SET NULL")
    )
    kind: Mapped[str] = mapped_column(sa.String(10), default="point")
    text: Mapped[str] = mapped_column(sa.Text)
    author: Mapped[str] = mapped_column(sa.String(254), default="")
    at: Mapped[dt.datetime]
