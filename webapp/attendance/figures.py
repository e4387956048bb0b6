"""What each figure means, in one place. DESIGN section 5 is the source of every definition here.

``figures(event, at)`` answers the JSON of the contract (method ``turnout-figures/1``): ``people``,
``peak`` and ``minutes`` are the audience's, minutes are decimal, rates are fractions of 1, times UTC. What
a source cannot tell is None ("unknown"), never a guess.
"""

from __future__ import annotations

import copy
import datetime as dt
from typing import Any

import numpy as np
import sqlalchemy as sa
from flask import current_app

from webapp.agenda.queries import Item, running_order
from webapp.attendance import log as visit_log
from webapp.attendance import sweep
from webapp.attendance.evening import Evening, people_of, settle
from webapp.attendance.log import CONFIRMED, OPEN, SOURCES, UNKNOWN, Signups
from webapp.attendance.models import AttendanceMark, Companions, HeadCount, Visit
from webapp.attendance.sweep import Bools, Stretches
from webapp.clock import iso_z
from webapp.db import db, from_ms, to_ms
from webapp.events.models import Event
from webapp.signup import queries as signup_queries
from webapp.signup.models import STATUSES

METHOD = "turnout-figures/1"
DEFAULT_MIN_STAY = dt.timedelta(minutes=5)


def minutes_of(ms: float) -> float:
    """Milliseconds as decimal minutes, to two digits."""
    return round(ms / sweep.MS_PER_MINUTE, 2)


def _peak(evening: Evening, visits: Bools, stretches: Stretches) -> dict[str, Any] | None:
    top = sweep.peak_of(stretches)
    if top is None:
        return None
    log = evening.log
    real = visits & (log.end_known != UNKNOWN) & (log.ends > log.starts)
    connections = sweep.peak(log.starts[real], log.ends[real])
    return {
        "people": top.count,
        "at": iso_z(from_ms(top.at)),
        "connections": connections.count if connections else 0,
    }


def _minutes(
    evening: Evening, visits: Bools, stretches: Stretches, event: Event
) -> dict[str, Any] | None:
    unknown = visits & (evening.log.end_known == UNKNOWN)
    persons, ms = sweep.per_key_ms(stretches)
    total = int(ms.sum())
    inside = sweep.clip(stretches, to_ms(event.actual_start), to_ms(event.actual_end))
    lengths = stretches.ends - stretches.starts
    # Average and median are over the people all of whose ends are known; zero-length stays are stays.
    is_open = evening.persons(unknown | (visits & (evening.log.end_known == OPEN)))
    stays = np.zeros(len(is_open), dtype=np.int64)
    stays[persons] = ms
    stays = stays[evening.persons(visits) & ~is_open]
    return {
        "total": minutes_of(total),
        "within_event": minutes_of(int((inside.ends - inside.starts).sum())),
        "average": minutes_of(float(stays.mean())) if len(stays) else None,
        "median": minutes_of(float(np.median(stays))) if len(stays) else None,
        "measured_share": round(int(lengths[stretches.measured].sum()) / total, 4)
        if total
        else None,
        "open_ended": int(np.count_nonzero(unknown)),
    }


def _group(evening: Evening, persons: Bools, event: Event, source: int | None = None) -> dict[str, Any]:  # fmt: skip
    """people, peak and minutes of ``persons``, in one source or in all of them."""
    visits = evening.visits_of(persons)
    if source is not None:
        visits &= evening.log.sources == source
    result: dict[str, Any] = {"people": people_of(evening, visits), "peak": None, "minutes": None}
    measured_by = evening.presence_source(visits)
    if measured_by is not None:
        visits &= evening.log.sources == measured_by
        stretches = evening.presence(measured_by, persons)
        result["peak"] = _peak(evening, visits, stretches)
        result["minutes"] = _minutes(evening, visits, stretches, event)
    return result


