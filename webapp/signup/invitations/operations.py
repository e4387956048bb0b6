"""The verbs of invitations: who is to be asked, asking them, and mails that wait before they leave."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from typing import Any

import sqlalchemy as sa
from flask import current_app
from flask_babel import gettext as _

from webapp import tokens
from webapp.accounts.models import User
from webapp.audit import operations as audit
from webapp.db import db, lock_row
from webapp.errors import Refused
from webapp.events.models import Event
from webapp.mail import unsubscribing
from webapp.mail.models import OutgoingMail
from webapp.mail.unsubscribing import MailList
from webapp.signup import mails as signup_mails
from webapp.signup.imports import looking, sources
from webapp.signup.imports.models import ImportedSignup, SignupImport
from webapp.signup.imports.people import Person
from webapp.signup.invitations import mails
from webapp.signup.invitations.models import HeldMailing, Invitation
from webapp.signup.models import Signup
from webapp.signup.operations import seats

# For so long mails to many can be cancelled before they leave.
HOLD = dt.timedelta(minutes=10)
BATCH = 200
By = User | str


def add(event: Event, people: Iterable[Person], at: dt.datetime, import_id: int | None = None) -> Counter[str]:  # fmt: skip
    """Puts people on the list of those to be invited; answers how many rows became what ("made", or as
    ``looking.fate_of`` says). Nothing is sent. Needs the event's lock."""
    wanted = list(people)
    keys = {person.address.key for person in wanted if person.address}
    known = looking.known_keys(event.id, keys) | invited_keys(event.id, keys)
    blocked, seen = looking.Blocked.of(event.id), dict[str, int]()
    figures: Counter[str] = Counter()
    languages: list[str] = current_app.config["LANGUAGES"]
    usual = event.language if event.language in languages else languages[0]
    rows = []
    for person in wanted:
        fate = looking.fate_of(person, seen, known, blocked)
        if fate != "new" or person.address is None:
            figures[fate] += 1
            continue
        figures["made"] += 1
        seen[person.address.key] = person.line
        rows.append(
            {
                "event_id": event.id, "import_id": import_id, "public_id": tokens.public_id(),
                "name": "" if person.is_nameless else person.name, "email": person.address.text,
                "email_key": person.address.key, "language": person.language or usual,
                "state": "withdrawn" if person.no_mail else "listed", "created_at": at,
            }
        )  # fmt: skip
    if rows:
        db.session.execute(sa.insert(Invitation), rows)
    return figures


def invited_keys(event_id: int, keys: Collection[str]) -> set[str]:
    wanted = list(keys)
    found: set[str] = set()
    for first in range(0, len(wanted), 1000):
        part = wanted[first : first + 1000]
        rows = db.session.scalars(
            sa.select(Invitation.email_key).where(
                Invitation.event_id == event_id, Invitation.email_key.in_(part)
            )
        )
        found.update(key for key in rows if key is not None)
    return found


def add_typed(event: Event, text: str, at: dt.datetime, *, by: By) -> Counter[str]:
    """Adds who was typed or pasted: addresses below one another, with or without names. Raises Refused."""
    event = seats.lock_event(event.id)
    people = looking.typed(event, text)
    figures = add(event, (p for p in people if p.state != sources.GONE), at)
    audit.record(
        "signups.invitations_added", at=at, actor=by, event_id=event.id, people=figures["made"]
    )
    return figures


def withdraw(invitation: Invitation, at: dt.datetime) -> None:
    """Nobody is asked any more, and a link that was sent opens nothing. A mail that still waits stays."""
    if invitation.state in ("listed", "queued"):
        invitation.state = "withdrawn"
        _stop_mails([invitation.public_id])


def answered(invitation: Invitation, at: dt.datetime) -> None:
    """They signed up by their link."""
    if invitation.state != "answered":
        invitation.state, invitation.answered_at = "answered", at


