"""Everything that is kept about one person at one event, for that person to read and to take along.

Each holding (``holdings``) has its section here, and each column of its table is shown; what is left out
stands with its reason in the test of this module, which fails on anything that is neither, so that no new
column escapes the person it is about. Nothing of anybody else is among it: who wrote or changed something is "you" or "the
organisers".
"""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Callable
from typing import Any

import sqlalchemy as sa
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from webapp import clock
from webapp.attendance.models import Companions, Visit
from webapp.cohosts.models import Handover, HandoverRow
from webapp.db import db
from webapp.events.models import Event
from webapp.mail.models import OutgoingMail, SuppressedAddress
from webapp.mailing.models import Mailing, MailingRecipient
from webapp.privacy import own_words
from webapp.signup.invitations.models import Invitation
from webapp.signup.models import (
    Answer,
    Consent,
    Question,
    Signup,
    SignupChange,
    SignupNote,
    SignupTag,
    Tag,
)
from webapp.templating import zone_name

FORMAT = "turnout-own-data/1"

Row = dict[str, Any]


@dataclasses.dataclass(frozen=True, slots=True)
class Section:
    """One kind of thing that is kept. ``shown`` are columns with their names for people, ``which`` the rows
    of this person."""

    key: str
    title: Any
    table: type[Any]
    shown: dict[str, Any]
    which: Callable[[Signup], sa.Select[Any]]
    # What a row says that stands in another table.
    more: dict[str, Any] = dataclasses.field(default_factory=dict)


def _of_signup(table: Any) -> Callable[[Signup], sa.Select[Any]]:
    return lambda signup: sa.select(table).where(table.signup_id == signup.id).order_by(table.id)


def _of_key(table: Any) -> Callable[[Signup], sa.Select[Any]]:
    return lambda signup: (
        sa.select(table)
        .where(table.event_id == signup.event_id, table.person_key == signup.person_key)
        .order_by(table.id)
    )


SECTIONS = (
    Section(
        "signups", _l("Your sign-up"), Signup,
        {
            "name": _l("Name"), "email": _l("E-mail address"), "status": _l("How it stands"),
            "pending_reason": _l("What is missing"), "source": _l("Where you came from"),
            "language": _l("Language"), "timezone": _l("Time zone"), "access_needs": _l("What would help"),
            "access_note": _l("What would help, in your words"), "companions": _l("Coming with you"),
            "no_stay": _l("How long you stay is not recorded"), "is_crew": _l("Counted among the crew"),
            "is_sample": _l("Invented for a sample event"), "created_at": _l("When you signed up"),
            "proved_at": _l("Address confirmed"), "confirmed_at": _l("Place given"),
            "waitlisted_at": _l("On the waiting list since"), "offer_expires_at": _l("The offered place is kept until"),
            "cancelled_at": _l("Given back"), "cancelled_by": _l("Given back by"),
            "attended": _l("Came"), "untied_at": _l("Visits no longer tied to you since"),
            "public_id": _l("The id in your links"), "person_key": _l("The number that stands for you in the log of visits"),
            "ics_changes": _l("Changes of your calendar entry"),
        },
        lambda signup: sa.select(Signup).where(Signup.id == signup.id),
    ),
    Section(
        "answers", _l("Your answers"), Answer, {"value": _l("Answer")},
        lambda signup: (
            sa.select(Answer, Question.label.label("question"))
            .join(Question, Question.id == Answer.question_id)
            .where(Answer.signup_id == signup.id).order_by(Question.position, Question.id)
        ),
        {"question": _l("Question")},
    ),
    Section(
        "consents", _l("What you agreed to"), Consent,
        {
            "kind": _l("About"), "host_key": _l("For whom"), "wording": _l("In these words"),
            "version": _l("Version of the words"), "agreed_at": _l("Agreed"), "withdrawn_at": _l("Taken back"),
        },
        _of_signup(Consent),
    ),
    Section(
        "handed_over", _l("Whom your address was given to"), HandoverRow,
        {
            "reference": _l("The reference in their list"), "removed_at": _l("To be removed again since"),
            "why": _l("Because"), "told_at": _l("They were told"), "acknowledged_at": _l("They said that it is done"),
        },
        lambda signup: (
            sa.select(HandoverRow, Handover.host_key.label("host"), Handover.at.label("handed_over_at"))
            .join(Handover, Handover.id == HandoverRow.handover_id)
            .where(HandoverRow.signup_id == signup.id).order_by(HandoverRow.id)
        ),
        {"host": _l("To whom"), "handed_over_at": _l("When")},
    ),
    Section(
        "changes", _l("What was changed later"), SignupChange,
        {"at": _l("When"), "actor": _l("By"), "what": _l("What"), "details": _l("Before and after")},
        _of_signup(SignupChange),
    ),
    Section(
        "signup_notes", _l("What organisers noted"), SignupNote,
        {"at": _l("When"), "author": _l("By"), "text": _l("Note")}, _of_signup(SignupNote),
    ),
    Section(
        "tags", _l("Tags that organisers gave you"), Tag, {"name": _l("Tag")},
        lambda signup: (
            sa.select(Tag).join(SignupTag, SignupTag.tag_id == Tag.id)
            .where(SignupTag.signup_id == signup.id).order_by(Tag.id)
        ),
    ),
    Section(
        "visit_keys", _l("When you were there"), Visit,
        {
            "channel": _l("By"), "started_at": _l("Came"), "last_seen_at": _l("Last seen"),
            "ended_at": _l("Left"), "end_reason": _l("How the end is known"), "identity": _l("How you were recognised"),
            "is_registered": _l("As somebody who had signed up"), "is_crew": _l("Counted among the crew"),
            "name": _l("Name"), "uid": _l("Id of the visit"), "connection": _l("Id of the tab or device"),
        },
        _of_key(Visit),
    ),
    Section(
        "invitations", _l("Your invitation"), Invitation,
        {
            "name": _l("Name"), "email": _l("Address"), "language": _l("Language"), "state": _l("What became of it"),
            "created_at": _l("When"), "invited_at": _l("Invited"), "reminded_at": _l("Reminded"), "answered_at": _l("Answered"),
        },
        lambda signup: (
            sa.select(Invitation)
            .where(Invitation.event_id == signup.event_id, Invitation.email_key == signup.email_key)
        ),
    ),
    Section(
        "companions", _l("Who watched with you"), Companions,
        {"count": _l("How many more"), "at": _l("When you said so")},
        _of_key(Companions),
    ),
    Section(
        "mails", _l("Mails to you"), OutgoingMail,
        {
            "subject": _l("Subject"), "message": _l("Kind of mail"), "to_name": _l("To"), "to_address": _l("Address"),
            "text": _l("Text"), "calendar": _l("Calendar entry"), "state": _l("What became of it"),
            "created_at": _l("Written"), "sent_at": _l("Sent"), "expires_at": _l("Of use until"),
            "tries": _l("Tries"), "last_reply": _l("The mail server’s answer"), "attempts": _l("All tries"),
            "returned_at": _l("Came back"), "returned": _l("What came back"), "message_id": _l("Id of the mail"),
        },
        lambda signup: sa.select(OutgoingMail).where(OutgoingMail.person == signup.public_id).order_by(OutgoingMail.id),
    ),
    Section(
        "chosen", _l("Mails to many that you were chosen for"), MailingRecipient, {"done_at": _l("Written")},
        lambda signup: (
            sa.select(MailingRecipient, Mailing.kind.label("kind"))
            .join(Mailing, Mailing.id == MailingRecipient.mailing_id)
            .where(
                sa.or_(
                    MailingRecipient.signup_id == signup.id,
                    MailingRecipient.invitation_id.in_(
                        sa.select(Invitation.id).where(Invitation.event_id == signup.event_id, Invitation.email_key == signup.email_key)
                    ),
                )
            )
            .order_by(MailingRecipient.id)
        ),
        {"kind": _l("Kind of mail")},
    ),
    Section(
        "refused", _l("Your address, refused by a mail server"), SuppressedAddress,
        {"reason": _l("The mail server’s answer"), "at": _l("When")},
        lambda signup: sa.select(SuppressedAddress).where(SuppressedAddress.address_key == signup.email_key),
    ),
)  # fmt: skip


