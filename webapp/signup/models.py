"""Sign-ups, what people agreed to, and the questions asked."""

from __future__ import annotations

import datetime as dt
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from webapp.db import Base

STATUSES = ("pending", "confirmed", "waitlisted", "offered", "declined", "cancelled")
# A live sign-up occupies its address: one per address and event.
LIVE = ("pending", "confirmed", "waitlisted", "offered")
# A sign-up in one of these has a seat (an unproved address has none yet).
SEATED = ("confirmed", "offered")
QUESTION_TYPES = ("text", "paragraph", "choice", "choices", "yes_no", "number")

_LIVE = sa.text(
    "status IN ('pending','confirmed','waitlisted','offered') AND email_key IS NOT NULL"
)


_MAY_WRITE = sa.text("kind = 'contact' AND withdrawn_at IS NULL")


class Signup(Base):
    """One person's place at one event. Erasing keeps the row and its status, without the person."""

    __tablename__ = "signups"
    __table_args__ = (
        sa.CheckConstraint(
            "status IN ('pending','confirmed','waitlisted','offered','declined','cancelled')",
            name="status",
        ),
        sa.CheckConstraint(
            "erased_at IS NULL OR (email IS NULL AND name IS NULL AND person_key IS NULL)",
            name="erased",
        ),
        sa.CheckConstraint(
            "cancelled_by IN ('person', 'organiser', 'lapsed', 'unproved')", name="cancelled_by"
        ),
        sa.CheckConstraint(
            "status <> 'waitlisted' OR waitlisted_at IS NOT NULL", name="waitlisted"
        ),
        # The last word on "one live sign-up per address and event".
        sa.Index(
            "uq_signups_live", "event_id", "email_key", unique=True,
            sqlite_where=_LIVE, postgresql_where=_LIVE,
        ),
        # With ``erased_at`` in it, seats are counted without touching the table.
        sa.Index("ix_signups_event_id_status", "event_id", "status", "erased_at"),
        # Everything of one address, over all events: how much mail forms have caused to it.
        sa.Index("ix_signups_email_key", "email_key"),
        sa.Index("ix_signups_event_id_name_key", "event_id", "name_key"),
        # The list: newest first, wherever the other events' rows lie.
        sa.Index("ix_signups_event_id_id", "event_id", "id"),
        # Where people found the event.
        sa.Index(
            "ix_signups_source", "event_id", "source",
            sqlite_where=sa.text("source IS NOT NULL"), postgresql_where=sa.text("source IS NOT NULL"),
        ),
        # Whose stay must not be recorded: few, and asked for with every batch of pulses.
        sa.Index(
            "ix_signups_no_stay", "event_id",
            sqlite_where=sa.text("no_stay"), postgresql_where=sa.text("no_stay"),
        ),
    )  # fmt: skip

    id: Mapped[int] = mapped_column(primary_key=True)
    event_id: Mapped[int] = mapped_column(sa.ForeignKey("events.id", ondelete="CASCADE"))
    # 128 random bits; the only id that leaves the house.
    public_id: Mapped[str] = mapped_column(sa.String(32), unique=True)
    # Stands for this person in the log of visits. Cut (set to null) a week after the event.
    person_key: Mapped[int | None] = mapped_column(sa.BigInteger, unique=True)
    name: Mapped[str | None] = mapped_column(sa.String(200))
    # NFC, case-folded, spaces collapsed: for matching only.
    name_key: Mapped[str | None] = mapped_column(sa.String(200))
    email: Mapped[str | None] = mapped_column(sa.String(254))
    email_key: Mapped[str | None] = mapped_column(sa.String(254))
    status: Mapped[str] = mapped_column(sa.String(12))
    # Why a pending one waits: "address" (not proved), "approval" (somebody must look at it), or "click"
    # (it looked like a robot's, and nobody has pressed "I'm a person" yet).
    pending_reason: Mapped[str | None] = mapped_column(sa.String(10))
    source: Mapped[str | None] = mapped_column(sa.String(60))
    language: Mapped[str] = mapped_column(sa.String(10), default="en")
    # Speakers, chair, organisers who signed up like everybody: counted apart from the audience.
    is_crew: Mapped[bool] = mapped_column(default=False)
    is_sample: Mapped[bool] = mapped_column(default=False)
    # What would help them to take part: of what the event offers, and in their own words.
    access_needs: Mapped[list[str] | None] = mapped_column(sa.JSON(none_as_null=True))
    access_note: Mapped[str | None] = mapped_column(sa.String(500))
    # How many more they bring along, without names.
    companions: Mapped[int] = mapped_column(default=0)
    # Let in without it being recorded how long they stay: they count, their minutes are not known.
    no_stay: Mapped[bool] = mapped_column(default=False)
    # As their browser said, for the times in their mails; the event's where it said none.
    timezone: Mapped[str | None] = mapped_column(sa.String(60))
    created_at: Mapped[dt.datetime]
    proved_at: Mapped[dt.datetime | None]
    confirmed_at: Mapped[dt.datetime | None]
    cancelled_at: Mapped[dt.datetime | None]
    # "person", "organiser", "lapsed" (nobody took the place that was offered) or "unproved" (nobody
    # showed in time that the address is theirs). What an organiser took back no link returns.
    cancelled_by: Mapped[str | None] = mapped_column(sa.String(10))
    # Since when this person waits for a place (or waited: an approval is not asked for again). Places are
    # given in this order.
    waitlisted_at: Mapped[dt.datetime | None]
    # Until when the offered place is kept; only while one is offered.
    offer_expires_at: Mapped[dt.datetime | None]
    # Grows when this one person's calendar entry is called off or taken up again; added to the event's.
    ics_changes: Mapped[int] = mapped_column(default=0)
    erased_at: Mapped[dt.datetime | None]
    # Since then the visits of this person are nobody's; had they come, says ``attended``.
    untied_at: Mapped[dt.datetime | None]
    attended: Mapped[bool | None]

    consents: Mapped[list[Consent]] = relationship(
        cascade="all, delete-orphan", passive_deletes=True
    )
    answers: Mapped[list[Answer]] = relationship(cascade="all, delete-orphan", passive_deletes=True)

    @property
    def is_live(self) -> bool:
        return self.status in LIVE and self.erased_at is None


