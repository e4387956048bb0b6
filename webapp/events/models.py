"""An event, who may manage it, its co-hosts and where it takes place."""

from __future__ import annotations

import datetime as dt
from typing import Any, Literal

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from webapp.accounts.models import User
from webapp.db import Base

MODES = ("online", "in_person", "hybrid")
PRESENCE = ("room", "platform", "door")
STATES = ("draft", "published", "cancelled")
# What somebody may be in the team of an event. Owners decide who else is in it; otherwise they are equal.
ROLES = ("owner", "organiser")
# Rule: without anybody pressing End, an event is over this long after its planned end.
OVERRUN = dt.timedelta(minutes=60)

Phase = Literal["draft", "cancelled", "before", "live", "over"]


class Event(Base):
    """One evening. Times are aware UTC; ``timezone`` is the zone it is announced in."""

    __tablename__ = "events"
    __table_args__ = (
        sa.CheckConstraint("mode IN ('online', 'in_person', 'hybrid')", name="mode"),
        sa.CheckConstraint("presence IN ('room', 'platform', 'door')", name="presence"),
        sa.CheckConstraint("state IN ('draft', 'published', 'cancelled')", name="state"),
        sa.CheckConstraint("ends_at > starts_at", name="ends_after_start"),
        sa.CheckConstraint("capacity IS NULL OR capacity > 0", name="capacity"),
        sa.CheckConstraint("retention_days >= 0", name="retention_days"),
        sa.CheckConstraint("offer_hours >= 0", name="offer_hours"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    slug: Mapped[str] = mapped_column(sa.String(80), unique=True)
    title: Mapped[str] = mapped_column(sa.String(200))
    # The second line of a title: after a colon it is set smaller on the poster.
    summary: Mapped[str] = mapped_column(sa.String(500), default="")
    description: Mapped[str] = mapped_column(sa.Text, default="")
    language: Mapped[str] = mapped_column(sa.String(10), default="en")
    # The same words in other languages: see webapp/events/texts.py.
    translations: Mapped[dict[str, Any]] = mapped_column(default=dict)
    starts_at: Mapped[dt.datetime]
    ends_at: Mapped[dt.datetime]
    timezone: Mapped[str] = mapped_column(sa.String(60))
    mode: Mapped[str] = mapped_column(sa.String(10), default="online")
    presence: Mapped[str] = mapped_column(sa.String(10), default="room")
    state: Mapped[str] = mapped_column(sa.String(10), default="draft")
    host_key: Mapped[str] = mapped_column(sa.String(60), default="host")
    host_name: Mapped[str] = mapped_column(sa.String(200), default="")
    host_url: Mapped[str | None] = mapped_column(sa.String(500))
    capacity: Mapped[int | None]
    approval: Mapped[bool] = mapped_column(default=False)
    confirm_address: Mapped[bool] = mapped_column(default=False)
    # When all places are taken, people may wait for one; a place that becomes free is kept for so many
    # hours for whoever it is offered to. With 0 it is given without asking.
    waitlist: Mapped[bool] = mapped_column(default=True)
    offer_hours: Mapped[int] = mapped_column(default=24)
    retention_days: Mapped[int] = mapped_column(default=30)
    min_stay_minutes: Mapped[int | None]
    opens_at: Mapped[dt.datetime | None]
    closes_at: Mapped[dt.datetime | None]
    languages: Mapped[list[str]] = mapped_column(default=list)
    access_needs: Mapped[list[str]] = mapped_column(default=list)
    # Stands among all events; an unlisted one is reached by its address alone.
    listed: Mapped[bool] = mapped_column(default=True)
    # The form opens only for whoever has its secret link, which holds the key.
    invitation_only: Mapped[bool] = mapped_column(default=False)
    invitation_key: Mapped[str | None] = mapped_column(sa.String(64))
    # The form asks how many more somebody brings along.
    ask_companions: Mapped[bool] = mapped_column(default=False)
    # Until the start people see who speaks in which order, and no times of the items.
    order_only: Mapped[bool] = mapped_column(default=False)
    # Each form costs the browser a moment's work: for an event that robots attack.
    challenge: Mapped[bool] = mapped_column(default=False)
    # Stands for the organisers' own words in the event's mails (``mail.texts``); None if there are none.
    mail_texts: Mapped[str | None] = mapped_column(sa.String(32))
    # #rrggbb or None for the house colour.
    accent: Mapped[str | None] = mapped_column(sa.String(7))
    is_sample: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[dt.datetime]
    # What really happened: Start and End as pressed.
    started_at: Mapped[dt.datetime | None]
    ended_at: Mapped[dt.datetime | None]
    # Grows when time or link changes: calendars follow it.
    ics_sequence: Mapped[int] = mapped_column(default=0)
    # Said to everybody in the room until it is replaced or taken back.
    announcement: Mapped[str | None] = mapped_column(sa.String(500))
    # Grows whenever somebody who reads the public pages should see a change (agenda included).
    revision: Mapped[int] = mapped_column(default=0)

    targets: Mapped[list[JoinTarget]] = relationship(
        order_by="JoinTarget.position", cascade="all, delete-orphan", back_populates="event"
    )
    cohosts: Mapped[list[CoHost]] = relationship(
        order_by="CoHost.position", cascade="all, delete-orphan", back_populates="event"
    )

    def phase(self, at: dt.datetime) -> Phase:
        """Where the event stands at ``at``. Live from its start, or an early Start, until somebody ends
        it, or 60 minutes after the planned end (DESIGN rule 7b)."""
        if self.state == "draft":
            return "draft"
        if self.state == "cancelled":
            return "cancelled"
        if self.ended_at is not None and at >= self.ended_at:
            return "over"
        if at >= self.closes_by:
            return "over"
        return "live" if at >= self.live_from else "before"

    @property
    def live_from(self) -> dt.datetime:
        """When the door opens: the planned start, or an early Start."""
        return min(self.starts_at, self.started_at) if self.started_at else self.starts_at

    def hides_times(self, at: dt.datetime) -> bool:
        """Whether people see the order of the agenda alone at ``at``: until it starts, if it was set so."""
        return bool(self.order_only) and at < self.live_from

    @property
    def closes_by(self) -> dt.datetime:
        """The latest moment it can still be live, if nobody ends it."""
        return self.ends_at + OVERRUN

    @property
    def actual_start(self) -> dt.datetime:
        return self.started_at or self.starts_at

    @property
    def actual_end(self) -> dt.datetime:
        """When it ended, as pressed; the planned end as long as nobody pressed."""
        return self.ended_at or self.ends_at

    def signup_state(self, at: dt.datetime) -> Literal["not_yet", "open", "closed"]:
        """By the clock alone: whether it is full is a question about many rows."""
        if self.phase(at) not in ("before", "live"):
            return "closed"
        if self.opens_at and at < self.opens_at:
            return "not_yet"
        if self.closes_at and at >= self.closes_at:
            return "closed"
        return "open"

    def touch(self) -> None:
        """Marks that the public pages changed."""
        self.revision = (self.revision or 0) + 1

    def touch_calendar(self) -> None:
        """Marks that calendars must follow: time or link changed."""
        self.ics_sequence = (self.ics_sequence or 0) + 1
        self.touch()


class CoHost(Base):
    __tablename__ = "cohosts"
    __table_args__ = (sa.UniqueConstraint("event_id", "key"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    event_id: Mapped[int] = mapped_column(sa.ForeignKey("events.id", ondelete="CASCADE"))
    position: Mapped[int] = mapped_column(default=0)
    key: Mapped[str] = mapped_column(sa.String(60))
    name: Mapped[str] = mapped_column(sa.String(200))
    url: Mapped[str | None] = mapped_column(sa.String(500))
    # Where they are told that somebody on a list of theirs wants to be removed.
    contact_email: Mapped[str | None] = mapped_column(sa.String(254))
    # What their private link holds; without it they have none, and with another the old one is dead.
    link_key: Mapped[str | None] = mapped_column(sa.String(32))

    event: Mapped[Event] = relationship(back_populates="cohosts")


class JoinTarget(Base):
    """Where the door leads, in order: the meeting first, then the stream for the overflow."""

    __tablename__ = "join_targets"
    __table_args__ = (sa.Index("ix_join_targets_event_id_position", "event_id", "position"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    event_id: Mapped[int] = mapped_column(sa.ForeignKey("events.id", ondelete="CASCADE"))
    position: Mapped[int] = mapped_column(default=0)
    label: Mapped[str] = mapped_column(sa.String(200), default="")
    url: Mapped[str] = mapped_column(sa.String(1000))
    language: Mapped[str | None] = mapped_column(sa.String(10))

    event: Mapped[Event] = relationship(back_populates="targets")


class Membership(Base):
    """Who may manage an event. Admins may without one."""

    __tablename__ = "memberships"
    __table_args__ = (
        sa.UniqueConstraint("event_id", "user_id"),
        sa.CheckConstraint("role IN ('owner', 'organiser')", name="role"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    event_id: Mapped[int] = mapped_column(sa.ForeignKey("events.id", ondelete="CASCADE"))
    user_id: Mapped[int] = mapped_column(sa.ForeignKey("users.id", ondelete="CASCADE"), index=True)
    role: Mapped[str] = mapped_column(sa.String(20), default="organiser")
    created_at: Mapped[dt.datetime]

    event: Mapped[Event] = relationship()
    user: Mapped[User] = relationship()

    @property
    def is_owner(self) -> bool:
        return self.role == "owner"
