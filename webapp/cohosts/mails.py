"""What co-hosts and organisers are told about lists that were handed over, or were not.

These mails are to people who work on the event, not to those who come; so they are none of the event's own,
which are emptied with its people.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from webapp.accounts.models import User
from webapp.cohosts import links
from webapp.events.models import CoHost, Event
from webapp.mail import outbox
from webapp.templating import absolute_url

# About a duty that does not end with the evening.
LASTS = dt.timedelta(days=7)


def removals(event: Event, cohost: CoHost, people: int, at: dt.datetime) -> None:
    """So many people of their list want to be removed; who, their private page says."""
    url = links.url(cohost)
    outbox.queue(
        "cohost_removals",
        to_address=cohost.contact_email or "",
        to_name=cohost.name,
        context={"event": event, "people": people, "page_url": url, "host": event.host_name},
        at=at,
        expires_at=at + LASTS,
        secrets=[url] if url else [],
        is_sample=event.is_sample,
        language=event.language,
    )


def not_handed_over(
    event: Event,
    user: User,
    waiting: Sequence[tuple[str, int]],
    until: dt.datetime,
    at: dt.datetime,
) -> None:
    """These people agreed to hear from a host, and are about to be deleted without it having been told."""
    outbox.queue(
        "handover_waiting",
        to_address=user.email,
        to_name=user.name or "",
        context={
            "event": event, "waiting": waiting, "until": until,
            "page_url": absolute_url("cohosts.index", slug=event.slug),
        },
        at=at,
        expires_at=until,
        is_sample=event.is_sample,
        language="en",
    )  # fmt: skip
