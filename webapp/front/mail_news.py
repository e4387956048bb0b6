"""What has become of an event's mails, in sentences, for pages that are about something else."""

from __future__ import annotations

from flask_babel import ngettext

from webapp.events.models import Event
from webapp.mail import queries as mail


def failing(event: Event) -> list[str]:
    """How many mails will not arrive; nothing to say is an empty list."""
    counts = mail.counts(event.id)
    failed = counts["failed"] + counts["refused"] + counts["bounced"]
    if not failed:
        return []
    return [ngettext("%(num)s mail could not be delivered.", "%(num)s mails could not be delivered.", failed)]  # fmt: skip
