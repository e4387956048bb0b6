"""The report of an event: drafted from the data, frozen on publication."""

from __future__ import annotations

from flask import Flask


def init_app(app: Flask) -> None:
    from webapp.reports import commands, manage, models, views  # noqa: F401 - imported for what they register

    app.register_blueprint(views.blueprint)
    app.register_blueprint(manage.blueprint)
    app.cli.add_command(commands.cli)
