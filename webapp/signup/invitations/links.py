"""The link of an invitation: it opens the form, filled in, and shows that its address is theirs."""

from __future__ import annotations

import datetime as dt

import sqlalchemy as sa

from webapp import tokens
from webapp.db import db
from webapp.events.models import Event
from webapp.signup.invitations.models import Invitation
from webapp.templating import token_url
from webapp.tokens import TokenForeign, TokenInvalid


def token_of(invitation: Invitation) -> str:
    return tokens.sign_lasting("invitation", [invitation.event_id, invitation.public_id])


def url(invitation: Invitation) -> str:
    return token_url("invitation.show", token_of(invitation))


def read(token: str, event_id: int | None = None) -> Invitation:
    """The invitation behind a link, which must be of this event if one is named. Raises TokenError for a
    link that is changed, foreign, withdrawn, or whose person is forgotten."""
    match tokens.read_lasting("invitation", token):
        case [int(of_event), str(public_id)] if event_id in (None, of_event):
            found: Invitation | None = db.session.scalar(
                sa.select(Invitation).where(
                    Invitation.event_id == of_event, Invitation.public_id == public_id
                )
            )
            if found is None or found.erased_at is not None or found.state == "withdrawn":
                raise TokenForeign
            return found
    raise TokenInvalid


def open_(token: str, at: dt.datetime) -> tuple[Invitation, Event]:
    """The invitation and its event. Raises TokenError, also for a draft, and once the event is over."""
    found = read(token)
    event = db.session.get(Event, found.event_id)
    if event is None or event.phase(at) in ("draft", "over"):
        raise TokenForeign
    return found, event
