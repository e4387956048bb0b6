"""Those who host an event together: who they are, their pictures, and what they are given."""

from __future__ import annotations

from flask import Flask


def init_app(app: Flask) -> None:
    from webapp.cohosts import commands, manage, queries, views  # noqa: F401 - imported for what they register

    # The form stands a floor below.
    app.jinja_env.globals["host_logos"] = queries.logos
    app.register_blueprint(views.blueprint)
    app.register_blueprint(manage.blueprint)
