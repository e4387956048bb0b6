"""Places on a mail's way where tests may stop the world: before and after each commit and at each step of the
conversation with the server. Nothing happens there otherwise."""

from __future__ import annotations

from collections.abc import Callable

from flask import current_app

from webapp.db import db


def reach(name: str) -> None:
    hook: Callable[[str], None] | None = current_app.extensions.get("mail_checkpoint")
    if hook is not None and current_app.config["TESTING"]:
        hook(name)


def commit(name: str) -> None:
    """Commits; a test may stop right before ("to <name>") and right after ("<name>")."""
    reach(f"to {name}")
    db.session.commit()
    reach(name)
