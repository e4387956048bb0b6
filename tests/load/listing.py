"""The organiser's list of sign-ups and its CSV."""

from __future__ import annotations

import csv
import datetime as dt
import http.client
import os
import re
import sqlite3
import statistics
import subprocess
import sys
import threading
import time
from pathlib import Path
from urllib.parse import urlencode

import sqlalchemy as sa
from flask.testing import FlaskClient

from tests.load import fill
from tests.load.crowd import Visitor, come, get
from tests.load.served import CROWD_CORES, ROOT, SERVER_CORES, Served
from tests.load.sizes import Sizes
from tests.load.stage import Stage, Statements, event, stage
from tests.load.table import Row, at_most
from tests.signin import sign_in
from webapp import clock
from webapp.accounts import operations as accounts
from webapp.db import db
from webapp.signup.models import Question

TOKEN = re.compile(r'name="csrf_token" value="([^"]+)"')
FEW = 100
# One of each way in which the list looks for people, with somebody found and with nobody.
FILTERS = (
    "q=mamani", "q=nobody", "status=confirmed", "reason=address", "source=nobody", "language=en",
    "tag=nobody", "not_tag=nobody", "contact=friends", "contact=nobody", "need=*", "crew=no", "proved=no",
    "mail=sent", "mail=lost", "mail=none", "joined=yes", "joined=no", "page=1900",
)  # fmt: skip


def _events(ground: Stage, count: int) -> list[str]:
    """An event with a few sign-ups and one with ``count``; answers their slugs."""
    slugs = []
    first = 1
    for number in (FEW, count):
        with ground.app.app_context():
            made = event(starts_in=dt.timedelta(days=9))
            question_id = db.session.scalar(sa.select(Question.id).where(Question.event_id == made.id))  # fmt: skip
            event_id = made.id
            slugs.append(made.slug)
        fill.signups(ground, event_id, number, question_id, first=first)
        first += number
    return slugs


def signed_in(ground: Stage) -> FlaskClient:
    client = ground.app.test_client()
    with ground.app.app_context():
        user, _password = accounts.create("ada@example.org", role="admin", at=clock.now())
        db.session.commit()
        sign_in(client, user)
    return client


def plain_csv(path: str, event_id: str) -> None:
    """What Python alone needs for the same rows, in a process of its own: says the seconds."""
    start = time.perf_counter()
    with sqlite3.connect(path) as connection, Path(os.devnull).open("w", newline="") as file:
        rows = connection.execute(
            "SELECT name, email, status, created_at, confirmed_at, source, language, is_crew"
            " FROM signups WHERE event_id = ? ORDER BY id",
            (event_id,),
        )
        csv.writer(file).writerows(rows)
    sys.stdout.write(str(time.perf_counter() - start))


def _plain(ground: Stage, event_id: int) -> float:
    path = ground.uri.removeprefix("sqlite:///")
    done = subprocess.run(
        [sys.executable, "-m", "tests.load.listing", path, str(event_id)],
        cwd=ROOT, capture_output=True, text=True, check=True,
        preexec_fn=lambda: os.sched_setaffinity(0, SERVER_CORES),
    )  # fmt: skip
    return float(done.stdout)


def _resident(pids: list[int]) -> int:
    """Bytes of memory that these processes hold."""
    pages = sum(int(Path(f"/proc/{pid}/statm").read_text().split()[1]) for pid in pids)
    return pages * os.sysconf("SC_PAGE_SIZE")


class _Watch(threading.Thread):
    """The most memory the web workers hold while it runs."""

    def __init__(self, server: Served) -> None:
        super().__init__(daemon=True)
        self.pids = server.workers
        self.most = _resident(self.pids)
        self._over = threading.Event()

    def run(self) -> None:
        while not self._over.wait(0.01):
            self.most = max(self.most, _resident(self.pids))

    def stop(self) -> int:
        self._over.set()
        self.join()
        return self.most


