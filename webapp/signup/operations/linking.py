"""Source links: an organiser names the places where the event is shared, and sees what each brings."""

from __future__ import annotations

import datetime as dt

import sqlalchemy as sa
from flask_babel import gettext as _

from webapp.accounts.models import User
from webapp.audit import operations as audit
from webapp.db import db
from webapp.errors import Refused
from webapp.events import rules
from webapp.events.models import Event
from webapp.signup.models import SourceLink
from webapp.signup.operations import seats
from webapp.signup.people import LONGEST_SOURCE, clean_source

# More than that nobody tells apart, and the page stays within bounds.
MOST_LINKS = 200


def add_link(
    event: Event, *, label: str, key: str, place: str, at: dt.datetime, by: User
) -> SourceLink:
    """Names a link. Without a ``key`` one is made from the label. Sign-ups that came with this key before
    it had a name count too. Raises Refused with the field it is about as its code."""
    label = rules.line(label, "label", _("The name"), 200, required=True)
    place = rules.line(place, "place", _("The place"), 500)
    made = clean_source(key or rules.key_from(label, ""))
    if key and made != key.strip().casefold():
        raise Refused(_("The short word may have letters, digits, and - _ . between them, at most %(n)s.", n=LONGEST_SOURCE), "key")  # fmt: skip
    if made is None:
        raise Refused(_("Please give it a short word of letters and digits, like newsletter-march."), "key")  # fmt: skip
    event = seats.lock_event(event.id)
    keys = set(db.session.scalars(sa.select(SourceLink.key).where(SourceLink.event_id == event.id)))
    if made in keys | {cohost.key for cohost in event.cohosts}:
        raise Refused(_("There is a link with the short word “%(key)s” already.", key=made), "key")
    if len(keys) >= MOST_LINKS:
        raise Refused(_("There are %(n)s links already, and that is the most an event can have.", n=MOST_LINKS), "label")  # fmt: skip
    link = SourceLink(event_id=event.id, key=made, label=label, place=place, created_at=at)
    db.session.add(link)
    audit.record("source.added", at=at, actor=by, event_id=event.id, summary=label)
    db.session.flush()
    return link


def copy_links(source_id: int, event_id: int, at: dt.datetime) -> None:
    """Gives a new event the named links of another."""
    for link in db.session.scalars(
        sa.select(SourceLink).where(SourceLink.event_id == source_id).order_by(SourceLink.id)
    ):
        db.session.add(
            SourceLink(
                event_id=event_id,
                key=link.key,
                label=link.label,
                place=link.place,
                created_at=at,
            )
        )
    db.session.flush()


def remove_link(event: Event, link_id: int, at: dt.datetime, by: User) -> None:
    """Takes the name away. Whoever still uses the link gets to the event, and is counted by its short word.
    Raises Refused if somebody was quicker."""
    link = db.session.scalar(
        sa.select(SourceLink).where(SourceLink.event_id == event.id, SourceLink.id == link_id)
    )
    if link is None:
        raise Refused(_("Somebody deleted this link in the meantime."), "gone")
    audit.record("source.removed", at=at, actor=by, event_id=event.id, summary=link.label)
    db.session.delete(link)
    db.session.flush()
