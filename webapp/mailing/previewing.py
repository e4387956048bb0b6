"""A mailing as one real person would get it, for organisers to look at: with the personal links hidden."""

from __future__ import annotations

import dataclasses
import datetime as dt

import sqlalchemy as sa
from flask_babel import gettext as _

from webapp import tokens
from webapp.db import db
from webapp.events.models import Event
from webapp.mail import masking
from webapp.mailing import composing
from webapp.mailing.models import Mailing
from webapp.mailing.queries import Selection
from webapp.signup.models import Signup

# So many people can be chosen to look through their eyes.
CHOICE = 20


@dataclasses.dataclass(frozen=True, slots=True)
class Preview:
    """``to`` is the person it is shown for; ``is_example`` if there is nobody yet."""

    to: Signup
    is_example: bool
    subject: str
    text: str
    html: str


def _example(event: Event) -> Signup:
    """Nobody; in no session."""
    return Signup(
        event_id=event.id, public_id=tokens.public_id(), person_key=tokens.person_key(),
        name=_("Ana Example"), email="ana@example.org", status="confirmed", language=event.language,
        ics_changes=0, is_sample=False, created_at=event.created_at, confirmed_at=event.created_at,
    )  # fmt: skip


def people(selection: Selection) -> list[Signup]:
    """Some of those it goes to, the first ones first."""
    query = sa.select(Signup).where(*selection.conditions).order_by(Signup.id)
    if selection.keys is not None:
        return [
            signup
            for signup in db.session.scalars(query.limit(50 * CHOICE))
            if signup.person_key in selection.keys
        ][:CHOICE]
    return list(db.session.scalars(query.limit(CHOICE)))


def preview(
    mailing: Mailing, event: Event, at: dt.datetime, chosen: list[Signup], person: str | None
) -> Preview:
    """For ``person`` (a public id of one of the event's people), or the first of ``chosen``."""
    found = next((one for one in chosen if one.public_id == person), None)
    to = found or (chosen[0] if chosen else None)
    signup = to or _example(event)
    composed = composing.prepared(mailing, event)(signup, at)
    subject, text, html = composed.texts()
    mask = masking.masker(composed.secrets)
    return Preview(signup, to is None, mask(subject), mask(text), mask(html))
