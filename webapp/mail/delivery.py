"""The worker's part: claim what is due, send it over one connection, write down each answer.

A row is claimed with a lease before it is sent and settled right after the server's answer, each in a
transaction of its own: nothing waits on a lock while a mail server thinks. A worker that dies loses
its lease, and another takes the mail up. The one gap is between the server's 250 and our commit: a
worker that dies just there has its mail sent twice, with the same Message-ID, by which receivers
recognise the copy. SMTP has no way to close that gap.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import logging
import os
import secrets
import time
from collections.abc import Callable
from typing import Any

import sqlalchemy as sa
from flask import current_app

from webapp import clock, jobs
from webapp.db import db, reading, to_ms
from webapp.mail import (
    checkpoints,
    operations,
    pauses,
    queries,
    transport,
    unsubscribing,
    verdicts,
)
from webapp.mail.envelope import Parcel
from webapp.mail.models import LANES, OutgoingMail

log = logging.getLogger(__name__)

# After the first failed try, the second and so on; then every hour.
DELAYS = (1, 5, 15, 30)
HOURLY = 60
GIVE_UP = dt.timedelta(hours=24)
# A server that breaks off this often in a row is not there, whatever its port says.
BREAKS = 3
# Any number: workers that look at the quota take turns by it (PostgreSQL).
_QUOTA_LOCK = 7_401_001


@dataclasses.dataclass(slots=True)
class Tally:
    """What one turn did. ``put_back`` went back untouched: delivery paused, or time ran out."""

    sent: int = 0
    retried: int = 0
    refused: int = 0
    failed: int = 0
    suppressed: int = 0
    expired: int = 0
    put_back: int = 0

    @property
    def settled(self) -> int:
        """Mails whose state moved on."""
        return (
            self.sent + self.retried + self.refused + self.failed + self.suppressed + self.expired
        )

    def add(self, other: Tally) -> None:
        for field in dataclasses.fields(self):
            setattr(self, field.name, getattr(self, field.name) + getattr(other, field.name))


def _due(at: dt.datetime, limit: int, *, lock: bool) -> dict[int, dt.datetime]:
    """Ids of due mails with the moment they fell due: lane by lane, oldest first.

    One query for each lane, so that each reads exactly the rows it wants from the index, however many
    thousand wait for a later try.
    """
    found: dict[int, dt.datetime] = {}
    for rank in range(len(LANES)):
        if len(found) >= limit:
            break
        query = (
            sa.select(OutgoingMail.id, OutgoingMail.next_try_at)
            .where(queries.WAITING, OutgoingMail.lane_rank == rank, OutgoingMail.next_try_at <= at)
            .order_by(OutgoingMail.next_try_at, OutgoingMail.id)
            .limit(limit - len(found))
        )
        if lock:
            # Passed over on SQLite, where the transaction is the only writer anyway.
            query = query.with_for_update(skip_locked=True)
        found.update((mail_id, due) for mail_id, due in db.session.execute(query))
    return found


def _allowed(at: dt.datetime, limit: int) -> int:
    """``limit``, or what the server's quotas leave of it; mails being sent right now are counted in."""
    config = current_app.config
    quotas = [
        (config["MAIL_HOURLY_QUOTA"], queries.HOUR),
        (config["MAIL_DAILY_QUOTA"], queries.DAY),
    ]
    if all(quota is None for quota, _ in quotas):
        return limit
    if db.engine.dialect.name == "postgresql":
        db.session.execute(sa.select(sa.func.pg_advisory_xact_lock(_QUOTA_LOCK)))
    underway = (
        db.session.scalar(
            sa.select(sa.func.count())
            .select_from(OutgoingMail)
            .where(queries.WAITING, OutgoingMail.state == "sending", OutgoingMail.next_try_at > at)
        )
        or 0
    )
    for quota, span in quotas:
        if quota is not None:
            limit = min(limit, quota - underway - queries.sent_since(at - span))
    return max(0, limit)


