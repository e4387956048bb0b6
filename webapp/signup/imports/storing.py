"""Storing the people of a list, and taking back exactly what came of it.

Both go in batches, each a whole state of its own: whoever is stopped in between goes on there. An import
sends nothing: mailing those it brought is a step of its own.
"""

from __future__ import annotations

import datetime as dt
import json
from collections import Counter
from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from flask import current_app
from flask_babel import gettext as _

from webapp import tokens
from webapp.db import db, lock_row, to_ms
from webapp.events.models import Event
from webapp.mail import unsubscribing
from webapp.mail.models import OutgoingMail
from webapp.mail.unsubscribing import MailList
from webapp.prepared import PreparedInsert, Values
from webapp.signup import queries
from webapp.signup.extras import Extras
from webapp.signup.imports import looking, sources
from webapp.signup.imports.models import ImportedSignup, SignupImport
from webapp.signup.imports.people import Person
from webapp.signup.invitations import operations as invitations
from webapp.signup.invitations import queries as invited
from webapp.signup.models import Answer, Consent, Signup, SignupChange, SignupNote, SignupTag
from webapp.signup.operations import history, seats, tagging
from webapp.signup.people import name_key
from webapp.signup.wording import Agreement

# In one transaction, behind one lock: short enough that nobody who signs up meanwhile has to wait for long.
BATCH = 500

_SIGNUPS = PreparedInsert(Signup.__tablename__, "ON CONFLICT DO NOTHING")
_CONSENTS = PreparedInsert(Consent.__tablename__)
_ANSWERS = PreparedInsert(Answer.__tablename__)
_CHANGES = PreparedInsert(SignupChange.__tablename__)
_MADE = PreparedInsert(ImportedSignup.__tablename__)
_TAGS = PreparedInsert(SignupTag.__tablename__)


def lock(import_id: int) -> SignupImport | None:
    """The import, locked until the commit: two workers never do the same batch."""
    row: SignupImport | None = db.session.scalar(
        lock_row(sa.select(SignupImport).where(SignupImport.id == import_id)).execution_options(
            populate_existing=True
        )
    )
    return row


class Storing:
    """One worker's way through a list. ``persons`` are all of it, in the order in which they are stored."""

    def __init__(self, row: SignupImport, persons: Sequence[Person], broken: Sequence[tuple[int, str]]) -> None:  # fmt: skip
        self.import_id, self.event_id = row.id, row.event_id
        self.persons, self.broken = persons, broken
        self.blocked = looking.Blocked.of(row.event_id)
        # The addresses of the rows before ``self.place``, with their lines.
        self.seen: dict[str, int] = {}
        self.place = 0

    def _see(self, upto: int) -> None:
        for person in self.persons[self.place : upto]:
            if person.state != sources.GONE and not person.problem and person.address:
                self.seen.setdefault(person.address.key, person.line)
        self.place = upto

    def batch(self, at: dt.datetime) -> int:
        """Stores the next people; answers how many rows are dealt with, 0 when none is left."""
        row = lock(self.import_id)
        if row is None or row.state != "storing":
            return 0
        event = seats.lock_event(self.event_id)
        if not row.done:
            row.figures = {"unusable": len(self.broken)}
            row.problems = [[line, why] for line, why in self.broken]
        self._see(row.done)
        part = self.persons[row.done : row.done + BATCH]
        self._store(row, event, part, at)
        self._see(row.done + len(part))
        row.done += len(part)
        if row.done >= len(self.persons):
            row.state, row.stored_at = "stored", at
        db.session.flush()
        return len(part)

    def _store(self, row: SignupImport, event: Event, part: Sequence[Person], at: dt.datetime) -> None:  # fmt: skip
        keys = {person.address.key for person in part if person.address}
        known = looking.known_keys(event.id, keys)
        if row.kind == "invite":
            known |= invited.invited_keys(event.id, keys)
        figures: Counter[str] = Counter()
        problems: list[tuple[int, str]] = []
        new: list[Person] = []
        seen = dict(self.seen)
        for person in part:
            fate = looking.fate_of(person, seen, known, self.blocked)
            figures[fate] += 1
            problems += looking.problems_of(person, fate, seen)
            if fate == "new" and person.address:
                seen[person.address.key] = person.line
                new.append(person)
        if row.kind == "invite":
            added = Counter({"made_invitations": invitations.add(event, new, at, row.id)["made"]})
        else:
            added = _add(row, event, new, at, problems)
        row.figures = dict(Counter(row.figures) + figures + added)
        _keep(row, problems)


def _keep(row: SignupImport, problems: list[tuple[int, str]]) -> None:
    kept = [(line, why) for line, why in row.problems] + problems
    row.problems = [[line, why] for line, why in sorted(kept)[: looking.MOST_PROBLEMS]]


