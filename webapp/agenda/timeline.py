"""What really happened, put right afterwards: presses that were forgotten, or made at the wrong moment."""

from __future__ import annotations

import dataclasses
import datetime as dt
import itertools
from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from flask_babel import gettext as _

from webapp import clock
from webapp.agenda import queries, rows
from webapp.agenda.drafting import By, locked, name_of
from webapp.agenda.models import Session
from webapp.agenda.queries import Item
from webapp.audit import operations as audit
from webapp.db import db
from webapp.errors import Refused
from webapp.events.models import Event


@dataclasses.dataclass(frozen=True, slots=True)
class Times:
    """When an item (or the evening) began and ended, UTC; None where nobody knows, or it goes on."""

    started_at: dt.datetime | None
    ended_at: dt.datetime | None
    is_skipped: bool = False


def of(item: Item) -> Times:
    return Times(item.started_at, item.ended_at, item.skipped_at is not None)


def mend(
    event: Event,
    evening: Times,
    wanted: Mapping[str, Times],
    at: dt.datetime,
    by: By,
) -> list[str]:
    """Makes ``evening`` and ``wanted`` (by key) what really happened; says what changed, a line for each.

    Every time that changes is marked as entered at ``at`` by ``by``. Raises Refused, naming the item: for
    times in the wrong order, two items at once, an item outside of the evening, a moment that is still to
    come. Where nobody pressed Start the evening begins with its first item, as it does for a press.
    """
    event = locked(event)
    phase = event.phase(at)
    if phase not in ("live", "over") and event.started_at is None:
        raise Refused(_("What really happened can be put right once the event has begun."), "early")
    items = queries.running_order(event)
    after = [(item, wanted.get(item.key, of(item))) for item in items]
    starts = [times.started_at for _item, times in after if times.started_at]
    if evening.started_at is None and starts:
        evening = dataclasses.replace(evening, started_at=min(starts))
    if phase != "over" and evening.ended_at != event.ended_at:
        raise Refused(_("The event is still on: End stands in the cockpit."), "end")
    _check(event, evening, after, at)
    changes = _write_evening(event, evening)
    for item, times in after:
        changes += _write(event, item, times, at, by)
    if changes:
        rows.put_back(event)
        event.touch()
        audit.record("agenda.mended", at=at, event_id=event.id, summary=" ".join(changes), actor=by)
    db.session.flush()
    return changes


def _clock(moment: dt.datetime, event: Event) -> str:
    return moment.astimezone(clock.zone(event.timezone)).strftime("%H:%M:%S")


def _check(
    event: Event, evening: Times, after: Sequence[tuple[Item, Times]], at: dt.datetime
) -> None:
    ends = evening.ended_at
    if evening.started_at and ends and ends < evening.started_at:
        raise Refused(_("The evening ends before it begins."), "end")
    for moment in (evening.started_at, ends):
        if moment and moment > at:
            raise Refused(_("%(time)s is still to come.", time=_clock(moment, event)), "end")
    for item, times in after:
        _check_one(event, evening, item, times, at)
    held = sorted(
        ((times.started_at, item, times) for item, times in after if times.started_at),
        key=lambda one: one[0],
    )
    for (_start, item, times), (begins, following, _times) in itertools.pairwise(held):
        if times.ended_at is None:
            raise Refused(
                _("%(name)s has no end, and %(next)s began after it.",
                  name=item.heading, next=following.heading),
                item.key,
            )  # fmt: skip
        if times.ended_at > begins or times.started_at == begins:
            raise Refused(
                _("%(name)s and %(next)s were on at the same time: one until %(end)s, the other from %(start)s.",
                  name=item.heading, next=following.heading,
                  end=_clock(times.ended_at, event), start=_clock(begins, event)),
                following.key,
            )  # fmt: skip


def _check_one(event: Event, evening: Times, item: Item, times: Times, at: dt.datetime) -> None:
    name, start, end = item.heading, times.started_at, times.ended_at
    if start is None:
        if end:
            raise Refused(_("%(name)s has an end and no start.", name=name), item.key)
        return
    if times.is_skipped:
        raise Refused(_("%(name)s has a start, so it did take place.", name=name), item.key)
    if end and end < start:
        raise Refused(_("%(name)s ends before it starts.", name=name), item.key)
    if (end or start) > at:
        raise Refused(_("%(name)s: %(time)s is still to come.", name=name, time=_clock(end or start, event)), item.key)  # fmt: skip
    if evening.started_at and start < evening.started_at:
        raise Refused(_("%(name)s starts before the evening began at %(time)s.", name=name, time=_clock(evening.started_at, event)), item.key)  # fmt: skip
    if evening.ended_at and end is None:
        raise Refused(_("%(name)s has a start and no end.", name=name), item.key)
    if evening.ended_at and end and end > evening.ended_at:
        raise Refused(_("%(name)s goes on after the evening ended at %(time)s.", name=name, time=_clock(evening.ended_at, event)), item.key)  # fmt: skip


def _change(
    event: Event, name: str, what: str, before: dt.datetime | None, after: dt.datetime | None
) -> str:
    nothing = _("nothing")
    return _("%(name)s: %(what)s %(after)s instead of %(before)s.", name=name, what=what,
             after=_clock(after, event) if after else nothing,
             before=_clock(before, event) if before else nothing)  # fmt: skip


def _write_evening(event: Event, evening: Times) -> list[str]:
    changes = []
    if evening.started_at != event.started_at:
        changes.append(_change(event, _("The evening"), _("start"), event.started_at, evening.started_at))  # fmt: skip
        event.started_at = evening.started_at
    if evening.ended_at != event.ended_at:
        changes.append(_change(event, _("The evening"), _("end"), event.ended_at, evening.ended_at))
        event.ended_at = evening.ended_at
    return changes


def _write(event: Event, item: Item, times: Times, at: dt.datetime, by: By) -> list[str]:
    changes = []
    values: dict[str, Any] = {}
    for name, what in (("started", _("start")), ("ended", _("end"))):
        before, after = getattr(item, f"{name}_at"), getattr(times, f"{name}_at")
        if before == after:
            continue
        changes.append(_change(event, item.heading, what, before, after))
        values |= {
            f"{name}_at": after,
            f"{name}_entered_at": at if after else None,
            f"{name}_entered_by": name_of(by) if after else "",
        }
    if times.is_skipped != (item.skipped_at is not None):
        said = _("%(name)s: does not take place.") if times.is_skipped else _("%(name)s: takes place after all.")  # fmt: skip
        changes.append(said % {"name": item.heading})
        values["skipped_at"] = at if times.is_skipped else None
    if values:
        db.session.execute(sa.update(Session).where(Session.id == item.id).values(**values))
    return changes
