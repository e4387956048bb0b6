"""Attendance: the door, the room, the log of visits and what it adds up to."""

from __future__ import annotations

from flask import Flask


def init_app(app: Flask) -> None:
    from webapp.attendance import commands, manage, models, presence, queries, spool, views  # noqa: F401 - imported for what they register
    from webapp.signup import choosing

    presence.init_app(app)
    choosing.init_app(app, queries.has_come)
    app.register_blueprint(views.blueprint)
    app.register_blueprint(manage.blueprint)
    app.cli.add_command(commands.cli)
