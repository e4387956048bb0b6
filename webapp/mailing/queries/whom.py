"""Whom a mailing goes to, of sign-ups or invitations, and what is known of who came."""

from __future__ import annotations

import dataclasses
import datetime as dt
from typing import Any

import sqlalchemy as sa

from webapp.attendance import figures
from webapp.attendance import queries as attendance
from webapp.attendance.models import Visit
from webapp.db import db
from webapp.events.models import Event
from webapp.mail.models import OutgoingMail
from webapp.mailing.models import FIRST_MAILS, FOLLOW_UPS, INVITING, Mailing, MailingRecipient
from webapp.signup import choosing
from webapp.signup.choosing import Choice
from webapp.signup.invitations import queries as invited
from webapp.signup.invitations.models import Invitation
from webapp.signup.models import Signup, SignupChange

# How somebody comes in without a mail of ours, as ``signup.history`` writes it.
SILENT_WAYS = ("added", "imported")
# Somebody who signed up in the moment of a change may have been told either: then once too often.
MARGIN = dt.timedelta(seconds=10)

Conditions = list[sa.ColumnElement[bool]]
Recipient = Signup | Invitation

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


@dataclasses.dataclass(frozen=True, slots=True)
class Selection:
    """Sign-ups (or invitations) as SQL, and where SQL cannot tell (how long somebody stayed) the keys of
    those persons."""

    conditions: Conditions
    keys: frozenset[int] | None = None
    whom: type[Signup] | type[Invitation] = Signup

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
        SignupChange.signup_id == Signup.id, SignupChange.what.in_(SILENT_WAYS)
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


def unheard() -> sa.ColumnElement[bool]:
    """SQL: somebody else put them in (by a list, or by hand), and no mail of ours has gone to them yet."""
    came_silently = sa.exists().where(
        SignupChange.signup_id == Signup.id, SignupChange.what.in_(SILENT_WAYS)
    )
    return sa.and_(came_silently, ~sa.exists().where(OutgoingMail.person == Signup.public_id))


def to_remind(event_id: int, moment: dt.datetime) -> Selection:
    """Whom a reminder due at ``moment`` goes to: who had a place by then (later ones were told by their own
    mail), and has heard from us. A list that was brought in sends nothing by itself: before the first mail
    its people do not know us, and most get their reminders from where they signed up."""
    return Selection([Signup.event_id == event_id, *HAS_PLACE, moment >= _TOLD_AT, ~unheard()])


def unheard_with_place(event_id: int) -> int:
    """How many have a place and get no reminder, since no mail of ours has gone to them."""
    return count(Selection([Signup.event_id == event_id, *HAS_PLACE, unheard()]))


def first_mail(event_id: int, kind: str, number: int) -> Selection:
    """Whom a first mail goes to, or the second to somebody who was asked, as it stands now. ``number``: the
    id of the list ("confirm")."""
    if kind == "confirm":
        return Selection(invited.to_confirm(event_id, number))
    wanted = invited.to_invite if kind == "invite" else invited.to_ask_again
    return Selection(wanted(event_id), whom=Invitation)


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


def fixed_for(mailing: Mailing, event_id: int) -> Selection:
    """Those whom a held mailing was fixed for and who still get it, as ``sending.batch`` will find them."""
    whom: type[Signup] | type[Invitation] = Invitation if mailing.kind in INVITING else Signup
    column = MailingRecipient.invitation_id if whom is Invitation else MailingRecipient.signup_id
    is_fixed = whom.id.in_(
        sa.select(column).where(
            MailingRecipient.mailing_id == mailing.id,
            MailingRecipient.turn == mailing.turn,
            MailingRecipient.done_at.is_(None),
        )
    )
    if mailing.kind in FIRST_MAILS:
        still = first_mail(event_id, mailing.kind, mailing.number).conditions
    else:
        still = [*(REACHABLE if mailing.kind == "blast" else HAS_PLACE)]
    return Selection([*still, is_fixed], whom=whom)


def with_attendance(conditions: Conditions, group: str, event: Event, minutes: int) -> Selection:
    """Of those sign-ups the ones that came, were absent, or stayed so many minutes. Where nobody measured
    how long somebody stayed, nobody did."""
    if group == "came":
        conditions = [*conditions, attendance.has_come()]
    elif group == "absent":
        conditions = [*conditions, attendance.has_not_come()]
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
            sa.select(sa.func.count()).select_from(selection.whom).where(*selection.conditions)
        )
        or 0
    )


@dataclasses.dataclass(frozen=True, slots=True)
class Reach:
    """``people`` get a mail; ``out`` do not, since they want no such mails."""

    people: int
    out: int


def addresses(selection: Selection) -> list[str]:
    """The addresses of those whom it chooses."""
    whom = selection.whom
    if selection.keys is None:
        return [text or "" for text in db.session.scalars(sa.select(whom.email).where(*selection.conditions))]  # fmt: skip
    rows = db.session.execute(sa.select(Signup.email, Signup.person_key).where(*selection.conditions))  # fmt: skip
    return [text or "" for text, key in rows if key in selection.keys]


def recipients_to_do(mailing: Mailing, limit: int) -> list[tuple[MailingRecipient, Recipient]]:
    """The next people of a mailing that have not been looked at, in order."""
    query: sa.Select[Any]
    if mailing.kind in INVITING:
        query = sa.select(MailingRecipient, Invitation).join(
            Invitation, Invitation.id == MailingRecipient.invitation_id
        )
    else:
        query = sa.select(MailingRecipient, Signup).join(
            Signup, Signup.id == MailingRecipient.signup_id
        )
    rows = db.session.execute(
        query.where(
            MailingRecipient.mailing_id == mailing.id,
            MailingRecipient.turn == mailing.turn,
            MailingRecipient.done_at.is_(None),
        )
        .order_by(MailingRecipient.id)
        .limit(limit)
        .execution_options(populate_existing=True)
    )
    return list(rows.tuples())