@dataclasses.dataclass(frozen=True, slots=True)
class Part:
    """One section as one person has it: each row by the names of its columns, in the order shown."""

    key: str
    title: Any
    labels: dict[str, Any]
    rows: list[Row]


def _whose(actor: str) -> str:
    return _("you") if actor == "the person" else _("the organisers")


def _row(section: Section, found: Any) -> Row:
    row, *rest = found
    said = dict(zip(section.more, rest, strict=True))
    for name in section.shown:
        value = getattr(row, name)
        said[name] = _whose(value) if name in ("actor", "author") else value
    return said


def parts(signup: Signup) -> list[Part]:
    """Everything, section by section; those with nothing in them too. One query each."""
    found = []
    for section in SECTIONS:
        rows = db.session.execute(section.which(signup)).all()
        labels = {**section.more, **section.shown}
        found.append(Part(section.key, section.title, labels, [_row(section, row) for row in rows]))
    return found


def _plain(value: Any) -> Any:
    if isinstance(value, dt.datetime):
        return clock.iso_z(value)
    # Larger than what JSON's readers keep exactly.
    return str(value) if isinstance(value, int) and abs(value) > 2**53 else value


def zone_of(signup: Signup, event: Event) -> str:
    """In which zone this person reads a moment: their own if they said one."""
    own = signup.timezone
    return own if own and clock.is_zone(own) else event.timezone


def in_words(section: str, column: str, value: Any, zone: str) -> Any:
    """A code as people say it, in the language of whoever reads, and moments within in ``zone``; every other
    value as it is."""
    if value and (section, column) == ("changes", "details"):
        return own_words.details(value, zone)
    if value and (section, column) == ("mails", "attempts"):
        return own_words.tries(value, zone)
    if value and column == "timezone" and clock.is_zone(value):
        return zone_name(value)
    found = own_words.said(section, column, value)
    return found if found is value else str(found)


def _for_programs(key: str, row: Row, zone: str) -> Row:
    """A row of the file. Programs read codes; next to each stands what it means."""
    found: Row = {}
    for name, value in row.items():
        found[name] = _plain(value)
        words = in_words(key, name, value, zone)
        if words is not value:
            found[f"{name}_in_words"] = words
    return found


def as_json(signup: Signup, event: Event, at: dt.datetime) -> Row:
    """The same for a program: times in UTC, each section a list of objects."""
    zone = zone_of(signup, event)
    return {
        "format": FORMAT,
        "as_of": clock.iso_z(at),
        "event": {
            "slug": event.slug,
            "title": event.title,
            "host": event.host_name,
            "starts_at": clock.iso_z(event.starts_at),
            "deleted_after": clock.iso_z(event.ends_at + dt.timedelta(days=event.retention_days)),
        },
        "about": _("Everything that Turnout keeps about you for this event."),
        **{
            part.key: [_for_programs(part.key, row, zone) for row in part.rows]
            for part in parts(signup)
        },
    }
