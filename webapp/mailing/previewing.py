"""A mailing as one real person would get it, for organisers to look at: with the personal links hidden."""

from __future__ import annotations

import dataclasses
import datetime as dt
from typing import Any

import sqlalchemy as sa
from flask_babel import gettext as _

from webapp import tokens
from webapp.db import db
from webapp.events.models import Event
from webapp.mail import masking
from webapp.mailing import composing
from webapp.mailing.models import INVITING, Mailing
from webapp.mailing.queries import Recipient, Selection
from webapp.signup.invitations.models import Invitation
from webapp.signup.models import Signup

# So many people can be chosen to look through their eyes.
CHOICE = 20


@dataclasses.dataclass(frozen=True, slots=True)
class Preview:
    """``to`` is the person it is shown for; ``is_example`` if there is nobody yet."""

    to: Recipient
    is_example: bool
    subject: str
    text: str
    html: str


def _example(kind: str, event: Event) -> Recipient:
    """Nobody; in no session."""
    if kind in INVITING:
        return Invitation(
            event_id=event.id, public_id=tokens.public_id(), name=_("Ana Example"),
            email="ana@example.org", language=event.language,
        )  # fmt: skip
    return Signup(
        event_id=event.id, public_id=tokens.public_id(), person_key=tokens.person_key(),
        name=_("Ana Example"), email="ana@example.org", status="confirmed", language=event.language,
        ics_changes=0, is_sample=False, created_at=event.created_at, confirmed_at=event.created_at,
    )  # fmt: skip


def people(mailing: Mailing, event: Event, selection: Selection) -> list[Recipient]:
    """Some of those it goes to, the first ones first."""
    whom: Any = selection.whom
    query = sa.select(whom).where(*selection.conditions).order_by(whom.id)
    found = list(
        db.session.scalars(query.limit((50 if selection.keys is not None else 2) * CHOICE))
    )
    if selection.keys is not None:
        found = [signup for signup in found if signup.person_key in selection.keys]
    no = composing.unwanted(mailing.kind, event, [one.email for one in found if one.email])
    return [one for one in found if one.email not in no][:CHOICE]


def preview(
    mailing: Mailing, event: Event, at: dt.datetime, chosen: list[Recipient], person: str | None
) -> Preview:
    """For ``person`` (a public id of one of the event's people), or the first of ``chosen``."""
    found = next((who for who in chosen if who.public_id == person), None)
    to = found or (chosen[0] if chosen else None)
    one = to or _example(mailing.kind, event)
    composed = composing.prepared(mailing, event)(one, at)
    subject, text, html = composed.texts()
    mask = masking.masker(composed.secrets)
    return Preview(one, to is None, mask(subject), mask(text), mask(html))
