"""Where data about people stands, table by table: what the proof of an event counts.

Every table of the database is named here, either as a holding or as holding nothing about attendees; a
test fails on one that is neither, so that no new table escapes the proof.
"""

from __future__ import annotations

import dataclasses
from typing import Any

import sqlalchemy as sa
from flask_babel import lazy_gettext as _l

from webapp.attendance.models import Companions, Visit
from webapp.cohosts.models import HandoverRow
from webapp.mail.models import OutgoingMail, SuppressedAddress
from webapp.mailing.models import MailingRecipient
from webapp.signup.imports.models import ImportedSignup, ImportFile, SignupImport
from webapp.signup.invitations.models import Invitation
from webapp.signup.models import (
    Answer,
    BatchPerson,
    Consent,
    LinkSending,
    Signup,
    SignupChange,
    SignupNote,
    SignupTag,
    Tag,
)


@dataclasses.dataclass(frozen=True, slots=True)
class Holding:
    """Rows of one table that may say something about a person: ``source`` are all of them, ``event_id``
    tells whose event a row belongs to, and ``named`` is true of those that do say something."""

    key: str
    table: str
    label: Any
    # What stays of such a row when the person is gone.
    stays: Any
    source: sa.FromClause
    event_id: Any
    named: sa.ColumnElement[bool]


_ANSWERS = sa.join(Answer, Signup, Signup.id == Answer.signup_id)
_SENDINGS = sa.join(LinkSending, Signup, Signup.id == LinkSending.signup_id)
_CHANGES = sa.join(SignupChange, Signup, Signup.id == SignupChange.signup_id)
_NOTES = sa.join(SignupNote, Signup, Signup.id == SignupNote.signup_id)
_TAGGED = sa.join(SignupTag, Signup, Signup.id == SignupTag.signup_id)
_BATCHED = sa.join(BatchPerson, Signup, Signup.id == BatchPerson.signup_id)
_REFUSED = sa.join(SuppressedAddress, Signup, Signup.email_key == SuppressedAddress.address_key)
_CHOSEN = sa.join(MailingRecipient, Signup, Signup.id == MailingRecipient.signup_id)
_IMPORTED = sa.join(ImportedSignup, Signup, Signup.id == ImportedSignup.signup_id)
_FILES = sa.join(ImportFile, SignupImport, SignupImport.id == ImportFile.import_id)
_CONSENTS = sa.join(Consent, Signup, Signup.id == Consent.signup_id)


def _leads_to_a_person(key: Any) -> sa.ColumnElement[bool]:
    return sa.exists().where(Signup.person_key == key)


_HANDED_OVER = sa.join(HandoverRow, Signup, Signup.id == HandoverRow.signup_id)

