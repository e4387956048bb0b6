"""The messages of a sign-up, one small function each. They queue; the worker sends.

No mail carries a link of somebody else: what may be passed on is the public page ("invite others"),
and everything personal is named in ``secrets``, so that organisers read it masked.
"""

from __future__ import annotations

import datetime as dt
from typing import Any

from webapp.events import texts
from webapp.events.models import Event
from webapp.mail import outbox
from webapp.mail.letters import Composed
from webapp.signup import calendar, lettering, links, local_times
from webapp.signup.models import Signup
from webapp.signup.people import Person


def _composed(
    message: str,
    event: Event,
    person: Person,
    at: dt.datetime,
    words: dict[str, str],
    *,
    found: links.Links | None = None,
    method: calendar.Method | None = None,
    expires_at: dt.datetime | None = None,
    key: str = "",
    lane: outbox.Lane = "own",
    **flags: Any,
) -> Composed:
    """``words`` are this person's own, links among them; ``flags`` choose between the template's texts.
    The organisers may have words of their own for it, by its ``key`` (the message's name as a rule)."""
    secrets = [word for name, word in words.items() if name.endswith("_url") and word]
    words["name"] = outbox.isolated(outbox.plain_name(person.name or ""))
    words["local_time"] = local_times.period(event.starts_at, event.ends_at, event.timezone, person)
    letter = lettering.letter(message, event, words, flags, person.language, key=key)
    event = texts.shown(event, person.language)

    def post() -> None:
        outbox.post(
            message,
            letter,
            words,
            to_address=person.email or "",
            to_name=person.name or "",
            at=at,
            event_id=event.id,
            person=person.public_id,
            calendar=calendar.entry(event, person, at, method, found) if method else None,
            calendar_method=method if method != "PUBLISH" else None,
            # Useless mail is worse than none: nothing about taking part leaves once it is over.
            expires_at=expires_at or event.ended_at or event.closes_by,
            secrets=secrets,
            is_sample=person.is_sample,
            lane=lane,
        )

    return Composed(message, letter, words, tuple(secrets), post)


def _post(
    message: str, event: Event, person: Person, at: dt.datetime, words: dict[str, str], **more: Any
) -> None:
    """As ``_composed``, and into the outbox."""
    _composed(message, event, person, at, words, **more).post()


def _remove_url(person: Person, first: bool) -> str:
    """Only the first mail asks whether it came to the right one; later ones answer what a person did."""
    return links.remove_url(person) if first else ""


def first_of_many(event: Event, person: Person, at: dt.datetime) -> Composed:
    """What a list of people who are signed up elsewhere gets from us first: as ``confirmed`` or
    ``waitlisted``, by the lane of mails to many."""
    if person.status == "confirmed":
        return _confirmed(event, person, at, first=True, lane="blast")
    return _waitlisted(event, person, at, first=True, lane="blast")


def confirmed(event: Event, person: Person, at: dt.datetime, *, returning: bool = False, first: bool = False) -> None:  # fmt: skip
    """You have a place: when, how to join, the calendar entry. ``returning``: they had left before.
    ``first``: nothing has been sent to the address yet."""
    _confirmed(event, person, at, returning=returning, first=first).post()


def _confirmed(event: Event, person: Person, at: dt.datetime, *, returning: bool = False, first: bool = False, lane: outbox.Lane = "own") -> Composed:  # fmt: skip
    found = links.of(person)
    words = {
        "my_url": found.my, "join_url": found.join, "cancel_url": found.cancel,
        "remove_url": _remove_url(person, first),
    }  # fmt: skip
    return _composed(
        "confirmed", event, person, at, words, found=found, method="REQUEST", returning=returning, lane=lane,
    )  # fmt: skip


def waiting_for_approval(event: Event, person: Person, at: dt.datetime, *, first: bool = False) -> None:  # fmt: skip
    """We have it; an organiser looks at it. No join link yet. ``first`` as in ``confirmed``."""
    found = links.of(person)
    words = {
        "my_url": found.my, "cancel_url": found.cancel, "remove_url": _remove_url(person, first),
    }  # fmt: skip
    _post("waiting_for_approval", event, person, at, words)


def approved(event: Event, person: Person, at: dt.datetime) -> None:
    """The organisers said yes: as ``confirmed``, in the words of an answer."""
    found = links.of(person)
    words = {"my_url": found.my, "join_url": found.join, "cancel_url": found.cancel}
    _post("approved", event, person, at, words, found=found, method="REQUEST")


