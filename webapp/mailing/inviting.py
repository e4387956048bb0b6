"""The two mails to somebody who is asked to come: the invitation, and one reminder of it."""

from __future__ import annotations

import datetime as dt

from webapp.events.models import Event
from webapp.mail import outbox, unsubscribing
from webapp.mail.letters import Composed
from webapp.mail.unsubscribing import MailList
from webapp.signup import lettering
from webapp.signup.invitations import links
from webapp.signup.invitations.models import Invitation


def invitation(event: Event, invited: Invitation, at: dt.datetime, *, again: bool) -> Composed:
    """Come, says the host. ``again``: they have not answered the first. Nothing follows a second one."""
    words = {
        "name": outbox.isolated(outbox.plain_name(invited.name or "")),
        "invitation_url": links.url(invited),
        "unsubscribe_url": unsubscribing.url(
            MailList(event.host_key, event.id), invited.email or ""
        ),
    }
    key = "invitation_again" if again else "invitation"
    letter = lettering.letter(
        "invitation", event, words, {"again": again}, invited.language, key=key
    )

    def post() -> None:
        outbox.post(
            "invitation",
            letter,
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

    return Composed(
        "invitation", letter, words, (words["invitation_url"], words["unsubscribe_url"]), post
    )
