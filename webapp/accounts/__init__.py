"""People who sign in: organisers and admins. Attendees have no account."""

from __future__ import annotations

from flask import Flask


def init_app(app: Flask) -> None:
    from webapp.accounts import access, commands, views

    access.init_app(app)
    app.register_blueprint(views.bp)
    app.cli.add_command(commands.cli)
