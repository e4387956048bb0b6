"""Mail to many about an event: what changed, reminders, what follows it, and what an organiser writes."""

from __future__ import annotations

from flask import Flask


def init_app(app: Flask) -> None:
    from webapp.mailing import (  # noqa: F401 - imported for what they register
        blast_pages,
        commands,
        invitation_texts,
        mail_texts,
        manage,
        models,
        offer_pages,
    )

    app.register_blueprint(manage.blueprint)
    app.register_blueprint(blast_pages.blueprint)
    app.register_blueprint(offer_pages.blueprint)
