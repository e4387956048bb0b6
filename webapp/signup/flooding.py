"""How much mail a stranger can cause by filling in forms with somebody's address: three an hour and ten a
day, over all events together.

Only such mail is bound by it: the first mail of a sign-up, and the links once more. What an organiser or the
person behind a mailed link causes goes out at once, however much of it there is. A sign-up is never lost by
the cap: its mail waits in the outbox, where organisers see until when and why, and leaves in its turn.

The outbox is the truth of it, so that neither several processes nor a restart let more through. A counter
knows besides what forms sent at the same moment have not committed yet.
"""

from __future__ import annotations

import datetime as dt
import hashlib

import sqlalchemy as sa

from webapp import limits
from webapp.db import db, from_ms, to_ms
from webapp.mail.models import OutgoingMail
from webapp.prepared import Prepared

PER_HOUR, PER_DAY = 3, 10
HOUR, DAY = dt.timedelta(hours=1), dt.timedelta(days=1)
# Stands in place of a server's words while it waits for this reason.
POSTPONED = "postponed"
# What such a mail is, and a word for the one question and the other.
_THEIRS = (
    "FROM signups s JOIN outgoing_mails m ON m.person = s.public_id"
    " WHERE s.email_key = :email_key AND (m.state IN ('queued','sending') OR m.sent_at > :since)"
    " AND m.message IN ('confirmed','waitlisted','waiting_for_approval','confirm_address','link_again')"
)
_MOMENTS = Prepared(f"SELECT coalesce(m.sent_at, m.next_try_at) {_THEIRS}")
# A column for a statement that asks something else besides, with the values of ``about``.
HAS_MAIL = f"EXISTS (SELECT 1 {_THEIRS}) AS has_mail"


def about(email_key: str, at: dt.datetime) -> dict[str, str | int]:
    return {"email_key": email_key, "since": to_ms(at - DAY)}


def due(email_key: str, at: dt.datetime, *, has_mail: bool | None = None) -> dt.datetime:
    """When a mail may leave that somebody asks for at ``at`` with a form: at once, or later. ``has_mail``:
    what ``HAS_MAIL`` said in this transaction, if it was asked."""
    if not limits.are_on():
        return at
    is_seldom = limits.allows("3 per hour", "form-mail", email_key)
    if has_mail is None:
        has_mail = bool(_moments(email_key, at))
    if not has_mail and is_seldom:
        return at
    _lock(email_key)
    moments = _moments(email_key, at)
    found = at if is_seldom else at + HOUR
    if len(moments) >= PER_HOUR:
        found = max(found, moments[-PER_HOUR] + HOUR)
    if len(moments) >= PER_DAY:
        found = max(found, moments[-PER_DAY] + DAY)
    return found


def _moments(email_key: str, at: dt.datetime) -> list[dt.datetime]:
    """When such mails left or will leave, the last day's and those to come, in order."""
    rows = _MOMENTS.rows(db.session.connection(), about(email_key, at))
    return sorted(from_ms(moment) for (moment,) in rows)


def _lock(email_key: str) -> None:
    """Until the commit. On SQLite whoever writes is alone."""
    if db.engine.dialect.name == "postgresql":
        number = int.from_bytes(hashlib.sha256(f"form-mail\0{email_key}".encode()).digest()[:8], "big", signed=True)  # fmt: skip
        db.session.execute(sa.select(sa.func.pg_advisory_xact_lock(number)))


def postpone(person: str, at: dt.datetime, until: dt.datetime, useless_after: dt.datetime | None = None) -> None:  # fmt: skip
    """The mails queued for a sign-up (its public id) at ``at`` wait until then. From ``useless_after`` on,
    if given, they are of no use."""
    mine = (
        OutgoingMail.person == person,
        OutgoingMail.state == "queued",
        OutgoingMail.created_at == at,
    )
    db.session.execute(
        sa.update(OutgoingMail).where(*mine).values(next_try_at=until, last_reply=POSTPONED)
    )
    if useless_after is not None:
        is_longer = sa.or_(
            OutgoingMail.expires_at.is_(None), OutgoingMail.expires_at > useless_after
        )
        db.session.execute(
            sa.update(OutgoingMail).where(*mine, is_longer).values(expires_at=useless_after)
        )
