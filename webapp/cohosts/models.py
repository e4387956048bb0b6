"""The pictures of an event's hosts, and what they were given."""

from __future__ import annotations

import datetime as dt

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from webapp.db import Base


class HostLogo(Base):
    """The picture of a host or co-host, named by the host's key: re-encoded by us as WebP, never the bytes
    that were uploaded. ``digest`` is of its content and stands in its address."""

    __tablename__ = "host_logos"
    __table_args__ = (sa.UniqueConstraint("event_id", "host_key"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    event_id: Mapped[int] = mapped_column(sa.ForeignKey("events.id", ondelete="CASCADE"))
    host_key: Mapped[str] = mapped_column(sa.String(60))
    digest: Mapped[str] = mapped_column(sa.String(32), index=True)
    width: Mapped[int]
    height: Mapped[int]
    # Read only where it is served.
    data: Mapped[bytes] = mapped_column(sa.LargeBinary, deferred=True)

    @property
    def path(self) -> str:
        return f"/logos/{self.digest}.webp"


class Handover(Base):
    """One list that a host was given: by whom, when, and how many. ``released_at`` is set while the co-host
    may fetch it by their private link."""

    __tablename__ = "handovers"

    id: Mapped[int] = mapped_column(primary_key=True)
    event_id: Mapped[int] = mapped_column(
        sa.ForeignKey("events.id", ondelete="CASCADE"), index=True
    )
    host_key: Mapped[str] = mapped_column(sa.String(60))
    at: Mapped[dt.datetime]
    by: Mapped[str] = mapped_column(sa.String(254))
    people: Mapped[int]
    only_new: Mapped[bool]
    released_at: Mapped[dt.datetime | None]


class HandoverRow(Base):
    """Who was on such a list. ``reference`` stands in the file; ``address_mark`` is all that is kept of the
    address, and goes when it is of no more use. ``removed_at``: the host must remove the person, ``why``
    says whether they erased themselves or took their consent back."""

    __tablename__ = "handover_rows"
    __table_args__ = (
        sa.CheckConstraint("why IN ('erased', 'withdrawn')", name="why"),
        sa.UniqueConstraint("handover_id", "signup_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    handover_id: Mapped[int] = mapped_column(sa.ForeignKey("handovers.id", ondelete="CASCADE"))
    signup_id: Mapped[int] = mapped_column(
        sa.ForeignKey("signups.id", ondelete="CASCADE"), index=True
    )
    reference: Mapped[str] = mapped_column(sa.String(16))
    address_mark: Mapped[str | None] = mapped_column(sa.String(32))
    removed_at: Mapped[dt.datetime | None]
    why: Mapped[str | None] = mapped_column(sa.String(10))
    # When the host was told by mail, and when they said that it is done.
    told_at: Mapped[dt.datetime | None]
    acknowledged_at: Mapped[dt.datetime | None]


class HandoverWarning(Base):
    """That an event's organisers were told who would be lost to its hosts when data is deleted."""

    __tablename__ = "handover_warnings"

    event_id: Mapped[int] = mapped_column(
        sa.ForeignKey("events.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    at: Mapped[dt.datetime]
