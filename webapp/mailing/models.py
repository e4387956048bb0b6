"""What is sent about an event besides the answers to a person's own acts, and to whom."""

from __future__ import annotations

import datetime as dt
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from webapp.db import Base

# "changed" and "event_cancelled" follow what became of the event; "reminder" goes out before it begins or
# ends; "thank_you", "missed_you", "stayed" and "report_published" follow it; "blast" is what an organiser
# writes; "confirm" is the first mail to those whom a list brought in, "invite" and "invite_again" go to people
# who are asked to come.
KINDS = ("changed", "event_cancelled", "reminder", "thank_you", "missed_you", "stayed", "report_published", "blast", "confirm", "invite", "invite_again")  # fmt: skip
FOLLOW_UPS = ("thank_you", "missed_you", "stayed")
# To people who have had no mail from us yet, or only the one that asked them.
FIRST_MAILS = ("confirm", "invite", "invite_again")
# Those of them that go to invitations, not to sign-ups.
INVITING = ("invite", "invite_again")
# What waits for a person's OK.
OFFERS = (*FIRST_MAILS, *FOLLOW_UPS, "report_published")
# planned -> sending -> done for reminders, with "off" (switched off) and "skipped" (its time had passed);
# held -> sending -> done for everything that can still be stopped; "draft" is being written.
STATES = ("draft", "off", "planned", "held", "sending", "done", "skipped", "stopped")
# Whom of those chosen a blast goes to, by what is known of the evening.
ATTENDANCE = ("", "came", "absent", "stayed")

_ONCE = sa.text(
    "kind IN ('reminder','thank_you','missed_you','stayed','report_published') AND state <> 'stopped'"
)
_ONE_OPEN = sa.text("kind IN ('confirm','invite','invite_again') AND state IN ('held','sending')")
_ONE_NOTICE = sa.text("kind IN ('changed','event_cancelled') AND state = 'held'")
_WORK = sa.text("state IN ('held','sending')")
_TO_DO = sa.text("done_at IS NULL")


