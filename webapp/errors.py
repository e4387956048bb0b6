"""What can be refused, and the pages that say so."""

from __future__ import annotations

import functools
import http
from collections.abc import Callable
from typing import ParamSpec, TypeVar

import click
from flask import Flask, Response, g, jsonify, make_response, render_template, request
from flask_babel import gettext as _
from flask_wtf.csrf import CSRFError
from sqlalchemy.exc import OperationalError, ProgrammingError
from werkzeug.exceptions import HTTPException


class Refused(Exception):
    """A verb's "no": one sentence for the person who asked. Changes nothing; the caller rolls back.

    ``code`` is a short stable word for callers that must tell refusals apart ("full", "closed").
    """

    def __init__(self, message: str, code: str = "refused") -> None:
        self.code = code
        super().__init__(message)


P = ParamSpec("P")
R = TypeVar("R")


def in_one_sentence(command: Callable[P, R]) -> Callable[P, R]:
    """For commands: a refusal, and a database that is missing or away, end with one sentence and a
    non-zero exit instead of a traceback. Stands directly on the function, below click's decorators."""

    @functools.wraps(command)
    def run(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return command(*args, **kwargs)
        except Refused as refusal:
            raise click.ClickException(str(refusal)) from None
        except (OperationalError, ProgrammingError) as error:
            reason = str(error.orig).strip().splitlines()[0]
            if "no such table" in reason or "does not exist" in reason:
                raise click.ClickException(
                    "The database has no tables of Turnout, or old ones: run “flask database upgrade” first."
                ) from None
            raise click.ClickException(f"The database does not answer: {reason}") from None

    return run


def _texts(status: int) -> tuple[str, str]:
    return {
        400: (_("That did not arrive whole"), _("Please go back, reload the page and try again.")),
        401: (
            _("Please sign in"),
            _("Your sign-in has run out, or you have signed out. Sign in again in a new tab, then come back to this one and reload it: what you typed is sent once more."),
        ),
        403: (_("Not for this sign-in"), _("Your account may not open this page.")),
        404: (
            _("Nothing here"),
            _("The address may be cut short, or the link is no longer good. If it came by mail, copy the whole line."),
        ),
        405: (_("Nothing here"), _("This address does not answer that kind of request.")),
        413: (_("Too large"), _("That is more than this page takes. The limit is 10 MB.")),
        429: (_("Too many tries"), _("Please wait a few minutes and try again.")),
        503: (_("Back in a moment"), _("The database does not answer. Nothing you sent is lost from this page: reload it in a minute.")),
    }.get(status, (_("That went wrong"), _("It is our fault, not yours. It has been logged; please try again.")))  # fmt: skip


def _said_to_programs(status: int) -> str:
    """One sentence for the person behind the program."""
    return {
        400: _("The request cannot be read."),
        401: _("Send a valid API token in the header “Authorization: Bearer …”."),
        403: _("This token may only read."),
        404: _("There is nothing here that this token opens."),
        405: _("This address does not answer that method."),
        413: _("The request is larger than 10 MB."),
        429: _("Too many requests: please wait a few minutes."),
        503: _("The database does not answer: please ask again in a minute."),
    }.get(status, _("It is our fault, not yours, and has been logged."))


def page(status: int, said: str = "") -> Response:
    """The error page; for programs JSON, in which ``said`` can stand instead of the usual sentence."""
    title, text = _texts(status)
    if request.path.startswith("/api/"):
        title = http.HTTPStatus(status).phrase
        message = said or _said_to_programs(status)
        response = jsonify(error={"status": status, "title": title, "message": message})
    else:
        response = make_response(
            render_template("errors/error.html", status=status, title=title, text=text)
        )
    response.status_code = status
    response.headers["Cache-Control"] = "no-store"
    return response


def init_app(app: Flask) -> None:
    @app.errorhandler(HTTPException)
    def on_http(error: HTTPException) -> Response | HTTPException:
        if error.code is None or error.code < 400:
            return error
        # A sentence of the view's own, not the library's.
        own = error.description != type(error).description
        response = page(error.code, error.description or "" if own else "")
        given = error.get_response().headers
        for name in ("Allow", "Retry-After", "WWW-Authenticate"):
            if name in given:
                response.headers[name] = given[name]
        return response

    @app.errorhandler(CSRFError)
    def on_csrf(error: CSRFError) -> Response:
        app.logger.info("csrf check failed: %s", error.description)
        return page(400)

    @app.errorhandler(OperationalError)
    def on_database(error: OperationalError) -> Response:
        app.logger.error("database does not answer: %s", error.orig)
        g.database_failed = True
        response = page(503)
        response.headers["Retry-After"] = "30"
        return response

    @app.errorhandler(500)
    def on_fault(error: Exception) -> Response:
        return page(500)
