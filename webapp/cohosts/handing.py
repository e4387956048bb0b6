"""Handing over: a co-host is given those who agreed to hear from them, and is told who is to be removed again.

What is kept of a handed-over person is a reference that stands in the file, and a mark of the address. When
somebody erases themselves or withdraws, the co-host is told the references; whoever lost that column can
paste addresses of their list and is told which of them are meant, by the marks. The address itself is not
kept for it: a person who wants to be forgotten is, and the co-host has it already. Marks go when the co-host
says that it is done, after thirty days, or with everybody's data.
"""

from __future__ import annotations

import csv
import dataclasses
import datetime as dt
import io
from collections.abc import Collection, Iterable, Sequence
from typing import Any

import sqlalchemy as sa
from defusedcsv import csv as defusedcsv
from flask_babel import gettext as _

from webapp import addresses, tokens
from webapp.accounts.models import User
from webapp.audit import operations as audit
from webapp.cohosts import queries
from webapp.cohosts.models import Handover, HandoverRow
from webapp.db import db
from webapp.errors import Refused
from webapp.events import operations as events
from webapp.events.models import Event
from webapp.mail import unsubscribing
from webapp.mail.unsubscribing import MailList
from webapp.signup.models import Consent, Signup

KEEP_MARKS = dt.timedelta(days=30)
HEADINGS = ("reference", "name", "email", "language", "agreed_at", "wording")
_PURPOSE = "handover"


@dataclasses.dataclass(frozen=True, slots=True)
class Person:
    """Somebody who may be handed over: agreed, proved their address, and wants mail of this host."""

    signup: Signup
    consent: Consent
    is_new: bool


def people(event: Event, key: str) -> list[Person]:
    """Who agreed to hear from the host, in the order they signed up; ``is_new``: not handed over yet."""
    had = (
        sa.exists()
        .where(
            HandoverRow.signup_id == Signup.id,
            HandoverRow.handover_id == Handover.id,
            Handover.host_key == key,
            HandoverRow.removed_at.is_(None),
        )
        .correlate(Signup)
    )
    rows = db.session.execute(
        sa.select(Signup, Consent, had)
        .join(Consent, Consent.signup_id == Signup.id)
        .where(Signup.event_id == event.id, *queries.MAY_HAND_OVER, Consent.host_key == key)
        .order_by(Signup.id)
    ).all()
    ended = unsubscribing.among([row[0].email or "" for row in rows], MailList(key))
    return [Person(row[0], row[1], not row[2]) for row in rows if row[0].email not in ended]


def _reference(event: Event, key: str, signup: Signup) -> str:
    """The same for one person in every file for one host, and for no other."""
    return "P" + tokens.mark("handover-reference", f"{event.id}\0{key}\0{signup.public_id}")[:12]


def _about(event_id: int, key: str, email_key: str) -> str:
    return f"{event_id}\0{key}\0{email_key}"


def hand_over(
    event: Event, key: str, *, only_new: bool, release: bool, at: dt.datetime, by: User
) -> Handover:
    """Writes down who is handed over to whom by whom. ``release``: the co-host fetches it by their private
    link, else whoever asked takes the file. Raises Refused "nobody"."""
    event = events.locked(event)
    host = queries.host(event, key)
    if host is None:
        raise Refused(_("Somebody took this co-host out in the meantime."), "gone")
    if release and (host.cohost is None or not host.cohost.link_key):
        raise Refused(_("They have no private link yet. Make one first."), "link")
    chosen = [one for one in people(event, key) if one.is_new or not only_new]
    if not chosen:
        raise Refused(_("There is nobody to hand over."), "nobody")
    handover = Handover(
        event_id=event.id, host_key=key, at=at, by=by.label, people=len(chosen), only_new=only_new,
        released_at=at if release else None,
    )  # fmt: skip
    db.session.add(handover)
    db.session.flush()
    db.session.execute(
        sa.insert(HandoverRow),
        [
            {
                "handover_id": handover.id,
                "signup_id": one.signup.id,
                "reference": _reference(event, key, one.signup),
                "address_mark": tokens.mark(_PURPOSE, _about(event.id, key, one.signup.email_key or "")),
            }
            for one in chosen
        ],
    )  # fmt: skip
    audit.record(
        "cohost.handed_over", at=at, actor=by, event_id=event.id, summary=host.name,
        handover=handover.id, people=len(chosen), released=release,
    )  # fmt: skip
    db.session.flush()
    return handover


def withdraw_release(handover: Handover, at: dt.datetime, by: User) -> None:
    """The co-host can no longer fetch this one. Again it changes nothing."""
    if handover.released_at is None:
        return
    handover.released_at = None
    audit.record(
        "cohost.release_ended", at=at, actor=by, event_id=handover.event_id, handover=handover.id
    )


def table(handover: Handover) -> list[list[str]]:
    """The people of a handover who may still be written to, as they are now."""
    rows = db.session.execute(
        sa.select(HandoverRow.reference, Signup, Consent)
        .join(Signup, Signup.id == HandoverRow.signup_id)
        .join(Consent, Consent.signup_id == Signup.id)
        .where(
            HandoverRow.handover_id == handover.id,
            HandoverRow.removed_at.is_(None),
            *queries.MAY_HAND_OVER,
            Consent.host_key == handover.host_key,
        )
        .order_by(HandoverRow.id)
    )
    return [
        [reference, signup.name or "", signup.email or "", signup.language,
         consent.agreed_at.isoformat(timespec="seconds"), consent.wording]
        for reference, signup, consent in rows
    ]  # fmt: skip


