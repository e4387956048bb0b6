"""The figures of an evening of up to a million visits, each time in a process that has counted nothing yet."""

from __future__ import annotations

import datetime as dt
import json
import statistics
import subprocess
import sys
import time
from pathlib import Path

from tests.load import fill
from tests.load.served import ROOT, turnout
from tests.load.sizes import Sizes
from tests.load.stage import event, stage
from tests.load.table import Row, at_most
from webapp.db import db

# Of ten visits seven people, most of them by the link of a sign-up; others signed up and stayed away.
SIGNUPS = 0.65
# What the smallest and the largest number may take, in seconds.
SMALLEST, LARGEST, UNCHANGED = 0.5, 4.0, 0.1


def once(uri: str, folder: str) -> None:
    """Counts twice and says how long each took."""
    from webapp import clock
    from webapp.attendance.figures import figures
    from webapp.db import reading
    from webapp.events.models import Event

    app = turnout(uri, Path(folder))
    with app.app_context(), reading():
        found = db.session.get(Event, 1)
        assert found is not None
        times = []
        for _turn in range(2):
            start = time.perf_counter()
            counted = figures(found, clock.now())
            times.append(time.perf_counter() - start)
    people = counted["attendance"]["people"]["high"]
    sys.stdout.write(json.dumps([*times, people]))


def _counted(uri: str, folder: Path) -> tuple[float, float, int]:
    said = subprocess.run(
        [sys.executable, "-m", "tests.load.counting", uri, str(folder)],
        cwd=ROOT, capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip
    cold, warm, people = json.loads(said)
    return cold, warm, people


def measure(server: str, folder: Path, sizes: Sizes) -> list[Row]:
    cold: dict[int, float] = {}
    warm: dict[int, float] = {}
    asides: dict[int, str] = {}
    for count in sizes.visits:
        with stage(server, folder) as ground:
            with ground.app.app_context():
                made = event(starts_in=dt.timedelta(hours=-4))
                made.ended_at = made.ends_at
                db.session.commit()
                event_id, starts_at = made.id, made.starts_at
            fill.visits(ground, event_id, starts_at, count)
            fill.signups(ground, event_id, int(count * SIGNUPS))
            runs = [_counted(ground.uri, ground.folder) for _ in range(max(1, sizes.repeats // 2 + 1))]  # fmt: skip
            cold[count] = statistics.median(run[0] for run in runs)
            warm[count] = statistics.median(run[1] for run in runs)
            asides[count] = f"{runs[0][2]:,} people"
            name = ground.name
    small, half, whole = sizes.visits
    work = f"figures, {name}"
    return [
        at_most(f"{work}, {small:,} visits", SMALLEST, " s", cold[small], asides[small]),
        at_most(f"{work}, {whole:,} visits, cold", LARGEST, " s", cold[whole], asides[whole]),
        at_most(f"{work}, {whole:,} visits, nothing changed", UNCHANGED, " s", warm[whole]),
        at_most(f"{work}, {whole:,} visits to {half:,}", 2.5, " ×", cold[whole] / cold[half], f"{half:,} in {cold[half]:.2f} s"),
    ]  # fmt: skip


if __name__ == "__main__":
    once(*sys.argv[1:])
