"""Who is to be asked to come, who is to be asked once more, and who of a list has had no mail from us yet."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections import Counter
from collections.abc import Collection, Iterable

import sqlalchemy as sa

from webapp.db import db
from webapp.events.models import Event
from webapp.mail import unsubscribing
from webapp.mail.models import OutgoingMail
from webapp.mail.unsubscribing import MailList
from webapp.signup.imports import looking
from webapp.signup.imports.models import ImportedSignup, SignupImport
from webapp.signup.invitations.models import Invitation
from webapp.signup.models import BlockedAddress, Signup

Conditions = list[sa.ColumnElement[bool]]


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


def has_signup() -> sa.ColumnElement[bool]:
    """SQL: the invited person has a sign-up here, by whatever way."""
    return sa.exists().where(
        Signup.event_id == Invitation.event_id, Signup.email_key == Invitation.email_key
    )


def to_invite(event_id: int) -> Conditions:
    """SQL about invitations: nothing was sent for them yet."""
    return [
        Invitation.event_id == event_id, Invitation.state == "listed",
        Invitation.erased_at.is_(None), ~has_signup(),
    ]  # fmt: skip


def to_ask_again(event_id: int) -> Conditions:
    """SQL about invitations: their mail has left, they have not answered, and were not reminded yet."""
    arrived = sa.exists().where(
        OutgoingMail.person == Invitation.public_id, OutgoingMail.state == "sent"
    )
    return [
        Invitation.event_id == event_id, Invitation.state == "queued", Invitation.reminded_at.is_(None),
        Invitation.erased_at.is_(None), ~has_signup(), arrived,
    ]  # fmt: skip


def to_confirm(event_id: int, import_id: int) -> Conditions:
    """SQL about sign-ups: brought in by this list, and without any mail yet."""
    brought_in = sa.exists().where(
        ImportedSignup.signup_id == Signup.id,
        ImportedSignup.import_id == import_id,
        ImportedSignup.mailed_at.is_(None),
    )
    return [
        Signup.event_id == event_id, Signup.status.in_(("confirmed", "waitlisted")),
        Signup.erased_at.is_(None), Signup.email.is_not(None), brought_in,
        ~sa.exists().where(OutgoingMail.person == Signup.public_id),
    ]  # fmt: skip


def unwanted(event: Event, addresses: Iterable[str]) -> set[str]:
    """Those of the addresses to which nobody may write first: they want no mails of this event or its host,
    had their data deleted, or somebody else had given them."""
    texts = set(addresses)
    if not texts:
        return texts
    blocked = looking.Blocked.of(event.id)
    found = unsubscribing.among(texts, MailList(event.host_key, event.id))
    return found | {text for text in texts if blocked.why(text.casefold())}


def has_unwanted(event: Event) -> bool:
    """Whether ``unwanted`` could name anybody."""
    blocked = sa.select(BlockedAddress.id).where(BlockedAddress.event_id == event.id).limit(1)
    return unsubscribing.has_any(MailList(event.host_key, event.id)) or db.session.scalar(blocked) is not None  # fmt: skip


def _number(event: Event, conditions: Conditions) -> int:
    count = sa.select(sa.func.count()).select_from(Invitation).where(*conditions)
    number = db.session.scalar(count) or 0
    if not number or not has_unwanted(event):
        return number
    texts = [
        text or "" for text in db.session.scalars(sa.select(Invitation.email).where(*conditions))
    ]
    no = unwanted(event, texts)
    return sum(text not in no for text in texts)


def number_to_invite(event: Event) -> int:
    """How many would get an invitation now."""
    return _number(event, to_invite(event.id))


def newest(event_id: int) -> dt.datetime | None:
    """When somebody last came onto the list of those to be asked."""
    return db.session.scalar(sa.select(Invitation.created_at).where(*to_invite(event_id)).order_by(Invitation.created_at.desc()).limit(1))  # fmt: skip


def number_to_ask_again(event: Event) -> int:
    """How many could be reminded of theirs now."""
    return _number(event, to_ask_again(event.id))


@dataclasses.dataclass(frozen=True, slots=True)
class Unmailed:
    """A list whose people, ``number`` of them, have had no mail from us."""

    import_id: int
    name: str
    stored_at: dt.datetime | None
    number: int


def unmailed_lists(event: Event) -> list[Unmailed]:
    """Every list with people who could get their first mail now, the oldest first. The database counts them;
    only where somebody may want no mails each address is looked at."""
    columns = SignupImport.id, SignupImport.name, SignupImport.stored_at
    of_lists = (
        sa.select(*columns)
        .join(ImportedSignup, ImportedSignup.import_id == SignupImport.id)
        .join(Signup, Signup.id == ImportedSignup.signup_id)
        .where(
            SignupImport.event_id == event.id,
            SignupImport.kind == "registered",
            SignupImport.state == "stored",
            ImportedSignup.mailed_at.is_(None),
            Signup.status.in_(("confirmed", "waitlisted")),
            Signup.email.is_not(None),
            ~sa.exists().where(OutgoingMail.person == Signup.public_id),
        )
        .order_by(SignupImport.id)
    )
    counted = of_lists.add_columns(sa.func.count()).group_by(*columns)
    found = [Unmailed(*row) for row in db.session.execute(counted)]
    if not found or not has_unwanted(event):
        return found
    rows = db.session.execute(of_lists.add_columns(Signup.email)).all()
    no = unwanted(event, [row.email or "" for row in rows])
    wanting = Counter(row.id for row in rows if row.email not in no)
    return [
        dataclasses.replace(one, number=wanting[one.import_id])
        for one in found
        if wanting[one.import_id]
    ]


def list_of(event_id: int, import_id: int) -> SignupImport | None:
    """A list of this event whose people came in as sign-ups."""
    return db.session.scalar(
        sa.select(SignupImport).where(
            SignupImport.id == import_id, SignupImport.event_id == event_id,
            SignupImport.kind == "registered", SignupImport.state == "stored",
        )
    )  # fmt: skip
