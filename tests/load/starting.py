"""The report on paper, and ``make run`` on a machine where everything is installed."""

from __future__ import annotations

import contextlib
import http.client
import os
import shutil
import signal
import statistics
import subprocess
import sys
import time
from pathlib import Path

from tests.load.served import ROOT, free_port
from tests.load.sizes import Sizes
from tests.load.stage import stage
from tests.load.table import Row, at_most
from webapp import clock
from webapp.db import db

IDLE_SECONDS = 5.0


def report(server: str, folder: Path, sizes: Sizes) -> list[Row]:
    """The sample evening's report, from its frozen text to the PDF."""
    from webapp.demo import operations as demo
    from webapp.reports import article, pdf, queries

    with stage(server, folder) as ground, ground.app.app_context():
        demo.load(clock.now())
        db.session.commit()
        found = queries.published(demo.BOLIVIA)
        assert found is not None
        made = article.of(*found[:2])
        times = []
        for _turn in range(sizes.repeats + 1):
            start = time.perf_counter()
            paper = pdf.render(made)
            times.append(time.perf_counter() - start)
    aside = f"again {statistics.median(times[1:]):.2f} s, {len(paper) / 1024:,.0f} KiB"
    return [at_most("report PDF", 1, " s", times[0], aside)]


def _copy(folder: Path) -> Path:
    """The project as it is checked out, with the environment that is installed here."""
    names = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True).stdout  # fmt: skip
    place = folder / "checkout"
    for name in names.decode().split("\0"):
        if name and (ROOT / name).is_file():
            (place / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, place / name)
    (place / ".venv").symlink_to(Path(sys.prefix))
    # Installed means that make finds nothing to do.
    os.utime(place / "config/requirements/app.txt", (0, 0))
    return place


def _first_page(port: int, process: subprocess.Popen[bytes]) -> None:
    while True:
        if process.poll() is not None:
            raise RuntimeError("make run ended by itself")
        with contextlib.suppress(OSError, http.client.HTTPException):
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
            connection.request("GET", "/")
            if connection.getresponse().status == 200:
                return
        time.sleep(0.01)


def _family(pid: int) -> list[int]:
    """A process and all that come from it."""
    found = [pid]
    with contextlib.suppress(FileNotFoundError):
        for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split():
            found += _family(int(child))
    return found


def _pss(pids: list[int]) -> float:
    """MiB that these processes hold, what they share counted once."""
    total = 0
    for pid in pids:
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):
            for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
                if line.startswith("Pss:"):
                    total += int(line.split()[1])
    return total / 1024


def _started(place: Path, *, idle: bool = False) -> tuple[float, float]:
    """(seconds from ``make run`` to the first page, MiB once nothing happens any more)."""
    port = free_port()
    environ = {key: value for key, value in os.environ.items() if not key.startswith("TURNOUT_")}
    start = time.perf_counter()
    process = subprocess.Popen(
        ["make", "-s", "run"], cwd=place, start_new_session=True,
        env=environ | {"TURNOUT_PORT": str(port)}, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        _first_page(port, process)
        took = time.perf_counter() - start
        if idle:
            time.sleep(IDLE_SECONDS)
        return took, _pss(_family(process.pid))
    finally:
        os.killpg(process.pid, signal.SIGINT)
        process.wait(20)


def run(server: str, folder: Path, sizes: Sizes) -> list[Row]:
    """Always on SQLite, as ``make run`` is."""
    os.sched_setaffinity(0, os.sched_getaffinity(os.getppid()))
    place = _copy(folder)
    first, _ = _started(place)
    starts, sizes_of = zip(
        *(_started(place, idle=True) for _turn in range(max(1, sizes.repeats // 2 + 1))),
        strict=True,
    )
    return [
        at_most("make run, first page", 2, " s", statistics.median(starts), f"the very first time, with migrations and samples, {first:.1f} s"),
        at_most("make run, idle memory of all processes", 250, " MiB PSS", max(sizes_of)),
    ]  # fmt: skip
