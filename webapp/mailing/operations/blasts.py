"""A mail that an organiser writes to some of the people: a draft, then held, then on its way."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping

from flask_babel import gettext as _

from webapp import tokens
from webapp.accounts.models import User
from webapp.audit import operations as audit
from webapp.db import db
from webapp.errors import Refused
from webapp.events.models import Event
from webapp.mailing import mails, queries, writing
from webapp.mailing.models import ATTENDANCE, Mailing, MailingText
from webapp.mailing.operations import offers, sending
from webapp.mailing.operations.offers import HOLD
from webapp.mailing.writing import Whom, Words
from webapp.signup.models import Signup


def _check(texts: Mapping[str, Words]) -> None:
    if not texts:
        raise Refused(_("Please write the mail in one language at least."), "text")
    for language, words in texts.items():
        for name, problems in (
            ("subject", writing.subject_problems(words.subject)),
            ("body", writing.body_problems(words.body)),
        ):
            if problems:
                raise Refused(problems[0], f"{name}_{language}")


def _fill(mailing: Mailing, whom: Whom, texts: Mapping[str, Words]) -> None:
    if whom.attendance not in ATTENDANCE:
        raise Refused(_("Please choose whom it goes to."), "attendance")
    mailing.choice, mailing.attendance = whom.choice.as_args(), whom.attendance
    mailing.number = whom.minutes if whom.attendance == "stayed" else 0
    kept = {text.language: text for text in mailing.texts}
    mailing.texts = [
        _written(kept.get(language) or MailingText(language=language), words)
        for language, words in texts.items()
    ]


def _written(text: MailingText, words: Words) -> MailingText:
    text.subject, text.body = words.subject, words.body
    return text


def write(
    event: Event, whom: Whom, texts: Mapping[str, Words], at: dt.datetime, by: User
) -> Mailing:
    """A new draft: nobody gets anything. ``texts`` by language. Raises Refused with the field's name."""
    _check(texts)
    mailing = Mailing(
        event_id=event.id,
        kind="blast",
        state="draft",
        details={},
        created_at=at,
        created_by=by.email,
    )
    db.session.add(mailing)
    _fill(mailing, whom, texts)
    db.session.flush()
    return mailing


def _draft(mailing: Mailing) -> Mailing:
    """As it is now, locked. Raises Refused once it is no draft: what people get is fixed from then on."""
    found = sending.locked(mailing.id)
    if found is None or found.kind != "blast" or found.state != "draft":
        raise Refused(_("This mail is no draft any more. Stop it first, if that is still possible."), "no_draft")  # fmt: skip
    return found


def rewrite(mailing: Mailing, whom: Whom, texts: Mapping[str, Words]) -> None:
    """Other words, or other people, for a draft. Raises Refused."""
    _check(texts)
    _fill(_draft(mailing), whom, texts)
    db.session.flush()


def discard(mailing: Mailing) -> None:
    """The draft is gone. Raises Refused once it is no draft."""
    db.session.delete(_draft(mailing))
    db.session.flush()


def hold(mailing: Mailing, event: Event, at: dt.datetime, by: User) -> None:
    """Sends it: held for ten minutes first, in which it can be stopped. Raises Refused "nobody"."""
    mailing = _draft(mailing)
    chosen = queries.blast(mailing, event)
    count = offers.reached("blast", event, chosen).people
    if count == 0:
        raise Refused(_("There is nobody whom this mail would go to."), "nobody")
    mailing.state, mailing.held_until, mailing.total = "held", at + HOLD, count
    mailing.created_by = by.email
    sending.fix(mailing, chosen)
    audit.record("mailing.held", at=at, actor=by, event_id=event.id, kind="blast")
    db.session.flush()


def test(mailing: Mailing, event: Event, me: User, at: dt.datetime) -> int:
    """The mail to whoever asks, once in each language it is written in; answers how many."""
    signup = Signup(
        event_id=event.id, public_id=tokens.public_id(), person_key=tokens.person_key(), name=me.label,
        email=me.email, status="confirmed", language=event.language, ics_changes=0, is_sample=False,
    )  # fmt: skip
    for text in mailing.texts:
        mails.blast(event, signup, at, text, is_test=True).post()
    return len(mailing.texts)