def forget(invitation: Invitation, at: dt.datetime) -> None:
    """Who was invited is forgotten; that somebody was stays."""
    forget_all([invitation.id], at)


def forget_all(ids: Sequence[int], at: dt.datetime) -> int:
    people = db.session.scalars(
        sa.select(Invitation.public_id).where(
            Invitation.id.in_(ids), Invitation.erased_at.is_(None)
        )
    ).all()
    if not people:
        return 0
    db.session.execute(
        sa.update(OutgoingMail)
        .where(OutgoingMail.person.in_(people))
        .values(
            person=None, to_address="", to_name="", subject="(deleted)", text="", html="",
            unsubscribe_url=None, secrets=[], last_reply=None, attempts=None, returned=None,
            state=sa.case(
                (OutgoingMail.state.in_(("queued", "sending")), "expired"), else_=OutgoingMail.state
            ),
        )
        .execution_options(synchronize_session=False)
    )  # fmt: skip
    result: Any = db.session.execute(
        sa.update(Invitation)
        .where(Invitation.public_id.in_(people))
        .values(name=None, email=None, email_key=None, erased_at=at)
        .execution_options(synchronize_session=False)
    )
    db.session.expire_all()
    return int(result.rowcount)


def forget_next(event_id: int, at: dt.datetime) -> int:
    """Forgets the next of those who were invited to an event; answers how many, 0 when all are."""
    ids = db.session.scalars(
        sa.select(Invitation.id)
        .where(Invitation.event_id == event_id, Invitation.erased_at.is_(None))
        .limit(BATCH)
    ).all()
    return forget_all(ids, at)


def forget_key(event_id: int, email_keys: Collection[str], at: dt.datetime) -> None:
    """Somebody's data is deleted: that they had been invited names them no more either."""
    ids = db.session.scalars(
        sa.select(Invitation.id).where(
            Invitation.event_id == event_id, Invitation.email_key.in_(email_keys)
        )
    ).all()
    forget_all(ids, at)


def _stop_mails(people: Sequence[str]) -> None:
    db.session.execute(
        sa.update(OutgoingMail)
        .where(OutgoingMail.person.in_(people), OutgoingMail.state == "queued")
        .values(state="expired")
        .execution_options(synchronize_session=False)
    )


# Mails to many


def _no_signup() -> sa.ColumnElement[bool]:
    """SQL: the invited person has no sign-up here, by whatever way."""
    return ~sa.exists().where(
        Signup.event_id == Invitation.event_id, Signup.email_key == Invitation.email_key
    )


def to_invite(event_id: int) -> tuple[sa.ColumnElement[bool], ...]:
    """SQL: invitations that nothing was sent for yet."""
    return (
        Invitation.event_id == event_id, Invitation.state == "listed",
        Invitation.erased_at.is_(None), _no_signup(),
    )  # fmt: skip


def to_remind(event_id: int) -> tuple[sa.ColumnElement[bool], ...]:
    """SQL: invitations that were not answered, and not reminded of yet."""
    arrived = sa.exists().where(
        OutgoingMail.person == Invitation.public_id, OutgoingMail.state == "sent"
    )
    return (
        Invitation.event_id == event_id, Invitation.state == "queued", Invitation.reminded_at.is_(None),
        Invitation.erased_at.is_(None), _no_signup(), arrived,
    )  # fmt: skip


def to_confirm(import_id: int) -> tuple[sa.ColumnElement[bool], ...]:
    """SQL about sign-ups joined with what made them: brought in by this list, and without any mail yet."""
    return (
        ImportedSignup.import_id == import_id, ImportedSignup.mailed_at.is_(None),
        Signup.status.in_(("confirmed", "waitlisted")), Signup.erased_at.is_(None),
        ~sa.exists().where(OutgoingMail.person == Signup.public_id),
    )  # fmt: skip


