"""Whether receivers can believe our mails: the sending domain's records, and a test mail. For admins."""

from __future__ import annotations

from typing import cast

from flask import Blueprint, current_app, render_template
from flask.typing import ResponseReturnValue
from flask_login import current_user

from webapp import clock, i18n
from webapp.accounts.models import User
from webapp.audit import operations as audit
from webapp.db import db
from webapp.mail import domain_check, trial
from webapp.mail.domain_check import Finding
from webapp.mail.trial import Trial
from webapp.permissions import permission

blueprint = Blueprint("mail_check", __name__, url_prefix="/admin/mail/check")


def _page(findings: list[Finding] | None = None, tried: Trial | None = None) -> str:
    return render_template(
        "outbox/check.html", sender=domain_check.sender(), findings=findings, trial=tried,
        server=current_app.config["MAIL_SERVER"],
    )  # fmt: skip


@blueprint.get("")
@permission("admin")
def show() -> str:
    """Asks nobody: the buttons do."""
    return _page()


@blueprint.post("")
@permission("admin")
def look() -> ResponseReturnValue:
    # Nothing is held in the database while the DNS thinks.
    db.session.rollback()
    return _page(findings=domain_check.check())


@blueprint.post("/test")
@permission("admin")
def send_test() -> ResponseReturnValue:
    at, me = clock.now(), cast(User, current_user)
    email, label = me.email, me.label
    if not current_app.config["MAIL_SERVER"]:
        return _page()
    audit.record("mail.test_sent", at=at, actor=me)
    # Nor while the mail server does.
    db.session.commit()
    return _page(tried=trial.send(email, label, at, i18n.language()))
