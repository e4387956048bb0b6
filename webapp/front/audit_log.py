"""The whole log on screen, for admins: who did what to which event or account, the newest first."""

from __future__ import annotations

from flask import Blueprint, render_template, request

from webapp.accounts import queries as accounts
from webapp.audit import queries, words
from webapp.events import queries as events
from webapp.front import finding
from webapp.permissions import permission

blueprint = Blueprint("audit_log", __name__)


def _act() -> str:
    """The act or group of acts asked for; empty for what is neither."""
    word = request.args.get("act", "")
    return word if word in words.SENTENCES or word in words.GROUPS else ""


@blueprint.get("/admin/audit")
@permission("admin")
def index() -> str:
    who, event, act = finding.words("who"), finding.words("event"), _act()
    wanted = queries.Filter(
        who=who,
        user_ids=accounts.ids_named(who) if who else (),
        events=events.ids_named(event) if event else None,
        act=act,
    )
    page = queries.page(wanted, request.args.get("before"))
    return render_template(
        "front/audit.html",
        page=page,
        events=events.by_ids({row.event_id for row in page.entries if row.event_id}),
        groups=words.grouped(),
        asked={"who": who or None, "event": event or None, "act": act or None},
        is_first=not request.args.get("before"),
    )