def _ids_and_addresses(event_id: int, kind: str, import_id: int | None) -> sa.Select[tuple[int, str | None]]:  # fmt: skip
    if kind == "confirm":
        return (
            sa.select(Signup.id, Signup.email)
            .join(ImportedSignup, ImportedSignup.signup_id == Signup.id)
            .where(*to_confirm(import_id or 0))
        )
    wanted = to_invite(event_id) if kind == "invite" else to_remind(event_id)
    return sa.select(Invitation.id, Invitation.email).where(*wanted)


def reach(event: Event, kind: str, import_id: int | None = None) -> tuple[int, int]:
    """(how many would get the mail, how many are left out since they want no mail of this event)."""
    addresses = [
        address or ""
        for _id, address in db.session.execute(_ids_and_addresses(event.id, kind, import_id))
    ]
    unwelcome = unsubscribing.among(addresses, MailList(event.host_key, event.id))
    blocked = looking.Blocked.of(event.id)
    out = sum(a in unwelcome or (bool(blocked.marks) and blocked.has(a.casefold())) for a in addresses)  # fmt: skip
    return len(addresses) - out, out


def number(event_id: int, kind: str) -> int:
    """How many invitations wait to be sent ("invite") or could be reminded of ("remind")."""
    wanted = to_invite(event_id) if kind == "invite" else to_remind(event_id)
    found = db.session.scalar(sa.select(sa.func.count()).select_from(Invitation).where(*wanted))
    return int(found or 0)


def first(event_id: int, kind: str) -> Invitation | None:
    """One of those who would get the mail, to show it with."""
    wanted = to_invite(event_id) if kind == "invite" else to_remind(event_id)
    return db.session.scalar(sa.select(Invitation).where(*wanted).order_by(Invitation.id).limit(1))


def open_mailings(event_id: int, kinds: Sequence[str]) -> list[HeldMailing]:
    """All mailings of these kinds that wait, or are being written."""
    return list(
        db.session.scalars(
            sa.select(HeldMailing)
            .where(
                HeldMailing.event_id == event_id,
                HeldMailing.kind.in_(kinds),
                HeldMailing.cancelled_at.is_(None),
                HeldMailing.done_at.is_(None),
            )
            .order_by(HeldMailing.id)
        )
    )


def last_mailing(event_id: int, kind: str, import_id: int | None = None) -> HeldMailing | None:
    """The latest one that was sent."""
    return db.session.scalar(
        sa.select(HeldMailing)
        .where(
            HeldMailing.event_id == event_id, HeldMailing.kind == kind,
            HeldMailing.import_id.is_(None) if import_id is None else HeldMailing.import_id == import_id,
            HeldMailing.done_at.is_not(None),
        )
        .order_by(HeldMailing.id.desc())
        .limit(1)
    )  # fmt: skip


def open_mailing(event_id: int, kind: str, import_id: int | None = None) -> HeldMailing | None:
    """The mailing of this kind that waits, or is being written."""
    return db.session.scalar(
        sa.select(HeldMailing).where(
            HeldMailing.event_id == event_id, HeldMailing.kind == kind,
            HeldMailing.import_id.is_(None) if import_id is None else HeldMailing.import_id == import_id,
            HeldMailing.cancelled_at.is_(None), HeldMailing.done_at.is_(None),
        )
    )  # fmt: skip


def hold(event: Event, kind: str, at: dt.datetime, *, by: By, import_id: int | None = None) -> HeldMailing:  # fmt: skip
    """Starts mails to many: they leave in ten minutes unless they are cancelled. Pressed twice it is one.
    Raises Refused."""
    event = seats.lock_event(event.id)
    if event.phase(at) not in ("before", "live"):
        raise Refused(_("Mails leave once the event is published, and until it is over."), "phase")
    found = open_mailing(event.id, kind, import_id)
    if found is not None:
        return found
    number, _out = reach(event, kind, import_id)
    if not number:
        raise Refused(_("There is nobody to write to."), "nobody")
    name = by if isinstance(by, str) else by.email
    held = HeldMailing(
        event_id=event.id, import_id=import_id, kind=kind, by=name[:254], people=number, created_at=at,
        due_at=at + HOLD, last_id=0, queued=0, skipped=0,
    )  # fmt: skip
    db.session.add(held)
    audit.record("signups.mail_held", at=at, actor=by, event_id=event.id, kind=kind, people=number)
    db.session.flush()
    return held


