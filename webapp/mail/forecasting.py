"""When a batch of mails will be through, said before it is sent (DESIGN rule 14).

What waits in the same lane or a more urgent one goes first; the pace is what was measured last, and the
server's quotas hold it back. Minute by minute, as the quotas look back over a rolling hour and day.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import itertools
from collections import Counter
from typing import Literal

import sqlalchemy as sa
from flask import current_app

from webapp.clock import UTC
from webapp.db import db, from_ms, to_ms
from webapp.mail import queries
from webapp.mail.models import LANES, OutgoingMail
from webapp.mail.outbox import Lane

# Mails in a minute where none was sent lately: what a small mail server takes without trouble.
ASSUMED_PACE = 120.0
# So many of the last mails say how fast they go, if they left within a day.
_SAMPLE = 500
_ENOUGH = 20
# A longer pause between two mails is one in which nothing was due.
_BUSY_MS = 3_000
_MINUTE = dt.timedelta(minutes=1)
_MINUTE_MS = 60_000
# In minutes, how far back each quota looks.
Span = Literal["hour", "day"]
_LONG: dict[Span, int] = {"hour": 60, "day": 24 * 60}
# Further ahead nobody plans a mail.
FURTHEST = 31 * _LONG["day"]


@dataclasses.dataclass(frozen=True, slots=True)
class Forecast:
    """``ends_at`` (aware) is when the last of ``count`` mails will have left: None if no mail server is
    set, or not within a month. ``ahead`` go before them. ``pace`` is in mails a minute, ``is_measured``
    whether it was seen or is taken as likely; ``held_by`` the quota that makes the batch wait."""

    count: int
    ahead: int
    ends_at: dt.datetime | None
    pace: float
    is_measured: bool
    held_by: Span | None = None
    has_server: bool = True


def _measured_pace(at: dt.datetime) -> float | None:
    """Mails a minute while there was something to do; None if too few left in the last day."""
    sent = list(
        db.session.scalars(
            sa.select(sa.type_coerce(OutgoingMail.sent_at, sa.BigInteger()))
            .where(OutgoingMail.sent_at.is_not(None), OutgoingMail.sent_at > at - queries.DAY)
            .order_by(OutgoingMail.sent_at.desc())
            .limit(_SAMPLE)
        )
    )
    gaps = [later - sooner for later, sooner in itertools.pairwise(sent)]
    busy = [gap for gap in gaps if gap <= _BUSY_MS]
    if len(busy) < _ENOUGH:
        return None
    return len(busy) * _MINUTE_MS / max(sum(busy), 1)


def _sent_by_minute(at: dt.datetime) -> Counter[int]:
    """How many left in each minute of the last day; minutes are counted back from ``at``, 0 is the last."""
    age = (to_ms(at) - sa.type_coerce(OutgoingMail.sent_at, sa.BigInteger())) / _MINUTE_MS
    minute = sa.cast(age, sa.Integer)
    rows = db.session.execute(
        sa.select(minute, sa.func.count())
        .where(OutgoingMail.sent_at.is_not(None), OutgoingMail.sent_at > at - queries.DAY)
        .group_by(minute)
    )
    return Counter({int(back): number for back, number in rows})


def _ahead(rank: int) -> int:
    return (
        db.session.scalar(
            sa.select(sa.func.count())
            .select_from(OutgoingMail)
            .where(queries.WAITING, OutgoingMail.lane_rank <= rank)
        )
        or 0
    )


def _minutes(
    total: int, pace: float, quotas: dict[Span, int], past: Counter[int]
) -> tuple[float | None, Span | None]:
    """(minutes until ``total`` mails have left, or None; the quota that held them back longest)."""
    # Minute 0 is the first one from now on; what left before has a number below it.
    sent: dict[int, float] = {-1 - back: number for back, number in past.items()}
    inside: dict[Span, float] = {
        name: sum(number for minute, number in sent.items() if minute >= -_LONG[name])
        for name in quotas
    }
    held: Counter[Span] = Counter()
    rest = float(total)
    for minute in range(FURTHEST if quotas else 1):
        allowed, holder = (pace if quotas else rest), None
        for name, quota in quotas.items():
            inside[name] -= sent.get(minute - _LONG[name], 0)
            if quota - inside[name] < allowed:
                allowed, holder = max(0, quota - inside[name]), name
        if rest <= allowed:
            return minute + rest / pace, next((name for name, _ in held.most_common(1)), None)
        if holder is not None:
            held[holder] += 1
        rest -= allowed
        sent[minute] = allowed
        for name in quotas:
            inside[name] += allowed
    return None, next((name for name, _ in held.most_common(1)), None)


def forecast(
    count: int, lane: Lane, at: dt.datetime, *, not_before: dt.datetime | None = None
) -> Forecast:
    """When ``count`` mails of ``lane`` would be through if they were queued at ``at``, or, held until then,
    at ``not_before``. Four queries."""
    config = current_app.config
    measured = _measured_pace(at)
    pace = measured or ASSUMED_PACE
    ahead = _ahead(LANES.index(lane))
    if not_before is not None and not_before > at:
        if config["MAIL_HOURLY_QUOTA"] is None and config["MAIL_DAILY_QUOTA"] is None:
            # What waits now has mostly left by then. Under a quota nobody can say, so all of it counts.
            ahead = max(0, ahead - int((not_before - at) / _MINUTE * pace))
        at = not_before
    if not config["MAIL_SERVER"]:
        return Forecast(count, ahead, None, pace, measured is not None, has_server=False)
    quotas: dict[Span, int] = {}
    if config["MAIL_HOURLY_QUOTA"] is not None:
        quotas["hour"] = config["MAIL_HOURLY_QUOTA"]
    if config["MAIL_DAILY_QUOTA"] is not None:
        quotas["day"] = config["MAIL_DAILY_QUOTA"]
    pause = queries.pause()
    start = max(at, pause.until) if pause is not None else at
    past = _sent_by_minute(start) if quotas else Counter[int]()
    minutes, held_by = _minutes(ahead + count, pace, quotas, past)
    ends_at = None
    if minutes is not None:
        ends_at = from_ms(to_ms((start + minutes * _MINUTE).astimezone(UTC)))
    return Forecast(count, ahead, ends_at, pace, measured is not None, held_by)
