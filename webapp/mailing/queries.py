"""Reads over mailings: what there is for an event, whom each goes to, and what has fallen due."""

from __future__ import annotations

import dataclasses
import datetime as dt

import sqlalchemy as sa
from sqlalchemy.orm import selectinload

from webapp.attendance import figures
from webapp.attendance import queries as attendance
from webapp.attendance.models import Visit
from webapp.audit.models import AuditEntry
from webapp.db import db
from webapp.events.models import OVERRUN, Event
from webapp.mail.models import OutgoingMail
from webapp.mailing.models import FOLLOW_UPS, Mailing, MailingRecipient, MailPlan
from webapp.mailing.reminders import DEFAULTS
from webapp.signup import choosing
from webapp.signup.choosing import Choice
from webapp.signup.models import Signup, SignupChange, Tag

# What calendars hold and people come by; as ``events.operations`` writes it into the log.
_WHEN_AND_WHERE = frozenset({"starts_at", "ends_at", "mode", "targets"})
# Somebody who signed up in the moment of a change may have been told either: then once too often.
MARGIN = dt.timedelta(seconds=10)

Conditions = list[sa.ColumnElement[bool]]

# When somebody was last told by the mail of their own sign-up when and where it is.
_TOLD_AT = sa.func.coalesce(Signup.confirmed_at, Signup.created_at)
# Whoever still has something to do with the event, and showed that the address is theirs where that is
# asked for.
REACHABLE: tuple[sa.ColumnElement[bool], ...] = (
    Signup.status.in_(("confirmed", "pending", "waitlisted", "offered")),
    sa.or_(Signup.pending_reason.is_(None), Signup.pending_reason == "approval"),
    Signup.erased_at.is_(None),
    Signup.email.is_not(None),
)
HAS_PLACE: tuple[sa.ColumnElement[bool], ...] = (
    Signup.status == "confirmed",
    Signup.erased_at.is_(None),
    Signup.email.is_not(None),
)


def is_reachable(signup: Signup) -> bool:
    """``REACHABLE``, asked of one row."""
    return (
        signup.is_live and signup.pending_reason in (None, "approval") and signup.email is not None
    )


def plan_of(event_id: int) -> MailPlan | None:
    return db.session.get(MailPlan, event_id)


def tags(event_id: int) -> list[str]:
    """The organisers' own words for some of the event's people."""
    return list(
        db.session.scalars(sa.select(Tag.name).where(Tag.event_id == event_id).order_by(Tag.key))
    )


def of_event(event_id: int) -> list[Mailing]:
    """Every mailing of the event with what was written for it, in the order they were made. Two queries."""
    return list(
        db.session.scalars(
            sa.select(Mailing)
            .where(Mailing.event_id == event_id)
            .order_by(Mailing.id)
            .options(selectinload(Mailing.texts))
        )
    )


def one(event_id: int, mailing_id: int) -> Mailing | None:
    """The mailing, if it is this event's."""
    return db.session.scalar(
        sa.select(Mailing).where(Mailing.id == mailing_id, Mailing.event_id == event_id)
    )


def reminder(event_id: int, anchor: str, minutes: int) -> Mailing | None:
    return db.session.scalar(
        sa.select(Mailing).where(
            Mailing.event_id == event_id,
            Mailing.kind == "reminder",
            Mailing.anchor == anchor,
            Mailing.number == minutes,
            Mailing.state != "stopped",
        )
    )


def defaults(event_id: int, at: dt.datetime) -> list[Mailing]:
    """The reminders that an event has before anybody thought of them; rows that are not kept yet."""
    return [
        Mailing(
            event_id=event_id, kind="reminder", state="planned", anchor=rule.anchor,
            number=rule.minutes, created_at=at,
        )
        for rule in DEFAULTS
    ]  # fmt: skip


def notice(event_id: int) -> Mailing | None:
    """The mail about a changed or called-off event that has not gone out yet."""
    return db.session.scalar(
        sa.select(Mailing).where(
            Mailing.event_id == event_id,
            Mailing.kind.in_(("changed", "event_cancelled")),
            Mailing.state == "held",
        )
    )


def edits_since(event_id: int, moment: dt.datetime) -> list[dt.datetime]:
    """When somebody changed when or where the event is, after ``moment``, in order."""
    rows = db.session.execute(
        sa.select(AuditEntry.at, AuditEntry.details)
        .where(
            AuditEntry.event_id == event_id,
            AuditEntry.action == "event.changed",
            AuditEntry.at > moment,
        )
        .order_by(AuditEntry.at)
    )
    return [at for at, details in rows if _WHEN_AND_WHERE & set(details.get("fields", ()))]


