"""``flask signup import``: a list of people from the command line; and the work of imports that is too much for
one request."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import click
import sqlalchemy as sa
from flask.cli import AppGroup

from webapp import clock, jobs
from webapp.db import db, reading
from webapp.errors import Refused, in_one_sentence
from webapp.events import queries as events
from webapp.events.models import Event
from webapp.signup.imports import operations, sources, storing
from webapp.signup.imports.models import SignupImport

cli = AppGroup("signup", help="Who signed up.")

# What is said of a list, in the order of the page: the key of its figures, and the words.
_FOUND = {
    "new": "new people", "known": "here already", "gone": "left out by their status", "repeated": "repeated in the file",
    "unusable": "cannot be used", "blocked": "want nothing of this event", "erased": "erased at their own wish",
}  # fmt: skip
_MADE = {
    "made_confirmed": "confirmed", "made_waitlisted": "on the waiting list", "made_pending": "to be approved",
    "full": "no place was left", "made_invitations": "on the list of invitations",
}  # fmt: skip
# What the page asks, and with which option it is answered here.
_OPTIONS = {"kind": "--kind", "consent": "--consent", "order": "--date-order"}


@cli.command("import")
@click.argument("path", metavar="FILE", type=click.Path(path_type=Path))
@click.option("--event", "slug", required=True, metavar="SLUG", help="The event they come to.")
@click.option(
    "--kind",
    type=click.Choice(["registered", "invite"]),
    help="Already registered, or to be invited.",
)
@click.option(
    "--consent", default="", help="Where they agreed, and to what; kept with each of them."
)
@click.option("--timezone", "zone", help="Of times without a zone; the event's if not said.")
@click.option(
    "--date-order",
    type=click.Choice(["dmy", "mdy"]),
    help="Whether the day or the month comes first.",
)
@click.option("--dry-run", is_flag=True, help="Say what would come of it, and store nothing.")
@in_one_sentence
def import_command(
    path: Path,
    slug: str,
    kind: str | None,
    consent: str,
    zone: str | None,
    date_order: str | None,
    dry_run: bool,
) -> None:
    """Bring the people of FILE (CSV or XLSX) into an event. What the columns mean is found from their headings.
    No mail is sent."""
    event = events.by_slug(slug)
    if event is None:
        raise click.ClickException(f"There is no event “{slug}”.")
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        raise click.ClickException(f"There is no file {path}.") from None
    except OSError as error:
        raise click.ClickException(f"{path} cannot be read: {error}") from None
    at = clock.now()
    try:
        row = _looked_at(event, path.name, data, zone, date_order, at)
        _say(row)
        if dry_run:
            asked = [(_OPTIONS[r.code], r) for r in operations.unsaid(row, kind or "", consent)]
            db.session.rollback()
            for option, refusal in asked:
                click.echo(f"  still to be said, by {option}: {refusal}")
            click.echo("Nothing is stored: this was a dry run.")
            return
        operations.store(row, event, kind or "", consent, at, by="Command line")
    except Refused as refusal:
        db.session.rollback()
        raise click.ClickException(f"{path.name}: {refusal}") from None
    import_id = row.id
    db.session.commit()
    _store(import_id, at)
    row = db.session.get_one(SignupImport, import_id)
    for key, words in _MADE.items():
        if row.figures.get(key):
            click.echo(f"  {words}: {row.figures[key]}")
    click.echo(f"In as “{row.name}”. No mail was sent.")


def _looked_at(
    event: Event, name: str, data: bytes, zone: str | None, order: str | None, at: dt.datetime
) -> SignupImport:
    """The import with what would come of it, however long its list is. Raises Refused."""
    row = operations.start(event, name, data, at, by="Command line")
    if row.state == "looking":
        operations.look(row, at)
    if zone or order:
        kept = row.settings
        said = {"zone": zone or kept["zone"], "order": order or "", "name": row.name}
        operations.change(row, event, {**kept, **said}, at)
    if row.state == "looking":
        operations.look(row, at)
    return row


def _say(row: SignupImport) -> None:
    click.echo(f"{sources.system_name(row.system)}: {row.rows} rows")
    for heading, meaning in zip(row.settings["headings"], row.settings["mapping"], strict=False):
        click.echo(f"  column “{heading}”: {meaning or 'left out'}")
    for key, words in _FOUND.items():
        if row.figures.get(key):
            click.echo(f"  {words}: {row.figures[key]}")
    for line, why in row.problems:
        click.echo(f"  line {line}: {why}")


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
