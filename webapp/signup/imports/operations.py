"""The verbs of an import: a file is sent, its columns are understood, its people are stored, and taken back."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from typing import Any

import sqlalchemy as sa
from flask_babel import gettext as _

from webapp import clock
from webapp.accounts.models import User
from webapp.audit import operations as audit
from webapp.db import db
from webapp.errors import Refused
from webapp.events.models import Event
from webapp.signup.imports import looking, sources, storing
from webapp.signup.imports.models import ImportedSignup, ImportFile, SignupImport
from webapp.signup.imports.people import CONTACT, QUESTION
from webapp.signup.people import clean_source
from webapp.signup.questions import UNSEEN, line
from webapp.spreadsheets import MOST_ROWS

# A file that nobody went on with is deleted after this long.
KEPT_FOR = dt.timedelta(hours=24)
# Up to so many rows are dealt with at once; more of them in the background, with their progress shown.
AT_ONCE = storing.BATCH
LONGEST_CONSENT = 2000
# Of one event, not stored yet.
MOST_WAITING = 10
By = User | str


def _name_of(by: By) -> str:
    return by if isinstance(by, str) else by.email


def check_possible(event: Event, at: dt.datetime) -> None:
    """Raises Refused where people must not come in any more."""
    if event.state == "cancelled":
        raise Refused(_("This event was called off."), "cancelled")
    if at >= event.ends_at + dt.timedelta(days=event.retention_days):
        raise Refused(_("The time for keeping the data of this event is over, so nobody can be brought in."), "over")  # fmt: skip


def start(event: Event, filename: str, data: bytes, at: dt.datetime, *, by: By) -> SignupImport:
    """Takes a file in: what it is, and what would come of it. Stores nobody. Raises Refused with a sentence
    for what cannot be read."""
    check_possible(event, at)
    found = looking.listed(data, looking.asked_of(event))
    if len(found.lines) > MOST_ROWS:
        raise Refused(_("There are more than %(n)s rows. Please split the file.", n=f"{MOST_ROWS:,}"), "rows")  # fmt: skip
    waiting = sa.select(sa.func.count()).where(
        SignupImport.event_id == event.id, SignupImport.state.in_(("looking", "ready"))
    )
    if (db.session.scalar(waiting) or 0) >= MOST_WAITING:
        raise Refused(_("There are %(n)s files here that nobody went on with. Please bring them in or discard them first.", n=MOST_WAITING), "waiting")  # fmt: skip
    shown = " ".join(UNSEEN.sub("", filename.replace("\\", "/").rpartition("/")[2]).split())[:120]
    row = SignupImport(
        event_id=event.id, name=_free_name(event.id, looking.name_from(shown)), filename=shown,
        system=found.system, state="looking", by=_name_of(by)[:254], created_at=at, changed_at=at,
        settings=looking.first_settings(event, found), figures={}, problems=[], rows=len(found.lines), done=0,
    )  # fmt: skip
    db.session.add(row)
    db.session.flush()
    file = ImportFile(import_id=row.id, content=data, shown={})
    db.session.add(file)
    if row.rows <= AT_ONCE:
        looking.look(row, file, event, at)
    db.session.flush()
    return row


def _free_name(event_id: int, wanted: str) -> str:
    taken = set(
        db.session.scalars(sa.select(SignupImport.name).where(SignupImport.event_id == event_id))
    )
    names = (wanted, *(f"{wanted[:36]}-{number}" for number in range(2, len(taken) + 3)))
    return next(name for name in names if name not in taken)


def _locked(row: SignupImport, *states: str) -> SignupImport:
    found = storing.lock(row.id)
    if found is None or found.state not in states:
        raise Refused(_("Somebody else went on with this file in the meantime."), "state")
    return found


def change(
    row: SignupImport,
    event: Event,
    sent: Mapping[str, Any],
    at: dt.datetime,
    *,
    is_last: bool = False,
) -> bool:
    """Takes over what was decided about columns, words, times and the name (``sent`` as in ``settings``, and
    "name"); answers whether it came to something else than was shown before, so that it must be shown again.
    Whoever brings the people in with it (``is_last``) and has only answered whether the day or the month
    comes first has changed nothing that was shown: that question decides when they agreed, not who comes in.
    Raises Refused."""
    row = _locked(row, "ready")
    before = dict(row.settings)
    width = len(before["mapping"])
    mapping = [meaning if meaning in _meanings(event) else "" for meaning in sent["mapping"][:width]]  # fmt: skip
    mapping += [""] * (width - len(mapping))
    wrong = {meaning for meaning in mapping if meaning and mapping.count(meaning) > 1}
    if wrong:
        raise Refused(_("Two columns have the same meaning. Please choose one of them."), "mapping")
    if sources.EMAIL not in mapping and sources.EMAIL_ELSE not in mapping:
        raise Refused(_("Please say in which column the e-mail addresses are."), "mapping")
    zone = str(sent["zone"]).strip()
    if not clock.is_zone(zone):
        raise Refused(_("This is no time zone. Names look like Europe/London."), "zone")
    states = (sources.LIVE, sources.WAITING, sources.WAITLIST, sources.GONE)
    # Only what differs from what we know of the words anyway.
    statuses = {
        word: state
        for word, state in sent["statuses"].items()
        if state in states and state != (sources.state_of(word) or sources.GONE)
    }
    after = before | {
        "mapping": mapping,
        "statuses": statuses,
        "zone": zone,
        "order": sent["order"] if sent["order"] in ("dmy", "mdy") else "",
    }
    name = (clean_source(sent["name"]) or row.name)[:40]
    if name != row.name:
        row.name = _free_name(event.id, name)
    if after == before:
        return False
    row.settings, row.changed_at = after, at
    if is_last and before["open_order"] and after | {"order": before["order"]} == before:
        shown = row.figures, row.problems
        if row.rows <= AT_ONCE:
            look(row, at)
        db.session.flush()
        return (row.figures, row.problems) != shown
    row.state = "looking"
    if row.rows <= AT_ONCE:
        look(row, at)
    db.session.flush()
    return True


def _meanings(event: Event) -> set[str]:
    asked = looking.asked_of(event)
    return {
        *sources.MEANINGS,
        *(QUESTION + ask.key for ask in asked.asks),
        *(CONTACT + key for key in asked.hosts),
    }


def look(row: SignupImport, at: dt.datetime) -> None:
    """Makes the figures of a list anew, from what its columns mean now."""
    event = db.session.get(Event, row.event_id)
    file = db.session.get(ImportFile, row.id)
    if event is not None and file is not None:
        looking.look(row, file, event, at)
        db.session.flush()


def unsaid(row: SignupImport, kind: str, consent: str) -> Iterator[Refused]:
    """Everything that must be said before the people of a list can come in, as what ``store`` raises."""
    if kind not in ("registered", "invite"):
        yield Refused(_("Please say whether these people are already registered, or are to be invited."), "kind")  # fmt: skip
    try:
        if len(line(consent, LONGEST_CONSENT)) < 5:
            yield Refused(_("Please say where these people agreed, and to what: it is kept with each of them."), "consent")  # fmt: skip
    except ValueError as error:
        yield Refused(str(error), "consent")
    if sources.TIME in row.settings["mapping"] and row.settings["open_order"] and not row.settings["order"]:  # fmt: skip
        yield Refused(_("Please say whether the day or the month comes first in the dates of this file."), "order")  # fmt: skip


def store(row: SignupImport, event: Event, kind: str, consent: str, at: dt.datetime, *, by: By) -> None:  # fmt: skip
    """The people of a list come in: at once if they are few, otherwise from now on in the background. Again
    it changes nothing. Raises Refused if something has not been said."""
    check_possible(event, at)
    if row.state in ("storing", "stored"):
        return
    row = _locked(row, "ready")
    for refusal in unsaid(row, kind, consent):
        raise refusal
    words = line(consent, LONGEST_CONSENT)
    row.kind, row.consent, row.state, row.by = kind, words, "storing", _name_of(by)[:254]
    row.figures, row.problems, row.done = {}, [], 0
    audit.record(
        "signups.imported", at=at, actor=by, event_id=event.id, summary=row.name,
        kind=kind, rows=row.rows,
    )  # fmt: skip
    db.session.flush()
    if row.rows <= AT_ONCE:
        way = way_of(row)
        if way is not None:
            while way.batch(at):
                pass
        finish(row)


def way_of(row: SignupImport) -> storing.Storing | None:
    """A worker's way through the list of an import that is being stored; None if its file is gone."""
    event = db.session.get(Event, row.event_id)
    file = db.session.get(ImportFile, row.id)
    if event is None or file is None:
        return None
    asked = looking.asked_of(event)
    found = looking.listed(file.content, asked)
    return storing.Storing(row, looking.in_order(found, row, asked), found.broken)


