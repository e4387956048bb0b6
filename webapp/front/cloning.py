"""A new event like one there was: all that was set up for it, nothing of what happened or of its people.

Each package copies its own rows. What becomes of every table, and why, is said in
``tests/front/test_cloning.py``, which fails when a new one has not been thought of.
"""

from __future__ import annotations

import copy
import datetime as dt
from typing import Any

from webapp import clock
from webapp.accounts.models import User
from webapp.agenda import operations as agenda
from webapp.agenda import queries as agenda_queries
from webapp.cohosts import operations as cohosts
from webapp.db import db
from webapp.events import local_times, rules
from webapp.events import operations as events
from webapp.events.models import Event
from webapp.mail import texts as mail_texts
from webapp.mailing import operations as mailing
from webapp.signup import operations as signups
from webapp.signup import questions

# Said anew for each event.
_OWN = ("slug", "title", "starts_at", "ends_at", "opens_at", "closes_at")


def starts_at_clock(event: Event) -> dt.datetime:
    """The planned start as a clock in the event's zone shows it, in whole minutes: naive."""
    local = local_times.to_local(event.starts_at, event.timezone)
    return local.replace(second=0, microsecond=0, fold=0)


def moments(source: Event, starts: dt.datetime) -> dict[str, dt.datetime | None]:
    """The four moments of an event that begins at ``starts`` (naive, a clock in the zone of ``source``).
    All of them are as far from the start as there, in days and on the clock: 19:00 stays 19:00 also where
    summer time lies between. Of a clock time that comes twice the earlier is taken.

    Raises Refused "starts_at" or "ends_at" for a clock time that does not exist on that day. Where sign-up
    would open or close at one, it does as much later as the clocks jump.
    """
    by = starts - starts_at_clock(source)
    zone = clock.zone(source.timezone)
    found: dict[str, dt.datetime | None] = {
        "starts_at": local_times.to_moment(starts, source.timezone, 0, "starts_at")
    }
    for name in ("ends_at", "opens_at", "closes_at"):
        before: dt.datetime | None = getattr(source, name)
        local = local_times.to_local(before, source.timezone) + by if before else None
        if local is None:
            found[name] = None
        elif name == "ends_at":
            found[name] = local_times.to_moment(local, source.timezone, 0, name)
        else:
            found[name] = local.replace(tzinfo=zone, fold=0).astimezone(dt.UTC)
    return found


def clone(
    source: Event,
    *,
    title: str,
    slug: str,
    starts: dt.datetime,
    with_targets: bool,
    with_links: bool,
    at: dt.datetime,
    by: User,
) -> Event:
    """A new draft like ``source`` that begins at ``starts``, a clock in its zone: form, agenda, words of its
    mails, reminders, drafts of mails to many, hosts, team, texts in other languages and settings. Whoever
    makes it owns it. ``with_targets``: people join at the same addresses; ``with_links``: the named links are
    there as well. Raises Refused with the field's name as its code."""
    values: dict[str, Any] = {
        name: copy.deepcopy(getattr(source, name)) for name in rules.FIELDS if name not in _OWN
    }
    values |= moments(source, starts)
    values |= {"title": title} | ({"slug": slug} if slug else {})
    values["cohosts"] = [{"key": c.key, "name": c.name, "url": c.url} for c in source.cohosts]
    if with_targets:
        values["targets"] = [
            {"label": t.label, "url": t.url, "language": t.language} for t in source.targets
        ]
    event = events.create(values, at=at, by=by)
    events.take_over(source, event, at)
    cohosts.copy(source, event)
    questions.replace(event, questions.as_file(source.id))
    agenda.replace(event, agenda_queries.as_file(agenda_queries.draft(source)), at)
    if with_links:
        signups.copy_links(source.id, event.id, at)
    event.mail_texts = mail_texts.copy(source.id, event.id, at=at, by=by.email)
    mailing.copy(source, event, at, by)
    events.record(event, "event.cloned", at, by, of=source.title)
    db.session.flush()
    return event
