"""Sign-ups: the form, seats, links, the calendar entry and the organiser's list."""

from __future__ import annotations

from flask import Flask


def init_app(app: Flask) -> None:
    from webapp.signup import builder, extras, manage, slips, views

    app.jinja_env.globals["slips"] = slips
    app.jinja_env.globals["asks_about_stay"] = extras.asks_about_stay
    app.register_blueprint(views.blueprint)
    app.register_blueprint(manage.blueprint)
    app.register_blueprint(builder.blueprint)
