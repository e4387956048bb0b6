"""Sign-ups: the form, seats, links, the calendar entry and the organiser's list."""

from __future__ import annotations

from flask import Flask


def init_app(app: Flask) -> None:
    from webapp.signup import (
        builder,
        commands,  # noqa: F401 - imported for the jobs it registers
        extras,
        mail_texts,  # noqa: F401 - imported for the messages it declares
        manage,
        manage_add,
        manage_many,
        manage_person,
        own_address,
        queries,
        slips,
        views,
    )
    from webapp.signup.imports import commands as import_commands
    from webapp.signup.imports import manage as import_pages
    from webapp.signup.invitations import commands as invitation_commands  # noqa: F401 - as above
    from webapp.signup.invitations import manage as invitation_pages
    from webapp.signup.invitations import views as invitation_views

    app.jinja_env.globals["slips"] = slips
    app.jinja_env.globals["asks_about_stay"] = extras.asks_about_stay
    # The settings stand a floor below and cannot count people.
    app.jinja_env.globals["over_by"] = queries.over_by
    app.cli.add_command(import_commands.cli)
    app.register_blueprint(views.blueprint)
    app.register_blueprint(manage.blueprint)
    app.register_blueprint(manage_person.blueprint)
    app.register_blueprint(manage_many.blueprint)
    app.register_blueprint(manage_add.blueprint)
    app.register_blueprint(builder.blueprint)
    app.register_blueprint(import_pages.blueprint)
    app.register_blueprint(own_address.blueprint)
    app.register_blueprint(invitation_pages.blueprint)
    app.register_blueprint(invitation_views.blueprint)
