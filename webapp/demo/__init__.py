"""The sample events: one finished with its report, one live now, one open for sign-up."""

from __future__ import annotations

from flask import Flask


def init_app(app: Flask) -> None:
    from webapp.demo import commands

    app.cli.add_command(commands.cli)