def waitlisted(
    event: Event, person: Person, at: dt.datetime, *, first: bool = False, approved: bool = False
) -> None:
    """All places are taken; they get one in their turn. ``approved``: this is the organisers' answer."""
    _waitlisted(event, person, at, first=first, approved=approved).post()


def _waitlisted(event: Event, person: Person, at: dt.datetime, *, first: bool = False, approved: bool = False, lane: outbox.Lane = "own") -> Composed:  # fmt: skip
    found = links.of(person)
    words = {
        "my_url": found.my, "cancel_url": found.cancel, "remove_url": _remove_url(person, first),
    }  # fmt: skip
    return _composed("waitlisted", event, person, at, words, approved=approved, lane=lane)


def offer(event: Event, signup: Signup, at: dt.datetime) -> None:
    """A place is free and theirs until the deadline, which stands there in the event's zone."""
    until = signup.offer_expires_at
    if until is None:
        raise ValueError("an offer without an end")
    found = links.of(signup)
    deadline = local_times.moment(until, event, signup)
    words = {"my_url": found.my, "cancel_url": found.cancel, "deadline": deadline}
    _post("offer", event, signup, at, words, expires_at=until)


def offer_lapsed(event: Event, person: Person, at: dt.datetime) -> None:
    """Nobody took the place in time, and it went on. They may wait for another."""
    _post("offer_lapsed", event, person, at, {"my_url": links.my_url(person)})


def confirm_address(event: Event, person: Person, at: dt.datetime) -> None:
    """One more click, behind a link, proves that the address is theirs."""
    words = {"confirm_url": links.confirm_url(person), "remove_url": links.remove_url(person)}
    _post("confirm_address", event, person, at, words)


def link_again(event: Event, person: Person, at: dt.datetime) -> None:
    """Their links once more: they asked, or signed up a second time. Also after the evening, since the
    page behind the link is where people have their data deleted."""
    found = links.of(person)
    has_place = person.status == "confirmed" and event.phase(at) in ("before", "live")
    tomorrow = at + dt.timedelta(days=1)
    words = {
        "my_url": found.my,
        "join_url": found.join if has_place else "",
        "cancel_url": found.cancel if has_place else "",
    }
    _post(
        "link_again", event, person, at, words, found=found,
        method="REQUEST" if has_place else None,
        expires_at=min(tomorrow, event.closes_by) if has_place else tomorrow,
    )  # fmt: skip


def links_of(event: Event, signup: Signup, at: dt.datetime, *, again: bool = False) -> None:
    """What brings a live sign-up its links: the first mail of its status, to an address that has had none
    yet, or (``again``) the same links once more."""
    match signup.status, signup.pending_reason:
        case "pending", "address":
            confirm_address(event, signup, at)
        case "pending", "approval" if not again:
            waiting_for_approval(event, signup, at, first=True)
        case "pending", "click":
            # It looked like a robot's: nothing leaves before somebody has seen it.
            return
        case "waitlisted", _ if not again:
            waitlisted(event, signup, at, first=True)
        case "offered", _:
            offer(event, signup, at)
        case "confirmed", _ if not again and event.phase(at) in ("before", "live"):
            confirmed(event, signup, at, first=True)
        case _:
            link_again(event, signup, at)


def declined(event: Event, person: Person, at: dt.datetime, reason: str) -> None:
    """No place; in the organiser's own words why, if they gave any."""
    _post("declined", event, person, at, {"reason": reason})


def cancelled(
    event: Event, person: Person, at: dt.datetime, *, by: str, reason: str = "", had_place: bool
) -> None:
    """The place is given up (``by`` "person") or taken back ("organiser"); the calendar follows."""
    found = links.of(person)
    _post(
        "cancelled", event, person, at, {"my_url": found.my, "reason": reason}, found=found,
        method="CANCEL" if had_place else None,
        key="gave_back" if by == "person" else "taken_back", by=by, had_place=had_place,
    )  # fmt: skip


def erase_link(event: Event, person: Person, at: dt.datetime) -> None:
    """Erasing cannot be undone, so it needs a link that was asked for just now. Also after the event."""
    _post(
        "erase_link", event, person, at, {"erase_url": links.erase_url(person)},
        expires_at=at + links.ERASE_AGE,
    )  # fmt: skip
