from __future__ import annotations

from flask import Flask


def init_app(app: Flask) -> None:
    from webapp.agenda import manage

    app.register_blueprint(manage.blueprint)
