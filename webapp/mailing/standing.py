"""What of an event's mail is held or waits for somebody's OK, in sentences, for pages that are about something
else."""

from __future__ import annotations

import datetime as dt

from flask_babel import gettext as _
from flask_babel import ngettext

from webapp.events.models import Event
from webapp.mailing import operations, queries, timeline, words
from webapp.mailing.models import Mailing
from webapp.mailing.timeline import Line
from webapp.templating import moment


def _named(name: str, count: int) -> str:
    return _("%(name)s to %(people)s", name=name, people=words.people(count))


def _held(mailings: list[Mailing], event: Event, by_door: bool) -> list[str]:
    found = []
    for mailing in mailings:
        if mailing.state != "held" or mailing.held_until is None:
            continue
        count = operations.reach(mailing, event).people
        when = moment(mailing.held_until, event.timezone)
        found.append(_("%(mail)s, %(when)s", mail=_named(words.name(mailing, by_door), count), when=when))  # fmt: skip
    return found


def _waiting(lines: list[Line]) -> list[str]:
    return [_named(line.name, line.count) for line in lines if line.count]


def sentences(event: Event, at: dt.datetime) -> list[str]:
    """One about mails that go out by themselves unless somebody stops them, one about those that wait; none
    where there is nothing to say."""
    mailings = queries.of_event(event.id)
    known = queries.known(event) if event.phase(at) == "over" else None
    by_door = known.by_door if known else event.presence != "room"
    held = _held(mailings, event, by_door)
    waiting = _waiting(timeline.waiting(event, mailings, known, at))
    found = []
    if held:
        found.append(ngettext("%(num)s mailing goes out by itself unless you stop it: %(what)s.", "%(num)s mailings go out by themselves unless you stop them: %(what)s.", len(held), what="; ".join(held)))  # fmt: skip
    if waiting:
        found.append(ngettext("%(num)s mailing waits for your OK: %(what)s.", "%(num)s mailings wait for your OK: %(what)s.", len(waiting), what="; ".join(waiting)))  # fmt: skip
    return found
