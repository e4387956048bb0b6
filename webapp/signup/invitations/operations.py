"""The verbs of invitations: who is to be asked, and what became of it. The mails are mailings, which stand a
layer above."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from flask import current_app
from flask_babel import gettext as _

from webapp import tokens
from webapp.accounts.models import User
from webapp.audit import operations as audit
from webapp.db import db
from webapp.events.models import Event
from webapp.mail.models import OutgoingMail
from webapp.signup.imports import looking, sources
from webapp.signup.imports.models import SignupImport
from webapp.signup.imports.people import Person
from webapp.signup.invitations import queries
from webapp.signup.invitations.models import Invitation
from webapp.signup.operations import seats

BATCH = 200
By = User | str


def add(
    event: Event, people: Iterable[Person], at: dt.datetime, import_id: int | None = None,
    said: list[tuple[int, str]] | None = None,
) -> Counter[str]:  # fmt: skip
    """Puts people on the list of those to be invited; answers how many rows became what ("made", or as
    ``looking.fate_of`` says). ``said`` takes up a word about each line that is left out or looks wrong.
    Nothing is sent. Needs the event's lock."""
    wanted = list(people)
    keys = {person.address.key for person in wanted if person.address}
    known = looking.known_keys(event.id, keys) | queries.invited_keys(event.id, keys)
    blocked, seen = looking.Blocked.of(event.id), dict[str, int]()
    figures: Counter[str] = Counter()
    languages: list[str] = current_app.config["LANGUAGES"]
    usual = event.language if event.language in languages else languages[0]
    rows = []
    for person in wanted:
        fate = looking.fate_of(person, seen, known, blocked)
        if said is not None:
            said += _words_of(person, fate, seen)
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


def _words_of(person: Person, fate: str, seen: Mapping[str, int]) -> list[tuple[int, str]]:
    """What is said about a typed line: (its number, why it made nobody or what to look at)."""
    if fate == "known" and person.address:
        return [(person.line, f"{_('here already')} ({person.address.text})")]
    found = looking.problems_of(person, fate, seen)
    shown = person.value or (person.address.text if person.address else "")
    if fate == "new" or not shown:
        return found
    return [(line, f"{why} ({shown})") for line, why in found]


def add_typed(
    event: Event, text: str, at: dt.datetime, *, by: By, said: list[tuple[int, str]] | None = None
) -> Counter[str]:
    """Adds who was typed or pasted: addresses below or beside one another, with or without names. ``said`` as
    for ``add``. Raises Refused."""
    event = seats.lock_event(event.id)
    people = looking.typed(event, text)
    figures = add(event, (p for p in people if p.state != sources.GONE), at, said=said)
    audit.record(
        "signups.invitations_added", at=at, actor=by, event_id=event.id, people=figures["made"]
    )
    return figures


def withdraw(invitation: Invitation, at: dt.datetime) -> None:
    """Nobody is asked any more, and a link that was sent opens nothing. A mail that still waits stays."""
    if invitation.state in ("listed", "queued"):
        invitation.state = "withdrawn"
        _stop_mails([invitation.public_id])


def invited(invitation: Invitation, at: dt.datetime, *, again: bool) -> None:
    """Their mail is written; ``again``: the one reminder of it."""
    if again:
        invitation.reminded_at = at
    else:
        invitation.state, invitation.invited_at = "queued", at


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


def undo_import(row: SignupImport) -> int:
    """Takes the invitations of a list away that nothing was sent for; answers how many."""
    result: Any = db.session.execute(
        sa.delete(Invitation).where(
            Invitation.import_id == row.id, Invitation.invited_at.is_(None), Invitation.answered_at.is_(None)
        )
    )  # fmt: skip
    return int(result.rowcount)
