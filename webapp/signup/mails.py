"""The messages of a sign-up, one small function each. They queue; the worker sends.

No mail carries a link of somebody else: what may be passed on is the public page ("invite others"),
and everything personal is named in ``secrets``, so that organisers read it masked.
"""

from __future__ import annotations

import datetime as dt
from typing import Any

from webapp.events.models import Event
from webapp.mail import outbox
from webapp.mail.models import OutgoingMail
from webapp.signup import calendar, links
from webapp.signup.people import Person
from webapp.templating import absolute_url


def _queue(
    message: str,
    event: Event,
    person: Person,
    at: dt.datetime,
    *,
    secrets: tuple[str, ...],
    method: calendar.Method | None = None,
    **context: Any,
) -> OutgoingMail:
    method = None if method == "PUBLISH" else method
    return outbox.queue(
        message,
        to_address=person.email or "",
        to_name=person.name or "",
        context={
            "event": event,
            "person": person,
            "public_url": absolute_url("public.event", slug=event.slug),
            **context,
        },
        at=at,
        event_id=event.id,
        person=person.public_id,
        calendar=calendar.entry(event, person, at, method) if method else None,
        calendar_method=method,
        # Useless mail is worse than none: nothing about taking part leaves once it is over.
        expires_at=event.ended_at or event.closes_by,
        secrets=secrets,
        is_sample=person.is_sample,
        language=person.language,
    )


def _links(person: Person) -> dict[str, str]:
    return {
        "my_url": links.my_url(person),
        "join_url": links.join_url(person),
        "cancel_url": links.cancel_url(person),
    }


def confirmed(event: Event, person: Person, at: dt.datetime, *, returning: bool = False) -> None:
    """You have a place: when, how to join, the calendar entry. ``returning``: they had left before."""
    found = _links(person)
    _queue(
        "confirmed", event, person, at,
        secrets=tuple(found.values()), method="REQUEST", returning=returning, **found,
    )  # fmt: skip


def waiting_for_approval(event: Event, person: Person, at: dt.datetime) -> None:
    """We have it; an organiser looks at it. No join link yet."""
    my, cancel = links.my_url(person), links.cancel_url(person)
    _queue(
        "waiting_for_approval", event, person, at, secrets=(my, cancel), my_url=my, cancel_url=cancel
    )  # fmt: skip


def confirm_address(event: Event, person: Person, at: dt.datetime) -> None:
    """One more click, behind a link, proves that the address is theirs."""
    url = links.confirm_url(person)
    _queue("confirm_address", event, person, at, secrets=(url,), confirm_url=url)


def link_again(event: Event, person: Person, at: dt.datetime) -> None:
    """Their links once more: they asked, or signed up a second time. Also after the evening, since the
    page behind the link is where people have their data deleted."""
    found = _links(person)
    has_place = person.status == "confirmed" and event.phase(at) in ("before", "live")
    if not has_place:
        found["join_url"] = found["cancel_url"] = ""
    mail = _queue(
        "link_again", event, person, at,
        secrets=tuple(url for url in found.values() if url),
        method="REQUEST" if has_place else None, **found,
    )  # fmt: skip
    mail.expires_at = at + dt.timedelta(days=1)


def declined(event: Event, person: Person, at: dt.datetime, reason: str) -> None:
    _queue("declined", event, person, at, secrets=(), reason=reason)


def cancelled(
    event: Event, person: Person, at: dt.datetime, *, by: str, reason: str = "", had_place: bool
) -> None:
    """The place is given up (``by`` "person") or taken back ("organiser"); the calendar follows."""
    my = links.my_url(person)
    _queue(
        "cancelled", event, person, at,
        secrets=(my,), method="CANCEL" if had_place else None, my_url=my, by=by, reason=reason,
    )  # fmt: skip


def erase_link(event: Event, person: Person, at: dt.datetime) -> None:
    """Erasing cannot be undone, so it needs a link that was asked for just now."""
    url = links.erase_url(person)
    mail = _queue("erase_link", event, person, at, secrets=(url,), erase_url=url)
    # Also after the event is over.
    mail.expires_at = at + links.ERASE_AGE