def _lock(held_id: int) -> HeldMailing | None:
    found: HeldMailing | None = db.session.scalar(
        lock_row(sa.select(HeldMailing).where(HeldMailing.id == held_id)).execution_options(
            populate_existing=True
        )
    )
    return found


def cancel(held: HeldMailing, at: dt.datetime, *, by: By) -> None:
    """Takes it back before it leaves. Again it changes nothing. Raises Refused once it is on its way."""
    locked = _lock(held.id)
    if locked is None or locked.cancelled_at is not None:
        return
    if locked.last_id or locked.done_at is not None:
        raise Refused(_("These mails are on their way already."), "late")
    locked.cancelled_at = at
    audit.record(
        "signups.mail_cancelled", at=at, actor=by, event_id=locked.event_id, kind=locked.kind
    )
    db.session.flush()


def queue_batch(held_id: int, at: dt.datetime) -> int:
    """Writes the next mails of a mailing that is due; answers how many people that was, 0 when it is
    through. Each person once, whoever runs it and however often."""
    held = _lock(held_id)
    if held is None or not held.is_open or held.due_at > at:
        return 0
    event = seats.lock_event(held.event_id)
    if event.phase(at) not in ("before", "live"):
        held.cancelled_at = at
        return 0
    key: Any = Signup.id if held.kind == "confirm" else Invitation.id
    rows = db.session.execute(
        _ids_and_addresses(event.id, held.kind, held.import_id)
        .where(key > held.last_id)
        .order_by(key)
        .limit(BATCH)
    ).all()
    if not rows:
        held.done_at = at
        return 0
    unwelcome = unsubscribing.among(
        [a or "" for _id, a in rows], MailList(event.host_key, event.id)
    )
    blocked = looking.Blocked.of(event.id)
    for row_id, address in rows:
        text = address or ""
        if text in unwelcome or blocked.has(text.casefold()):
            held.skipped += 1
        elif _write(held.kind, event, row_id, at):
            held.queued += 1
    held.last_id = rows[-1][0]
    db.session.flush()
    return len(rows)


def _write(kind: str, event: Event, row_id: int, at: dt.datetime) -> bool:
    if kind == "confirm":
        signup = db.session.get(Signup, row_id)
        made = db.session.get(ImportedSignup, row_id)
        if signup is None or made is None:
            return False
        made.mailed_at = at
        welcome = (
            signup_mails.confirmed if signup.status == "confirmed" else signup_mails.waitlisted
        )
        welcome(event, signup, at, first=True, lane="blast")
        return True
    invitation = db.session.get(Invitation, row_id)
    if invitation is None:
        return False
    if kind == "invite":
        invitation.state, invitation.invited_at = "queued", at
    else:
        invitation.reminded_at = at
    mails.invitation(event, invitation, at, again=kind == "remind")
    return True


def due(at: dt.datetime) -> list[int]:
    return list(
        db.session.scalars(
            sa.select(HeldMailing.id)
            .where(
                HeldMailing.due_at <= at,
                HeldMailing.cancelled_at.is_(None),
                HeldMailing.done_at.is_(None),
            )
            .order_by(HeldMailing.id)
        )
    )


def undo_import(row: SignupImport) -> int:
    """Takes the invitations of a list away that nothing was sent for; answers how many."""
    result: Any = db.session.execute(
        sa.delete(Invitation).where(
            Invitation.import_id == row.id, Invitation.invited_at.is_(None), Invitation.answered_at.is_(None)
        )
    )  # fmt: skip
    return int(result.rowcount)
