"""``flask mail deliver``: send what is due now. ``flask mail bounce``: take what came back."""

from __future__ import annotations

import sys

import click
from flask import current_app
from flask.cli import AppGroup
from sqlalchemy.exc import OperationalError, ProgrammingError

from webapp import clock
from webapp.db import db
from webapp.errors import in_one_sentence
from webapp.mail import bounces, delivery, notices, queries

cli = AppGroup("mail", help="The outbox.")


@cli.command("deliver")
@in_one_sentence
def deliver() -> None:
    """Send what is due now and print what became of it."""
    if not current_app.config["MAIL_SERVER"]:
        raise click.ClickException(
            "No mail server is configured (TURNOUT_MAIL_SERVER), so mail stays in the outbox."
        )
    tally = delivery.deliver_all()
    click.echo(
        f"Sent {tally.sent}, to be tried again {tally.retried}, refused {tally.refused}, "
        f"given up {tally.failed}, address refused before {tally.suppressed}, too late {tally.expired}."
    )
    pause = queries.pause()
    if pause is not None and pause.until > clock.now():
        raise click.ClickException(
            f"Delivery is paused until {clock.iso_z(pause.until)}: {pause.reason}"
        )


# What a mail server that pipes a mail to us understands as "keep it and try again later" (sysexits.h).
_TRY_AGAIN = 75


@cli.command("bounce")
def bounce() -> None:
    """Take one report about an undelivered mail from standard input, as a mail server pipes it.

    Whatever it is, the answer is a yes, so that nothing bounces back and forth; only while the database
    does not answer is the mail server asked to try again later.
    """
    raw = sys.stdin.buffer.read(notices.LONGEST)
    try:
        outcome = bounces.take(raw, clock.now())
        db.session.commit()
    except (OperationalError, ProgrammingError) as error:
        # Away, or without our tables: neither is the fault of the mail.
        db.session.rollback()
        click.echo(f"The database does not answer: {str(error.orig).strip().splitlines()[0]}", err=True)  # fmt: skip
        raise click.exceptions.Exit(_TRY_AGAIN) from None
    mail = f"Mail {outcome.mail_id}"
    words = {
        "bounced": f"{mail} came back: {outcome.words}",
        "delayed": f"{mail} is delayed: {outcome.words}",
        "nothing_new": f"{mail}: nothing new.",
        "unknown": "A report about no mail of ours; nothing changed.",
        "no_report": "That is no report about an undelivered mail; nothing changed.",
    }
    click.echo(words[outcome.kind])
