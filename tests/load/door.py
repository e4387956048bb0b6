"""Coming in, and being in the room."""

from __future__ import annotations

import datetime as dt
import itertools
import threading
import time
from pathlib import Path

import sqlalchemy as sa

from tests.load import rounds
from tests.load.crowd import Visitor, post
from tests.load.sizes import Sizes
from tests.load.stage import Stage, event, join_tokens, stage
from tests.load.table import Row, at_least
from webapp import tokens
from webapp.attendance.models import AttendanceMark, Visit
from webapp.db import db, reading


def entering(token: str) -> Visitor:
    answer = yield post(f"/join/{token}", {"visit": tokens.public_id()}, name="join")
    answer.must_be(303)


def going_elsewhere(token: str) -> Visitor:
    """The event's room is another site's: a page of ours leads there."""
    answer = yield post(f"/join/{token}", {"visit": tokens.public_id()}, name="join")
    answer.must_be(200)


def pulsing(token: str, connection: str) -> Visitor:
    answer = yield post(f"/room/{token}/pulse", {"connection": connection}, name="pulse")
    answer.must_be(200)


class Batches(threading.Thread):
    """Watches when pulses are written; ``longest`` is the longest time between two writes (s)."""

    def __init__(self, ground: Stage, event_id: int) -> None:
        super().__init__(daemon=True)
        self.ground, self.event_id = ground, event_id
        self.moments: list[float] = []
        self._over = threading.Event()

    def run(self) -> None:
        last = None
        with self.ground.app.app_context(), reading():
            statement = sa.select(AttendanceMark.revision).where(
                AttendanceMark.event_id == self.event_id
            )
            while not self._over.wait(0.05):
                revision = db.session.scalar(statement)
                db.session.rollback()
                if revision != last and last is not None:
                    self.moments.append(time.monotonic())
                last = revision

    def stop(self) -> None:
        self._over.set()
        self.join()

    @property
    def longest(self) -> float:
        return max((b - a for a, b in itertools.pairwise(self.moments)), default=0.0)


def _visits(ground: Stage, event_id: int) -> int:
    with ground.app.app_context(), reading():
        found = db.session.scalar(
            sa.select(sa.func.count()).select_from(Visit).where(Visit.event_id == event_id)
        )
        return int(found or 0)


def join(server: str, folder: Path, sizes: Sizes) -> list[Row]:
    with stage(server, folder) as ground:
        enough = int(sizes.seconds * (sizes.rounds + 1) * 4000) + 100
        with ground.app.app_context():
            room = event(starts_in=dt.timedelta(minutes=-25)).id
            away = event(starts_in=dt.timedelta(minutes=-25), presence="platform").id
            here = iter(join_tokens(ground, room, enough))
            there = iter(join_tokens(ground, away, enough, first=enough + 1))
        with ground.serve() as turnout, ground.ceiling() as bare:
            reached = rounds.alternate(
                {
                    "join": rounds.steadily(turnout, lambda: entering(next(here)), sizes),
                    "join elsewhere": rounds.steadily(
                        turnout, lambda: going_elsewhere(next(there)), sizes
                    ),
                    "bare insert": rounds.bare_insert(bare, sizes),
                    "driver": rounds.bare_insert(bare, sizes, "/driver-insert"),
                },
                sizes.rounds,
            )
            spooled = turnout.log.read_text().count("the spool does")
        # Both runs' joins whose answer was still under way when they ended are in the database too.
        stored = _visits(ground, room) + _visits(ground, away)
        used = 2 * enough - sum(1 for _ in here) - sum(1 for _ in there)
    rows = [
        at_least(
            f"{work}, {ground.name}", "of a bare insert", rounds.ratio(reached, subject, "bare insert"), 0.6,
            f"{rounds.ratio(reached, subject, 'driver'):.2f} of the naked driver's; {rounds.rates(reached)}",
        )
        for work, subject in (("join, our room", "join"), ("join, another place", "join elsewhere"))
    ]  # fmt: skip
    kept = f"{stored:,} of {used:,}, {spooled} spooled"
    rows.append(
        Row(f"join, {ground.name}: stored at once", "all", kept, stored == used and not spooled)
    )
    return rows


def pulse(server: str, folder: Path, sizes: Sizes) -> list[Row]:
    with stage(server, folder) as ground:
        with ground.app.app_context():
            room = event(starts_in=dt.timedelta(minutes=-25)).id
            people = [
                (token, f"tab-{number}")
                for number, token in enumerate(join_tokens(ground, room, 5000))
            ]
        crowd = itertools.cycle(people)
        with ground.serve() as turnout, ground.ceiling() as bare:
            batches = Batches(ground, room)
            batches.start()
            reached = rounds.alternate(
                {
                    "pulse": rounds.steadily(turnout, lambda: pulsing(*next(crowd)), sizes),
                    "bare page": rounds.bare_page(bare, sizes),
                },
                sizes.rounds,
            )
            batches.stop()
    return [
        at_least(f"pulse, {ground.name}", "of the bare page", rounds.ratio(reached, "pulse", "bare page"), 0.45, rounds.rates(reached)),
    ]  # fmt: skip
