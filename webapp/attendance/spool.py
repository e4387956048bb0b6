"""The door fails open: a visit the database would not take goes to a file, and from there in once.

Every process appends to a file of its own and waits until the disk has it. The replay renames a file
before it reads it, so that nothing is written behind its back, and deletes it only after the commit;
each visit's uid was made before the first write, so a replay that died half-way is simply done again.
"""

from __future__ import annotations

import datetime as dt
import json
import logging
import os
import tempfile
import threading
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from flask import current_app
from sqlalchemy.exc import IntegrityError, SQLAlchemyError

from webapp import jobs
from webapp.db import db
from webapp.errors import Refused
from webapp.signup import operations as signups
from webapp.signup.models import Signup

log = logging.getLogger(__name__)
_CHUNK = 400
_lock = threading.Lock()


def folder() -> Path:
    path = Path(current_app.instance_path) / "spool"
    path.mkdir(parents=True, exist_ok=True)
    return path


def keep(row: dict[str, Any]) -> None:
    """Writes one visit (its raw columns) to disk; returns when the disk has it. Raises OSError."""
    line = json.dumps(row, separators=(",", ":")) + "\n"
    with _lock, (folder() / f"{os.getpid()}.jsonl").open("a", encoding="utf-8") as file:
        file.write(line)
        file.flush()
        os.fsync(file.fileno())


def waiting() -> int:
    """How many visits are on disk and not in the database."""
    return sum(path.read_text(encoding="utf-8").count("\n") for path in folder().glob("*.jsonl*"))


def is_writable() -> bool:
    """Whether a visit could be kept on disk right now."""
    try:
        with tempfile.TemporaryFile(dir=folder()) as file:
            file.write(b"x")
    except OSError as error:
        log.error("the spool cannot be written: %s", error)
        return False
    return True


def _rows(path: Path) -> list[dict[str, Any]]:
    rows = []
    for line in path.read_text(encoding="utf-8").splitlines():
        try:
            rows.append(json.loads(line))
        except ValueError:
            # Half a line: the machine stopped while it was written, and nobody was told "you are in".
            log.warning("a cut line in %s was left out", path.name)
    return rows


def _replay(path: Path, at: dt.datetime) -> int:
    from webapp.attendance import door

    stored, rows = 0, _rows(path)
    for row in rows:
        try:
            with db.session.begin_nested():
                stored += door.store(db.session.connection(), row)
        except IntegrityError:
            log.warning("visit %s belongs to an event that is gone", row.get("uid"))
    _prove([row["signup"] for row in rows if row.get("signup")], at)
    db.session.commit()
    path.unlink()
    return stored


def _prove(public_ids: list[str], at: dt.datetime) -> None:
    """They pressed a button behind a mailed link, while nobody could write down what that proves."""
    for start in range(0, len(public_ids), _CHUNK):
        waiting = db.session.scalars(
            sa.select(Signup).where(
                Signup.public_id.in_(public_ids[start : start + _CHUNK]),
                Signup.pending_reason == "address",
            )
        )
        for signup in waiting:
            try:
                signups.prove(signup, at)
            except Refused as refusal:
                log.info("address proved at the door, no place: %s", refusal.code)


@jobs.every(5.0, "spool")
def replay(at: dt.datetime) -> int:
    """Stores every spooled visit exactly once; answers how many were new. A database that still does
    not answer leaves the files for the next turn."""
    stored = 0
    for path in sorted(folder().glob("*.jsonl")):
        path.rename(path.with_name(f"{path.stem}-{os.getpid()}-{int(at.timestamp() * 1000)}.jsonl.replaying"))  # fmt: skip
    for path in sorted(folder().glob("*.replaying")):
        try:
            stored += _replay(path, at)
        except SQLAlchemyError as error:
            db.session.rollback()
            log.error("spooled visits could not be stored yet: %s", error)
            break
    return stored