# What has fallen due


def without_plan(at: dt.datetime, limit: int = 100) -> list[int]:
    """Events that nobody has looked at yet and that are not over."""
    return list(
        db.session.scalars(
            sa.select(Event.id)
            .outerjoin(MailPlan, MailPlan.event_id == Event.id)
            .where(MailPlan.event_id.is_(None), Event.ends_at > at - OVERRUN)
            .order_by(Event.id)
            .limit(limit)
        )
    )


def changed_events() -> list[int]:
    """Events whose time, place or state is another than when they were looked at last."""
    return list(
        db.session.scalars(
            sa.select(Event.id)
            .join(MailPlan, MailPlan.event_id == Event.id)
            .where(
                sa.or_(
                    Event.ics_sequence != MailPlan.seen_sequence,
                    sa.and_(Event.state == "cancelled", MailPlan.seen_cancelled.is_(False)),
                )
            )
            .order_by(Event.id)
        )
    )


def waiting_reminders(at: dt.datetime) -> list[tuple[Mailing, Event]]:
    """The reminders of events that are coming or live, with their events."""
    rows = db.session.execute(
        sa.select(Mailing, Event)
        .join(Event, Event.id == Mailing.event_id)
        .where(
            Mailing.kind == "reminder",
            Mailing.state.in_(("planned", "skipped", "done")),
            Event.state != "cancelled",
            Event.ends_at > at - OVERRUN,
        )
        .order_by(Mailing.id)
    )
    return list(rows.tuples())


def in_state(*states: str) -> list[Mailing]:
    """Mailings of all events that are held or being sent, the oldest first."""
    # Written out: only then do both engines see that the partial index answers it.
    words = ",".join(f"'{state}'" for state in states if state in ("held", "sending"))
    return list(
        db.session.scalars(
            sa.select(Mailing).where(sa.text(f"mailings.state IN ({words})")).order_by(Mailing.id)
        )
    )


# Whom a mailing goes to


@dataclasses.dataclass(frozen=True, slots=True)
class Selection:
    """Sign-ups as SQL, and where SQL cannot tell (how long somebody stayed) the keys of those persons."""

    conditions: Conditions
    keys: frozenset[int] | None = None

    def statement(self, *columns: sa.ColumnElement[object]) -> sa.Select[tuple[object, ...]]:
        return sa.select(*columns).where(*self.conditions)

    def ids(self) -> list[int]:
        """Their ids in order. Needed only with ``keys``; else one statement does it all."""
        rows = db.session.execute(
            sa.select(Signup.id, Signup.person_key).where(*self.conditions).order_by(Signup.id)
        )
        return [id for id, key in rows if self.keys is None or key in self.keys]


def told_by(event_id: int, first: dt.datetime, last: dt.datetime, *, is_back: bool) -> Selection:
    """Who must hear of an event that changed between ``first`` and ``last``: everybody who was told before
    the last of it, by a mail or because they signed up themselves. ``is_back``: it is again as it was at first, so only those whom we told otherwise."""
    mailed = sa.exists().where(
        OutgoingMail.event_id == event_id, OutgoingMail.person == Signup.public_id
    )
    # Somebody else put them in, and nothing may have gone to them yet.
    came_silently = sa.exists().where(
        SignupChange.signup_id == Signup.id, SignupChange.what.in_(("added", "imported"))
    )
    conditions: Conditions = [
        Signup.event_id == event_id,
        *REACHABLE,
        last + MARGIN > _TOLD_AT,
        sa.or_(sa.not_(came_silently), mailed.where(OutgoingMail.created_at < last + MARGIN)),
        # A mail about their place that was written since then said how it is now.
        sa.not_(
            mailed.where(
                OutgoingMail.message.in_(("confirmed", "approved", "offer", "link_again")),
                OutgoingMail.created_at >= last + MARGIN,
            )
        ),
    ]
    if is_back:
        conditions.append(first <= _TOLD_AT)
    return Selection(conditions)


def knew_before(signup: Signup, first: dt.datetime) -> bool:
    """Whether this person was told how it was before the first change."""
    return (signup.confirmed_at or signup.created_at) < first + MARGIN


def reachable(event_id: int) -> Selection:
    return Selection([Signup.event_id == event_id, *REACHABLE])


