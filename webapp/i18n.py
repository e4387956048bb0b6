"""Languages: which one a reader gets, and writing to somebody in theirs."""

from __future__ import annotations

from pathlib import Path

from flask import Flask, current_app, g, has_request_context, request
from flask_babel import Babel

babel = Babel()


def pick() -> str:
    """The reader's language among those the site speaks: the page's own choice, else the browser's."""
    languages: list[str] = current_app.config["LANGUAGES"]
    if len(languages) == 1 or not has_request_context():
        return languages[0]
    chosen: str | None = g.get("language")
    if chosen in languages and chosen is not None:
        return chosen
    return request.accept_languages.best_match(languages) or languages[0]


def init_app(app: Flask) -> None:
    app.config.setdefault(
        "BABEL_TRANSLATION_DIRECTORIES", str(Path(__file__).parent / "translations")
    )
    babel.init_app(app, locale_selector=pick, timezone_selector=lambda: "UTC")
