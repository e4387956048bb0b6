"""Languages: which one a reader gets, and writing to somebody in theirs."""

from __future__ import annotations

from pathlib import Path

from flask import Flask, current_app, g, has_request_context, request
from flask_babel import Babel, get_locale

babel = Babel()


def language() -> str:
    """The reader's language among those the site speaks: the page's own choice, else the browser's."""
    languages: list[str] = current_app.config["LANGUAGES"]
    if len(languages) == 1 or not has_request_context():
        return languages[0]
    chosen: str | None = g.get("language")
    if chosen in languages and chosen is not None:
        return chosen
    return request.accept_languages.best_match(languages) or languages[0]


def pick() -> str:
    """The reader's locale. English is written for the world, with the day before the month, unless the
    browser says first of all that it is American; a page that chose its language is the same for all."""
    found = language()
    if found == "en" and has_request_context() and "language" not in g:
        first = request.accept_languages.best
        if first is not None and first.lower() == "en-us":
            return "en_US"
    return found


def dates() -> str:
    """How dates are written: the locale, with a region where the language alone would mean American."""
    found = str(get_locale() or "en")
    return "en_GB" if found == "en" else found


def html_language() -> str:
    """The same in the words of HTML: "en", "en-US"."""
    return str(get_locale() or "en").replace("_", "-")


def init_app(app: Flask) -> None:
    app.config.setdefault(
        "BABEL_TRANSLATION_DIRECTORIES", str(Path(__file__).parent / "translations")
    )
    babel.init_app(app, locale_selector=pick, timezone_selector=lambda: "UTC")
