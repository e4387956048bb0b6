"""The JSON API for programs, version 1, and the tokens that open it.

Everything it answers is also on a page or on the command line; it is described, figure by figure, at
``/api/v1/openapi.json``. It takes no cookie and sends no CORS header: a token does not belong in a page.
"""

from __future__ import annotations

from flask import Flask


def init_app(app: Flask) -> None:
    from webapp.api import access, commands, description, token_pages, views  # noqa: F401 - imported for what they register

    description.init_app(app, views.blueprint)
    app.register_blueprint(token_pages.blueprint)
    # ``flask accounts token`` names an event, which the accounts themselves know nothing of.
    app.cli.commands["accounts"].add_command(commands.token)  # type: ignore[attr-defined]  # a group, as its name says
