"""A process of its own that signs people up: ``python -m tests.race.crowd URI EVENT FROM TO [--unlocked | --killed]``.

``--unlocked`` is the negative control on SQLite: seats are counted in a connection of their own, without
a lock, then the process says "counted" and waits for a line, and only then does it write. It exists here
and nowhere in the product. With ``--killed`` the process dies with the seat taken and nothing committed.
"""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import sys
import tempfile
from collections import Counter
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from flask import Flask

from webapp import addresses, create_app
from webapp.db import db
from webapp.signup import operations, statements, wording
from webapp.signup.people import Applicant


def applicant(number: int) -> Applicant:
    return Applicant(
        name=f"Person {number}",
        address=addresses.parse(f"person{number}@example.org"),
        agreements=(wording.for_event("Friends", 30),),
    )


def sign_up(app: Flask, event_id: int, number: int) -> str:
    """One person, one transaction; answers what became of it."""
    from tests.conftest import NOW

    with app.app_context():
        outcome = operations.sign_up(event_id, applicant(number), NOW).outcome
        before_commit()
        db.session.commit()
        return outcome


def before_commit() -> None:
    """Where a test lets the process die."""


def count_without_lock(path: str) -> Any:
    """Counts seats as a careless program would: outside the transaction that then writes."""

    def seats_claimed(connection: sa.Connection, event_id: int) -> int:
        return stale

    with sqlite3.connect(path) as reader:
        (stale,) = reader.execute(
            "SELECT count(*) FROM signups WHERE status = 'confirmed'"
        ).fetchone()
    return seats_claimed


def say_and_wait(word: str) -> None:
    sys.stdout.write(f"{word}\n")
    sys.stdout.flush()
    sys.stdin.readline()


def main(uri: str, event_id: str, first: str, last: str, *flags: str) -> None:
    app = create_app(
        "testing", environ={}, instance=Path(tempfile.mkdtemp()), SQLALCHEMY_DATABASE_URI=uri
    )
    say_and_wait("ready")
    if "--killed" in flags:
        globals()["before_commit"] = lambda: os.kill(os.getpid(), signal.SIGKILL)
    outcomes: Counter[str] = Counter()
    for number in range(int(first), int(last)):
        if "--unlocked" in flags:
            statements.seats_claimed = count_without_lock(uri.removeprefix("sqlite:///"))
            say_and_wait("counted")
        outcomes[sign_up(app, int(event_id), number)] += 1
    sys.stdout.write(json.dumps(outcomes) + "\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