def _download(server: Served, slug: str, form: str, cookie: str) -> tuple[float, float, int]:
    """(seconds to the first byte of the file, to the last one, line breaks in it)."""
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=120)
    headers = {"Cookie": cookie, "Content-Type": "application/x-www-form-urlencoded"}
    start = time.perf_counter()
    connection.request("POST", f"/manage/events/{slug}/signups/export", form, headers)
    response = connection.getresponse()
    if response.status != 200:
        raise RuntimeError(f"the export answered {response.status}")
    response.read(1)
    first = time.perf_counter() - start
    lines = 0
    while part := response.read(65_536):
        lines += part.count(b"\n")
    whole = time.perf_counter() - start
    connection.close()
    return first, whole, lines


def _page_times(server: Served, slug: str, cookie: str, repeats: int, query: str = "") -> float:
    """The median of so many looks at the list (s)."""

    def look() -> Visitor:
        answer = yield get(f"/manage/events/{slug}/signups?{query}", cookie, "list")
        answer.must_be(200)

    tally = come(server.port, [(0.3 * turn, look()) for turn in range(repeats + 1)])
    return statistics.median(tally.times["list"][1:])


def measure(server: str, folder: Path, sizes: Sizes) -> list[Row]:
    with stage(server, folder) as ground:
        few, many = _events(ground, sizes.listed)
        client = signed_in(ground)
        queries = {}
        for slug in (few, few, many):
            with Statements(ground.app) as seen:
                page = client.get(f"/manage/events/{slug}/signups").get_data(as_text=True)
            queries[slug] = seen.count
        token = TOKEN.search(page)
        kept = client.get_cookie("turnout")
        assert token is not None and kept is not None  # noqa: PT018 - one thought
        cookie, form = f"turnout={kept.value}", urlencode({"csrf_token": token[1]})
        os.sched_setaffinity(0, CROWD_CORES)
        firsts, ratios, grown = [], [], []
        with ground.serve() as turnout:
            shown = _page_times(turnout, many, cookie, sizes.repeats)
            filtered = {query: _page_times(turnout, many, cookie, 3, query) for query in FILTERS}
            _download(turnout, few, form, cookie)
            for _turn in range(sizes.repeats):
                watch = _Watch(turnout)
                before = watch.most
                watch.start()
                first, whole, lines = _download(turnout, many, form, cookie)
                grown.append((watch.stop() - before) / 2**20)
                if lines != sizes.listed + 1:
                    raise RuntimeError(f"the file has {lines} lines")
                firsts.append(first)
                if ground.is_sqlite:
                    ratios.append(whole / _plain(ground, 2))
            watch = _Watch(turnout)
            before = watch.most
            watch.start()
            _first, sheet, _lines = _download(turnout, many, f"{form}&kind=xlsx", cookie)
            sheet_grown = (watch.stop() - before) / 2**20
    name = f"{sizes.listed:,} sign-ups, {ground.name}"
    rows = [
        Row(f"list page, {name}", f"as many queries as with {FEW}", f"{queries[many]} and {queries[few]}", queries[many] == queries[few]),
        at_most(f"list page, {name}", 200, " ms", shown * 1000),
        at_most(f"list page, {name}, slowest of {len(FILTERS)} filters", 200, " ms", max(filtered.values()) * 1000, max(filtered, key=lambda query: filtered[query])),
        at_most(f"XLSX, {name}, memory grows", 40, " MiB", sheet_grown, f"{sheet:.1f} s"),
        at_most(f"CSV, {name}, first byte", 0.5, " s", statistics.median(firsts)),
        at_most(f"CSV, {name}, memory grows", 20, " MiB", max(grown)),
    ]  # fmt: skip
    if ratios:
        rows.append(at_most(f"CSV, {name}, whole", 4, " × sqlite3 + csv.writer", statistics.median(ratios), f"{whole:.2f} s"))  # fmt: skip
    return rows


if __name__ == "__main__":
    plain_csv(*sys.argv[1:])
