"""Attendance is a log of visits. A visit knows a person only by a random key."""

from __future__ import annotations

import datetime as dt

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from webapp.db import Base

CHANNELS = ("room", "link", "door", "platform", "import")
END_REASONS = ("left", "timeout", "closed", "stated", "unknown")
IDENTITIES = ("identified", "name_only", "ambiguous", "anonymous")
# More heads than this in one room is a slip of the finger.
MAX_HEADS = 100_000


class Visit(Base):
    """One stretch of one person's presence, as one source saw it.

    ``person_key`` stands for the person: a sign-up's key, or a guest's own random one. ``end_reason`` is
    null while the visit is open; "left", "stated" and "closed" were measured, "timeout" was inferred from
    silence, and "unknown" means that nobody can say (``ended_at`` is null then): the person counts, the
    minutes do not.
    """

    __tablename__ = "visits"
    __table_args__ = (
        sa.CheckConstraint("channel IN ('room','link','door','platform','import')", name="channel"),
        sa.CheckConstraint(
            "end_reason IN ('left','timeout','closed','stated','unknown')", name="end_reason"
        ),
        sa.CheckConstraint(
            "identity IN ('identified','name_only','ambiguous','anonymous')", name="identity"
        ),
        sa.CheckConstraint("ended_at IS NULL OR ended_at >= started_at", name="ends_after_start"),
        sa.Index("ix_visits_event_id_person_key", "event_id", "person_key"),
        # The figures read an event's whole log: in the order it was written, which is how it lies on
        # disk. By the index above it would be one random look-up a row, eight times slower.
        sa.Index("ix_visits_event_id_id", "event_id", "id"),
        # Guests who gave a name: few among many, and each read of the figures asks for them.
        sa.Index(
            "ix_visits_named", "event_id", "id",
            sqlite_where=sa.text("name_key IS NOT NULL"), postgresql_where=sa.text("name_key IS NOT NULL"),
        ),
        # The open visits of an event: what the board counts and the sweep closes.
        sa.Index(
            "ix_visits_open", "event_id", "last_seen_at",
            sqlite_where=sa.text("end_reason IS NULL"), postgresql_where=sa.text("end_reason IS NULL"),
        ),
    )  # fmt: skip

    id: Mapped[int] = mapped_column(primary_key=True)
    # Made before the write, so that a visit spooled to disk is stored exactly once.
    uid: Mapped[str] = mapped_column(sa.String(32), unique=True)
    event_id: Mapped[int] = mapped_column(sa.ForeignKey("events.id", ondelete="CASCADE"))
    person_key: Mapped[int] = mapped_column(sa.BigInteger)
    identity: Mapped[str] = mapped_column(sa.String(10))
    # Came by a personal link of a sign-up, not as a guest.
    is_registered: Mapped[bool] = mapped_column(default=False)
    is_crew: Mapped[bool] = mapped_column(default=False)
    # A guest's own name, if given, and its matching form.
    name: Mapped[str | None] = mapped_column(sa.String(200))
    name_key: Mapped[str | None] = mapped_column(sa.String(200))
    channel: Mapped[str] = mapped_column(sa.String(10))
    # The tab or device, opaque; one person may have several at once.
    connection: Mapped[str | None] = mapped_column(sa.String(64))
    started_at: Mapped[dt.datetime]
    last_seen_at: Mapped[dt.datetime]
    ended_at: Mapped[dt.datetime | None]
    end_reason: Mapped[str | None] = mapped_column(sa.String(10))


class AttendanceMark(Base):
    """Grows with every change to an event's visits that is not a new row: figures are cached against it."""

    __tablename__ = "attendance_marks"

    event_id: Mapped[int] = mapped_column(
        sa.ForeignKey("events.id", ondelete="CASCADE"), primary_key=True
    )
    revision: Mapped[int] = mapped_column(default=0)


class HeadCount(Base):
    """Somebody counted heads in a room: their number, kept apart from people we know of."""

    __tablename__ = "head_counts"
    __table_args__ = (sa.CheckConstraint("count >= 0", name="count"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    event_id: Mapped[int] = mapped_column(
        sa.ForeignKey("events.id", ondelete="CASCADE"), index=True
    )
    count: Mapped[int]
    at: Mapped[dt.datetime]
    author: Mapped[str] = mapped_column(sa.String(254))
    source: Mapped[str] = mapped_column(sa.String(200))


class LinkRound(Base):
    """One press of "send the link again to all of those": who they are is decided person by person while
    it goes on, in order of their sign-ups, so that nobody who has come in meanwhile is written to.

    ``kind`` "never": those whom no mail with the link has reached. "absent": whoever has not joined.
    """

    __tablename__ = "link_rounds"
    __table_args__ = (
        sa.CheckConstraint("kind IN ('never','absent')", name="kind"),
        sa.Index(
            "ix_link_rounds_open", "event_id",
            sqlite_where=sa.text("done_at IS NULL"), postgresql_where=sa.text("done_at IS NULL"),
        ),
    )  # fmt: skip

    id: Mapped[int] = mapped_column(primary_key=True)
    event_id: Mapped[int] = mapped_column(
        sa.ForeignKey("events.id", ondelete="CASCADE"), index=True
    )
    kind: Mapped[str] = mapped_column(sa.String(10))
    at: Mapped[dt.datetime]
    author: Mapped[str] = mapped_column(sa.String(254))
    # How many it was for when it was pressed, and how many mails it has queued.
    expected: Mapped[int]
    queued: Mapped[int] = mapped_column(default=0)
    # The sign-up it has got to.
    last_id: Mapped[int] = mapped_column(default=0)
    done_at: Mapped[dt.datetime | None]


class Companions(Base):
    """How many people somebody said are watching with them on the same screen."""

    __tablename__ = "companions"
    __table_args__ = (
        sa.UniqueConstraint("event_id", "person_key"),
        sa.CheckConstraint("count >= 0", name="count"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    event_id: Mapped[int] = mapped_column(sa.ForeignKey("events.id", ondelete="CASCADE"))
    person_key: Mapped[int] = mapped_column(sa.BigInteger)
    count: Mapped[int]
    at: Mapped[dt.datetime]
