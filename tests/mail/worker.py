"""Sender processes of their own, made by forking one that has the app ready: ``python -m tests.mail.worker URI
PORT``. A fork takes milliseconds where a new interpreter takes a second.

Reads orders from standard input, one JSON list a line; every order is a process, and all of a line run at
once. Answers with a JSON list of [exit code, mails sent]. A process with ``crash_at`` dies, as if its machine lost
power, when it gets to that place for the ``hit``-th time.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import traceback
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

from flask import Flask

from tests.conftest import TESTS
from webapp import create_app
from webapp.db import from_ms
from webapp.mail import delivery

CRASHED = 137


def crasher(order: dict[str, Any]) -> Callable[[str], None]:
    """What to call at each named place: there the process may die."""
    left = order["hit"]

    def reach(name: str) -> None:
        nonlocal left
        if name == order["crash_at"]:
            left -= 1
            if left == 0:
                os._exit(CRASHED)

    return reach


def _deliver(app: Flask, order: dict[str, Any]) -> int:
    """Delivers until nothing due moves any more; answers how many it sent."""
    app.config["MAIL_BATCH"] = order["batch"]
    app.extensions["mail_checkpoint"] = crasher(order)
    with app.app_context():
        sent = 0
        while (tally := delivery.deliver(from_ms(order["at"]), stopwatch=lambda: 0.0)).settled:
            sent += tally.sent
        return sent


def _fork(app: Flask, order: dict[str, Any]) -> tuple[int, int]:
    """(process id, where it says what it sent)."""
    reading, writing = os.pipe()
    child = os.fork()
    if child:
        os.close(writing)
        return child, reading
    code = 1
    try:
        work = import_module(order["work"]).work if order["work"] else _deliver
        os.write(writing, str(work(app, order)).encode())
        code = 0
    except Exception:
        traceback.print_exc()
    finally:
        os._exit(code)


def _answer(child: int, reading: int) -> tuple[int, int]:
    _child, status = os.waitpid(child, 0)
    with os.fdopen(reading) as said:
        return os.waitstatus_to_exitcode(status), int(said.read() or 0)


def main(uri: str, port: str) -> None:
    app = create_app(
        "testing",
        environ={},
        instance=Path(tempfile.mkdtemp()),
        SQLALCHEMY_DATABASE_URI=uri,
        MAIL_SERVER="127.0.0.1",
        MAIL_PORT=int(port),
    )
    for line in sys.stdin:
        made = [_fork(app, order) for order in json.loads(line)]
        sys.stdout.write(json.dumps([_answer(*child) for child in made]) + "\n")
        sys.stdout.flush()


class Workers:
    """The process that forks, from outside."""

    def __init__(self, uri: str, port: int) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.mail.worker", uri, str(port)],
            cwd=TESTS.parent, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip

    def run(self, *, at: int, crash_at: str = "", hit: int = 1, batch: int = 50, processes: int = 1, work: str = "", **more: Any) -> list[tuple[int, int]]:  # fmt: skip
        """Lets so many deliver at once at the moment ``at`` (milliseconds); (exit code, mails sent) of each.
        ``work`` names a module whose ``work`` is done instead, which may ask for ``more``."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        order = {"at": at, "crash_at": crash_at, "hit": hit, "batch": batch, "work": work, **more}
        self._process.stdin.write(json.dumps([order] * processes) + "\n")
        self._process.stdin.flush()
        return [(code, sent) for code, sent in json.loads(self._process.stdout.readline())]

    def close(self) -> None:
        self._process.communicate(timeout=30)


if __name__ == "__main__":
    main(*sys.argv[1:])
