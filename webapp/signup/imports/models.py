"""Lists that were brought in, and whom each of them made."""

from __future__ import annotations

import datetime as dt
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from webapp.db import Base

# looking (figures are being found) -> ready (waits for an answer) -> storing -> stored -> undoing -> undone.
IMPORT_STATES = ("looking", "ready", "storing", "stored", "undoing", "undone")
# "registered": the people are signed up elsewhere and come in as sign-ups; "invite": they are to be asked.
IMPORT_KINDS = ("registered", "invite")


class SignupImport(Base):
    """One list that was brought into an event. It holds nothing of a person: the file, and what is shown
    of it, is a row of its own that goes as soon as the people are stored."""

    __tablename__ = "signup_imports"
    __table_args__ = (
        sa.CheckConstraint(
            "state IN ('looking','ready','storing','stored','undoing','undone')", name="state"
        ),
        sa.CheckConstraint("kind IN ('registered', 'invite')", name="kind"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    event_id: Mapped[int] = mapped_column(
        sa.ForeignKey("events.id", ondelete="CASCADE"), index=True
    )
    # What its people are found by: their source and their tag.
    name: Mapped[str] = mapped_column(sa.String(40))
    filename: Mapped[str] = mapped_column(sa.String(120))
    # Key of the system that wrote the file.
    system: Mapped[str] = mapped_column(sa.String(20))
    state: Mapped[str] = mapped_column(sa.String(10))
    kind: Mapped[str | None] = mapped_column(sa.String(10))
    # Where and to what the people agreed, in the organiser's words.
    consent: Mapped[str | None] = mapped_column(sa.Text)
    by: Mapped[str] = mapped_column(sa.String(254))
    created_at: Mapped[dt.datetime]
    # When somebody last changed what its columns mean: from then on the file waits.
    changed_at: Mapped[dt.datetime]
    # {"headings", "mapping", "statuses", "order", "zone"}
    settings: Mapped[dict[str, Any]]
    # How many rows of each kind were found, and later what became of them.
    figures: Mapped[dict[str, Any]]
    # Rows that nobody came of, or not all of it: [line, why].
    problems: Mapped[list[Any]] = mapped_column(sa.JSON)
    rows: Mapped[int] = mapped_column(default=0)
    # How many of the rows are dealt with.
    done: Mapped[int] = mapped_column(default=0)
    stored_at: Mapped[dt.datetime | None]
    undone_at: Mapped[dt.datetime | None]


class ImportFile(Base):
    """The file of an import as it was sent, with what is shown of it before its people are stored."""

    __tablename__ = "import_files"

    import_id: Mapped[int] = mapped_column(
        sa.ForeignKey("signup_imports.id", ondelete="CASCADE"),
        primary_key=True,
        autoincrement=False,
    )
    content: Mapped[bytes] = mapped_column(sa.LargeBinary)
    # The first rows as they stand there, and the cells that problems are about: {line: cell}.
    shown: Mapped[dict[str, Any]]


class ImportedSignup(Base):
    """That an import made this sign-up, and how. ``status`` is what it made of the person, ``no_mail`` that
    their mails were ended with it, ``mailed_at`` when their first mail was queued."""

    __tablename__ = "imported_signups"

    signup_id: Mapped[int] = mapped_column(
        sa.ForeignKey("signups.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    import_id: Mapped[int] = mapped_column(
        sa.ForeignKey("signup_imports.id", ondelete="CASCADE"), index=True
    )
    status: Mapped[str] = mapped_column(sa.String(12))
    no_mail: Mapped[bool] = mapped_column(default=False)
    mailed_at: Mapped[dt.datetime | None]
