"""Pages and commands that show or move several packages at once."""

from __future__ import annotations

from flask import Flask


def init_app(app: Flask) -> None:
    from webapp.front import commands

    app.cli.add_command(commands.cli)