def claim(at: dt.datetime, limit: int, worker: str) -> list[tuple[Parcel, dt.datetime]]:
    """Leases up to ``limit`` due mails to ``worker`` and commits; answers them with when they fell due."""
    due = _due(at, _allowed(at, limit), lock=True)
    if not due:
        db.session.commit()
        return []
    until = at + dt.timedelta(seconds=current_app.config["MAIL_LEASE_SECONDS"])
    db.session.execute(
        sa.update(OutgoingMail)
        .where(OutgoingMail.id.in_(due), queries.WAITING, OutgoingMail.next_try_at <= at)
        .values(state="sending", leased_by=worker, leased_until=until, next_try_at=until)
        .execution_options(synchronize_session=False)
    )
    columns = [getattr(OutgoingMail, field.name) for field in dataclasses.fields(Parcel)]
    rows = db.session.execute(
        sa.select(*columns).where(OutgoingMail.id.in_(due), OutgoingMail.leased_by == worker)
    )
    parcels = {row.id: Parcel(*row) for row in rows}
    checkpoints.commit("claimed")
    return [(parcels[mail_id], moment) for mail_id, moment in due.items() if mail_id in parcels]


class Round:
    """One turn of one worker: a leased batch and the connection it goes out by."""

    def __init__(
        self, at: dt.datetime, stopwatch: Callable[[], float], *, in_trouble: bool
    ) -> None:
        self.at = at
        self.in_trouble = in_trouble
        self.stopped = False
        self.stopwatch = stopwatch
        self.started = stopwatch()
        self.worker = f"{os.getpid()}-{secrets.token_hex(8)}"
        self.tally = Tally()
        self.breaks = 0
        self.connection: transport.Connection | None = None

    @property
    def is_late(self) -> bool:
        """Half of the lease is over; the rest is for a mail that waits for several answers in a row."""
        lease: int = current_app.config["MAIL_LEASE_SECONDS"]
        return self.stopwatch() - self.started > lease / 2

    @property
    def now(self) -> dt.datetime:
        """``at`` plus the time this round has taken, in whole milliseconds."""
        spent = round((self.stopwatch() - self.started) * 1000)
        return self.at + dt.timedelta(milliseconds=spent)

    def run(self) -> Tally:
        checkpoints.reach("begun")
        batch = claim(self.at, current_app.config["MAIL_BATCH"], self.worker)
        if not batch:
            return self.tally
        refused_before = queries.suppressed_among(mail.to_address for mail, _ in batch)
        ended = unsubscribing.ended_among(
            mail.unsubscribe_url for mail, _ in batch if mail.unsubscribe_url
        )
        db.session.commit()
        try:
            while batch:
                mail = batch[0][0]
                if mail.expires_at is not None and mail.expires_at <= self.now:
                    self.settle(mail, "expired")
                elif mail.to_address in refused_before:
                    self.settle(mail, "suppressed", last_reply=refused_before[mail.to_address])
                elif mail.unsubscribe_url in ended:
                    self.settle(mail, "suppressed", last_reply=unsubscribing.UNSUBSCRIBED)
                elif self.stopped or self.is_late or not self.send(mail):
                    break
                batch.pop(0)
        finally:
            self.hang_up()
            self.put_back(batch)
        return self.tally

    def send(self, mail: Parcel) -> bool:
        """Sends one mail and writes the answer down. False if delivery stops here: this mail and the
        rest are then put back."""
        fresh = self.connection is None
        try:
            if self.connection is None:
                checkpoints.reach("connecting")
                self.connection = transport.connection().__enter__()
        except Exception as error:
            return self.stop(verdicts.of_connecting(error))
        checkpoints.reach("sending")
        try:
            words = self.connection.post(mail)
        except Exception as error:
            verdict = verdicts.of_error(error)
            sent_text = self.connection.text_sent
            if verdict.kind == "lost":
                self.hang_up()
                # The server had hung up since the last mail and has seen nothing of this one.
                if not fresh and not sent_text:
                    return self.send(mail)
            elif verdict.kind == "retry" and not isinstance(error, verdicts.ANSWERS):
                log.exception("mail %s could not be made into a message", mail.id)
            return self.take(mail, verdict)
        checkpoints.reach("accepted")
        self.breaks = 0
        if self.in_trouble:
            pauses.end(self.now)
            self.in_trouble = False
        self.settle(mail, "sent", sent_at=self.now, **self.tried(mail, words))
        return True

    def take(self, mail: Parcel, verdict: verdicts.Verdict) -> bool:
        """Writes down what a failed try means for the mail and for delivery as a whole."""
        if verdict.kind == "refused":
            if verdict.suppress:
                operations.suppress(mail.to_address, verdict.words, self.now)
            self.settle(mail, "refused", **self.tried(mail, verdict.words))
            return True
        if verdict.tried:
            self.later(mail, verdict.words)
        if verdict.kind == "ours":
            self.stop(verdict)
            return verdict.tried
        self.breaks = self.breaks + 1 if verdict.kind == "lost" else 0
        if self.breaks >= BREAKS:
            self.stop(verdict)
        return True

    def stop(self, verdict: verdicts.Verdict) -> bool:
        """Pauses all delivery; the rest of the batch goes back."""
        pauses.begin(
            self.now, "refused" if verdict.kind == "ours" else "unreachable", verdict.words
        )
        checkpoints.commit("paused")
        self.stopped = True
        return False

    def tried(self, mail: Parcel, words: str) -> dict[str, Any]:
        """One more try, with the moment and the server's words."""
        tries = [*(mail.attempts or []), {"at": to_ms(self.now), "said": words}]
        return {"tries": mail.tries + 1, "last_reply": words, "attempts": tries}

    def later(self, mail: Parcel, words: str) -> None:
        """The next try by the schedule, or the end of tries 24 hours after the first answer."""
        tries = mail.tries + 1
        minutes = DELAYS[tries - 1] if tries <= len(DELAYS) else HOURLY
        give_up_at = mail.give_up_at or self.now + GIVE_UP
        next_try_at = self.now + dt.timedelta(minutes=minutes)
        if next_try_at > give_up_at:
            self.settle(mail, "failed", **self.tried(mail, words))
        else:
            if mail.expires_at is not None:
                # Looked at again when it is of no use any more, so that its state says so in time.
                next_try_at = min(next_try_at, mail.expires_at)
            self.settle(mail, "queued", give_up_at=give_up_at, next_try_at=next_try_at, **self.tried(mail, words))  # fmt: skip

    def settle(self, mail: Parcel, state: str, **values: Any) -> bool:
        """Moves the mail to its new state and commits, if the lease is still ours; answers whether."""
        changed: Any = db.session.execute(
            sa.update(OutgoingMail)
            .where(
                OutgoingMail.id == mail.id,
                OutgoingMail.state == "sending",
                OutgoingMail.leased_by == self.worker,
            )
            .values(state=state, leased_by=None, leased_until=None, **values)
            .execution_options(synchronize_session=False)
        )
        checkpoints.commit("settled")
        if changed.rowcount != 1:
            log.warning("mail %s was taken up by another worker meanwhile", mail.id)
            return False
        name = "retried" if state == "queued" else state
        setattr(self.tally, name, getattr(self.tally, name) + 1)
        return True

    def put_back(self, batch: list[tuple[Parcel, dt.datetime]]) -> None:
        """What was not tried waits as before, in its old place."""
        for mail, due in batch:
            db.session.execute(
                sa.update(OutgoingMail)
                .where(
                    OutgoingMail.id == mail.id,
                    OutgoingMail.state == "sending",
                    OutgoingMail.leased_by == self.worker,
                )
                .values(state="queued", leased_by=None, leased_until=None, next_try_at=due)
                .execution_options(synchronize_session=False)
            )
        self.tally.put_back += len(batch)
        checkpoints.commit("put_back")

    def hang_up(self) -> None:
        if self.connection is not None:
            self.connection.__exit__()
            self.connection = None


def deliver(at: dt.datetime, *, stopwatch: Callable[[], float] = time.monotonic) -> Tally:
    """Sends what is due at ``at``, one batch. Does nothing without a mail server, and while delivery
    is paused. ``stopwatch`` counts seconds; tests that control the clock pass their own."""
    if not current_app.config["MAIL_SERVER"]:
        return Tally()
    # Looked at every second: on SQLite this must not take the writer's place while nothing is due.
    with reading():
        idle = not _due(at, 1, lock=False)
        trouble = None if idle else queries.pause()
        paused = trouble is not None and trouble.until > at
        db.session.commit()
    if idle or paused:
        return Tally()
    return Round(at, stopwatch, in_trouble=trouble is not None).run()


@jobs.every(1.0, "mail")
def run(at: dt.datetime) -> int:
    """The job: one batch. Runs again at once as long as mails move."""
    return deliver(at).settled


def deliver_all() -> Tally:
    """Batch after batch until nothing due moves any more; for the command line."""
    total = Tally()
    while True:
        tally = deliver(clock.now())
        total.add(tally)
        if not tally.settled:
            return total