class MailPlan(Base):
    """What the people of an event were told last of when and where it is (``told``), and how far its
    changes have been looked at."""

    __tablename__ = "mail_plans"

    event_id: Mapped[int] = mapped_column(
        sa.ForeignKey("events.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    told: Mapped[dict[str, Any]]
    seen_sequence: Mapped[int] = mapped_column(default=0)
    seen_cancelled: Mapped[bool] = mapped_column(default=False)
    looked_at: Mapped[dt.datetime]
    # Where people see the evening again, for the mails that follow it.
    recording_url: Mapped[str | None] = mapped_column(sa.String(1000))


class Mailing(Base):
    """One mail to many people. Whom it goes to and what it says is fixed when it is let go (``released_at``).

    ``number`` is, by kind: minutes before the anchor (reminder), minutes somebody stayed, the version of the
    report, the id of the list (confirm). ``turn`` grows when a reminder goes out once more because the event moved far enough.
    """

    __tablename__ = "mailings"
    __table_args__ = (
        sa.CheckConstraint(
            "kind IN ('changed','event_cancelled','reminder','thank_you','missed_you','stayed','report_published','blast','confirm','invite','invite_again')",
            name="kind",
        ),
        sa.CheckConstraint(
            "state IN ('draft','off','planned','held','sending','done','skipped','stopped')", name="state"
        ),
        sa.CheckConstraint("anchor IN ('start','end')", name="anchor"),
        sa.CheckConstraint("attendance IN ('','came','absent','stayed')", name="attendance"),
        sa.CheckConstraint("number >= 0", name="number"),
        sa.Index("ix_mailings_event_id", "event_id"),
        # Two people may press the same button, and two workers look at the same event.
        sa.Index(
            "uq_mailings_once", "event_id", "kind", "anchor", "number", unique=True,
            sqlite_where=_ONCE, postgresql_where=_ONCE,
        ),
        sa.Index(
            "uq_mailings_one_open", "event_id", "kind", "number", unique=True,
            sqlite_where=_ONE_OPEN, postgresql_where=_ONE_OPEN,
        ),
        sa.Index(
            "uq_mailings_one_notice", "event_id", unique=True,
            sqlite_where=_ONE_NOTICE, postgresql_where=_ONE_NOTICE,
        ),
        # What the job asks every few seconds.
        sa.Index("ix_mailings_work", "state", sqlite_where=_WORK, postgresql_where=_WORK),
    )  # fmt: skip

    id: Mapped[int] = mapped_column(primary_key=True)
    event_id: Mapped[int] = mapped_column(sa.ForeignKey("events.id", ondelete="CASCADE"))
    kind: Mapped[str] = mapped_column(sa.String(20))
    state: Mapped[str] = mapped_column(sa.String(10))
    anchor: Mapped[str] = mapped_column(sa.String(5), default="start")
    number: Mapped[int] = mapped_column(default=0)
    turn: Mapped[int] = mapped_column(default=0)
    # When a reminder goes out, as last worked out from the event's times.
    due_at: Mapped[dt.datetime | None]
    # Until when it can still be stopped; then it goes out by itself.
    held_until: Mapped[dt.datetime | None]
    # A blast: the choice of sign-ups as ``Choice.as_args`` gives it, and what is asked of the evening.
    choice: Mapped[dict[str, Any] | None] = mapped_column(sa.JSON(none_as_null=True))
    attendance: Mapped[str] = mapped_column(sa.String(8), default="")
    # What the mail says besides: of a changed event what it was "before" and is "after".
    details: Mapped[dict[str, Any]] = mapped_column(default=dict)
    created_at: Mapped[dt.datetime]
    created_by: Mapped[str] = mapped_column(sa.String(254), default="")
    released_at: Mapped[dt.datetime | None]
    done_at: Mapped[dt.datetime | None]
    # How many it was let go to, how many of them got a mail, and how many not: they left meanwhile, or want
    # no such mails.
    total: Mapped[int] = mapped_column(default=0)
    queued: Mapped[int] = mapped_column(default=0)
    passed_over: Mapped[int] = mapped_column(default=0)

    texts: Mapped[list[MailingText]] = relationship(
        order_by="MailingText.id", cascade="all, delete-orphan", passive_deletes=True
    )

    @property
    def is_open(self) -> bool:
        """Whether it can still be stopped before anybody gets it."""
        return self.state == "held"


class MailingText(Base):
    """What an organiser wrote for one mailing in one language: Markdown with named placeholders."""

    __tablename__ = "mailing_texts"
    __table_args__ = (sa.UniqueConstraint("mailing_id", "language"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    mailing_id: Mapped[int] = mapped_column(sa.ForeignKey("mailings.id", ondelete="CASCADE"))
    language: Mapped[str] = mapped_column(sa.String(10))
    subject: Mapped[str] = mapped_column(sa.String(250))
    body: Mapped[str] = mapped_column(sa.Text)


class MailingRecipient(Base):
    """Somebody whom a mailing was let go to: a sign-up, or an invitation. The unique row is what makes it one
    mail for each person, however often and by however many workers it is carried out; ``done_at`` is set
    with the mail."""

    __tablename__ = "mailing_recipients"
    __table_args__ = (
        sa.CheckConstraint("(signup_id IS NULL) <> (invitation_id IS NULL)", name="one_person"),
        sa.UniqueConstraint("mailing_id", "turn", "signup_id"),
        sa.UniqueConstraint("mailing_id", "turn", "invitation_id"),
        sa.Index(
            "ix_mailing_recipients_to_do", "mailing_id", "id",
            sqlite_where=_TO_DO, postgresql_where=_TO_DO,
        ),
    )  # fmt: skip

    id: Mapped[int] = mapped_column(primary_key=True)
    mailing_id: Mapped[int] = mapped_column(sa.ForeignKey("mailings.id", ondelete="CASCADE"))
    turn: Mapped[int] = mapped_column(default=0)
    signup_id: Mapped[int | None] = mapped_column(
        sa.ForeignKey("signups.id", ondelete="CASCADE"), index=True
    )
    invitation_id: Mapped[int | None] = mapped_column(
        sa.ForeignKey("invitations.id", ondelete="CASCADE"), index=True
    )
    done_at: Mapped[dt.datetime | None]
