"""What each figure means, in one place. DESIGN section 5 is the source of every definition here.

``figures(event, at)`` answers the JSON of the contract (method ``turnout-figures/1``): ``people``,
``peak`` and ``minutes`` are the audience's, minutes are decimal, rates are fractions of 1, times UTC. What
a source cannot tell is None ("unknown"), never a guess.
"""

from __future__ import annotations

import copy
import dataclasses
import datetime as dt
from typing import Any

import numpy as np
import sqlalchemy as sa
from flask import current_app

from webapp.agenda.queries import Item, running_order
from webapp.attendance import log as visit_log
from webapp.attendance import sweep
from webapp.attendance.log import (
    AMBIGUOUS,
    ANONYMOUS,
    CONFIRMED,
    IDENTIFIED,
    MEASURED,
    NAME_ONLY,
    OPEN,
    SOURCES,
    UNKNOWN,
    Log,
    Signups,
)
from webapp.attendance.models import AttendanceMark, Companions, HeadCount, Visit
from webapp.attendance.sweep import Bools, Ints, Stretches
from webapp.clock import iso_z
from webapp.db import db, from_ms, to_ms
from webapp.events.models import Event
from webapp.signup import queries as signup_queries
from webapp.signup.models import STATUSES

METHOD = "turnout-figures/1"
# Where two sources measured presence, peak and minutes come from the one that saw the meeting itself.
_PRESENCE_ORDER = (1, 2, 0)
DEFAULT_MIN_STAY = dt.timedelta(minutes=5)


@dataclasses.dataclass(frozen=True, slots=True)
class Evening:
    """The visits of an event with every key settled: ``keys`` is the person key to count by."""

    log: Log
    # The key as recorded, before ambiguous and same-named guests were merged into their person.
    recorded: Ints
    crew_keys: Ints
    registered_keys: Ints

    @property
    def is_audience(self) -> Bools:
        return ~np.isin(self.log.keys, self.crew_keys)


def minutes_of(ms: float) -> float:
    """Milliseconds as decimal minutes, to two digits."""
    return round(ms / sweep.MS_PER_MINUTE, 2)


def settle(log: Log, signups: Signups, counts_as: dict[int, int], ambiguous: set[int]) -> Evening:
    """Decides who each visit belongs to, who is crew, and who had signed up."""
    recorded = log.keys
    keys, identities = log.keys, log.identities
    if counts_as:
        old = np.fromiter(counts_as, dtype=np.int64)
        new = np.fromiter(counts_as.values(), dtype=np.int64)
        order = np.argsort(old)
        old, new = old[order], new[order]
        place = np.clip(np.searchsorted(old, keys), 0, len(old) - 1)
        keys = np.where(old[place] == keys, new[place], keys)
    if ambiguous:
        doubtful = np.isin(recorded, np.fromiter(ambiguous, dtype=np.int64))
        identities = np.where(doubtful, AMBIGUOUS, identities)
    settled = dataclasses.replace(log, keys=keys, identities=identities)
    # The highest role a person ever had is their role.
    crew_keys = np.union1d(keys[log.crew], signups.keys[signups.crew & (signups.keys != 0)])
    linked = signups.keys != 0
    confirmed = signups.keys[linked & (signups.statuses == CONFIRMED)]
    withdrawn = signups.keys[linked & (signups.statuses != CONFIRMED)]
    # A visit by a personal link whose sign-up was erased since still came from a sign-up.
    unlinked = np.setdiff1d(keys[log.registered], np.union1d(confirmed, withdrawn))
    return Evening(settled, recorded, crew_keys, np.union1d(confirmed, unlinked))


def _distinct(values: Ints) -> int:
    return len(np.unique(values))


def _strongest(log: Log) -> tuple[Ints, Ints]:
    """(distinct keys, the surest identity each has): identified before name-only before anonymous.
    Ambiguous visits are left out: they count as somebody who is there already."""
    sure = log.identities != AMBIGUOUS
    # One sort of one number: four identities fit into two bits below the key.
    packed = np.unique((log.keys[sure] << 2) | log.identities[sure])
    keys, first = np.unique(packed >> 2, return_index=True)
    return keys, packed[first] & 3


def people_of(log: Log, recorded: Ints) -> dict[str, int]:
    """The range of people in one or several sources.

    Inside one source low = identified + name-only, high = low + ambiguous + anonymous. Across sources,
    who is in two or more of them is one person; the rest of each source cannot be matched, so only the
    largest rest is in low, while high has them all.
    """
    keys, identities = _strongest(log)
    kinds = {
        "identified": int(np.count_nonzero(identities == IDENTIFIED)),
        "name_only": int(np.count_nonzero(identities == NAME_ONLY)),
        "ambiguous": _distinct(recorded[log.identities == AMBIGUOUS]),
        "anonymous": int(np.count_nonzero(identities == ANONYMOUS)),
    }
    if len(np.unique(log.sources)) <= 1:
        low = kinds["identified"] + kinds["name_only"]
        return {"low": low, "high": low + kinds["ambiguous"] + kinds["anonymous"], **kinds}
    seen_in = np.zeros(len(keys), dtype=np.int64)
    members = []
    for source in np.unique(log.sources):
        inside = np.isin(keys, log.keys[log.sources == source])
        members.append((source, inside))
        seen_in += inside
    joined = int(np.count_nonzero(seen_in > 1))
    lows, highs = [0], []
    for source, inside in members:
        rest = inside & (seen_in == 1)
        named = int(np.count_nonzero(rest & (identities != ANONYMOUS)))
        doubtful = recorded[(log.sources == source) & (log.identities == AMBIGUOUS)]
        lows.append(named)
        highs.append(int(np.count_nonzero(rest)) + _distinct(doubtful))
    return {"low": joined + max(lows), "high": joined + sum(highs), **kinds}