def finish(row: SignupImport) -> None:
    """The people are stored, so the file is needed no more."""
    db.session.execute(sa.delete(ImportFile).where(ImportFile.import_id == row.id))


def discard(row: SignupImport) -> None:
    """The file goes, and nothing came of it."""
    row = _locked(row, "looking", "ready")
    db.session.delete(row)
    db.session.flush()


def undo(row: SignupImport, at: dt.datetime, *, by: By) -> None:
    """Takes back what the import made, at once or in the background. Again it changes nothing."""
    if row.state in ("undoing", "undone"):
        return
    row = _locked(row, "stored")
    row.state, row.done = "undoing", row.rows
    audit.record(
        "signups.import_undone", at=at, actor=by, event_id=row.event_id, summary=row.name
    )  # fmt: skip
    db.session.flush()
    if row.rows <= AT_ONCE:
        while storing.undo_batch(row.id, at):
            pass


def mailed(signup_id: int, at: dt.datetime) -> None:
    """The first mail to somebody whom a list brought in is written."""
    db.session.execute(
        sa.update(ImportedSignup)
        .where(ImportedSignup.signup_id == signup_id)
        .values(mailed_at=at)
        .execution_options(synchronize_session=False)
    )


def forget_old(at: dt.datetime) -> int:
    """Deletes files that nobody went on with for a day; answers how many."""
    result: Any = db.session.execute(
        sa.delete(SignupImport).where(
            SignupImport.state.in_(("looking", "ready")), SignupImport.changed_at < at - KEPT_FOR
        )
    )
    return int(result.rowcount)


def forget_files(event_id: int) -> None:
    """The time for keeping data is over: whatever file there still is goes."""
    db.session.execute(
        sa.delete(SignupImport).where(
            SignupImport.event_id == event_id,
            SignupImport.state.in_(("looking", "ready", "storing")),
        )
    )
