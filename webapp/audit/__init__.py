"""Who did what, when: one door (``record``) that every verb of consequence passes."""

from __future__ import annotations

from flask import Flask


def init_app(app: Flask) -> None:
    from webapp.audit import models, words  # noqa: F401 - imported for what they register

    app.jinja_env.globals.update(
        act_sentence=words.sentence, act_addition=words.addition, act_actor=words.actor
    )
