"""The minutes before the start, all at once: people sign up and come in, others are in the room, mails wait
and are sent. One web process and its worker, as ``make run`` has them."""

from __future__ import annotations

import datetime as dt
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import sqlalchemy as sa

from tests.load import fill
from tests.load.crowd import Tally, Visitor, come, get, post
from tests.load.door import Batches
from tests.load.served import CROWD_CORES, ROOT, answers, free_port
from tests.load.signing_up import BEHIND_PROXY, Forms
from tests.load.sizes import Sizes
from tests.load.stage import Stage, event, join_token, stage
from tests.load.table import Row, at_most
from webapp import clock, tokens
from webapp.attendance.models import Visit
from webapp.db import db, reading, to_ms
from webapp.mail.models import OutgoingMail
from webapp.signup.models import Signup

PULSE_EVERY = 30.0
# Longer than the shortest time in which a form counts as filled in by a person.
THINKING = 2.5


@contextmanager
def _mail_server() -> Iterator[int]:
    port = free_port()
    process = subprocess.Popen([sys.executable, "-m", "tests.load.sink", str(port)], cwd=ROOT)
    try:
        while not answers(port):
            time.sleep(0.02)
        yield port
    finally:
        process.terminate()
        process.wait()


def _in_the_room(ground: Stage, event_id: int, first: int, count: int) -> dict[str, str]:
    """Opens a visit for each of ``count`` people; answers their tokens by connection."""
    at = to_ms(clock.now())
    tabs = [f"tab-in-the-room-{number:06d}" for number in range(first, first + count)]
    fill.bulk(
        ground,
        "visits",
        ("uid", "event_id", "person_key", "identity", "is_registered", "is_crew", "channel", "connection", "started_at", "last_seen_at"),
        (
            (tab, event_id, fill.person_key(number), "identified", True, False, "room", tab, at, at)
            for number, tab in enumerate(tabs, first)
        ),
    )  # fmt: skip
    return {
        tab: join_token(event_id, f"{number:022d}", fill.person_key(number))
        for number, tab in enumerate(tabs, first)
    }


def _entering(token: str) -> Visitor:
    answer = yield get(f"/join/{token}", name="the join page")
    answer.must_be(200)
    answer = yield post(f"/join/{token}", {"visit": tokens.public_id()}, name="join")
    answer.must_be(303)


def _pulsing(room: dict[str, str], seconds: float) -> Iterator[tuple[float, Visitor]]:
    """Everybody in the room, once in half a minute, at moments of their own; for so many seconds."""

    def pulse(tab: str, token: str) -> Visitor:
        answer = yield post(f"/room/{token}/pulse", {"connection": tab}, name="pulse")
        answer.must_be(200)

    span = min(PULSE_EVERY, seconds)
    for number, (tab, token) in enumerate(room.items()):
        moment = number / len(room) * span
        while moment < seconds:
            yield moment, pulse(tab, token)
            moment += PULSE_EVERY


def _count(ground: Stage, statement: sa.Select[tuple[int]]) -> int:
    with ground.app.app_context(), reading():
        return int(db.session.scalar(statement) or 0)


def measure(server: str, folder: Path, sizes: Sizes) -> list[Row]:
    with stage(server, folder) as ground:
        with ground.app.app_context():
            made = event(starts_in=dt.timedelta(minutes=-5))
            event_id, slug = made.id, made.slug
        fill.signups(ground, event_id, sizes.crowd)
        fill.mails(ground, event_id, [None] * sizes.mails)
        with ground.app.app_context():
            links = [
                join_token(event_id, public_id, key)
                for public_id, key in db.session.execute(sa.select(Signup.public_id, Signup.person_key))
            ]  # fmt: skip
            # Let go of the database: what follows writes past this session.
            db.session.remove()
            room = _in_the_room(ground, event_id, sizes.crowd + 1, sizes.in_the_room)
        forms, every = Forms(slug), sizes.rush_seconds / sizes.crowd
        visits = [
            *((number * every, forms.whole(THINKING)) for number in range(sizes.crowd)),
            *((number * every, _entering(link)) for number, link in enumerate(links)),
        ]
        visits += _pulsing(room, sizes.rush_seconds)
        with _mail_server() as port:
            mail = {"MAIL_SERVER": "127.0.0.1", "MAIL_PORT": port}
            with ground.serve(JOBS=True, **mail, **BEHIND_PROXY) as turnout:
                os.sched_setaffinity(0, CROWD_CORES)
                batches = Batches(ground, event_id)
                batches.start()
                began = to_ms(clock.now())
                tally = come(turnout.port, visits)
                # What was heard last is written within one more turn.
                time.sleep(6)
                batches.stop()
                said = turnout.log.read_text()
        return _rows(ground, event_id, sizes, tally, batches, began, said)


def _rows(
    ground: Stage, event_id: int, sizes: Sizes, tally: Tally, batches: Batches, began: int, said: str
) -> list[Row]:  # fmt: skip
    new = _count(
        ground,
        sa.select(sa.func.count()).select_from(Signup).where(Signup.email_key.like("newcomer%")),
    )
    came = _count(
        ground,
        sa.select(sa.func.count())
        .select_from(Visit)
        .where(Visit.event_id == event_id, sa.not_(Visit.uid.like("tab-in-the-room-%"))),
    )
    sent = _count(
        ground,
        sa.select(sa.func.count()).select_from(OutgoingMail).where(OutgoingMail.state == "sent"),
    )
    heard = _count(
        ground,
        sa.select(sa.func.count())
        .select_from(Visit)
        .where(
            Visit.event_id == event_id,
            Visit.uid.like("tab-in-the-room-%"),
            sa.type_coerce(Visit.last_seen_at, sa.BigInteger) > began,
        ),
    )
    spooled = said.count("the spool does")
    troubles = said.count("ERROR") - spooled
    name = f"rush, {ground.name}"

    def slow(request: str) -> str:
        return f"p50 {tally.percentile(request, 0.5) * 1000:.0f} ms, p95 {tally.percentile(request, 0.95) * 1000:.0f} ms, worst {tally.percentile(request, 1) * 1000:.0f} ms"

    signed_up = [*tally.times["form"], *tally.times["send"]]
    tally.times["sign-up"] = signed_up
    return [
        at_most(f"{name}: p95 of {sizes.crowd:,} sign-ups in {sizes.rush_seconds:.0f} s while {sizes.mails:,} mails wait", 500, " ms", tally.percentile("sign-up", 0.95) * 1000, f"form {slow('form')}; POST {slow('send')}; {sent:,} mails sent meanwhile"),
        Row(f"{name}: sign-ups kept", f"{sizes.crowd:,}", f"{new:,}", new == sizes.crowd and not troubles, f"{troubles} errors in the log"),
        Row(f"{name}: {sizes.crowd:,} joins in {sizes.rush_seconds:.0f} s", "all stored, none spooled", f"{came:,} stored, {spooled} spooled", came == sizes.crowd and not spooled, f"join {slow('join')}"),
        Row(f"{name}: {sizes.in_the_room:,} people pulsing", "all heard", f"{heard:,} heard", heard == sizes.in_the_room, f"pulse {slow('pulse')}"),
        at_most(f"{name}: between two batches of pulses", 5, " s", batches.longest, f"{len(batches.moments)} batches"),
    ]  # fmt: skip
