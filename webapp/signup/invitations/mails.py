"""The two mails to somebody who is asked to come: the invitation, and one reminder of it."""

from __future__ import annotations

import datetime as dt

from webapp.events.models import Event
from webapp.mail import letters, outbox, unsubscribing
from webapp.mail.unsubscribing import MailList
from webapp.signup import lettering
from webapp.signup.invitations import links
from webapp.signup.invitations.models import Invitation


def _words(invited: Invitation, event: Event) -> dict[str, str]:
    mail_list = MailList(event.host_key, event.id)
    return {
        "name": outbox.isolated(outbox.plain_name(invited.name or "")),
        "invitation_url": links.url(invited),
        "unsubscribe_url": unsubscribing.url(mail_list, invited.email or ""),
    }


def _letter(event: Event, language: str, words: dict[str, str], again: bool) -> letters.Letter:
    key = "invitation_again" if again else "invitation"
    return lettering.letter("invitation", event, words, {"again": again}, language, key=key)


def preview(event: Event, invited: Invitation, *, again: bool) -> tuple[str, str]:
    """(subject, text) as this person would get it, with the links masked."""
    words = _words(invited, event)
    masked = {name: "…" if name.endswith("_url") else word for name, word in words.items()}
    subject, text, _html = _letter(event, invited.language, words, again).completed(masked)
    return subject, text


def invitation(event: Event, invited: Invitation, at: dt.datetime, *, again: bool = False) -> None:
    """Come, says the host. ``again``: they have not answered the first. Nothing follows a second one."""
    words = _words(invited, event)
    outbox.post(
        "invitation",
        _letter(event, invited.language, words, again),
        words,
        to_address=invited.email or "",
        to_name=invited.name or "",
        at=at,
        event_id=event.id,
        person=invited.public_id,
        lane="blast",
        expires_at=event.ended_at or event.closes_by,
        secrets=[words["invitation_url"]],
        is_sample=event.is_sample,
        unsubscribe_url=words["unsubscribe_url"],
    )
