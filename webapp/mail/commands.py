"""``flask mail deliver``: send what is due now, and say what became of it."""

from __future__ import annotations

import click
from flask import current_app
from flask.cli import AppGroup

from webapp import clock
from webapp.errors import in_one_sentence
from webapp.mail import delivery, queries

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