def _status(event: Event, person: Person, free: float) -> tuple[str, str | None] | None:
    """(status, why it waits) of a new sign-up, or None if there is no place of any kind."""
    if person.state == sources.WAITING:
        return "pending", "approval"
    if person.state == sources.LIVE and free > 0:
        return "confirmed", None
    if event.waitlist:
        return "waitlisted", None
    return ("pending", "approval") if person.state == sources.WAITLIST else None


def _add(row: SignupImport, event: Event, people: list[Person], at: dt.datetime, problems: list[tuple[int, str]]) -> Counter[str]:  # fmt: skip
    """Writes new sign-ups with all that belongs to them; answers how many of each status. Needs the event's
    lock."""
    free = float("inf") if event.capacity is None else event.capacity - queries.seats_claimed(event.id)  # fmt: skip
    by_id: dict[str, tuple[Person, str]] = {}
    rows: list[Values] = []
    figures: Counter[str] = Counter()
    for person in people:
        found = _status(event, person, free)
        if found is None or person.address is None:
            figures["full"] += 1
            problems.append((person.line, _("all places are taken, and the event keeps no waiting list")))  # fmt: skip
            continue
        free -= found[0] in ("confirmed", "waitlisted")
        values = _columns(row, event, person, *found, at)
        by_id[values["public_id"]] = (person, found[0])
        rows.append(values)
    if not rows:
        return figures
    connection = db.session.connection()
    _SIGNUPS.run(connection, rows)
    # Where the unique index said no, somebody else's hand was quicker: that row is not among them.
    made = [
        (signup_id, *by_id[public_id])
        for signup_id, public_id in connection.execute(
            sa.select(Signup.id, Signup.public_id).where(Signup.public_id.in_(by_id))
        )
    ]
    _add_details(row, event, made, at)
    for _id, person, status in made:
        figures[f"made_{status}"] += 1
        figures["made_no_mail"] += person.no_mail
    return figures


def _columns(row: SignupImport, event: Event, person: Person, status: str, reason: str | None, at: dt.datetime) -> Values:  # fmt: skip
    created = min(person.registered_at or at, at)
    extras = Extras(
        access_needs=person.needs, access_note=person.need_note, companions=person.companions
    )
    if person.address is None:
        raise ValueError("a person without an address")
    return {
        "event_id": event.id, "public_id": tokens.public_id(), "person_key": tokens.person_key(),
        "name": person.name, "name_key": name_key(person.name), "email": person.address.text,
        "email_key": person.address.key, "status": status, "pending_reason": reason,
        "source": person.source or row.name, "language": person.language or _language(event),
        "is_crew": person.is_crew, "is_sample": event.is_sample, "ics_changes": 0, **extras.columns(),
        "created_at": to_ms(created), "confirmed_at": to_ms(created) if status == "confirmed" else None,
        "waitlisted_at": to_ms(at) if status == "waitlisted" else None,
    }  # fmt: skip


def _language(event: Event) -> str:
    languages: list[str] = current_app.config["LANGUAGES"]
    return event.language if event.language in languages else languages[0]


def _agreements(row: SignupImport, person: Person) -> list[Agreement]:
    """In the organiser's words, since ours were not what the person read."""
    where = row.consent or ""
    found = [Agreement("event", None, where)]
    for key, heading, said in person.contacts:
        words = _("“%(heading)s”: %(said)s. %(where)s", heading=heading, said=said, where=where)
        found.append(Agreement("contact", key, words))
    return found


def _add_details(row: SignupImport, event: Event, made: list[tuple[int, Person, str]], at: dt.datetime) -> None:  # fmt: skip
    consents: list[Values] = []
    answers: list[Values] = []
    for signup_id, person, _status in made:
        agreed = to_ms(min(person.registered_at or at, at))
        consents += [
            {
                "signup_id": signup_id, "kind": found.kind, "host_key": found.host_key,
                "wording": found.wording, "version": found.version, "agreed_at": agreed,
            }
            for found in _agreements(row, person)
        ]  # fmt: skip
        answers += [
            {"signup_id": signup_id, "question_id": question_id, "value": json.dumps(value)}
            for question_id, value in person.answers.items()
        ]
    details = {"from": row.name, "by": row.by}
    connection = db.session.connection()
    if made:
        _CONSENTS.run(connection, consents)
        _CHANGES.run(connection, [
            {
                "signup_id": signup_id, "at": to_ms(at), "actor": row.by[:254], "what": history.IMPORTED,
                "details": json.dumps({**details, "line": person.line}),
            }
            for signup_id, person, _status in made
        ])  # fmt: skip
    if answers:
        _ANSWERS.run(connection, answers)
    unwelcome = _end_mails(event, [person for _id, person, _status in made if person.no_mail], at)
    if made:
        _MADE.run(connection, [
            {
                "signup_id": signup_id, "import_id": row.id, "status": status,
                "no_mail": person.address is not None and person.address.text in unwelcome,
            }
            for signup_id, person, status in made
        ])  # fmt: skip
    _tag(row, event, made)


