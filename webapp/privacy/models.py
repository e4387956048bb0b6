"""What is kept when people go: counts, frozen before the ties to the people are cut."""

from __future__ import annotations

import datetime as dt
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from webapp.db import Base


class Tally(Base):
    """How many of the people whose ties are cut had one thing in common: an answer to a closed question
    (``dimension`` is "question:" and its key), their source or their language.

    Only confirmed sign-ups are in it, as in the show-up rate. Somebody with several answers counts for
    each of them; ``value`` is empty where there was none.
    """

    __tablename__ = "tallies"
    __table_args__ = (
        sa.UniqueConstraint("event_id", "dimension", "value"),
        sa.CheckConstraint("0 <= stayed AND stayed <= attended AND attended <= signed_up", name="part"),
    )  # fmt: skip

    id: Mapped[int] = mapped_column(primary_key=True)
    event_id: Mapped[int] = mapped_column(sa.ForeignKey("events.id", ondelete="CASCADE"))
    dimension: Mapped[str] = mapped_column(sa.String(80))
    value: Mapped[str] = mapped_column(sa.String(200))
    signed_up: Mapped[int]
    attended: Mapped[int]
    stayed: Mapped[int]


class FrozenFigures(Base):
    """An event's figures and its curve by the minute as they were when its ties were cut. ``curve`` is
    [[milliseconds since 1970, people], …], null where presence is unknown."""

    __tablename__ = "frozen_figures"

    event_id: Mapped[int] = mapped_column(
        sa.ForeignKey("events.id", ondelete="CASCADE"), primary_key=True
    )
    at: Mapped[dt.datetime]
    figures: Mapped[dict[str, Any]]
    curve: Mapped[Any] = mapped_column(sa.JSON(none_as_null=True), nullable=True)
    # When nobody's tie was left; null while the cutting is under way.
    cut_at: Mapped[dt.datetime | None]