def min_stay_ms(event: Event, length_ms: int) -> float:
    """How long somebody must be in a session to have *stayed*: the event's own minimum, else five
    minutes or half of the session, whichever is shorter."""
    if event.min_stay_minutes is not None:
        return event.min_stay_minutes * sweep.MS_PER_MINUTE
    return min(DEFAULT_MIN_STAY / dt.timedelta(milliseconds=1), length_ms / 2)


def session_span(item: Item, event: Event, at: dt.datetime) -> tuple[dt.datetime, dt.datetime]:
    """When the session really was; as planned, where that was not recorded."""
    if item.started_at is None:
        return item.planned_start, item.planned_end
    if item.ended_at is not None:
        return item.started_at, item.ended_at
    running_until = event.ended_at or min(at, event.closes_by)
    return item.started_at, max(item.started_at, running_until)


def _sessions(
    items: list[Item], stretches: Stretches | None, event: Event, at: dt.datetime
) -> list[dict[str, Any]]:
    rows = []
    for item in items:
        start, end = (to_ms(moment) for moment in session_span(item, event, at))
        row: dict[str, Any] = {
            "key": item.key,
            "title": item.title,
            "speakers": [who.name for who in item.speakers],
            "planned_start": iso_z(item.planned_start),
            "planned_end": iso_z(item.planned_end),
            "started_at": iso_z(item.started_at) if item.started_at else None,
            "ended_at": iso_z(item.ended_at) if item.ended_at else None,
            "people": None, "stayed": None, "at_start": None, "peak": None, "minutes": None,
            "average": None,
        }  # fmt: skip
        # Of what did not take place nothing is known that could be counted.
        if stretches is not None and item.skipped_at is None:
            seen = sweep.window(stretches, start, end, min_stay_ms(event, end - start))
            row |= {
                "people": seen.people,
                "stayed": seen.stayed,
                "at_start": seen.at_start,
                "peak": seen.peak,
                "minutes": minutes_of(seen.total_ms),
                "average": minutes_of(seen.total_ms / seen.people) if seen.people else None,
            }
        rows.append(row)
    return rows


def _audience_presence(evening: Evening) -> Stretches | None:
    audience = ~evening.is_crew
    source = evening.presence_source(evening.visits_of(audience))
    return None if source is None else evening.presence(source, audience)


def _evening(event_id: int) -> tuple[Evening, Signups]:
    signups = visit_log.signups(event_id)
    counts_as, ambiguous = visit_log.same_names(event_id)
    return settle(visit_log.visits(event_id), signups, counts_as, ambiguous), signups


def _compute(event: Event, items: list[Item], at: dt.datetime) -> dict[str, Any]:
    evening, signups = _evening(event.id)
    sources = evening.log.sources
    counts = np.bincount(signups.statuses, minlength=len(STATUSES))
    confirmed = int(counts[CONFIRMED])
    audience = ~evening.is_crew
    whole = _group(evening, audience, event)
    # The same visits are not counted twice: most evenings have one source, and often no crew in it.
    everybody = whole if audience.all() else _group(evening, np.ones_like(audience), event)
    seen = np.flatnonzero(np.bincount(sources)).tolist()
    by_source = [
        {
            "source": SOURCES[source],
            **(whole if len(seen) == 1 else _group(evening, audience, event, source)),
        }
        for source in seen
    ]
    head_counts = db.session.scalars(
        sa.select(HeadCount).where(HeadCount.event_id == event.id).order_by(HeadCount.at)
    )
    together = db.session.scalar(
        sa.select(sa.func.sum(Companions.count)).where(Companions.event_id == event.id)
    )
    return {
        "event": event.slug,
        "as_of": iso_z(at),
        "method": METHOD,
        "signups": {word: int(counts[STATUSES.index(word)]) for word in STATUSES},
        "attendance": {
            **whole,
            "doors": int(np.count_nonzero(evening.persons(sources == SOURCES.index("turnout")))),
            "crew": int(np.count_nonzero(evening.is_crew)),
            "registered_attended": evening.registered_attended,
            "guests": int(np.count_nonzero(audience & ~evening.is_registered)),
            "show_up_rate": round(evening.registered_attended / confirmed, 4)
            if confirmed
            else None,
            "everybody": everybody,
            "by_source": by_source,
            "watching_together": int(together or 0),
            "head_counts": [
                {"count": row.count, "at": iso_z(row.at), "source": row.source}
                for row in head_counts
            ],
            "platform": [],
        },
        "sessions": _sessions(items, _audience_presence(evening), event, at),
    }