def _end_mails(event: Event, people: list[Person], at: dt.datetime) -> set[str]:
    """Whoever wanted no mail there gets none from here that is not about their own sign-up. Answers whose
    wish is new here."""
    texts = [person.address.text for person in people if person.address]
    return unsubscribing.end_all(texts, MailList(event.host_key, event.id), at) if texts else set()


def _tag(row: SignupImport, event: Event, made: list[tuple[int, Person, str]]) -> None:
    """The import's own tag for all of them, and the tags of a column for those who have some."""
    wanted: dict[str, list[int]] = {row.name: [signup_id for signup_id, _p, _s in made]}
    for signup_id, person, _status in made:
        for name in person.tags:
            wanted.setdefault(name, []).append(signup_id)
    pairs: set[tuple[int, int]] = set()
    for name, ids in wanted.items():
        tag_id = tagging.tag_id_for(event.id, name)
        if tag_id is not None:
            pairs.update((signup_id, tag_id) for signup_id in ids)
    if pairs:
        values: list[Values] = [{"signup_id": s, "tag_id": t} for s, t in sorted(pairs)]
        _TAGS.run(db.session.connection(), values)


# Taking back


def is_untouched() -> sa.ColumnElement[bool]:
    """SQL about a sign-up that an import made: nothing has happened to it since. Nobody pressed a link,
    joined, changed or wrote anything, and no mail about it has left."""
    mailed = sa.exists().where(
        OutgoingMail.person == Signup.public_id,
        OutgoingMail.state.in_(("sending", "sent", "bounced")),
    )
    changed = sa.exists().where(
        SignupChange.signup_id == Signup.id,
        # What organisers call somebody, nobody did themselves.
        SignupChange.what.not_in((history.IMPORTED, "tagged", "untagged")),
    )
    return sa.and_(
        Signup.erased_at.is_(None),
        Signup.proved_at.is_(None),
        Signup.status == ImportedSignup.status,
        ~changed,
        ~sa.exists().where(SignupNote.signup_id == Signup.id),
        ~mailed,
        ~current_app.extensions["has_joined"](),
    )


def undo_batch(import_id: int, at: dt.datetime) -> int:
    """Takes away the next of the people that an import made and to whom nothing has happened since;
    answers how many, 0 when all that can go is gone."""
    row = lock(import_id)
    if row is None or row.state != "undoing":
        return 0
    event = seats.lock_event(row.event_id)
    if row.kind == "invite":
        gone = invitations.undo_import(row)
        row.figures = {**row.figures, "undone": gone, "stayed": 0}
        row.state, row.undone_at, row.done = "undone", at, 0
        db.session.flush()
        return 0
    found = db.session.execute(
        sa.select(Signup.id, Signup.public_id, Signup.email, ImportedSignup.no_mail)
        .join(ImportedSignup, ImportedSignup.signup_id == Signup.id)
        .where(ImportedSignup.import_id == import_id, is_untouched())
        .order_by(Signup.id)
        .limit(BATCH)
    ).all()
    figures: dict[str, Any] = dict(row.figures)
    if found:
        # A mail that still waits to leave would have links that lead nowhere.
        ids = [signup_id for signup_id, _public_id, _email, _no_mail in found]
        people = [public_id for _id, public_id, _email, _no_mail in found]
        no_fetch = {"synchronize_session": False}
        db.session.execute(
            sa.delete(OutgoingMail).where(OutgoingMail.person.in_(people)),
            execution_options=no_fetch,
        )
        db.session.execute(sa.delete(Signup).where(Signup.id.in_(ids)), execution_options=no_fetch)
        welcome = [email for _id, _public_id, email, no_mail in found if no_mail and email]
        if welcome:
            unsubscribing.take_back_all(welcome, MailList(event.host_key, event.id))
        figures["undone"] = figures.get("undone", 0) + len(found)
        row.done = max(row.done - len(found), 0)
    else:
        row.state, row.undone_at, row.done = "undone", at, 0
        figures["stayed"] = db.session.scalar(
            sa.select(sa.func.count()).where(ImportedSignup.import_id == import_id)
        )
        tagging.forget_unused_tags(event.id)
    row.figures = figures
    db.session.flush()
    return len(found)
