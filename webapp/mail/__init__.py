"""The outbox: mail is a row first (``outbox.queue``), and a worker delivers it."""

from __future__ import annotations

from flask import Flask


def init_app(app: Flask) -> None:
    import flask_mail

    from webapp.mail import commands, delivery, mailbox, models, rendering, signing  # noqa: F401 - imported for what they register

    flask_mail.Mail(app)
    rendering.init_app(app)
    signing.init_app(app)
    app.cli.add_command(commands.cli)
