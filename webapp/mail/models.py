"""The outbox: every mail is a row before it is a message."""

from __future__ import annotations

import datetime as dt
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from webapp.db import Base

# queued -> sending -> sent; or refused (the server said no to this address), failed (24 hours of tries),
# suppressed (the address was refused before, or its owner wants no such mails), expired (of no use any
# more), held (sample people). sent -> bounced: it came back, from a server further on.
STATES = ("queued", "sending", "sent", "bounced", "refused", "failed", "suppressed", "expired", "held")  # fmt: skip
LANES = ("own", "reminder", "blast")


class OutgoingMail(Base):
    """A rendered mail and its fate. Fixed when queued; only the state columns change afterwards."""

    __tablename__ = "outgoing_mails"
    __table_args__ = (
        sa.CheckConstraint(
            "state IN ('queued','sending','sent','bounced','refused','failed','suppressed','expired','held')",
            name="state",
        ),
        sa.CheckConstraint("lane IN ('own','reminder','blast')", name="lane"),
        # What the worker asks every second: due rows of a lane, oldest first.
        sa.Index(
            "ix_outgoing_mails_due",
            "lane_rank",
            "next_try_at",
            sqlite_where=sa.text("state IN ('queued','sending')"),
            postgresql_where=sa.text("state IN ('queued','sending')"),
        ),
        # An event's mails, newest first; and the same of one state, which also counts the states
        # without reading a single mail.
        sa.Index("ix_outgoing_mails_event_id_id", "event_id", "id"),
        sa.Index("ix_outgoing_mails_event_id_state_id", "event_id", "state", "id"),
        # What became of the latest mail to a person, without reading a mail.
        sa.Index("ix_outgoing_mails_person", "person", "id", "state", "message", "to_former"),
        # How many left in the last hour and day, for the server's quotas.
        sa.Index(
            "ix_outgoing_mails_sent_at",
            "sent_at",
            sqlite_where=sa.text("sent_at IS NOT NULL"),
            postgresql_where=sa.text("sent_at IS NOT NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    event_id: Mapped[int | None] = mapped_column(sa.ForeignKey("events.id", ondelete="CASCADE"))
    # The sign-up's public id, as text: this package knows nothing of sign-ups.
    person: Mapped[str | None] = mapped_column(sa.String(32))
    # It went to an address that was corrected since: what it says of reaching them no longer holds.
    to_former: Mapped[bool] = mapped_column(default=False, server_default=sa.false())
    # The folder under templates/mail.
    message: Mapped[str] = mapped_column(sa.String(60))
    lane: Mapped[str] = mapped_column(sa.String(10), default="own")
    lane_rank: Mapped[int] = mapped_column(default=0)
    to_address: Mapped[str] = mapped_column(sa.String(254))
    to_name: Mapped[str] = mapped_column(sa.String(200), default="")
    subject: Mapped[str] = mapped_column(sa.String(500))
    text: Mapped[str] = mapped_column(sa.Text)
    html: Mapped[str] = mapped_column(sa.Text)
    calendar: Mapped[str | None] = mapped_column(sa.Text)
    calendar_method: Mapped[str | None] = mapped_column(sa.String(10))
    message_id: Mapped[str] = mapped_column(sa.String(120), unique=True)
    # Where one press ends mails of this kind; only in those that are not about a person's own sign-up.
    unsubscribe_url: Mapped[str | None] = mapped_column(sa.String(500))
    # Texts in the body that open a door (personal and join links); masked when an organiser reads it.
    secrets: Mapped[list[str]] = mapped_column(default=list)
    state: Mapped[str] = mapped_column(sa.String(12), default="queued")
    tries: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[dt.datetime]
    # When it is due. While it is being sent: when the lease ends and anybody may take it again.
    next_try_at: Mapped[dt.datetime]
    # 24 hours after the server first gave an answer about it; set then.
    give_up_at: Mapped[dt.datetime | None]
    expires_at: Mapped[dt.datetime | None]
    leased_until: Mapped[dt.datetime | None]
    leased_by: Mapped[str | None] = mapped_column(sa.String(40))
    sent_at: Mapped[dt.datetime | None]
    # The server's own words at the last try.
    last_reply: Mapped[str | None] = mapped_column(sa.String(500))
    # Every try so far: when ("at", milliseconds), and what the server said ("said").
    attempts: Mapped[list[dict[str, Any]] | None] = mapped_column(sa.JSON(none_as_null=True))
    # What came back about it after the server had taken it: that it did not arrive, or not yet.
    returned_at: Mapped[dt.datetime | None]
    returned: Mapped[str | None] = mapped_column(sa.String(500))


_CURRENT = sa.text("is_current")


class MailText(Base):
    """Organisers' own words for a message, version by version. One without words means: the default
    again."""

    __tablename__ = "mail_texts"
    __table_args__ = (
        sa.UniqueConstraint("event_id", "key", "language", "revision"),
        sa.CheckConstraint("(subject IS NULL) = (body IS NULL)", name="whole"),
        sa.Index(
            "uq_mail_texts_current", "event_id", "key", "language", unique=True,
            sqlite_where=_CURRENT, postgresql_where=_CURRENT,
        ),
    )  # fmt: skip

    id: Mapped[int] = mapped_column(primary_key=True)
    event_id: Mapped[int] = mapped_column(sa.ForeignKey("events.id", ondelete="CASCADE"))
    # Which message: the key of its ``kinds.Kind``.
    key: Mapped[str] = mapped_column(sa.String(60))
    language: Mapped[str] = mapped_column(sa.String(10))
    revision: Mapped[int]
    is_current: Mapped[bool]
    subject: Mapped[str | None] = mapped_column(sa.String(200))
    body: Mapped[str | None] = mapped_column(sa.Text)
    changed_at: Mapped[dt.datetime]
    # An organiser's address.
    changed_by: Mapped[str] = mapped_column(sa.String(254))


class SuppressedAddress(Base):
    """An address the world refused for good (5.1.x at RCPT). Nothing is sent there until it is edited."""

    __tablename__ = "suppressed_addresses"

    id: Mapped[int] = mapped_column(primary_key=True)
    address_key: Mapped[str] = mapped_column(sa.String(254), unique=True)
    reason: Mapped[str] = mapped_column(sa.String(500))
    at: Mapped[dt.datetime]


class BounceMailbox(Base):
    """How far a mailbox that bounces come back to has been read. It is never changed by reading."""

    __tablename__ = "bounce_mailboxes"

    id: Mapped[int] = mapped_column(primary_key=True)
    # user, server and folder in one.
    name: Mapped[str] = mapped_column(sa.String(500), unique=True)
    # As IMAP counts: with another validity the mailbox is a new one and the numbers begin again.
    uid_validity: Mapped[int] = mapped_column(sa.BigInteger, default=0)
    last_uid: Mapped[int] = mapped_column(sa.BigInteger, default=0)
    checked_at: Mapped[dt.datetime]
    # Why it could not be read the last time.
    problem: Mapped[str | None] = mapped_column(sa.String(500))


class Unsubscribe(Base):
    """An address that wants no more mail of one list: what is sent about one event besides a person's own
    sign-up, or all that one host sends. Only a mark of the address is kept, so that the wish outlives
    the person's data."""

    __tablename__ = "unsubscribes"
    __table_args__ = (
        sa.CheckConstraint("(event_id IS NULL) <> (host_key IS NULL)", name="one_list"),
        sa.UniqueConstraint("event_id", "address_mark"),
        sa.UniqueConstraint("host_key", "address_mark"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    event_id: Mapped[int | None] = mapped_column(sa.ForeignKey("events.id", ondelete="CASCADE"))
    host_key: Mapped[str | None] = mapped_column(sa.String(60))
    address_mark: Mapped[str] = mapped_column(sa.String(32))
    at: Mapped[dt.datetime]


class DeliveryPause(Base):
    """A pause of all delivery because the trouble is ours, not the recipient's. Open until a mail goes
    through again or somebody ends it."""

    __tablename__ = "delivery_pauses"
    __table_args__ = (sa.CheckConstraint("kind IN ('refused','unreachable')", name="kind"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    since: Mapped[dt.datetime]
    until: Mapped[dt.datetime]
    # "refused": the server does not want us (login, sender, reputation). "unreachable": it does not answer.
    kind: Mapped[str] = mapped_column(sa.String(12))
    # How often in a row it ended in the same trouble; the pauses grow with it.
    times: Mapped[int] = mapped_column(default=1)
    reason: Mapped[str] = mapped_column(sa.String(500))
    ended_at: Mapped[dt.datetime | None]