HOLDINGS = (
    Holding(
        "signups", "signups", _l("Sign-ups with a name and an address"),
        _l("the status, the times, the source, the language and how many came along, so that rates do not fall"),
        Signup.__table__, Signup.event_id, Signup.erased_at.is_(None),
    ),
    Holding(
        "answers", "answers", _l("Answers to the questions of the form"), _l("nothing"),
        _ANSWERS, Signup.event_id, sa.true(),
    ),
    Holding(
        "changes", "signup_changes", _l("What somebody changed of their sign-up later"), _l("nothing"),
        _CHANGES, Signup.event_id, sa.true(),
    ),
    Holding(
        "signup_notes", "signup_notes", _l("Notes that organisers wrote about somebody"), _l("nothing"),
        _NOTES, Signup.event_id, sa.true(),
    ),
    Holding(
        "signup_tags", "signup_tags", _l("Tags that organisers gave somebody"), _l("nothing"),
        _TAGGED, Signup.event_id, sa.true(),
    ),
    Holding(
        "tags", "tags", _l("The words of those tags"), _l("nothing: they go with the last who has them"),
        Tag.__table__, Tag.event_id, sa.true(),
    ),
    Holding(
        "batches", "signup_batch_people", _l("People with whom something is being done, or could not be"), _l("nothing"),
        _BATCHED, Signup.event_id, sa.true(),
    ),
    Holding(
        "consents", "consents", _l("What somebody agreed to"),
        _l("the wording and the time, without the person"),
        _CONSENTS, Signup.event_id, Signup.erased_at.is_(None),
    ),
    Holding(
        "invitations", "invitations", _l("People who were invited"), _l("that somebody was invited, and whether they came by it"),
        Invitation.__table__, Invitation.event_id, Invitation.erased_at.is_(None),
    ),
    Holding(
        "imported", "imported_signups", _l("By which list somebody was brought in"), _l("the list, without the person"),
        _IMPORTED, Signup.event_id, Signup.erased_at.is_(None),
    ),
    Holding(
        "import_files", "import_files", _l("Lists of people that wait to be brought in"), _l("nothing"),
        _FILES, SignupImport.event_id, sa.true(),
    ),
    Holding(
        "handed_over", "handover_rows", _l("Handing over to a host that the person agreed to hear from"),
        _l("that somebody was, and a reference that leads to nobody here"),
        _HANDED_OVER, Signup.event_id,
        sa.or_(Signup.erased_at.is_(None), HandoverRow.address_mark.is_not(None)),
    ),
    Holding(
        "visit_names", "visits", _l("Visits with the name that a guest gave"),
        _l("the times, so that the figures can be computed again"),
        Visit.__table__, Visit.event_id, Visit.name.is_not(None),
    ),
    Holding(
        "visit_keys", "visits", _l("Visits that lead to a sign-up"),
        _l("the times, under a random key that leads to nobody"),
        Visit.__table__, Visit.event_id, _leads_to_a_person(Visit.person_key),
    ),
    Holding(
        "companions", "companions", _l("How many people somebody watched with"),
        _l("the number, under a random key that leads to nobody"),
        Companions.__table__, Companions.event_id,
        _leads_to_a_person(Companions.person_key),
    ),
    Holding(
        "mails", "outgoing_mails", _l("Mails with an address or a text"),
        _l("when it went out and what became of it"),
        OutgoingMail.__table__, OutgoingMail.event_id,
        sa.or_(OutgoingMail.to_address != "", OutgoingMail.person.is_not(None)),
    ),
    Holding(
        "chosen", "mailing_recipients", _l("Which mails to many somebody was chosen for"),
        _l("how many there were"),
        _CHOSEN, Signup.event_id, sa.true(),
    ),
    Holding(
        "link_sendings", "link_sendings", _l("When somebody was sent their links once more"), _l("nothing"),
        _SENDINGS, Signup.event_id, sa.true(),
    ),
    Holding(
        "refused", "suppressed_addresses", _l("Addresses that a mail server refused"), _l("nothing"),
        _REFUSED, Signup.event_id, sa.true(),
    ),
)  # fmt: skip

_PROGRAMME = _l("what was announced in public: the event, its agenda and who spoke")
_STAFF = _l("people who work with Turnout: accounts, rights, and what they did")
_COUNTS = _l("counts of many people together, kept when the people go")
_MACHINE = _l("how the site itself is doing")

# Tables that say nothing about attendees, with what they say.
OTHERS = {
    "events": _PROGRAMME, "cohosts": _PROGRAMME, "join_targets": _PROGRAMME, "questions": _PROGRAMME, "form_undos": _PROGRAMME, "source_links": _PROGRAMME, "host_logos": _PROGRAMME, "handovers": _COUNTS, "handover_warnings": _MACHINE,
    "sessions": _PROGRAMME, "agenda_releases": _PROGRAMME, "agenda_steps": _PROGRAMME, "speakers": _PROGRAMME, "session_speakers": _PROGRAMME,
    "mail_plans": _PROGRAMME, "mailings": _PROGRAMME, "mailing_texts": _PROGRAMME,
    "presses": _PROGRAMME, "notes": _PROGRAMME, "reports": _PROGRAMME, "report_versions": _PROGRAMME,
    "users": _STAFF, "user_sessions": _STAFF, "api_tokens": _STAFF, "memberships": _STAFF,
    "audit_entries": _STAFF, "link_rounds": _STAFF, "signup_batches": _STAFF, "head_counts": _STAFF,
    "tallies": _COUNTS, "frozen_figures": _COUNTS,
    "attendance_marks": _MACHINE, "job_runs": _MACHINE, "delivery_pauses": _MACHINE,
    "signup_imports": _l("which lists were brought in, and how many of their rows became what"),
    "bounce_mailboxes": _MACHINE, "mail_texts": _l("what organisers write in the mails to everybody"),
    "unsubscribes": _l("unreadable marks of addresses that want no more mail, kept so that the wish holds"),
    "used_puzzles": _l("unreadable marks of forms that were sent within the last two hours"),
    "blocked_addresses": _l("unreadable marks of addresses that were given by somebody else, or whose owners had their data deleted, kept until the event's data is deleted"),
}  # fmt: skip
