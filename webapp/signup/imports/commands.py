"""The work of imports that is too much for one request."""

from __future__ import annotations

import datetime as dt

import sqlalchemy as sa

from webapp import jobs
from webapp.db import db, reading
from webapp.signup.imports import operations, storing
from webapp.signup.imports.models import SignupImport


@jobs.every(1.0, "imports")
def work(at: dt.datetime) -> int:
    """Looks at, stores and takes back large lists; answers how many rows that were. Commits in batches, so
    that it can be stopped at any point and goes on there the next time."""
    with reading():
        found = db.session.execute(
            sa.select(SignupImport.id, SignupImport.state)
            .where(SignupImport.state.in_(("looking", "storing", "undoing")))
            .order_by(SignupImport.id)
        ).all()
        db.session.commit()
    return sum(_TURNS[state](import_id, at) for import_id, state in found)


def _look(import_id: int, at: dt.datetime) -> int:
    row = storing.lock(import_id)
    if row is not None and row.state == "looking":
        operations.look(row, at)
    db.session.commit()
    return 1


def _store(import_id: int, at: dt.datetime) -> int:
    row = db.session.get(SignupImport, import_id)
    # The file is read once for all batches.
    way = operations.way_of(row) if row is not None else None
    db.session.commit()

    def some() -> int:
        done = way.batch(at) if way is not None else 0
        row = db.session.get(SignupImport, import_id)
        if done and row is not None and row.state == "stored":
            operations.finish(row)
        return done

    return jobs.to_the_end(some)


def _undo(import_id: int, at: dt.datetime) -> int:
    return jobs.to_the_end(lambda: storing.undo_batch(import_id, at))


_TURNS = {"looking": _look, "storing": _store, "undoing": _undo}


@jobs.every(600, "import_files")
def forget(at: dt.datetime) -> int:
    """Deletes files that nobody went on with for a day."""
    done = operations.forget_old(at)
    db.session.commit()
    return done
