"""Attendance: the door, the room, the log of visits and what it adds up to."""

from __future__ import annotations

from flask import Flask


def init_app(app: Flask) -> None:
    from webapp.attendance import commands, manage, models, presence, spool, views  # noqa: F401 - imported for what they register

    presence.init_app(app)
    app.register_blueprint(views.blueprint)
    app.register_blueprint(manage.blueprint)
    app.cli.add_command(commands.cli)
