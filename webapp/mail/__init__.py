"""The outbox: mail is a row first (``outbox.queue``), and a worker delivers it."""

from __future__ import annotations

from flask import Flask


def init_app(app: Flask) -> None:
    from webapp.mail import models, rendering  # noqa: F401

    rendering.init_app(app)
