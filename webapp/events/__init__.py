"""Events, who may manage them, and the guard of their pages."""

from __future__ import annotations

from flask import Flask


def init_app(app: Flask) -> None:
    from webapp.events import access, manage, models, team_page, texts  # noqa: F401 - imported for what they register

    app.register_blueprint(manage.blueprint)
    app.register_blueprint(team_page.blueprint)
    texts.init_app(app)
