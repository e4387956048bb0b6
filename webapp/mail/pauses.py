"""When the trouble is ours: delivery stops for a while, says why, and tries again by itself."""

from __future__ import annotations

import datetime as dt
from typing import Any, Literal

import sqlalchemy as sa

from webapp.db import db
from webapp.mail import queries
from webapp.mail.models import DeliveryPause

# Minutes, by how often in a row it ended in the same trouble. One refusal that is in truth about a
# single recipient costs everybody a minute; a login that is really wrong does not hammer the server.
_REFUSED = (1, 5, 15, 30, 60)
# Seconds. A server that restarts must not cost the last mails before an event.
_UNREACHABLE = (5, 15, 30, 60)


def _length(kind: str, times: int) -> dt.timedelta:
    if kind == "refused":
        return dt.timedelta(minutes=_REFUSED[min(times, len(_REFUSED)) - 1])
    return dt.timedelta(seconds=_UNREACHABLE[min(times, len(_UNREACHABLE)) - 1])


def begin(at: dt.datetime, kind: Literal["refused", "unreachable"], reason: str) -> DeliveryPause:
    """Pauses delivery from ``at``, or goes on with the open pause, longer each time."""
    pause = queries.pause()
    if pause is None or pause.kind != kind:
        end(at)
        pause = DeliveryPause(since=at, until=at, kind=kind, times=0, reason=reason)
        db.session.add(pause)
    # Another worker met the same trouble in the same moment: that is one time, not two.
    if pause.until <= at:
        pause.times += 1
        pause.until = at + _length(kind, pause.times)
    pause.reason = reason
    return pause


def end(at: dt.datetime) -> int:
    """Ends every open pause; answers how many there were."""
    ended: Any = db.session.execute(
        sa.update(DeliveryPause).where(DeliveryPause.ended_at.is_(None)).values(ended_at=at)
    )
    return int(ended.rowcount)
