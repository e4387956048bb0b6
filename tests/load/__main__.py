"""``make load``, or ``python -m tests.load [--only ROW …] [--database URI] [--quick]``."""

from __future__ import annotations

import argparse
import contextlib
import logging
import os
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from tests.load import (
    bringing,
    counting,
    door,
    listing,
    pages,
    postgres,
    rush,
    signing_up,
    starting,
)
from tests.load.sizes import FULL, SMALL, Sizes
from tests.load.table import Row, markdown, spoken

Measure = Callable[[str, Path, Sizes], list[Row]]
# In the order of the design; the second is whether it is measured on both engines.
ROWS: dict[str, tuple[Measure, bool]] = {
    "page": (pages.measure, False),
    "signup": (signing_up.measure, True),
    "join": (door.join, True),
    "pulse": (door.pulse, False),
    "rush": (rush.measure, True),
    "figures": (counting.measure, True),
    "list": (listing.measure, False),
    "import": (bringing.measure, True),
    "report": (starting.report, False),
    "run": (starting.run, False),
}


def parsed(words: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m tests.load",
        description="Measures Turnout against ceilings served in the same run, and prints the table.",
    )
    parser.add_argument("--only", nargs="+", choices=ROWS, metavar="ROW", default=list(ROWS), help=f"some of {', '.join(ROWS)}")  # fmt: skip
    parser.add_argument(
        "--database", default="both", metavar="URI",
        help="sqlite, postgresql+psycopg://… (a server; databases of our own are made beside the one named), or both: SQLite, and a PostgreSQL of our own where that makes a difference",
    )  # fmt: skip
    parser.add_argument("--quick", action="store_true", help="only see that it runs")
    return parser.parse_args(words)


def measure(only: list[str], servers: list[str], sizes: Sizes) -> list[Row]:
    rows = []
    # Not below /tmp where that is memory: the disk is part of what is measured.
    with tempfile.TemporaryDirectory(prefix="turnout-load-") as folder:
        for name in only:
            run, everywhere = ROWS[name]
            for server in servers if everywhere else servers[:1]:
                cores = os.sched_getaffinity(0)
                start = time.perf_counter()
                try:
                    done = run(server, Path(folder), sizes)
                finally:
                    os.sched_setaffinity(0, cores)
                rows += done
                for row in done:
                    sys.stdout.write(spoken(row) + "\n")
                sys.stdout.write(f"       {name} took {time.perf_counter() - start:.0f} s\n")
                sys.stdout.flush()
    return rows


def main(words: list[str]) -> int:
    given = parsed(words)
    logging.basicConfig(level=logging.ERROR)
    with contextlib.ExitStack() as stack:
        servers = [given.database]
        if given.database == "both":
            servers = ["sqlite"]
            if any(ROWS[name][1] for name in given.only):
                try:
                    servers.append(stack.enter_context(postgres.cluster()))
                except RuntimeError as error:
                    sys.stdout.write(f"Not measured on PostgreSQL: {error}\n")
        rows = measure(given.only, servers, SMALL if given.quick else FULL)
    sys.stdout.write("\n" + markdown(rows) + "\n")
    return 0 if all(row.is_reached for row in rows) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
