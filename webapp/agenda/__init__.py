"""The running order, who speaks in it, and what the chair presses."""

from __future__ import annotations

from flask import Flask


def init_app(app: Flask) -> None:
    from webapp.agenda import manage, publishing

    app.register_blueprint(manage.blueprint)
    app.register_blueprint(publishing.blueprint)
