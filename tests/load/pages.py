"""The public page of an event with eight speakers."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

from tests.load import rounds
from tests.load.crowd import Visitor, get
from tests.load.sizes import Sizes
from tests.load.stage import Statements, event, stage
from tests.load.table import Row, at_least, at_most

WORK = "public event page with eight speakers"


def measure(server: str, folder: Path, sizes: Sizes) -> list[Row]:
    with stage(server, folder) as ground:
        with ground.app.app_context():
            path = f"/events/{event(starts_in=dt.timedelta(days=9)).slug}"
        client = ground.app.test_client()
        with Statements(ground.app) as cold:
            first = client.get(path)
        with Statements(ground.app) as warm:
            again = client.get(path, headers={"If-None-Match": first.headers["ETag"]})

        def visit() -> Visitor:
            answer = yield get(path)
            answer.must_be(200)

        with ground.serve() as turnout, ground.ceiling() as bare:
            reached = rounds.alternate(
                {
                    "page": rounds.steadily(turnout, visit, sizes),
                    "bare page": rounds.bare_page(bare, sizes),
                },
                sizes.rounds,
            )
    return [
        at_least(f"{WORK}, warm", "of the bare page", rounds.ratio(reached, "page", "bare page"), 0.5, rounds.rates(reached)),
        at_most(f"{WORK}, cold", 6, " queries", cold.count),
        Row(f"{WORK}, the same bytes again", "304, no query", f"{again.status_code}, {warm.count} queries", (again.status_code, warm.count) == (304, 0)),
    ]  # fmt: skip
