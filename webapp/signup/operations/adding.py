"""Signing somebody up by hand: they rang, or stood at a stall, and an organiser types it in."""

from __future__ import annotations

import datetime as dt

from flask_babel import gettext as _
from sqlalchemy.exc import IntegrityError

from webapp import tokens
from webapp.accounts.models import User
from webapp.db import db
from webapp.errors import Refused
from webapp.signup import mails, queries
from webapp.signup.models import Answer, Consent, Signup
from webapp.signup.operations import blocking, history, seats
from webapp.signup.people import Applicant, name_key


def add(
    event_id: int,
    applicant: Applicant,
    at: dt.datetime,
    *,
    by: User,
    send: bool = False,
    beyond: bool = False,
) -> Signup:
    """Signs ``applicant`` up, also while the form is closed. Where they agreed stands in the wording of
    their consent. When all places are taken they wait for one, unless ``beyond`` says that there is to be
    one person more than places. Only with ``send`` they get the mail that others get.

    Raises Refused: "known" if the address has a live sign-up, "blocked" by its owner, "full", "over".
    """
    db.session.flush()
    event = seats.lock_event(event_id)
    if not seats.is_taken_up(event, at):
        raise Refused(_("People can be added while the event is published and not over."), "over")
    address = applicant.address
    if blocking.is_blocked(event.id, address.key):
        raise Refused(_("The owner of this address wants no mail about this event."), "blocked")
    if queries.live_by_key(event.id, address.key) is not None:
        raise Refused(_("Somebody has signed up with this address already."), "known")
    signup = Signup(
        event_id=event.id, public_id=tokens.public_id(), person_key=tokens.person_key(),
        name=applicant.name, name_key=name_key(applicant.name), email=address.text,
        email_key=address.key, language=applicant.language, status="pending", created_at=at,
        is_sample=event.is_sample,
    )  # fmt: skip
    if beyond:
        seats.give(event, signup, at)
    else:
        seats.place(event, signup, at)
    try:
        with db.session.begin_nested():
            db.session.add(signup)
            db.session.flush()
    except IntegrityError:
        raise Refused(_("Somebody has signed up with this address already."), "known") from None
    db.session.add_all(
        Consent(
            signup_id=signup.id, kind=agreement.kind, host_key=agreement.host_key,
            wording=agreement.wording, version=agreement.version, agreed_at=at,
        )
        for agreement in applicant.agreements
    )  # fmt: skip
    db.session.add_all(
        Answer(signup_id=signup.id, question_id=question_id, value=value)
        for question_id, value in applicant.answers.items()
    )
    history.note(signup, at, by, "added", to=signup.status)
    seats.record(event, "signup.added", at, by, signup)
    if send and signup.status == "confirmed":
        mails.confirmed(event, signup, at, first=True)
    elif send:
        mails.waitlisted(event, signup, at, first=True)
    db.session.flush()
    return signup
