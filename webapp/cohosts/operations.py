"""The verbs of an event's hosts. None commits."""

from __future__ import annotations

import datetime as dt

import sqlalchemy as sa
from flask_babel import gettext as _
from flask_babel import ngettext
from sqlalchemy.orm import undefer

from webapp import addresses
from webapp.accounts.models import User
from webapp.audit import operations as audit
from webapp.cohosts import pictures, queries
from webapp.cohosts.models import HostLogo
from webapp.db import db
from webapp.errors import Refused
from webapp.events import operations as events
from webapp.events import rules
from webapp.events.models import CoHost, Event

MOST = 20


def _contact(text: str) -> str | None:
    if not text.strip():
        return None
    try:
        return addresses.parse(text).text
    except ValueError as error:
        raise Refused(str(error), "contact") from None


def find(event: Event, key: str) -> CoHost:
    """Raises Refused if somebody was quicker."""
    for cohost in event.cohosts:
        if cohost.key == key:
            return cohost
    raise Refused(_("Somebody took this co-host out in the meantime."), "gone")


def _record_host(event: Event, action: str, name: str, at: dt.datetime, by: User) -> None:
    event.touch()
    audit.record(action, at=at, actor=by, event_id=event.id, summary=name)
    db.session.flush()


def add(event: Event, *, name: str, url: str, key: str, at: dt.datetime, by: User) -> CoHost:
    """One more co-host, at the end. Without a ``key`` one is made from the name; it stays for good.
    Raises Refused with the field it is about as its code."""
    event = events.locked(event)
    rows = [{"key": c.key, "name": c.name, "url": c.url} for c in event.cohosts]
    if len(rows) >= MOST:
        raise Refused(_("There are %(n)s co-hosts already, and that is the most an event can have.", n=MOST), "name")  # fmt: skip
    try:
        clean = rules.cohosts([*rows, {"key": key.strip(), "name": name, "url": url}], event.host_key)  # fmt: skip
    except Refused as refusal:
        raise Refused(str(refusal), refusal.code.rpartition(".")[2]) from None
    cohost = CoHost(position=len(rows), **clean[-1])
    event.cohosts.append(cohost)
    _record_host(event, "cohost.added", cohost.name, at, by)
    return cohost


def change(
    event: Event, key: str, *, name: str, url: str, contact: str, at: dt.datetime, by: User
) -> None:
    """Says who the co-host is. What people agreed to stays with its key and in its words. Raises Refused."""
    event = events.locked(event)
    cohost = find(event, key)
    new = (
        rules.line(name, "name", _("The co-host's name"), 200, required=True),
        rules.address(url, "url", _("The co-host's address")),
        _contact(contact),
    )
    if new == (cohost.name, cohost.url, cohost.contact_email):
        return
    cohost.name, cohost.url, cohost.contact_email = new
    _record_host(event, "cohost.changed", cohost.name, at, by)


def move_up(event: Event, key: str, at: dt.datetime, by: User) -> None:
    """One place up; at the top nothing happens. Raises Refused."""
    event = events.locked(event)
    cohost = find(event, key)
    order = list(event.cohosts)
    place = order.index(cohost)
    if place == 0:
        return
    order[place - 1], order[place] = order[place], order[place - 1]
    for position, one in enumerate(order):
        one.position = position
    _record_host(event, "cohost.changed", cohost.name, at, by)
    db.session.expire(event, ["cohosts"])


def remove(event: Event, key: str, consents: int, at: dt.datetime, by: User) -> None:
    """Takes a co-host out. If people agreed to hear from them, only with their exact number: whoever says it
    knows what they do. Raises Refused."""
    event = events.locked(event)
    cohost = find(event, key)
    given = queries.consents(event.id, key)
    if given != consents:
        raise Refused(
            ngettext(
                "%(num)s person agreed to hear from them. Type that number to take them out all the same; nothing is handed over to them then.",
                "%(num)s people agreed to hear from them. Type that number to take them out all the same; nothing is handed over to them then.",
                given,
            ),
            "consents",
        )  # fmt: skip
    remove_logo(event, key)
    event.cohosts.remove(cohost)
    for position, one in enumerate(event.cohosts):
        one.position = position
    _record_host(event, "cohost.removed", cohost.name, at, by)


def remove_logo(event: Event, key: str) -> None:
    db.session.execute(
        sa.delete(HostLogo).where(HostLogo.event_id == event.id, HostLogo.host_key == key)
    )
    event.touch()


def copy(source: Event, event: Event) -> None:
    """Gives the hosts of a new event the pictures and the contacts they have at ``source``. A private link
    is a secret of its own, and made anew where one is wanted."""
    contacts = {cohost.key: cohost.contact_email for cohost in source.cohosts}
    for cohost in event.cohosts:
        cohost.contact_email = contacts.get(cohost.key)
    for logo in db.session.scalars(
        sa.select(HostLogo).where(HostLogo.event_id == source.id).options(undefer(HostLogo.data))
    ):
        db.session.add(
            HostLogo(
                event_id=event.id, host_key=logo.host_key, digest=logo.digest, width=logo.width,
                height=logo.height, data=logo.data,
            )
        )  # fmt: skip
    db.session.flush()


def set_logo(event: Event, key: str, raw: bytes, at: dt.datetime, by: User) -> HostLogo:
    """The picture of a host, drawn anew. Raises Refused "logo"."""
    picture = pictures.read(raw)
    event = events.locked(event)
    host = queries.host(event, key)
    if host is None:
        raise Refused(_("Somebody took this co-host out in the meantime."), "gone")
    logo = host.logo or HostLogo(event_id=event.id, host_key=key)
    logo.digest, logo.data = picture.digest, picture.data
    logo.width, logo.height = picture.width, picture.height
    db.session.add(logo)
    _record_host(event, "cohost.logo", host.name, at, by)
    return logo
