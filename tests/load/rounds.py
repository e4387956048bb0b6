"""Ceilings and subject in turns: what is slow for one is slow for the others, and medians count."""

from __future__ import annotations

import itertools
import os
import statistics
from collections.abc import Callable

from tests.load.crowd import Visitor, get, post, stay
from tests.load.served import CROWD_CORES, Served
from tests.load.sizes import Sizes

Run = Callable[[], float]


def steadily(server: Served, visit: Callable[[], Visitor], sizes: Sizes) -> Run:
    """A run of ``visit`` again and again by several people at once; answers visits a second."""
    return lambda: (
        stay(server.port, (visit() for _ in itertools.count()), sizes.people, sizes.seconds).rate
    )


def bare_page(bare: Served, sizes: Sizes) -> Run:
    def visit() -> Visitor:
        answer = yield get("/page")
        answer.must_be(200)

    return steadily(bare, visit, sizes)


def bare_insert(bare: Served, sizes: Sizes, path: str = "/insert") -> Run:
    def visit() -> Visitor:
        answer = yield post(path, {"name": "Somebody"})
        answer.must_be(200)

    return steadily(bare, visit, sizes)


def alternate(runs: dict[str, Run], rounds: int) -> dict[str, list[float]]:
    """Runs each of ``runs`` once a round, beginning with another one each time, after a round that warms
    up; answers what they reached, round by round."""
    os.sched_setaffinity(0, CROWD_CORES)
    reached: dict[str, list[float]] = {name: [] for name in runs}
    names = list(runs)
    for number in range(rounds + 1):
        for place in range(len(names)):
            name = names[(place + number) % len(names)]
            rate = runs[name]()
            if number:
                reached[name].append(rate)
    return reached


def ratio(reached: dict[str, list[float]], subject: str, ceiling: str) -> float:
    """The median over the rounds."""
    pairs = zip(reached[subject], reached[ceiling], strict=True)
    return statistics.median(one / top for one, top in pairs)


def rates(reached: dict[str, list[float]]) -> str:
    """What was reached a second, for whoever wants to see the absolute figures."""
    return ", ".join(f"{name} {statistics.median(each):,.0f}/s" for name, each in reached.items())
