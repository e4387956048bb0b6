"""Retention and erasure: people go, counts stay."""

from __future__ import annotations

from flask import Flask


def init_app(app: Flask) -> None:
    from webapp.privacy import commands, manage

    app.register_blueprint(manage.blueprint)
    app.cli.add_command(commands.cli)
