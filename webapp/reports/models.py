"""The report: a draft that changes and versions that never do."""

from __future__ import annotations

import datetime as dt
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from webapp.db import Base


class Report(Base):
    """The draft of an event's report. ``revision`` grows with each save, so that two people editing at
    once notice.

    ``content`` holds "blocks" (the named texts as they stand), "drafted" (the same as last written from
    the data: what differs was edited by somebody), "left_out" (agenda keys without a section) and
    "saved_by".
    """

    __tablename__ = "reports"

    id: Mapped[int] = mapped_column(primary_key=True)
    event_id: Mapped[int] = mapped_column(
        sa.ForeignKey("events.id", ondelete="CASCADE"), unique=True
    )
    # Which figure is the headline number: "people", "doors", "registered_attended", "peak", ...
    headline: Mapped[str] = mapped_column(sa.String(30), default="people")
    content: Mapped[dict[str, Any]] = mapped_column(default=dict)
    revision: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[dt.datetime]
    updated_at: Mapped[dt.datetime]

    versions: Mapped[list[ReportVersion]] = relationship(
        order_by="ReportVersion.version", back_populates="report"
    )


class ReportVersion(Base):
    """A published version: canonical JSON of text and figures, its hash, and the PDF's bytes. Immutable:
    changing one through the session raises ValueError, and ``flask reports verify`` finds what was
    changed behind our back."""

    __tablename__ = "report_versions"
    __table_args__ = (sa.UniqueConstraint("report_id", "version"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    report_id: Mapped[int] = mapped_column(sa.ForeignKey("reports.id", ondelete="CASCADE"))
    version: Mapped[int]
    # Canonical JSON: sorted keys, no spaces, whole milliseconds, agenda keys instead of row ids.
    document: Mapped[str] = mapped_column(sa.Text)
    # SHA-256 of ``document`` in hex.
    content_hash: Mapped[str] = mapped_column(sa.String(64))
    pdf: Mapped[bytes] = mapped_column(sa.LargeBinary)
    # SHA-256 of ``pdf`` in hex: the paper edition is checked like the document.
    pdf_hash: Mapped[str] = mapped_column(sa.String(64))
    published_at: Mapped[dt.datetime]
    published_by: Mapped[str] = mapped_column(sa.String(254), default="")
    correction: Mapped[str | None] = mapped_column(sa.Text)

    report: Mapped[Report] = relationship(back_populates="versions")


@sa.event.listens_for(ReportVersion, "before_update")
def refuse_change(mapper: object, connection: object, version: ReportVersion) -> None:
    raise ValueError(f"version {version.version} is published; a correction is a new version")