def stretches_of(log: Log) -> Stretches:
    """Everybody's presence as far as its end is known, merged per person."""
    known = log.only(log.end_known != UNKNOWN)
    return sweep.union(known.keys, known.starts, known.ends, known.end_known == MEASURED)


def _peak(log: Log, stretches: Stretches) -> dict[str, Any] | None:
    top = sweep.peak(stretches.starts, stretches.ends)
    if top is None:
        return None
    real = (log.end_known != UNKNOWN) & (log.ends > log.starts)
    connections = sweep.peak(log.starts[real], log.ends[real])
    return {
        "people": top.count,
        "at": iso_z(from_ms(top.at)),
        "connections": connections.count if connections else 0,
    }


def _minutes(log: Log, stretches: Stretches, event: Event) -> dict[str, Any] | None:
    if not np.any(log.end_known != UNKNOWN):
        return None
    keys, ms = sweep.per_key_ms(stretches)
    total = int(ms.sum())
    inside = sweep.clip(stretches, to_ms(event.actual_start), to_ms(event.actual_end))
    lengths = stretches.ends - stretches.starts
    # Average and median are over the people all of whose ends are known; zero-length stays are stays.
    open_keys = log.keys[(log.end_known == UNKNOWN) | (log.end_known == OPEN)]
    closed_keys = np.setdiff1d(log.keys, open_keys)
    stays = np.zeros(len(closed_keys), dtype=np.int64)
    place = np.searchsorted(closed_keys, keys)
    place = np.clip(place, 0, max(len(closed_keys) - 1, 0))
    if len(closed_keys):
        match = closed_keys[place] == keys
        stays[place[match]] = ms[match]
    return {
        "total": minutes_of(total),
        "within_event": minutes_of(int((inside.ends - inside.starts).sum())),
        "average": minutes_of(float(stays.mean())) if len(stays) else None,
        "median": minutes_of(float(np.median(stays))) if len(stays) else None,
        "measured_share": round(int(lengths[stretches.measured].sum()) / total, 4)
        if total
        else None,
        "open_ended": int(np.count_nonzero(log.end_known == UNKNOWN)),
    }


def presence_source(log: Log) -> int | None:
    """The one source peak and minutes come from; None if no source measured presence."""
    for source in _PRESENCE_ORDER:
        if np.any((log.sources == source) & (log.end_known != UNKNOWN)):
            return source
    return None


def _group(evening: Evening, mask: Bools, event: Event) -> dict[str, Any]:
    """people, peak and minutes of the visits in ``mask``."""
    log, recorded = evening.log.only(mask), evening.recorded[mask]
    source = presence_source(log)
    result: dict[str, Any] = {"people": people_of(log, recorded), "peak": None, "minutes": None}
    if source is not None:
        part = log.only(log.sources == source)
        stretches = stretches_of(part)
        result["peak"] = _peak(part, stretches)
        result["minutes"] = _minutes(part, stretches, event)
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
        if stretches is not None:
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
    audience = evening.log.only(evening.is_audience)
    source = presence_source(audience)
    return None if source is None else stretches_of(audience.only(audience.sources == source))


def _evening(event_id: int) -> tuple[Evening, Signups]:
    signups = visit_log.signups(event_id)
    counts_as, ambiguous = visit_log.same_names(event_id)
    return settle(visit_log.visits(event_id), signups, counts_as, ambiguous), signups


def _compute(event: Event, items: list[Item], at: dt.datetime) -> dict[str, Any]:
    evening, signups = _evening(event.id)
    log, audience = evening.log, evening.is_audience
    counts = np.bincount(signups.statuses, minlength=len(STATUSES))
    confirmed = int(counts[CONFIRMED])
    came = signups.attended | ((signups.keys != 0) & np.isin(signups.keys, log.keys))
    registered_attended = int(np.count_nonzero(came & (signups.statuses == CONFIRMED)))
    own_door = log.sources == SOURCES.index("turnout")
    guest_keys = np.setdiff1d(log.keys[audience], evening.registered_keys)
    sources = np.unique(log.sources).tolist()
    whole = _group(evening, audience, event)
    # The same visits are not swept twice: most evenings have one source, and often no crew in it.
    everybody = whole if audience.all() else _group(evening, np.ones(len(log), dtype=bool), event)
    by_source = [
        {
            "source": SOURCES[source],
            **(
                whole
                if len(sources) == 1
                else _group(evening, audience & (log.sources == source), event)
            ),
        }
        for source in sources
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
            "doors": _distinct(log.keys[own_door]),
            "crew": _distinct(log.keys[~audience]),
            "registered_attended": registered_attended,
            "guests": len(guest_keys),
            "show_up_rate": round(registered_attended / confirmed, 4) if confirmed else None,
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