def with_place(event_id: int) -> Selection:
    return Selection([Signup.event_id == event_id, *HAS_PLACE])


def with_place_by(event_id: int, moment: dt.datetime) -> Selection:
    """Who had a place at ``moment``: later ones were told by their own mail."""
    return Selection([Signup.event_id == event_id, *HAS_PLACE, moment >= _TOLD_AT])


@dataclasses.dataclass(frozen=True, slots=True)
class Known:
    """What is known of who came, among those who had a place and are no crew. ``is_known``: somebody was
    seen at all. ``by_door``: only who went through our door is known, not who was there."""

    came: int
    absent: int
    is_known: bool
    by_door: bool


def known(event: Event) -> Known:
    """One query."""
    came = attendance.has_come()
    visits = sa.select(sa.literal(1)).where(Visit.event_id == event.id)
    row = db.session.execute(
        sa.select(
            sa.func.coalesce(sa.func.sum(sa.case((came, 1), else_=0)), 0),
            sa.func.coalesce(sa.func.sum(sa.case((came, 0), else_=1)), 0),
            visits.exists().label("seen"),
            visits.where(Visit.channel.in_(("platform", "import"))).exists().label("stated"),
        ).where(Signup.event_id == event.id, *HAS_PLACE, Signup.is_crew.is_(False))
    ).one()
    is_ours = event.presence == "room" and event.mode == "online"
    return Known(int(row[0]), int(row[1]), bool(row[2]), not (is_ours or row[3]))


def followed_up() -> sa.ColumnElement[bool]:
    """SQL: this sign-up was chosen for a mail that follows the event: each person gets one of them."""
    return sa.exists().where(
        MailingRecipient.signup_id == Signup.id,
        MailingRecipient.mailing_id == Mailing.id,
        Mailing.event_id == Signup.event_id,
        Mailing.kind.in_(FOLLOW_UPS),
    )


def chosen_for(mailing: Mailing) -> sa.ColumnElement[bool]:
    """SQL: this sign-up was chosen for the mailing in its present turn."""
    return sa.exists().where(
        MailingRecipient.signup_id == Signup.id,
        MailingRecipient.mailing_id == mailing.id,
        MailingRecipient.turn == mailing.turn,
    )


def with_attendance(conditions: Conditions, group: str, event: Event, minutes: int) -> Selection:
    """Of those sign-ups the ones that came, were absent, or stayed so many minutes. Where nobody measured
    how long somebody stayed, nobody did."""
    if group == "came":
        conditions = [*conditions, attendance.has_come()]
    elif group == "absent":
        conditions = [*conditions, ~attendance.has_come()]
    elif group == "stayed":
        return Selection(conditions, figures.stayed(event, minutes) or frozenset())
    return Selection(conditions)


def follow_up(event: Event, kind: str, minutes: int) -> Selection:
    """Whom a mail after the event goes to, as it stands now."""
    conditions: Conditions = [
        Signup.event_id == event.id, *HAS_PLACE, Signup.is_crew.is_(False), ~followed_up(),
    ]  # fmt: skip
    group = {"thank_you": "came", "missed_you": "absent", "stayed": "stayed"}[kind]
    return with_attendance(conditions, group, event, minutes)


def blast(mailing: Mailing, event: Event) -> Selection:
    """Whom a mail of an organiser's goes to, as it stands now: of those chosen who can be written to."""
    choice = Choice.from_args(mailing.choice or {})
    conditions: Conditions = [
        Signup.event_id == event.id, *REACHABLE, *choosing.conditions(event.id, choice),
    ]  # fmt: skip
    return with_attendance(conditions, mailing.attendance, event, mailing.number)


def count(selection: Selection) -> int:
    if selection.keys is not None:
        return len(selection.ids())
    return (
        db.session.scalar(
            sa.select(sa.func.count()).select_from(Signup).where(*selection.conditions)
        )
        or 0
    )


def recipients_to_do(mailing: Mailing, limit: int) -> list[tuple[MailingRecipient, Signup]]:
    """The next people of a mailing that have not been looked at, in order."""
    rows = db.session.execute(
        sa.select(MailingRecipient, Signup)
        .join(Signup, Signup.id == MailingRecipient.signup_id)
        .where(
            MailingRecipient.mailing_id == mailing.id,
            MailingRecipient.turn == mailing.turn,
            MailingRecipient.done_at.is_(None),
        )
        .order_by(MailingRecipient.id)
        .limit(limit)
        .execution_options(populate_existing=True)
    )
    return list(rows.tuples())