def as_csv(handover: Handover, at: dt.datetime, actor: User | str) -> str:
    """The file, safe from formulas; who took it is written down. With a byte order mark, which spreadsheets
    need to show accents rightly."""
    rows = table(handover)
    audit.record(
        "cohost.downloaded", at=at, actor=actor, event_id=handover.event_id,
        summary=handover.host_key, handover=handover.id, people=len(rows),
    )  # fmt: skip
    buffer = io.StringIO("\ufeff")
    buffer.seek(1)
    csv.writer(buffer).writerow(HEADINGS)
    defusedcsv.writer(buffer).writerows(rows)
    return buffer.getvalue()


# Who is to be removed again


def people_gone(signup_ids: Collection[int], at: dt.datetime, why: str) -> None:
    """Those who have been handed over are to be removed from the lists of whoever has them."""
    db.session.execute(
        sa.update(HandoverRow)
        .where(HandoverRow.signup_id.in_(signup_ids), HandoverRow.removed_at.is_(None))
        .values(removed_at=at, why=why)
        .execution_options(synchronize_session=False)
    )


def notice_withdrawals(at: dt.datetime) -> int:
    """Finds those who have taken their consent back since they were handed over; answers how many rows.
    Erasing says so itself (``people_gone``)."""
    stands = (
        sa.exists()
        .where(
            Consent.signup_id == HandoverRow.signup_id,
            Consent.kind == "contact",
            Consent.host_key == Handover.host_key,
            Consent.withdrawn_at.is_(None),
        )
        .correlate(HandoverRow, Handover)
    )
    ids = db.session.scalars(
        sa.select(HandoverRow.id)
        .join(Handover, Handover.id == HandoverRow.handover_id)
        .join(Signup, Signup.id == HandoverRow.signup_id)
        .where(HandoverRow.removed_at.is_(None), Signup.erased_at.is_(None), ~stands)
    ).all()
    for row in db.session.scalars(sa.select(HandoverRow).where(HandoverRow.id.in_(ids))):
        row.removed_at, row.why = at, "withdrawn"
    db.session.flush()
    return len(ids)


def matching(event_id: int, key: str, texts: Iterable[str]) -> list[str]:
    """Those of the addresses a co-host has that are to be removed. Of others nothing is said."""
    wanted = {
        row.address_mark for row in queries.to_remove(event_id, key) if row.address_mark is not None
    }
    found = []
    for text in dict.fromkeys(texts):
        try:
            said = _about(event_id, key, addresses.key(text))
        except ValueError:
            continue
        if wanted.intersection(tokens.marks(_PURPOSE, said)):
            found.append(text)
    return found


def acknowledge(event_id: int, key: str, at: dt.datetime) -> int:
    """The co-host has removed all who were to be removed; answers how many rows that ends."""
    rows = queries.to_remove(event_id, key)
    for row in rows:
        row.acknowledged_at, row.address_mark = at, None
    if rows:
        audit.record(
            "cohost.acknowledged", at=at, actor="cohost", event_id=event_id, summary=key,
            people=len({row.signup_id for row in rows}),
        )  # fmt: skip
    db.session.flush()
    return len(rows)


def forget_marks(at: dt.datetime) -> None:
    """Marks of addresses have had their time: thirty days after the notice, or when an event has forgotten
    its people."""
    gone = sa.exists().where(Signup.id == HandoverRow.signup_id, Signup.erased_at.is_not(None))
    db.session.execute(
        sa.update(HandoverRow)
        .where(
            HandoverRow.address_mark.is_not(None),
            sa.or_(
                HandoverRow.removed_at <= at - KEEP_MARKS,
                sa.and_(HandoverRow.removed_at.is_(None), gone),
            ),
        )
        .values(address_mark=None)
        .execution_options(synchronize_session=False)
    )


def forget_event(event_id: int) -> None:
    """All marks of an event go with its people."""
    mine = sa.select(Handover.id).where(Handover.event_id == event_id)
    db.session.execute(
        sa.update(HandoverRow)
        .where(HandoverRow.handover_id.in_(mine), HandoverRow.address_mark.is_not(None))
        .values(address_mark=None)
        .execution_options(synchronize_session=False)
    )


def new_link(event: Event, key: str, *, end: bool, at: dt.datetime, by: User) -> None:
    """Gives a co-host a private link, or another in place of it (the old one is dead), or ends it."""
    event = events.locked(event)
    host = queries.host(event, key)
    if host is None or host.cohost is None:
        raise Refused(_("Somebody took this co-host out in the meantime."), "gone")
    host.cohost.link_key = None if end else tokens.secret(12)
    audit.record(
        "cohost.link_ended" if end else "cohost.link_made",
        at=at, actor=by, event_id=event.id, summary=host.name,
    )  # fmt: skip
    db.session.flush()


def distinct(rows: Sequence[Any]) -> list[str]:
    """The references among these rows, each once."""
    return list(dict.fromkeys(row.reference for row in rows))
