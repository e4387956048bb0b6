"""The codes that are kept about somebody, as people say them. What is not here stands as it is kept."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from webapp import clock, i18n
from webapp.templating import moment, zone_name

# What an organiser or an attendee may find in the outbox, by message.
MESSAGES = {
    "confirm_address": _l("asks whether the address is yours"),
    "confirmed": _l("you have a place"),
    "waiting_for_approval": _l("the organisers look at your sign-up"),
    "approved": _l("the organisers said yes"),
    "declined": _l("the organisers said no"),
    "waitlisted": _l("you are on the waiting list"),
    "offer": _l("a place is free for you"),
    "offer_lapsed": _l("the offered place went on"),
    "cancelled": _l("your place is given back"),
    "link_again": _l("your links once more"),
    "erase_link": _l("the link to delete your data"),
    "changed": _l("the event changed"),
    "event_cancelled": _l("the event was called off"),
    "reminder": _l("reminder: still coming?"),
    "join_now": _l("reminder: it begins"),
    "thank_you": _l("thank you for coming"),
    "missed_you": _l("sorry we missed you"),
    "report_published": _l("the report is published"),
    "blast": _l("a word from the organisers"),
    "invitation": _l("invitation"),
}

# Of mails to many, by kind.
_MAILINGS = {
    name: MESSAGES[name]
    for name in (
        "changed",
        "event_cancelled",
        "thank_you",
        "missed_you",
        "report_published",
        "blast",
    )
} | {
    "reminder": _l("reminder"),
    "stayed": _l("thank you for staying"),
    "confirm": _l("first mail after a list was brought in"),
    "invite": _l("invitation"),
    "invite_again": _l("reminder of the invitation"),
}

# section -> column -> code -> words
WORDS: dict[str, dict[str, dict[str, Any]]] = {
    "signups": {
        "status": {
            "pending": _l("not decided yet"), "confirmed": _l("you have a place"),
            "waitlisted": _l("on the waiting list"), "offered": _l("a place is offered to you"),
            "declined": _l("declined"), "cancelled": _l("cancelled"),
        },
        "pending_reason": {
            "address": _l("that you show that the address is yours"),
            "approval": _l("that the organisers say yes"),
            "click": _l("one more click: the form looked as if a program had sent it"),
        },
        "cancelled_by": {
            "person": _l("you"), "organiser": _l("the organisers"),
            "lapsed": _l("nobody: the offered place was not taken in time"),
            "unproved": _l("nobody: the address was not confirmed in time"),
        },
    },
    "consents": {"kind": {"event": _l("this event"), "contact": _l("hearing more later")}},
    "visit_keys": {
        "channel": {
            "room": _l("our room"), "link": _l("your link"), "door": _l("the door"),
            "platform": _l("the meeting itself says so"), "import": _l("a list of the meeting"),
        },
        "end_reason": {
            "left": _l("you left"), "timeout": _l("nothing more was heard of you"),
            "closed": _l("the event was closed"), "stated": _l("the meeting says so"),
            "unknown": _l("it is not known"),
        },
        "identity": {
            "identified": _l("by your link or address"), "name_only": _l("by your name only"),
            "ambiguous": _l("your name fits several people"), "anonymous": _l("not at all"),
        },
    },
    "invitations": {
        "state": {
            "listed": _l("not sent yet"), "queued": _l("you were asked"),
            "answered": _l("you signed up"), "withdrawn": _l("withdrawn"),
        },
    },
    "mails": {
        "message": MESSAGES,
        "state": {
            "queued": _l("waits to leave"), "sending": _l("leaves just now"), "sent": _l("sent"),
            "bounced": _l("came back"), "refused": _l("refused by the mail server"),
            "failed": _l("could not be sent"),
            "suppressed": _l("not sent: no mail goes to this address"),
            "expired": _l("not sent in time"), "held": _l("not sent: it belongs to a sample"),
        },
    },
    "chosen": {"kind": _MAILINGS},
    "changes": {
        "what": {
            "proved": _l("the address was confirmed"), "placed": _l("the sign-up was looked at"),
            "links_sent": _l("your links were sent once more"), "address_corrected": _l("the address was corrected"),
            "consent_given": _l("agreed to hear more"), "consent_withdrawn": _l("took that back"),
            "approved": _l("approved"), "declined": _l("declined"), "crew": _l("counted among the crew"),
            "audience": _l("no longer counted among the crew"), "edited": _l("data changed"),
            "cancelled": _l("cancelled"), "came_back": _l("came back"), "promoted": _l("a place became free and was given"),
            "offered": _l("a place became free and was offered"), "accepted": _l("the offered place was taken"),
            "lapsed": _l("the offered place was not taken in time"), "tagged": _l("a tag was given"),
            "untagged": _l("a tag was taken away"), "added": _l("added by hand"), "imported": _l("brought in by a list"),
        },
    },
}  # fmt: skip

# What stands in the details of a change, by its key.
_DETAILS = {
    "name": _l("Name"), "email": _l("E-mail address"), "language": _l("Language"), "timezone": _l("Time zone"),
    "access_needs": _l("What would help"), "access_note": _l("What would help, in your words"),
    "companions": _l("Coming with you"), "no_stay": _l("How long you stay is not recorded"),
    "to": _l("How it stands"), "until": _l("The offered place is kept until"), "reason": _l("Because"),
    "host": _l("For whom"), "tag": _l("Tag"),
}  # fmt: skip


def _plain(key: str, value: Any, zone: str) -> str:
    """One value of a change, as people read it."""
    if value is None or value == "" or value == []:
        return _("nothing")
    if isinstance(value, bool):
        return _("Yes") if value else _("No")
    if isinstance(value, list):
        return ", ".join(str(one) for one in value)
    if key == "until" and isinstance(value, int):
        return moment(_at(value), zone)
    if key == "to":
        return str(said("signups", "status", value))
    if key == "timezone" and clock.is_zone(str(value)):
        return zone_name(str(value))
    return i18n.name_of(str(value)) if key == "language" else str(value)


def _at(ms: int) -> dt.datetime:
    return dt.datetime.fromtimestamp(ms / 1000, clock.UTC)


def details(found: dict[str, Any], zone: str) -> list[str]:
    """What was different, each in one line; moments are in ``zone``."""
    return list(_lines(found, zone))


def _lines(found: dict[str, Any], zone: str) -> Iterator[str]:
    for key, value in found.items():
        if key == "answers" and isinstance(value, dict):
            yield from _lines(value, zone)
            continue
        label = str(_DETAILS.get(key, key))
        if isinstance(value, list) and len(value) == 2:
            before, after = (_plain(key, one, zone) for one in value)
            yield _("%(field)s: %(before)s → %(after)s", field=label, before=before, after=after)
        else:
            yield f"{label}: {_plain(key, value, zone)}"


def tries(found: list[dict[str, Any]], zone: str) -> list[str]:
    """Every try of a mail: when, in ``zone``, and the server's own words."""
    return [f"{moment(_at(one['at']), zone)}: {one['said']}" for one in found]


def said(section: str, column: str, value: Any) -> Any:
    """A code in words, for whoever reads the page; every other value as it is."""
    known = WORDS.get(section, {}).get(column)
    return known.get(value, value) if known and isinstance(value, str) else value