def _stamp(event: Event, items: list[Item], at: dt.datetime) -> tuple[Any, ...]:
    """Changes when any figure could: new visits, changed visits, sign-ups, agenda, head-counts. While a
    session runs its figures change with the clock, so they are at most two seconds old."""
    newest = db.session.scalar(sa.select(sa.func.max(Visit.id)).where(Visit.event_id == event.id))
    mark = db.session.scalar(
        sa.select(AttendanceMark.revision).where(AttendanceMark.event_id == event.id)
    )
    heads = db.session.execute(
        sa.select(sa.func.count(HeadCount.id), sa.func.max(HeadCount.id)).where(
            HeadCount.event_id == event.id
        )
    ).one()
    together = db.session.execute(
        sa.select(sa.func.count(Companions.id), sa.func.sum(Companions.count)).where(
            Companions.event_id == event.id
        )
    ).one()
    running = any(item.started_at and not item.ended_at for item in items)
    return (
        newest, mark, tuple(heads), tuple(together), tuple(items), event.revision,
        event.actual_start, event.actual_end, event.min_stay_minutes,
        tuple(signup_queries.counts(event.id).items()),
        int(at.timestamp() // 2) if running and event.ended_at is None else None,
    )  # fmt: skip


def figures(event: Event, at: dt.datetime) -> dict[str, Any]:
    """The contract's JSON for one event as of ``at`` (aware). Kept until something changes."""
    cache: dict[int, tuple[Any, dict[str, Any]]] = current_app.extensions.setdefault(
        "figures_cache", {}
    )
    items = list(running_order(event))
    stamp = _stamp(event, items, at)
    kept = cache.get(event.id)
    if kept is None or kept[0] != stamp:
        kept = (stamp, _compute(event, items, at))
        cache[event.id] = kept
    result = copy.deepcopy(kept[1])
    result["as_of"] = iso_z(at)
    return result


def curve(event: Event, at: dt.datetime | None = None) -> list[tuple[dt.datetime, int]] | None:
    """People present as each clock minute (UTC) began, from the first arrival to the last departure;
    None where no source measured presence. For charts: the peak is never taken from here."""
    evening, _ = _evening(event.id)
    stretches = _audience_presence(evening)
    if stretches is None or not len(stretches):
        return None
    start, end = int(stretches.starts.min()), int(stretches.ends.max())
    return [(from_ms(moment), count) for moment, count in sweep.per_minute(stretches, start, end)]


def stayed(event: Event, minutes: int | None = None) -> frozenset[int] | None:
    """The recorded keys of everybody who was there for ``minutes``, or else the event's minimum stay, between
    its actual start and end, on whatever devices; None where no source measured presence."""
    evening, _ = _evening(event.id)
    everybody = np.ones(len(evening.is_crew), dtype=bool)
    source = evening.presence_source(evening.visits_of(everybody))
    if source is None:
        return None
    start, end = to_ms(event.actual_start), to_ms(event.actual_end)
    persons, ms = sweep.per_key_ms(sweep.clip(evening.presence(source, everybody), start, end))
    long_enough = np.zeros(len(everybody), dtype=bool)
    least = min_stay_ms(event, end - start) if minutes is None else minutes * sweep.MS_PER_MINUTE
    long_enough[persons[ms >= least]] = True
    return frozenset(evening.recorded[evening.visits_of(long_enough)].tolist())
