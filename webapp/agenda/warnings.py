"""What a colleague would point at in a draft, each in one sentence. Nothing here forbids anything."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

import sqlalchemy as sa
from flask_babel import gettext as _
from flask_babel import ngettext

from webapp.agenda import items as shape
from webapp.agenda.models import Session, SessionSpeaker, Speaker
from webapp.agenda.queries import Item
from webapp.db import db
from webapp.events.models import Event, Membership
from webapp.templating import time

# Less than this between the programme's end and the event's is air, not a gap.
GAP = dt.timedelta(minutes=15)
MINUTE = dt.timedelta(minutes=1)


def found(event: Event, items: Sequence[Item], user_id: int) -> list[str]:
    """``user_id`` is who asks: of other events only those are named that they may know of. Three queries,
    whatever the number of items."""
    if not items:
        return []
    result: list[str] = []
    over = items[-1].planned_end - event.ends_at
    if over > dt.timedelta():
        n = -int(-over // MINUTE)
        result.append(
            ngettext("The last item ends %(num)s minute after the planned end of the event.",
                     "The last item ends %(num)s minutes after the planned end of the event.", n)
        )  # fmt: skip
    elif -over >= GAP:
        n = int(-over // MINUTE)
        result.append(
            ngettext("Between the last item and the planned end of the event there is a gap of %(num)s minute.",
                     "Between the last item and the planned end of the event there is a gap of %(num)s minutes.", n)
        )  # fmt: skip
    if not any(who.role in ("chair", "moderator") for item in items for who in item.speakers):
        result.append(_("Nobody is in the chair yet: give somebody the part “Chair” in an item."))
    silent = [i.title for i in items if not i.speakers and i.kind in ("talk", "panel", "opening")]
    if silent:
        result.append(_("Nobody speaks yet in: %(titles)s.", titles=", ".join(silent)))
    return result + _in_two_places(event, items, user_id)


def _in_two_places(event: Event, items: Sequence[Item], user_id: int) -> list[str]:
    """Who stands at the same time in another event of this host."""
    mine = sa.select(Membership.id).where(
        Membership.event_id == Event.id, Membership.user_id == user_id
    )
    others = db.session.execute(
        sa.select(Session.id, Session.minutes, Event.id, Event.title, Event.starts_at)
        .join(Event, Session.event_id == Event.id)
        .where(
            Event.id != event.id,
            Event.host_key == event.host_key,
            Event.starts_at < items[-1].planned_end,
            Event.ends_at > event.starts_at,
            sa.or_(Event.state == "published", sa.and_(Event.state == "draft", mine.exists())),
            ~Session.taken_out,
        )
        .order_by(Event.id, Session.position, Session.id)
    ).all()
    if not others:
        return []
    spans: dict[int, tuple[dt.datetime, dt.datetime, str]] = {}
    ends: dict[int, dt.datetime] = {}
    for session_id, minutes, event_id, title, starts_at in others:
        start = ends.get(event_id, starts_at)
        ends[event_id] = start + dt.timedelta(minutes=minutes)
        spans[session_id] = (start, ends[event_id], title)
    names = db.session.execute(
        sa.select(SessionSpeaker.session_id, Speaker.name)
        .join(Speaker, SessionSpeaker.speaker_id == Speaker.id)
        .where(Speaker.event_id.in_(ends))
        .order_by(SessionSpeaker.id)
    )
    there: dict[str, list[tuple[dt.datetime, dt.datetime, str]]] = {}
    for session_id, name in names:
        if session_id in spans:
            there.setdefault(shape.name_key(name), []).append(spans[session_id])
    return [
        _("%(name)s is in two places at once: at %(time)s here, and in “%(event)s”.",
          name=who.name, time=time(item.planned_start, event.timezone), event=title)
        for item in items
        for who in item.speakers
        for start, end, title in there.get(shape.name_key(who.name), ())
        if start < item.planned_end and end > item.planned_start
    ]  # fmt: skip
