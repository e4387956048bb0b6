"""Who did what, when: one door (``record``) that every verb of consequence passes."""

from __future__ import annotations

from flask import Flask


def init_app(app: Flask) -> None:
    from webapp.audit import models  # noqa: F401