class Consent(Base):
    """What was agreed, in which words, when. ``kind`` "event" is the explicit consent for this event,
    "contact" further contact by the host or co-host named by ``host_key``."""

    __tablename__ = "consents"
    __table_args__ = (
        sa.CheckConstraint("kind IN ('event', 'contact')", name="kind"),
        # Who may be written to by whom.
        sa.Index(
            "ix_consents_contact",
            "host_key",
            "signup_id",
            sqlite_where=_MAY_WRITE,
            postgresql_where=_MAY_WRITE,
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    signup_id: Mapped[int] = mapped_column(
        sa.ForeignKey("signups.id", ondelete="CASCADE"), index=True
    )
    kind: Mapped[str] = mapped_column(sa.String(10))
    host_key: Mapped[str | None] = mapped_column(sa.String(60))
    wording: Mapped[str] = mapped_column(sa.Text)
    version: Mapped[str] = mapped_column(sa.String(64))
    agreed_at: Mapped[dt.datetime]
    withdrawn_at: Mapped[dt.datetime | None]


class BlockedAddress(Base):
    """An address whose owner wants nothing more of this event: somebody else had given it. Or, ``is_erased``,
    one whose owner had their data deleted: they may sign up again, but no list brings them in. Only a mark
    of it is kept, from which nobody reads whose it was."""

    __tablename__ = "blocked_addresses"
    __table_args__ = (sa.UniqueConstraint("event_id", "address_mark"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    event_id: Mapped[int] = mapped_column(sa.ForeignKey("events.id", ondelete="CASCADE"))
    address_mark: Mapped[str] = mapped_column(sa.String(32))
    is_erased: Mapped[bool] = mapped_column(default=False, server_default=sa.false())
    at: Mapped[dt.datetime]


class UsedPuzzle(Base):
    """Work that has been paid for a sign-up, so that it counts once. ``form`` is an unreadable mark of the
    form and address it paid for. Gone when the puzzle would be too old anyway."""

    __tablename__ = "used_puzzles"

    id: Mapped[int] = mapped_column(primary_key=True)
    event_id: Mapped[int] = mapped_column(sa.ForeignKey("events.id", ondelete="CASCADE"))
    puzzle: Mapped[str] = mapped_column(sa.String(32), unique=True)
    form: Mapped[str] = mapped_column(sa.String(32))
    expires_at: Mapped[dt.datetime] = mapped_column(index=True)


class SignupChange(Base):
    """What happened to one sign-up after it was made: who changed what, before and after. It holds the
    person's own words, and goes with them."""

    __tablename__ = "signup_changes"

    id: Mapped[int] = mapped_column(primary_key=True)
    signup_id: Mapped[int] = mapped_column(
        sa.ForeignKey("signups.id", ondelete="CASCADE"), index=True
    )
    at: Mapped[dt.datetime]
    # An organiser's address, or "the person".
    actor: Mapped[str] = mapped_column(sa.String(254))
    what: Mapped[str] = mapped_column(sa.String(40))
    details: Mapped[Any] = mapped_column(sa.JSON)


class Tag(Base):
    """A word of the organisers' own for some people of one event. It is there while somebody has it."""

    __tablename__ = "tags"
    __table_args__ = (sa.UniqueConstraint("event_id", "key"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    event_id: Mapped[int] = mapped_column(sa.ForeignKey("events.id", ondelete="CASCADE"))
    name: Mapped[str] = mapped_column(sa.String(40))
    # Case-folded: "VIP" and "vip" are one tag.
    key: Mapped[str] = mapped_column(sa.String(80))


class SignupTag(Base):
    """That a person has a tag."""

    __tablename__ = "signup_tags"

    signup_id: Mapped[int] = mapped_column(
        sa.ForeignKey("signups.id", ondelete="CASCADE"), primary_key=True
    )
    tag_id: Mapped[int] = mapped_column(
        sa.ForeignKey("tags.id", ondelete="CASCADE"), primary_key=True, index=True
    )


class SignupNote(Base):
    """What an organiser wrote about a person, for the other organisers. It goes with the person."""

    __tablename__ = "signup_notes"

    id: Mapped[int] = mapped_column(primary_key=True)
    signup_id: Mapped[int] = mapped_column(
        sa.ForeignKey("signups.id", ondelete="CASCADE"), index=True
    )
    at: Mapped[dt.datetime]
    author: Mapped[str] = mapped_column(sa.String(254))
    text: Mapped[str] = mapped_column(sa.Text)


class LinkSending(Base):
    """When an organiser last had the links sent to a person once more: a button that is pressed again
    within minutes sends nothing twice."""

    __tablename__ = "link_sendings"

    signup_id: Mapped[int] = mapped_column(
        sa.ForeignKey("signups.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    at: Mapped[dt.datetime]


class Batch(Base):
    """One thing that an organiser does with many people at once, and how far it is. It goes on behind the
    pages, a few people at a time, so that a hundred thousand take nobody's evening."""

    __tablename__ = "signup_batches"
    __table_args__ = (
        sa.CheckConstraint(
            "act IN ('tag','untag','approve','decline','cancel','links')", name="act"
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    event_id: Mapped[int] = mapped_column(
        sa.ForeignKey("events.id", ondelete="CASCADE"), index=True
    )
    # Of the form: sent twice, it is done once.
    key: Mapped[str] = mapped_column(sa.String(32), unique=True)
    by_user_id: Mapped[int | None] = mapped_column(sa.ForeignKey("users.id", ondelete="SET NULL"))
    by: Mapped[str] = mapped_column(sa.String(254))
    act: Mapped[str] = mapped_column(sa.String(10))
    # The tag or the reason; empty as soon as it is needed no more.
    value: Mapped[str] = mapped_column(sa.Text, default="")
    at: Mapped[dt.datetime]
    people: Mapped[int] = mapped_column(default=0)
    done: Mapped[int] = mapped_column(default=0)
    refused: Mapped[int] = mapped_column(default=0)
    finished_at: Mapped[dt.datetime | None]
    is_stopped: Mapped[bool] = mapped_column(default=False)


class BatchPerson(Base):
    """Somebody whose turn in a batch has not come yet, or (``refused``) with whom it could not be done."""

    __tablename__ = "signup_batch_people"
    __table_args__ = (
        # Whose turn is next.
        sa.Index(
            "ix_signup_batch_people_next", "batch_id", "turn", "signup_id",
            sqlite_where=sa.text("refused IS NULL"), postgresql_where=sa.text("refused IS NULL"),
        ),
    )  # fmt: skip

    batch_id: Mapped[int] = mapped_column(
        sa.ForeignKey("signup_batches.id", ondelete="CASCADE"), primary_key=True
    )
    signup_id: Mapped[int] = mapped_column(
        sa.ForeignKey("signups.id", ondelete="CASCADE"), primary_key=True, index=True
    )
    # Who holds no seat comes first: a seat that is taken from one must not go to another of the same batch.
    turn: Mapped[int] = mapped_column(default=0)
    refused: Mapped[str | None] = mapped_column(sa.String(500))


class Question(Base):
    __tablename__ = "questions"
    __table_args__ = (
        sa.UniqueConstraint("event_id", "key"),
        sa.CheckConstraint(
            "type IN ('text','paragraph','choice','choices','yes_no','number')", name="type"
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    event_id: Mapped[int] = mapped_column(sa.ForeignKey("events.id", ondelete="CASCADE"))
    position: Mapped[int] = mapped_column(default=0)
    key: Mapped[str] = mapped_column(sa.String(60))
    label: Mapped[str] = mapped_column(sa.String(500))
    # A sentence under the question; empty for none.
    help: Mapped[str] = mapped_column(sa.String(1000), default="")
    type: Mapped[str] = mapped_column(sa.String(10))
    choices: Mapped[list[str]] = mapped_column(default=list)
    required: Mapped[bool] = mapped_column(default=False)
    # {"key": …, "equals": …} or None.
    show_if: Mapped[dict[str, Any] | None] = mapped_column(sa.JSON)
    # Of a number: the smallest and the largest there may be.
    min: Mapped[float | None]
    max: Mapped[float | None]
    # Since then it stands on no form any more; what people answered stays.
    retired_at: Mapped[dt.datetime | None]


class SourceLink(Base):
    """A link somebody made to see what it brings: ``key`` stands in its address as ``?from=…`` and with
    every sign-up that came by it. The numbers hang on the key alone and stay when the link is deleted."""

    __tablename__ = "source_links"
    __table_args__ = (sa.UniqueConstraint("event_id", "key"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    event_id: Mapped[int] = mapped_column(sa.ForeignKey("events.id", ondelete="CASCADE"))
    key: Mapped[str] = mapped_column(sa.String(60))
    label: Mapped[str] = mapped_column(sa.String(200))
    # Where it is used, for whoever makes the next one; may be empty.
    place: Mapped[str] = mapped_column(sa.String(500), default="")
    created_at: Mapped[dt.datetime]


class FormUndo(Base):
    """The questions of an event as they were before the last change that was made in the browser. Good
    for as long as the form is still what that change made of it (``seen``). Holds nothing of a person."""

    __tablename__ = "form_undos"

    event_id: Mapped[int] = mapped_column(
        sa.ForeignKey("events.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    at: Mapped[dt.datetime]
    seen: Mapped[str] = mapped_column(sa.String(64))
    before: Mapped[Any] = mapped_column(sa.JSON)


class Answer(Base):
    __tablename__ = "answers"
    __table_args__ = (sa.UniqueConstraint("signup_id", "question_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    signup_id: Mapped[int] = mapped_column(sa.ForeignKey("signups.id", ondelete="CASCADE"))
    question_id: Mapped[int] = mapped_column(
        sa.ForeignKey("questions.id", ondelete="CASCADE"), index=True
    )
    # Text, a list of texts, a number or true/false, by the question's type.
    value: Mapped[Any] = mapped_column(sa.JSON)
